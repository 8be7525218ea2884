//! The settings that the demo writes for the agent and for Prometheus.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::ports::Ports;

/// Writes the agent's settings.
pub(super) fn agent(folder: &Path, ports: Ports, interval: u64) -> anyhow::Result<PathBuf> {
    let Ports { api, gateway, agent, .. } = ports;
    let (timeout, ttl) = (interval.min(10), interval * 4);
    let text = format!(
        "# Written by `pushpull-lab demo`; agent/agent.toml shows every setting.\n\
         interval = \"{interval}s\"\n\n\
         [identity]\njob = \"api\"\ninstance = \"{{hostname}}\"\n\n\
         [[scrape]]\nurl = \"http://127.0.0.1:{api}/metrics\"\ntimeout = \"{timeout}s\"\n\n\
         [[push]]\nurl = \"http://127.0.0.1:{gateway}\"\nttl = \"{ttl}s\"\n\n\
         [pull]\nlisten = \"127.0.0.1:{agent}\"\n\n\
         [shutdown]\ngrace = \"2s\"\n"
    );
    write(folder, "agent.toml", &text)
}

/// Writes Prometheus' settings; its arguments.
pub(super) fn prometheus(folder: &Path, ports: Ports) -> anyhow::Result<Vec<String>> {
    let Ports { api, gateway, agent, prometheus } = ports;
    // `path` tells in every query by which way a series came.
    let job = |name: &str, port: u16, path: &str, honor: bool| {
        format!(
            "  - job_name: {name}\n    honor_labels: {honor}\n    static_configs:\n      - targets: ['127.0.0.1:{port}']\n        labels: {{path: {path}}}\n"
        )
    };
    let text = format!(
        "global: {{scrape_interval: 5s}}\nscrape_configs:\n{}{}{}",
        job("api-pull", api, "pull", false),
        job("pushgateway", gateway, "push", true),
        job("agent-fallback", agent, "fallback", true)
    );
    let file = write(folder, "prometheus.yml", &text)?;
    Ok(vec![
        format!("--config.file={}", file.display()),
        format!("--storage.tsdb.path={}", folder.join("prometheus").display()),
        format!("--web.listen-address=127.0.0.1:{prometheus}"),
        "--log.level=warn".to_owned(),
    ])
}

fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let file = folder.join(name);
    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}
