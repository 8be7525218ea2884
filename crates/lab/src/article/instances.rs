//! One, two and four instances of each program, loaded and scraped by the real Prometheus at once.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures_util::future::{join_all, try_join_all};
use serde_json::json;

use super::apps::App;
use super::loads::{Came, came, figures, missed, open};
use super::{Lab, Measured};
use crate::figure::once;
use crate::load;
use crate::programs::Program;
use crate::prometheus::Prometheus;
use crate::settings;
use crate::subject::Subject;

/// A Prometheus begins to scrape up to an interval late; a slow machine needs longer.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn run(lab: &Lab<'_>) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    for app in App::ALL {
        for &count in &lab.arguments.count {
            let step = step(lab, app, count.into(), &mut measured);
            if lab.stop.run_until_cancelled(step).await.transpose()?.is_none() {
                measured.notes.push("stopped by a signal: steps are missing".to_owned());
                return Ok(measured);
            }
        }
    }
    measured.notes.push(
        "scraped each second; all instances, the load and Prometheus share this machine's processors"
            .to_owned(),
    );
    Ok(measured)
}

async fn step(lab: &Lab<'_>, app: App, count: usize, measured: &mut Measured) -> anyhow::Result<()> {
    let servers = try_join_all((0..count).map(|_| app.start(lab))).await?;
    let watcher = watch(lab, &servers).await?;
    let prometheus = Prometheus::new(lab.client.clone(), watcher.url.clone());
    scraped(&prometheus, count).await?;
    let used = |servers: &[Subject]| servers.iter().map(Subject::cpu).sum::<anyhow::Result<f64>>();
    let (cpu, began) = (used(&servers)?, Instant::now());
    let (rate, time) = (f64::from(lab.arguments.rate), lab.arguments.together());
    let urls: Vec<String> = servers.iter().map(|server| format!("{}/", server.url)).collect();
    let loads = try_join_all(urls.iter().map(|url| load::measure(url, open(rate, time), &lab.stop))).await?;
    let elapsed = began.elapsed().as_secs_f64();
    let used = (used(&servers)? - cpu) / elapsed;
    let all = together(&loads, rate);
    let name = count.to_string();
    measured.notes.extend(missed(app.name(), &name, &all));
    let memory = servers.iter().map(Subject::memory).sum::<anyhow::Result<f64>>()?;
    let mut cell = figures(app.name(), &name, &all, used, memory);
    // Whole seconds within the load.
    let range = format!("{}s", elapsed.floor().max(1.0));
    for (figure, query) in [
        ("up", format!("min(min_over_time(up{{job=\"app\"}}[{range}]))")),
        (
            "scrape_duration_seconds",
            format!("avg(avg_over_time(scrape_duration_seconds{{job=\"app\"}}[{range}]))"),
        ),
        (
            "scrape_duration_max_seconds",
            format!("max(max_over_time(scrape_duration_seconds{{job=\"app\"}}[{range}]))"),
        ),
    ] {
        let points = prometheus.query(&query).await?;
        let value = points.first().with_context(|| format!("{query}: no result"))?.value;
        cell.figures.extend(once(value, count as u64).map(|value| (figure.to_owned(), value)));
    }
    measured.cells.push(cell);
    join_all(servers.into_iter().chain([watcher]).map(Subject::stop)).await;
    Ok(())
}

/// What all loads came to: rates add up, latencies are those of all requests.
fn together(loads: &[load::summary::Summary], rate: f64) -> Came {
    let mut tally = load::tally::Tally::default();
    for load in loads {
        tally.add(&load.tally);
    }
    let parts: Vec<Came> = loads.iter().map(|load| came(load, rate)).collect();
    let latency = load::summary::Summary {
        tally,
        ..load::summary::Summary::before(open(rate, Duration::from_secs(1)), String::new(), 1)
    };
    // Instances of one kind have one reason.
    let mut why: Vec<String> = parts.iter().flat_map(|part| part.why.clone()).collect();
    why.dedup();
    Came {
        requested: rate * loads.len() as f64,
        achieved: parts.iter().map(|part| part.achieved).sum(),
        requests: parts.iter().map(|part| part.requests).sum(),
        ok: parts.iter().map(|part| part.ok).sum(),
        why,
        latency: came(&latency, rate).latency,
    }
}

async fn watch(lab: &Lab<'_>, servers: &[Subject]) -> anyhow::Result<Subject> {
    // A place of its own for each: nothing of an earlier step is to be seen.
    let folder = tempfile::tempdir_in(lab.folder.path())?.keep();
    let targets: Vec<&str> = servers.iter().map(|server| server.url.trim_start_matches("http://")).collect();
    let config = json!({
        "global": { "scrape_interval": "1s", "scrape_timeout": "1s" },
        "scrape_configs": [{ "job_name": "app", "static_configs": [{ "targets": targets }] }],
    });
    let file = settings::write(&folder, "prometheus.yml", &format!("{config:#}\n"))?;
    let program = |port: u16| {
        let flags = [
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", folder.join(format!("tsdb-{port}")).display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--log.level=warn".to_owned(),
        ];
        Ok(Program::new(&lab.prometheus, flags))
    };
    Subject::start("prometheus", program, "/-/ready", &lab.client, &lab.log).await
}

/// Waits until all were scraped once.
async fn scraped(prometheus: &Prometheus, count: usize) -> anyhow::Result<()> {
    let end = Instant::now() + PATIENCE;
    let mut polls = tokio::time::interval(Duration::from_millis(100));
    loop {
        polls.tick().await;
        let points = prometheus.query("sum(up{job=\"app\"})").await?;
        if points.first().is_some_and(|point| (point.value - count as f64).abs() < 0.5) {
            return Ok(());
        }
        if Instant::now() > end {
            bail!("Prometheus did not scrape all {count} instances within {PATIENCE:?}");
        }
    }
}
