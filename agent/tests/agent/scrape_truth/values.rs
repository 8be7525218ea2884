//! Remote write 1.0, "Protocol": values and timestamps; 2.0-rc.4, "Samples", "Metadata", "Exemplars".

use agent::sinks::remote_write::state::NotSent;
use exposition::Kind;

use super::*;

#[test]
fn one_timestamp_a_scrape_and_explicit_ones_kept() {
    hold(
        &[
            Case {
                rule: "a timestamp of its own is kept, and told once",
                readings: &[
                    (At(2000, "a 1 1234\nb 2\n"), &["a 1 @1234", "b 2 @2000"]),
                    (At(3000, "a 1 1234\nb 2\n"), &["b 2 @3000"]),
                    (At(4000, "a 1 1233\nb 2\n"), &["b 2 @4000"]),
                    (At(5000, "a 1 1235\nb 2\n"), &["a 1 @1235", "b 2 @5000"]),
                ],
            },
            Case {
                rule: "up and down, an empty page is none that failed",
                readings: &[
                    (At(2000, ""), &[]),
                    (At(3000, "a 1\n"), &["a 1 @3000"]),
                    (At(4000, ""), &["a stale @4000"]),
                ],
            },
        ],
        Rules::default,
    );
    let mut state = State::new(Rules::default(), time(1_000));
    assert_eq!(told(&mut state, At(2000, "a 1\n")).iter().filter(|line| line.ends_with("@2000")).count(), 2);
    assert_eq!(told(&mut state, At(2000, "a 1\n")).len(), 0, "a second sample of one time");
    assert_eq!(state.not_sent(), NotSent { out_of_order: 2, ..NotSent::default() });
}

#[test]
fn values_are_sent_bit_for_bit_and_a_scraped_nan_is_never_a_marker() {
    let cases = [
        ("NaN", exposition::remote_write::NAN),
        ("+Inf", f64::INFINITY.to_bits()),
        ("-Inf", f64::NEG_INFINITY.to_bits()),
        ("-0", (-0.0_f64).to_bits()),
        ("5e-324", 1),
        ("0.1", 0.1_f64.to_bits()),
        ("1.7976931348623157e308", f64::MAX.to_bits()),
    ];
    for (text, bits) in cases {
        let mut state = State::new(Rules::default(), time(1_000));
        let mut out = Shards::new(1, 0);
        state.feed(&snapshot(2000, Some((None, &format!("a {text}\n"))), true, false), &mut out);
        let records = out.finish();
        let all: Vec<_> = records.iter().flat_map(|(_, record)| record.series()).collect();
        let sent = all.iter().find(|series| series.to_string() == "a").unwrap();
        assert_eq!(sent.samples().next().unwrap().bits, bits, "{text}");
    }
}

#[test]
fn a_family_goes_with_its_series_and_its_help_rarely() {
    let every = || Rules { metadata_every: Some(Duration::from_secs(60)), ..Rules::default() };
    let mut state = State::new(every(), time(1_000));
    let page = "# HELP a All.\n# TYPE a counter\na 1\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n";
    for (at, help) in [(2_000, "All."), (3_000, ""), (61_999, ""), (62_000, "All."), (63_000, "")] {
        let mut out = Shards::new(1, 0);
        state.feed(&snapshot(at, Some((None, page)), true, false), &mut out);
        let records = out.finish();
        let families: Vec<_> = records[0].1.families().collect();
        let of = |name: &str| families.iter().find(|family| family.name == name).unwrap();
        assert_eq!((of("a").kind, of("a").help), (Kind::Counter, help), "{at}");
        assert_eq!(of("h").kind, Kind::Histogram);
    }
}

#[test]
fn an_exemplar_is_sent_once_with_the_scrapes_time_where_it_has_none() {
    let page = |exemplar: &str| format!("# TYPE a counter\na_total 1 # {{t=\"{exemplar}\"}} 0.5\n# EOF\n");
    let mut state = State::new(Rules::default(), time(1_000));
    for (at, exemplar, want) in [(2000, "x", Some(2000)), (3000, "x", None), (4000, "y", Some(4000))] {
        let mut out = Shards::new(1, 0);
        state.feed(&snapshot(at, Some((None, &page(exemplar))), true, false), &mut out);
        let records = out.finish();
        let series = records[0].1.series().find(|series| series.to_string() == "a_total").unwrap();
        let sent: Vec<_> = series.exemplars().collect();
        assert_eq!(sent.first().map(|exemplar| exemplar.timestamp_ms), want, "{at}");
        assert!(sent.iter().all(|sent| sent.labels.ends_with(exemplar.as_bytes())), "{sent:?}");
    }
}
