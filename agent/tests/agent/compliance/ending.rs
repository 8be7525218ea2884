//! What there is before a target has ever been up.

use super::super::process::{eventually, start};
use super::super::strict::{Mode, Strict};
use super::site::{TEXT, Target, markers, receiver, samples, settings};

/// Prometheus: `up` and `scrape_*` are sent for a target that never answers, and nothing ends that never was.
#[test]
fn a_target_that_was_never_up_is_down_without_markers() {
    let target = Target::new(TEXT, "a 1\n");
    target.answers("404 Gone");
    let strict = Strict::new(Mode::Both);
    let _agent = start(&settings("200ms", &[target.table("i1", ""), receiver(&strict, "")]));
    let of = |name: &str| format!("{name}{{instance=\"i1\",job=\"j\"}}");
    let all = [
        "up",
        "scrape_duration_seconds",
        "scrape_samples_scraped",
        "scrape_samples_post_metric_relabeling",
        "scrape_series_added",
    ];
    eventually("what is said of it", || all.iter().all(|name| samples(&strict, &of(name)).len() >= 3));
    assert!(samples(&strict, &of("up")).iter().all(|(_, bits)| *bits == 0.0_f64.to_bits()));
    assert!(all.iter().all(|name| markers(&strict, &of(name)).is_empty()));
    assert!(strict.names("a{").is_empty());
    strict.clean("never up");
}

/// The public list's edge cases: an empty page is a scrape like others.
#[test]
fn an_empty_page_is_up() {
    let target = Target::new(TEXT, "");
    let strict = Strict::new(Mode::Both);
    let _agent = start(&settings("200ms", &[target.table("i1", ""), receiver(&strict, "")]));
    let up = "up{instance=\"i1\",job=\"j\"}";
    eventually("three scrapes", || samples(&strict, up).len() >= 3);
    assert!(samples(&strict, up).iter().all(|(_, bits)| *bits == 1.0_f64.to_bits()));
    strict.clean("empty");
}
