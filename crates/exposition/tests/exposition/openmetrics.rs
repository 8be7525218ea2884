//! OpenMetrics 1.0: in, out, and what it has beyond text 0.0.4.

use exposition::{Kind, Limits, Page, Rewrite, encode};

const PAGE: &str = "# HELP a quoted \\\" text\n# TYPE a counter\na_total{x=\"y\"} 5 1700000000.5 # {trace_id=\"t1\"} 0.5 1700000000.25\n\
                    a_created{x=\"y\"} 1699999999.5\n# TYPE b_seconds gauge\n# UNIT b_seconds seconds\nb_seconds 1.5\n\
                    # TYPE h histogram\nh_bucket{le=\"1.0\"} 1 # {} 0.5\nh_bucket{le=\"+Inf\"} 2\nh_count 2\nh_sum 3\nh_created 1\n\
                    # TYPE i info\ni_info{v=\"1\"} 1\n# TYPE u unknown\nu 1\n# EOF\n";

#[test]
fn created_and_exemplars_are_set_apart() {
    let page = Page::parse_openmetrics(PAGE, &Limits::default()).unwrap();
    assert_eq!(page.sample_count(), 8);
    assert!(page.samples().all(|sample| !sample.name().ends_with("_created")));
    let created: Vec<_> = page.created().map(|created| (created.family.name(), created.seconds)).collect();
    assert_eq!(created, [("a", 1_699_999_999.5), ("h", 1.0)]);
    let first = page.samples().next().unwrap();
    assert_eq!((first.name(), first.timestamp_ms()), ("a_total", Some(1_700_000_000_500)));
    let exemplar = first.exemplar().unwrap();
    assert_eq!((exemplar.value, exemplar.timestamp_ms), (0.5, Some(1_700_000_000_250)));
    assert_eq!(exemplar.labels.collect::<Vec<_>>(), [("trace_id", "t1")]);
    assert_eq!(page.samples().filter(|sample| sample.exemplar().is_some()).count(), 2);
    let family = page.families().next().unwrap();
    assert_eq!((family.kind(), family.help().as_deref()), (Kind::Counter, Some("quoted \" text")));
    assert_eq!(page.families().nth(1).unwrap().unit(), Some("seconds"));
}

/// The two kinds that hardly any client writes.
pub(crate) const RARE: &str = "# TYPE g gaugehistogram\ng_bucket{le=\"1.0\"} 3\ng_bucket{le=\"+Inf\"} 5\ng_gcount 5\ng_gsum 7.5\n\
                              # TYPE s stateset\ns{s=\"idle\"} 0\ns{s=\"busy\"} 1\n# EOF\n";

