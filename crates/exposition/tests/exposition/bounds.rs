//! Limits are the caller's, and each names itself, what was found, and what was allowed.

use exposition::{Limits, Page};

#[test]
fn each_limit_refuses_the_page_and_says_which() {
    let text = "# TYPE metric gauge\nmetric{label=\"value\",b=\"\"} 1\nmetric 2\n";
    let none = Limits::NONE;
    let rows = [
        (Limits { body: 57, ..none }, "body bytes", "body bytes of 58 is over the limit of 57"),
        (Limits { samples: 1, ..none }, "samples", "samples of 2 is over the limit of 1"),
        (
            Limits { series_labels: 1, ..none },
            "labels of a series",
            "labels of a series of 2 is over the limit of 1",
        ),
        (Limits { name: 5, ..none }, "metric name bytes", "metric name bytes of 6 is over the limit of 5"),
        (
            Limits { label_name: 4, ..none },
            "label name bytes",
            "label name bytes of 5 is over the limit of 4",
        ),
        (
            Limits { label_value: 4, ..none },
            "label value bytes",
            "label value bytes of 5 is over the limit of 4",
        ),
    ];
    for (limits, name, message) in rows {
        let error = Page::parse(text, &limits).unwrap_err();
        assert_eq!(error.reason.limit(), Some(name));
        assert!(error.to_string().ends_with(message), "{error}");
    }
    let exact = Limits { body: 58, samples: 2, series_labels: 2, name: 6, label_name: 5, label_value: 5 };
    assert_eq!(Page::parse(text, &exact).map(|page| page.sample_count()), Ok(2));
}

#[test]
fn the_index_takes_at_most_48_bytes_a_sample_on_real_pages() {
    for text in [
        include_str!("../../benches/pages/node_exporter.txt"),
        include_str!("../../benches/pages/prometheus.txt"),
    ] {
        let page = Page::parse(text, &Limits::default()).unwrap();
        assert!(
            page.index_bytes() <= 48 * page.sample_count(),
            "{} for {}",
            page.index_bytes(),
            page.sample_count()
        );
    }
}

#[test]
fn a_page_of_line_breaks_costs_no_memory_for_samples() {
    let page = Page::parse("\n".repeat(1 << 20), &Limits::default()).unwrap();
    assert_eq!(page.index_bytes(), 0);
}

#[test]
fn a_label_that_stands_twice_is_found_among_many() {
    let block =
        |order: &mut dyn Iterator<Item = usize>| order.map(|at| format!("l{at}=\"\",")).collect::<String>();
    let (up, down) = (block(&mut (0..60)), block(&mut (0..60).rev()));
    // Nothing of a line stands where it stood in the line before.
    let page = format!("a{{{up}}} 1\na{{{down}}} 1\na{{{up}}} 1\n");
    assert_eq!(Page::parse(page, &Limits::default()).map(|page| page.sample_count()), Ok(3));
    for twice in [3, 20, 59] {
        let page = format!("a{{{up}}} 1\na{{{down}l{twice}=\"\"}} 1\n");
        let error = Page::parse(page, &Limits::default()).unwrap_err().to_string();
        assert!(error.ends_with(&format!("label name `l{twice}` stands twice in one series")), "{error}");
    }
}
