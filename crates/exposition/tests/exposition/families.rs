//! Samples find their family, however the page is ordered.

use exposition::{Kind, Limits, Page, merge};

fn families(text: &str) -> Vec<(String, Kind, usize)> {
    let page = Page::parse(text.to_owned(), &Limits::default()).unwrap();
    page.families().map(|family| (family.name().to_owned(), family.kind(), family.samples().len())).collect()
}

#[test]
fn suffixes_belong_to_histograms_and_summaries_only() {
    let text = "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n\
                # TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 1\ns_count 1\n\
                # TYPE c counter\nc 1\nc_sum 1\n";
    let want = [
        ("h", Kind::Histogram, 3),
        ("s", Kind::Summary, 3),
        ("c", Kind::Counter, 1),
        ("c_sum", Kind::Untyped, 1),
    ];
    assert_eq!(families(text), want.map(|(name, kind, samples)| (name.to_owned(), kind, samples)));
}

#[test]
fn metadata_may_stand_apart_from_its_samples() {
    let text = "# HELP h text\n# HELP g other\n# TYPE h histogram\n# TYPE g gauge\n\
                g 1\nh_bucket{le=\"+Inf\"} 1\ng{a=\"b\"} 2\nh_sum 1\nh_count 1\n";
    let page = Page::parse(text, &Limits::default()).unwrap();
    let merged = merge::families([&page]);
    let seen: Vec<_> = merged
        .iter()
        .map(|family| {
            let samples: usize = family.parts.iter().map(|part| part.samples().len()).sum();
            (family.name.as_ref(), family.kind, family.help.as_deref(), samples)
        })
        .collect();
    assert_eq!(seen, [("g", Kind::Gauge, Some("other"), 2), ("h", Kind::Histogram, Some("text"), 3)]);
    assert!(page.families().all(|family| family.help().is_some()));
}

#[test]
fn a_late_type_counts_for_the_samples_before_it() {
    let page = Page::parse("a 1\n# TYPE a counter\n", &Limits::default()).unwrap();
    assert_eq!(page.families().next().unwrap().kind(), Kind::Counter);
}

#[test]
fn families_without_samples_vanish() {
    assert_eq!(families("# TYPE a gauge\n# TYPE b gauge\nb 1\n"), [("b".to_owned(), Kind::Gauge, 1)]);
}

#[test]
fn pages_merge_under_one_help_and_type() {
    let page = |text: &str| Page::parse(text.to_owned(), &Limits::default()).unwrap();
    let first = page("# HELP a one\n# TYPE a gauge\na{g=\"1\"} 1\nb 1\n");
    let second = page("# HELP a two\n# TYPE a gauge\na{g=\"2\"} 2\n# TYPE c counter\nc 1");
    let mut out = Vec::new();
    merge::text([&first, &second], &mut out);
    let want = "# HELP a one\n# TYPE a gauge\na{g=\"1\"} 1\na{g=\"2\"} 2\n# TYPE b untyped\nb 1\n# TYPE c counter\nc 1\n";
    assert_eq!(String::from_utf8(out).unwrap(), want);
}

#[test]
fn merging_keeps_lists_of_unequal_length_whole_on_both_sides() {
    let page = |label: &str, count: usize| {
        let lines: String =
            (0..count).map(|at| format!("h_bucket{{g=\"{label}\",le=\"{at}\"}} {at}\n")).collect();
        Page::parse(format!("# TYPE h histogram\n{lines}"), &Limits::default()).unwrap()
    };
    for (left, right) in [(1, 7), (7, 1), (3, 3)] {
        let (first, second) = (page("a", left), page("b", right));
        let mut out = Vec::new();
        merge::text([&first, &second], &mut out);
        let merged = Page::parse_pushed(out, &Limits::default()).unwrap();
        assert_eq!(merged.sample_count(), left + right);
        assert_eq!(merged.families().count(), 1);
    }
}