#[test]
fn state_sets_and_gauge_histograms_are_read_written_and_become_text() {
    let page = Page::parse_openmetrics(RARE, &Limits::default()).unwrap();
    let kinds: Vec<_> = page.families().map(|family| (family.name(), family.kind())).collect();
    assert!(
        kinds.contains(&("g", Kind::GaugeHistogram)) && kinds.contains(&("s", Kind::StateSet)),
        "{kinds:?}"
    );
    let mut out = Vec::new();
    encode::openmetrics(&page, &mut out);
    let again = Page::parse_openmetrics(out, &Limits::default()).unwrap();
    assert_eq!(super::invariants::series(&page), super::invariants::series(&again), "{}", again.text());
    assert_eq!(again.families().map(|family| (family.name(), family.kind())).collect::<Vec<_>>(), kinds);
    let mut out = Vec::new();
    encode::text(&page, &mut out);
    let text = String::from_utf8(out).unwrap();
    for line in ["# TYPE g histogram\n", "g_gsum 7.5\n", "# TYPE s gauge\n", "s{s=\"busy\"} 1\n"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert_eq!(Page::parse_pushed(text, &Limits::default()).unwrap().sample_count(), 6);
}

#[test]
fn it_becomes_text_that_a_pushgateway_takes() {
    let page = Page::parse_openmetrics(PAGE, &Limits::default()).unwrap();
    let mut out = Vec::new();
    encode::text(&page, &mut out);
    let text = String::from_utf8(out).unwrap();
    for line in [
        "# TYPE a_total counter\n",
        "# TYPE i_info gauge\n",
        "# TYPE u untyped\n",
        "h_bucket{le=\"1.0\"} 1\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert_eq!(Page::parse_pushed(text, &Limits::default()).unwrap().sample_count(), 8);
}

#[test]
fn units_stay_when_a_page_is_rewritten() {
    let text = "# TYPE gone_seconds gauge\n# UNIT gone_seconds seconds\n\
                # TYPE busy_seconds counter\n# UNIT busy_seconds seconds\nbusy_seconds_total 1\n\
                # TYPE disk_bytes gauge\n# UNIT disk_bytes bytes\ndisk_bytes 2\n# TYPE u gauge\nu 1\n# EOF\n";
    let page = Page::parse_openmetrics(text, &Limits::default()).unwrap();
    let how = Rewrite { labels: &[("job", "j")], ..Rewrite::default() };
    let page = page.rewrite(&how);
    let units: Vec<_> = page.families().map(|family| family.unit()).collect();
    assert_eq!(units, [Some("seconds"), Some("bytes"), None], "{}", page.text());
}

#[test]
fn it_survives_being_written_and_read_again() {
    let page = Page::parse_openmetrics(PAGE, &Limits::default()).unwrap();
    let mut out = Vec::new();
    encode::openmetrics(&page, &mut out);
    let again = Page::parse_openmetrics(out, &Limits::default()).unwrap();
    assert_eq!(super::invariants::series(&page), super::invariants::series(&again), "{}", again.text());
    assert_eq!(again.created().count(), 2);
    assert_eq!(again.families().count(), page.families().count());
    assert_eq!(again.samples().filter_map(|sample| sample.exemplar()).count(), 2);
}

#[test]
fn text_becomes_openmetrics_with_its_stricter_rules() {
    let text = "# TYPE a_total counter\na_total 1\n# TYPE c counter\nc 2\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\nu 1 1500\n";
    let page = Page::parse(text, &Limits::default()).unwrap();
    let mut out = Vec::new();
    encode::openmetrics(&page, &mut out);
    let want = "# TYPE a counter\na_total 1\n# TYPE c unknown\nc 2\n# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\n\
                h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n# TYPE u unknown\nu 1 1.500\n# EOF\n";
    assert_eq!(String::from_utf8(out).unwrap(), want);
}

#[test]
fn faults_are_found_where_they_are() {
    let rows = [
        ("a 1\n", "line 2, column 1: the page does not end with `# EOF`"),
        ("# EOF\na 1\n", "line 2, column 1: data after `# EOF`"),
        (
            "# comment\n# EOF\n",
            "line 1, column 1: expected `HELP`, `TYPE`, `UNIT` or `EOF` after `# `, as OpenMetrics has no free comments",
        ),
        ("a  1\n# EOF\n", "line 1, column 3: expected a value after the series, got ` `"),
        ("a{b=\"c\", d=\"e\"} 1\n# EOF\n", "line 1, column 9: expected a label name or `}`, got ` `"),
        ("a{b=\"c\",} 1\n# EOF\n", "line 1, column 9: expected a label name or `}`, got `}`"),
        ("\n# EOF\n", "line 1, column 1: expected a metric name, got the end of the line"),
        ("# TYPE a untyped\n# EOF\n", "line 1, column 10: unknown metric type `untyped`"),
        (
            "# UNIT a_seconds meters\n# EOF\n",
            "line 1, column 18: unit `meters` is not a suffix of metric name `a_seconds`",
        ),
        ("a 1 x\n# EOF\n", "line 1, column 5: expected a timestamp in seconds, got `x`"),
        (
            "a 1 # {b=\"c\"}\n# EOF\n",
            "line 1, column 14: expected a value after the series, got the end of the line",
        ),
    ];
    for (text, message) in rows {
        let error = Page::parse_openmetrics(text, &Limits::default()).map(|page| page.sample_count());
        assert_eq!(error.map_err(|error| error.to_string()), Err(message.to_owned()), "{text:?}");
    }
    assert!(Page::parse_openmetrics("# EOF", &Limits::default()).is_ok());
}
