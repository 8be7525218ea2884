//! Pages whose series were changed one by one: families stay families, or are none any more.

use std::sync::Arc;

use exposition::{Fate, Limits, Page, Rewrite, Series};

const HISTOGRAM: &str = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n# HELP g Gauge.\n# TYPE g gauge\ng 1\n";

fn changed(text: &str, fate: impl Fn(&str) -> Fate) -> String {
    let page = Page::parse(text.to_owned(), &Limits::NONE).unwrap().rewrite(&Rewrite::default());
    let fates: Vec<Fate> = page.samples().map(|sample| fate(sample.series_text().trim_end())).collect();
    let page = page.changed(&fates, usize::MAX).unwrap();
    // What is written must be a page that is read the same.
    let read = Page::parse(page.text().to_owned(), &Limits::NONE).unwrap();
    assert_eq!(
        read.samples().map(|sample| sample.line()).collect::<Vec<_>>(),
        page.samples().map(|sample| sample.line()).collect::<Vec<_>>()
    );
    page.text().to_owned()
}

fn becomes(name: &str, labels: &[(&str, &str)]) -> Fate {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Fate::Becomes(Arc::new(Series { name: name.to_owned(), labels }))
}

#[test]
fn a_page_of_which_nothing_changes_is_the_same() {
    assert_eq!(changed(HISTOGRAM, |_| Fate::Stays), HISTOGRAM);
}

#[test]
fn a_histogram_may_lose_a_bucket_and_is_still_one() {
    let left =
        changed(HISTOGRAM, |series| if series.contains("le=\"1\"") { Fate::Goes } else { Fate::Stays });
    assert_eq!(left, HISTOGRAM.replace("h_bucket{le=\"1\"} 1\n", ""));
}

#[test]
fn a_histogram_without_buckets_is_none_so_that_no_gateway_adds_one() {
    let left = changed(HISTOGRAM, |series| if series.contains("_bucket") { Fate::Goes } else { Fate::Stays });
    assert_eq!(
        left,
        "# HELP g Gauge.\n# TYPE g gauge\ng 1\n# TYPE h_sum untyped\nh_sum 3\n# TYPE h_count untyped\nh_count 2\n"
    );
}

#[test]
fn a_histogram_whose_buckets_are_called_otherwise_is_none() {
    let renamed = |series: &str| match series {
        "h_bucket{le=\"1\"}" => becomes("h_bucket", &[("upto", "1")]),
        _ => Fate::Stays,
    };
    let left = changed(HISTOGRAM, renamed);
    assert!(
        !left.contains("histogram") && left.contains("# TYPE h_bucket untyped\nh_bucket{upto=\"1\"} 1\n"),
        "{left}"
    );
}

#[test]
fn samples_follow_their_name_into_a_family_of_it_or_one_of_their_own() {
    let text = "# TYPE a counter\na 1\n# TYPE b gauge\nb{x=\"y\"} 2\n";
    assert_eq!(
        changed(text, |series| if series == "a" { becomes("b", &[]) } else { Fate::Stays }),
        "# TYPE b gauge\nb 1\nb{x=\"y\"} 2\n"
    );
    assert_eq!(
        changed(text, |series| if series == "a" { becomes("c", &[("l", "\"\\\n")]) } else { Fate::Goes }),
        "# TYPE c untyped\nc{l=\"\\\"\\\\\\n\"} 1\n"
    );
}

#[test]
fn a_foreign_sample_in_a_histogram_takes_it_apart() {
    let left = changed(HISTOGRAM, |series| if series == "g" { becomes("h", &[]) } else { Fate::Stays });
    assert!(left.contains("# TYPE h untyped\nh 1\n") && !left.contains("histogram"), "{left}");
}

#[test]
fn a_page_that_grows_too_long_is_refused() {
    let page = Page::parse("a 1\n".to_owned(), &Limits::NONE).unwrap();
    let long = becomes("a", &[("x", &"y".repeat(100))]);
    assert_eq!(page.changed(&[long], 64).unwrap_err().limit, 64);
}
