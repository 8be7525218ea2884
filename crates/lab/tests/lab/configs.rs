//! The configuration that ships is one that Prometheus takes.

use super::peers;

#[test]
fn promtool_takes_the_shipped_configuration() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../gateway-config/prometheus.yml");
    let (success, printed) = peers::run("promtool", &["check", "config", file], b"");
    assert!(success, "{printed}");
}
