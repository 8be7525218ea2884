//! Labels put on and taken off, and pages of our own.

use exposition::{Clash, Kind, Limits, Page, PageBuilder, Rewrite, registry};

fn rewritten(text: &str, how: &Rewrite<'_>) -> String {
    let page = Page::parse(text.to_owned(), &Limits::default()).unwrap();
    page.rewrite(how).text().lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_clash_ends_as_told() {
    let text = "a{job=\"own\",exported_job=\"x\",b=\"1\"} 1\na{job=\"\"} 2\na 3\n";
    let labels = [("job", "new"), ("instance", "i")];
    let rows = [
        (
            Clash::Overwrite,
            "a{exported_job=\"x\",b=\"1\",job=\"new\",instance=\"i\"} 1\na{job=\"new\",instance=\"i\"} 2\na{job=\"new\",instance=\"i\"} 3",
        ),
        (
            Clash::Keep,
            "a{job=\"own\",exported_job=\"x\",b=\"1\",instance=\"i\"} 1\na{job=\"\",instance=\"i\"} 2\na{job=\"new\",instance=\"i\"} 3",
        ),
        (
            Clash::Export,
            "a{exported_exported_job=\"own\",exported_job=\"x\",b=\"1\",job=\"new\",instance=\"i\"} 1\na{job=\"new\",instance=\"i\"} 2\na{job=\"new\",instance=\"i\"} 3",
        ),
    ];
    for (clash, want) in rows {
        assert_eq!(
            rewritten(text, &Rewrite { labels: &labels, clash, ..Rewrite::default() }),
            want,
            "{clash:?}"
        );
    }
}

#[test]
fn utf8_names_that_are_spelt_alike_stay_apart() {
    let labels = [("job", "new"), ("instance", "i")];
    let how = Rewrite { labels: &labels, clash: Clash::Export, ..Rewrite::default() };
    let rows = [
        // The name that needed no change keeps it, wherever it stands.
        (r#"{"m.x","a.b"="1",a_b="2"} 1"#, r#"m_x{U__a_2e_b="1",a_b="2",job="new",instance="i"} 1"#),
        (r#"{"m.x","a.b"="1","a/b"="2"} 1"#, r#"m_x{a_b="1",U__a_2f_b="2",job="new",instance="i"} 1"#),
        (r#"{"m","a:b"="1"} 1"#, r#"m{a_b="1",job="new",instance="i"} 1"#),
        (
            r#"{"m","exported.job"="1",job="2"} 1"#,
            r#"m{exported_job="1",exported_exported_job="2",job="new",instance="i"} 1"#,
        ),
        (
            r#"{"m",job="2","exported.job"="1"} 1"#,
            r#"m{exported_job="2",U__exported_2e_job="1",job="new",instance="i"} 1"#,
        ),
    ];
    for (text, want) in rows {
        let text = format!("{text}\n");
        assert_eq!(rewritten(&text, &how), want, "{text}");
        assert!(Page::parse_pushed(format!("{want}\n"), &Limits::default()).is_ok(), "{want}");
    }
    let families = "# TYPE \"h.x\" histogram\n{\"h.x_bucket\",le=\"+Inf\"} 1\n{\"h.x_sum\"} 1\n{\"h.x_count\"} 1\n\
                    {\"m.x\"} 1\nm_x 2\n{\"m-x\"} 3\nh_x_count 4\nU__m_2e_x 5\n";
    let want = "U__h_2e_x_bucket{le=\"+Inf\"} 1\nU__h_2e_x_sum 1\nU__h_2e_x_count 1\n\
                U__U____m__2e__x 1\nm_x 2\nU__m_2d_x 3\nh_x_count 4\nU__m_2e_x 5";
    assert_eq!(rewritten(families, &Rewrite::default()), want);
}

#[test]
fn labels_and_timestamps_can_be_dropped() {
    let text = "a{job=\"own\",b=\"1\"} 1 1500\n";
    let how = Rewrite { drop: &["job"], ..Rewrite::default() };
    assert_eq!(rewritten(text, &how), "a{b=\"1\"} 1");
    assert_eq!(rewritten(text, &Rewrite { keep_timestamps: true, ..how }), "a{b=\"1\"} 1 1500");
}

#[test]
fn what_only_the_scraper_takes_becomes_what_all_take() {
    let text = "# HELP a \\q\na{b=\"\\q\nc\" d=\"e\"} 1 \n# TYPE a gauge\na 2";
    let page = Page::parse(text, &Limits::default()).unwrap();
    for text in [page.rewrite(&Rewrite::default()).text().to_owned(), {
        let mut out = Vec::new();
        exposition::encode::text(&page, &mut out);
        String::from_utf8(out).unwrap()
    }] {
        assert_eq!(text, "# HELP a \\\\q\n# TYPE a gauge\na{b=\"\\\\q\\nc\",d=\"e\"} 1\na 2\n");
        assert!(Page::parse_pushed(text, &Limits::default()).is_ok());
    }
}

#[test]
fn a_built_page_is_the_page_that_its_text_reads_as() {
    let mut page = PageBuilder::new();
    page.family("empty", "vanishes", Kind::Gauge);
    page.family("a", "two\nlines", Kind::Counter);
    page.sample("a", &[("x", "\"\\\n")], 1e21);
    page.sample("a", &[], -0.5);
    page.family("gone", "", Kind::Gauge);
    let page = page.finish();
    assert_eq!(page.text(), "# HELP a two\\nlines\n# TYPE a counter\na{x=\"\\\"\\\\\\n\"} 1e21\na -0.5\n");
    let read = Page::parse_pushed(page.text().to_owned(), &Limits::default()).unwrap();
    assert_eq!(super::invariants::series(&read), super::invariants::series(&page));
    assert_eq!(page.families().next().unwrap().help().as_deref(), Some("two\nlines"));
}

#[test]
fn a_registry_of_every_instrument_becomes_a_page() {
    let own = prometheus::Registry::new();
    let counter = prometheus::Counter::new("c_total", "c").unwrap();
    let options = prometheus::HistogramOpts::new("h", "h").buckets(vec![0.5, f64::INFINITY]);
    let histogram = prometheus::Histogram::with_opts(options).unwrap();
    own.register(Box::new(counter.clone())).unwrap();
    own.register(Box::new(histogram.clone())).unwrap();
    counter.inc();
    histogram.observe(0.25);
    let page = registry::page(&own);
    let want = "# HELP c_total c\n# TYPE c_total counter\nc_total 1\n# HELP h h\n# TYPE h histogram\n\
                h_bucket{le=\"0.5\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 0.25\nh_count 1\n";
    assert_eq!(page.text(), want);
}

#[test]
fn a_page_that_its_labels_make_too_long_is_refused_before_it_is_made() {
    let lines: String = (0..1_000).map(|at| format!("a{{l=\"{at}\"}} 1\n")).collect();
    let page = Page::parse(lines, &Limits::default()).unwrap();
    let long = "x".repeat(1_000);
    let labels = [("long", long.as_str())];
    let how = Rewrite { labels: &labels, ..Rewrite::default() };
    let whole = page.rewrite(&how);
    let bytes = whole.text().len();
    assert_eq!(page.rewrite_within(&how, bytes).unwrap().text(), whole.text());
    let error = page.rewrite_within(&how, bytes - 1).unwrap_err().to_string();
    assert_eq!(error, format!("page with all its labels is over the limit of {} bytes", bytes - 1));
    let mut page = PageBuilder::within(20);
    page.family("a", "a long text for a short page", Kind::Gauge);
    page.sample("a", &[], 1.0);
    assert!(page.try_finish().is_err());
}

#[test]
fn many_labels_are_put_on_as_few_are() {
    let page = Page::parse("a{l3=\"own\",l70=\"own\",other=\"own\"} 1\n", &Limits::default()).unwrap();
    let names: Vec<String> = (0..80).map(|at| format!("l{at}")).collect();
    let labels: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "new")).collect();
    for (clash, own) in [(Clash::Overwrite, vec!["other"]), (Clash::Keep, vec!["l3", "l70", "other"])] {
        let made = page.rewrite(&Rewrite { labels: &labels, clash, ..Rewrite::default() });
        let sample = made.samples().next().unwrap();
        assert_eq!(sample.labels().count(), 81, "{}", made.text());
        let kept: Vec<&str> =
            sample.labels().filter(|label| label.value == "own").map(|label| label.name).collect();
        assert_eq!(kept, own);
    }
}
