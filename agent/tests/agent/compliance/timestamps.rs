//! Times of samples, and when series began.

use std::collections::BTreeSet;

use super::super::strict::Series;
use super::run::judged;

fn is_of(series: &Series, instance: &str) -> bool {
    series.label("instance") == Some(instance) && series.label("__name__") != Some("explicit")
}

/// 1.0 Protocol, 2.0 Protobuf Message: MUST be int64 milliseconds since 1970; SHOULD be those of the scrape.
#[test]
fn timestamps_are_milliseconds_of_the_run() {
    let run = judged();
    let during = run.began..=run.ended;
    run.each("temperature_celsius", |kind, series| {
        assert!(series.points.iter().all(|point| during.contains(&point.at)), "{kind:?}: {series:?}");
    });
}

/// Prometheus: one time for all samples of a scrape, `up` and `scrape_*` too.
#[test]
fn samples_of_a_scrape_have_one_time() {
    for (kind, strict) in judged().all() {
        let times = |name: &str| -> BTreeSet<i64> {
            let all = strict.names(&format!("{name}{{"));
            let plain = all.iter().find(|it| it.contains("instance=\"plain\"")).unwrap();
            strict.taken(plain).iter().map(|point| point.at).collect()
        };
        let up = times("up");
        for name in [
            "temperature_celsius",
            "latency_seconds_sum",
            "scrape_duration_seconds",
            "scrape_samples_scraped",
            "scrape_samples_post_metric_relabeling",
            "scrape_series_added",
        ] {
            // The last scrape may have come in part.
            let other = times(name);
            let differ: Vec<_> = up.symmetric_difference(&other).collect();
            assert!(differ.len() <= 1, "{kind:?}: {name} {differ:?}");
        }
    }
}

/// Prometheus' `honor_timestamps`: a time on the page is the sample's.
#[test]
fn explicit_timestamps_are_kept_and_sent_once() {
    let run = judged();
    for (kind, strict) in run.all() {
        let names = strict.names("explicit{");
        let times: Vec<i64> = strict.taken(&names[0]).iter().map(|point| point.at).collect();
        assert_eq!(times, [run.explicit], "{kind:?}");
    }
}

/// Prometheus' `honor_timestamps = false`: it is that of the scrape, each time.
#[test]
fn explicit_timestamps_are_replaced_where_that_is_set() {
    let run = judged();
    for (kind, strict) in run.all() {
        let of = |name: &str| -> BTreeSet<i64> {
            let all = strict.names(&format!("{name}{{"));
            let replaced = all.iter().find(|it| it.contains("instance=\"replaced\"")).unwrap();
            strict.taken(replaced).iter().map(|point| point.at).collect()
        };
        let (replaced, up) = (of("replaced"), of("up"));
        let differ: Vec<_> = up.symmetric_difference(&replaced).collect();
        assert!(replaced.len() >= 3 && differ.len() <= 1, "{kind:?}: {replaced:?} {up:?}");
    }
}

/// 2.0 Samples and Histogram Samples: SHOULD be provided for counters; not after the sample, which the strict
/// receiver judges.
#[test]
fn start_timestamps_are_those_that_the_page_tells() {
    for name in ["jobs_total", "wait_seconds_bucket", "wait_seconds_count", "wait_seconds_sum"] {
        let series = judged().first(name);
        let starts: Vec<i64> = series.points.iter().map(|point| point.start).collect();
        assert_eq!(starts, [1_767_225_600_500], "{series:?}");
    }
}

/// 2.0 Samples and Histogram Samples: 0 is unset, and a gauge did not begin to count.
#[test]
fn gauges_have_no_start() {
    for name in ["temperature_celsius", "up", "build_info"] {
        assert!(judged().first(name).points.iter().all(|point| point.start == 0), "{name}");
    }
}

/// 1.0 Ordering, 2.0 Samples: MUST be sent in the order of their times, over all requests.
#[test]
fn samples_of_a_series_come_in_order() {
    for (kind, strict) in judged().all() {
        for name in strict.names("") {
            let taken = strict.taken(&name);
            assert!(taken.windows(2).all(|pair| pair[0].at < pair[1].at), "{kind:?}: {name}: {taken:?}");
        }
        let plain =
            strict.seen().iter().flat_map(|seen| seen.message.series.clone()).any(|it| is_of(&it, "plain"));
        assert!(plain, "{kind:?}");
    }
}
