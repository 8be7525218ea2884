//! What each Prometheus is told: only its own way. JSON is YAML, too, and quotes itself.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::{Value, json};

use super::Target;
use crate::compare::path::Path;
use crate::compare::scenario::Times;

/// The job of all instances, whichever way they are seen.
const JOB: &str = "api";
/// Who stands in for instances before any is born.
pub(super) const WARM_UP: &str = "warm-up";

/// Whom a Prometheus scrapes.
pub(super) enum Source<'a> {
    /// Instances that it knows from the start.
    Known(&'a [Target]),
    /// Instances that this file names.
    File(&'a str),
    /// What was pushed there.
    Gateway(SocketAddr),
    /// Nobody: it is written to.
    Written,
}

/// Seconds in Prometheus' notation, which has no fractions.
pub(super) fn duration(seconds: f64) -> String {
    format!("{:.0}ms", (seconds * 1_000.0).max(1.0))
}

/// The configuration of one way.
pub(super) fn prometheus(times: &Times, source: &Source<'_>) -> String {
    let scrape = match source {
        // With `honor_labels` job and instance are those that were pushed.
        Source::Gateway(address) => json!({
            "job_name": "gateway",
            "honor_labels": true,
            "static_configs": [{ "targets": [address.to_string()] }],
        }),
        Source::File(file) => json!({
            "job_name": JOB,
            // Changes come by inotify; this is for where that misses one.
            "file_sd_configs": [{ "files": [file], "refresh_interval": "1s" }],
        }),
        Source::Known(targets) => json!({ "job_name": JOB, "static_configs": groups(*targets) }),
        Source::Written => Value::Null,
    };
    let scrapes: Vec<Value> = Some(scrape).filter(|scrape| !scrape.is_null()).into_iter().collect();
    let interval = duration(times.scrape);
    let global = json!({
        "scrape_interval": interval,
        "scrape_timeout": duration(times.scrape.min(10.0)),
        "evaluation_interval": "1m",
    });
    format!("{:#}\n", json!({ "global": global, "scrape_configs": scrapes }))
}

/// Target groups, as in a configuration and as in a file for `file_sd`.
pub(super) fn groups<'a>(targets: impl IntoIterator<Item = &'a Target>) -> Value {
    let group = |target: &Target| {
        json!({
            "targets": [target.address.to_string()],
            "labels": { "instance": target.instance },
        })
    };
    targets.into_iter().map(group).collect()
}

/// What a way's Prometheus answers once it has scraped: a query, and its value.
pub(super) fn up(path: Path, targets: &[Target]) -> (String, f64) {
    let instances: BTreeSet<_> = targets.iter().map(|target| &target.instance).collect();
    match path {
        // Those that were not born yet are scraped, too, and are down.
        Path::PullStatic => (format!("count(up{{job=\"{JOB}\"}}) or vector(0)"), instances.len() as f64),
        // What it is to show comes with the first agents.
        Path::RemoteWrite => ("vector(1)".to_owned(), 1.0),
        Path::PullDiscovered => (format!("count(up{{instance=\"{WARM_UP}\"}})"), 1.0),
        _ => ("up{job=\"gateway\"}".to_owned(), 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_below_a_second_are_written_in_milliseconds() {
        assert_eq!(duration(0.5), "500ms");
        assert_eq!(duration(300.0), "300000ms");
    }

    #[test]
    fn a_way_has_its_own_targets_and_nobody_elses() {
        let times = Times { scrape: 15.0, push: 5.0, lookback: 300.0, lifetime: 20.0, rate: 20.0 };
        let address = SocketAddr::from(([10, 0, 0, 1], 80));
        let targets = [Target { address, instance: "a \"b\"".to_owned() }];
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let pull = read(&prometheus(&times, &Source::Known(&targets)));
        assert_eq!(pull["scrape_configs"][0]["static_configs"][0]["labels"]["instance"], "a \"b\"");
        assert_eq!(pull["global"]["scrape_timeout"], "10000ms");
        let discovered = read(&prometheus(&times, &Source::File("f")));
        assert_eq!(discovered["scrape_configs"][0]["file_sd_configs"][0]["files"][0], "f");
        let push = read(&prometheus(&times, &Source::Gateway(address)));
        assert_eq!(push["scrape_configs"][0]["honor_labels"], true);
        assert_eq!(push["scrape_configs"].as_array().unwrap().len(), 1);
        let written = read(&prometheus(&times, &Source::Written));
        assert!(written["scrape_configs"].as_array().unwrap().is_empty());
    }
}
