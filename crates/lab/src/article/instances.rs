//! The article's last claim: several instances, all scraped, without a noticeable loss.

use std::time::{Duration, Instant};

use anyhow::Context;
use futures_util::future::try_join_all;
use reqwest::Client;
use tokio_util::sync::CancellationToken;

use super::app::{App, Kind, Programs};
use super::loads::{self, Load};
use crate::compare::results::{Cell, Figure};
use crate::load::scenario::Scenario;
use crate::process::{Log, Process};
use crate::programs::{Program, on_path};
use crate::prometheus::Prometheus;
use crate::settings::write;

/// How many instances at once.
pub(super) const COUNTS: [usize; 3] = [1, 2, 4];
/// Each gets so many requests a second.
const RATE: u32 = 50;

/// One cell for each count; fewer where `stop` came.
pub(super) async fn run(
    kind: Kind,
    time: Duration,
    programs: &Programs,
    folder: &std::path::Path,
    client: &Client,
    stop: &CancellationToken,
) -> anyhow::Result<Vec<Cell>> {
    let mut cells = Vec::new();
    for count in COUNTS {
        let log = Log::file(tempfile::tempfile()?);
        let apps = try_join_all((0..count).map(|_| App::start(kind, programs, client, &log))).await?;
        let (mut server, prometheus) =
            scraped(&apps, &folder.join(format!("{}-{count}", kind.name())), client, &log).await?;
        let scenario = Scenario { name: "instances", rate: RATE, users: 1, minutes: 1 };
        let began = Instant::now();
        let loads = apps.iter().map(|app| loads::run(Load::Asked, scenario, time, app, programs, stop));
        let loaded = try_join_all(loads).await?;
        let asked = format!("[{:.0}s]", began.elapsed().as_secs_f64());
        let loaded: Option<Vec<_>> = loaded.into_iter().collect();
        if let Some(loaded) = loaded {
            let mut cell = together(&loaded.into_iter().map(|(cell, _)| cell).collect::<Vec<_>>());
            for (name, query) in [
                ("up_ratio", format!("avg(avg_over_time(up{asked}))")),
                (
                    "scrape_duration_mean_seconds",
                    format!("avg(avg_over_time(scrape_duration_seconds{asked}))"),
                ),
                (
                    "scrape_duration_max_seconds",
                    format!("max(max_over_time(scrape_duration_seconds{asked}))"),
                ),
            ] {
                let value = prometheus.query(&query).await?.first().map(|point| point.value);
                cell.figures.insert(name.to_owned(), Figure { value, n: count as u64, ..Figure::default() });
            }
            cells.push(Cell { path: kind.name().to_owned(), cohort: count.to_string(), ..cell });
        }
        server.stop(Duration::from_secs(3)).await;
        for app in apps {
            app.stop().await;
        }
        if stop.is_cancelled() {
            break;
        }
    }
    Ok(cells)
}

/// A Prometheus that scrapes them each second, once all were up.
async fn scraped(
    apps: &[App],
    folder: &std::path::Path,
    client: &Client,
    log: &Log,
) -> anyhow::Result<(Process, Prometheus)> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let targets: Vec<String> = apps.iter().map(|app| format!("'127.0.0.1:{}'", app.port)).collect();
    let text = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n\
         \x20 - job_name: api\n    static_configs: [{{targets: [{}]}}]\n",
        targets.join(", ")
    );
    let file = write(folder, "prometheus.yml", &text)?;
    let path = on_path("prometheus").context("prometheus is missing: sudo apt-get install prometheus")?;
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let address = free.context("no free port on the loopback")?;
    let program = Program::new(
        &path,
        [
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            format!("--web.listen-address={address}"),
            "--log.level=warn".to_owned(),
        ],
    );
    let mut server = Process::start("prometheus", &program, log)?;
    server.ready(client, &format!("http://{address}/-/ready")).await?;
    let prometheus = Prometheus::new(client.clone(), format!("http://{address}"));
    let up = async {
        let mut polls = tokio::time::interval(Duration::from_millis(250));
        loop {
            polls.tick().await;
            let up = prometheus.query("sum(up)").await.unwrap_or_default();
            if up.first().is_some_and(|point| point.value >= apps.len() as f64) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), up)
        .await
        .context("not all instances were scraped within 30 s")?;
    Ok((server, prometheus))
}

/// Sums of rates and use, the worst of latencies.
fn together(cells: &[Cell]) -> Cell {
    let mut all = Cell::default();
    for (name, figure) in cells.iter().flat_map(|cell| &cell.figures) {
        let sum = name.ends_with("_rate") || name.starts_with("cpu_") || name.starts_with("memory_");
        let least = name == "success_ratio";
        let joined = all.figures.entry(name.clone()).or_insert_with(|| Figure { n: 0, ..figure.clone() });
        if joined.n > 0 {
            joined.value = joined.value.zip(figure.value).map(|(one, other)| match (sum, least) {
                (true, _) => one + other,
                (_, true) => one.min(other),
                _ => one.max(other),
            });
        }
        joined.n += figure.n;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_add_up_and_the_worst_latency_stands_for_all() {
        let cell = |rate: f64, p99: f64, success: f64| {
            let figure = |value| Figure { value: Some(value), n: 5, ..Figure::default() };
            let figures = [("achieved_rate", rate), ("latency_p99_seconds", p99), ("success_ratio", success)];
            let figures = figures.map(|(name, value)| (name.to_owned(), figure(value))).into();
            Cell { figures, ..Cell::default() }
        };
        let all = together(&[cell(50.0, 0.4, 1.0), cell(40.0, 0.5, 0.9), cell(50.0, 0.3, 1.0)]);
        let value = |name: &str| all.figures[name].value.unwrap();
        assert_eq!(
            (value("achieved_rate"), value("latency_p99_seconds"), value("success_ratio")),
            (140.0, 0.5, 0.9)
        );
        assert_eq!(all.figures["achieved_rate"].n, 15);
    }
}
