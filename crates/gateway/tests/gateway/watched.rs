//! What the real Prometheus makes of gateways that it scrapes each second.

use std::path::Path;
use std::time::{Duration, Instant};

use super::peers::{self, Peer};

/// Gateways by name, as the label `by` of all that comes from them.
pub(super) fn prometheus(folder: &Path, gateways: &[(&str, &Peer)]) -> Peer {
    let targets: String = gateways
        .iter()
        .map(|(name, gateway)| {
            format!(
                "- job_name: {name}\n  honor_labels: true\n  static_configs:\n  - targets: ['127.0.0.1:{}']\n    labels: {{by: {name}}}\n",
                gateway.port
            )
        })
        .collect();
    let config = format!("global:\n  scrape_interval: 1s\nscrape_configs:\n{targets}");
    peers::prometheus(folder, &config)
}

/// The value of an expression that gives one; none while it gives nothing.
pub(super) fn value(prometheus: &Peer, expression: &str) -> Option<f64> {
    let query: String = expression.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let (_, said) = peers::request(prometheus.port, "GET", &format!("/api/v1/query?query={query}"), b"")?;
    let said: serde_json::Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
    assert_eq!(said["status"], "success", "{expression}: {said}");
    said["data"]["result"].as_array()?.first()?["value"][1].as_str()?.parse().ok()
}

/// Waits until an expression has this value.
pub(super) fn until(prometheus: &Peer, expression: &str, want: f64) {
    let end = Instant::now() + Duration::from_secs(40);
    loop {
        let found = value(prometheus, expression);
        if found.is_some_and(|found| (found - want).abs() < 1e-9) {
            return;
        }
        assert!(Instant::now() < end, "{expression} is {found:?}, expected {want}");
        // A scrape a second changes nothing within less.
        pause(Duration::from_millis(100));
    }
}

/// Lets time pass where a test plays a job, or waits between two looks at a condition.
pub(super) fn pause(time: Duration) {
    let end = Instant::now() + time;
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}
