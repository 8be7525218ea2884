//! The settings that the demo writes for Prometheus.

use std::path::Path;

use crate::ports::{Part, Ports};
use crate::settings::write;

/// Writes Prometheus' settings; its arguments.
pub(super) fn prometheus(folder: &Path, ports: &Ports) -> anyhow::Result<Vec<String>> {
    // `path` tells in every query by which way a series came.
    let job = |name: &str, part: Part, path: &str, honor: bool| {
        let address = ports.address(part);
        format!(
            "  - job_name: {name}\n    honor_labels: {honor}\n    static_configs:\n      - targets: ['{address}']\n        labels: {{path: {path}}}\n"
        )
    };
    let text = format!(
        "global: {{scrape_interval: 5s}}\nscrape_configs:\n{}{}{}",
        job("api-pull", Part::Api, "pull", false),
        job("pushgateway", Part::Gateway, "push", true),
        job("agent-fallback", Part::Agent, "fallback", true)
    );
    let file = write(folder, "prometheus.yml", &text)?;
    Ok(vec![
        format!("--config.file={}", file.display()),
        format!("--storage.tsdb.path={}", folder.join("prometheus").display()),
        format!("--web.listen-address={}", ports.address(Part::Prometheus)),
        "--log.level=warn".to_owned(),
    ])
}
