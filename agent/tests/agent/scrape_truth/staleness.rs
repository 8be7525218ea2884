//! Remote write 1.0, "Stale Markers"; 2.0-rc.4, "Staleness Markers".

use super::*;

#[test]
fn a_series_that_ends_gets_one_marker_at_the_time_that_showed_it() {
    hold(
        &[
            Case {
                rule: "a series that leaves the page",
                readings: &[
                    (At(2000, "a 1\nb 2\n"), &["a 1 @2000", "b 2 @2000"]),
                    (At(3000, "a 1\n"), &["a 1 @3000", "b stale @3000"]),
                    (At(4000, "a 1\n"), &["a 1 @4000"]),
                    (At(5000, "a 1\nb 3\n"), &["a 1 @5000", "b 3 @5000"]),
                    (At(6000, "b 4\n"), &["a stale @6000", "b 4 @6000"]),
                ],
            },
            Case {
                rule: "a failed scrape ends all, once",
                readings: &[
                    (At(2000, "a 1\nb 2\n"), &["a 1 @2000", "b 2 @2000"]),
                    (Failed(3000), &["a stale @3000", "b stale @3000"]),
                    (Failed(4000), &[]),
                    (At(5000, "b 2\n"), &["b 2 @5000"]),
                    (At(6000, ""), &["b stale @6000"]),
                ],
            },
            Case {
                rule: "the marker has the same labels, however the line was spelt",
                readings: &[
                    (At(2000, "a{y=\"2\",x=\"1\"} 1\n"), &["a{x=\"1\",y=\"2\"} 1 @2000"]),
                    (At(3000, "a{x=\"1\",y=\"2\"} 1\n"), &["a{x=\"1\",y=\"2\"} 1 @3000"]),
                    (At(4000, "c 1\n"), &["a{x=\"1\",y=\"2\"} stale @4000", "c 1 @4000"]),
                ],
            },
            Case {
                rule: "none for a series with timestamps of its own (2.0-rc.4, \"Staleness Markers\")",
                readings: &[
                    (At(2000, "a 1 1500\nb 2\n"), &["a 1 @1500", "b 2 @2000"]),
                    (At(3000, "b 2\n"), &["b 2 @3000"]),
                    (At(4000, "a 1 3500\nb 2\n"), &["a 1 @3500", "b 2 @4000"]),
                    (Failed(5000), &["b stale @5000"]),
                ],
            },
            Case {
                rule: "the last good values beside a failed reading are told once, and end",
                readings: &[
                    (At(2000, "a 1\n"), &["a 1 @2000"]),
                    (Kept(3000, 2500, "a 2\n"), &["a 2 @2500", "a stale @3000"]),
                    (Kept(4000, 2500, "a 2\n"), &[]),
                ],
            },
            Case {
                rule: "a clock that goes back: no sample is sent out of order, and a series still ends",
                readings: &[
                    (At(5000, "a 1\nb 1\n"), &["a 1 @5000", "b 1 @5000"]),
                    (At(4000, "a 2\n"), &["b stale @5001"]),
                    (At(6000, "a 3\n"), &["a 3 @6000"]),
                ],
            },
        ],
        Rules::default,
    );
}

#[test]
fn a_source_that_goes_ends_with_all_that_is_said_of_it() {
    let cases: [(&str, Reading<'_>, &[&str]); 5] = [
        ("gone", Gone(3000), &["a stale @3000", "up stale @3000"]),
        (
            "at shutdown, on_shutdown = stale",
            End(3000, OnShutdown::Stale),
            &["a stale @3000", "up stale @3000"],
        ),
        ("at shutdown, on_shutdown = keep", End(3000, OnShutdown::Keep), &[]),
        ("under other settings", Altered(3000), &["a stale @3000", "up stale @3000"]),
        ("up goes on while the source fails", Failed(3000), &["a stale @3000", "up 0 @3000"]),
    ];
    for (rule, reading, want) in cases {
        let mut state = State::new(Rules::default(), time(1_000));
        told(&mut state, At(2000, "a 1\n"));
        let mut lines = told(&mut state, reading);
        lines.sort();
        assert_eq!(lines, want, "{rule}");
        let again = told(&mut state, Gone(4000));
        let ended = if matches!(reading, Failed(_)) { vec!["up stale @4000"] } else { Vec::new() };
        assert_eq!(again, ended, "{rule}: never twice");
    }
}

#[test]
fn settings_that_change_no_labels_end_nothing() {
    let mut state = State::new(Rules::default(), time(1_000));
    told(&mut state, At(2000, "a 1\n"));
    let mut out = Shards::new(1, 0);
    let often = Rules { metadata_every: Some(Duration::from_secs(1)), ..Rules::default() };
    state.alter(often, time(2500), &mut out);
    assert!(out.finish().is_empty());
    assert!(told(&mut state, At(3000, "")).contains(&"a stale @3000".to_owned()));
}
