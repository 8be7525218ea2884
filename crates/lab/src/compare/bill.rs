//! What each way cost: bytes, requests, CPU and memory between two moments of a run.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use exposition::{Limits, Page};

use super::costs::Meter;
use super::observed::{Cost, Pod};
use super::path::Path;
use super::pod::now;
use super::stage::{Stage, Traffic};
use super::watchers::Watchers;

/// Both gateways count pushes by the first name, and Prometheus what is written to it by the second.
const PUSHES: [(&str, &str); 2] =
    [("pushgateway_http_requests_total", "push"), ("prometheus_http_requests_total", "/api/v1/write")];

/// What has moved until a moment.
#[derive(Debug)]
pub struct Reading {
    at: f64,
    wire: Option<BTreeMap<Path, Traffic>>,
    pushes: BTreeMap<Path, f64>,
}

/// Reads the wire and the gateways' counters.
///
/// # Errors
///
/// Where the wire cannot be read; a gateway that does not answer has no count.
pub async fn read(stage: &Stage, gateways: &[(Path, SocketAddr)]) -> anyhow::Result<Reading> {
    let client =
        service::client::builder(Duration::from_secs(1), Duration::from_secs(2), false).no_proxy().build()?;
    let mut pushes = BTreeMap::new();
    for (path, gateway) in gateways {
        if let Ok(count) = pushed(&client, *gateway).await {
            pushes.insert(*path, count);
        }
    }
    Ok(Reading { at: now(), wire: stage.wire()?, pushes })
}

async fn pushed(client: &reqwest::Client, gateway: SocketAddr) -> anyhow::Result<f64> {
    let answer = client.get(format!("http://{gateway}/metrics")).send().await?;
    let page = Page::parse(answer.bytes().await?, &Limits::default())?;
    let pushes = page.samples().filter(|sample| {
        // Other handlers are the lab's own questions; a group's own metrics have a job.
        sample.label("job").is_none()
            && PUSHES.iter().any(|(name, handler)| {
                sample.name() == *name && sample.label("handler").is_some_and(|label| label == *handler)
            })
    });
    Ok(pushes.map(|sample| sample.value()).sum())
}

/// The bill of all ways, and of the apps that all share, between a reading and now.
///
/// # Errors
///
/// Where a Prometheus does not say how often it has scraped.
pub async fn costs(
    before: &Reading,
    stage: &Stage,
    watchers: &Watchers,
    gateways: &[(Path, SocketAddr)],
    paths: &[Path],
    meter: &Meter,
) -> anyhow::Result<Vec<Cost>> {
    let used = meter.end();
    let after = read(stage, gateways).await?;
    let seconds = after.at - before.at;
    let mut costs = Vec::new();
    for path in paths.iter().copied().map(Some).chain([None]) {
        let own = || used.iter().filter(|((_, of), _)| *of == path);
        let mut cost = Cost {
            path,
            seconds,
            pods: 0.0,
            bytes: None,
            requests: None,
            cpu: own().map(|((part, _), (cpu, _))| (*part, *cpu)).collect(),
            memory: own().map(|((part, _), (_, memory))| (*part, *memory)).collect(),
        };
        if let Some(path) = path {
            let bytes = |wire: &Option<BTreeMap<Path, Traffic>>| {
                Some(wire.as_ref()?.get(&path).map_or(0.0, |traffic| traffic.bytes as f64))
            };
            cost.bytes = bytes(&after.wire).zip(bytes(&before.wire)).map(|(after, before)| after - before);
            // An agent pushes a series of this name, too: only this Prometheus' own scrapes are meant.
            let job = if path.pulls() { "api" } else { "gateway" };
            let range = format!("[{:.0}ms]", seconds * 1_000.0);
            let query = format!("sum(count_over_time(scrape_duration_seconds{{job=\"{job}\"}}{range}))");
            let scrapes = watchers.prometheus(path)?.query_at(&query, after.at).await;
            let scrapes = scrapes.with_context(|| format!("the scrapes of {}", path.name()))?;
            let scrapes = scrapes.first().map_or(0.0, |point| point.value);
            let pushes = if path.pulls() { Some(0.0) } else { between(before, &after, path) };
            cost.requests = pushes.map(|pushes| scrapes + pushes);
        }
        costs.push(cost);
    }
    Ok(costs)
}

/// Pushes between two readings; none where the gateway was started again meanwhile.
fn between(before: &Reading, after: &Reading, path: Path) -> Option<f64> {
    let pushes = after.pushes.get(&path)? - before.pushes.get(&path)?;
    (pushes >= 0.0).then_some(pushes)
}

/// Instances alive on average between two moments; those without an exit lived on.
pub fn alive(pods: &[Pod], from: f64, until: f64) -> f64 {
    let lived = pods.iter().filter(|pod| pod.born > 0.0).map(|pod| {
        let end = pod.exited.map_or(until, |(at, _)| at).min(until);
        (end - pod.born.max(from)).max(0.0)
    });
    lived.sum::<f64>() / (until - from).max(f64::MIN_POSITIVE)
}

impl Reading {
    /// When it was made, Unix seconds.
    pub fn at(&self) -> f64 {
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::scenario::Exit;

    #[test]
    fn instances_count_for_as_long_as_they_live() {
        let pod = |born, exited: Option<f64>| Pod {
            born,
            exited: exited.map(|at| (at, Exit::Kill)),
            ..Pod::default()
        };
        let pods = [pod(10.0, None), pod(15.0, Some(18.0)), pod(2.0, Some(11.0)), pod(1.0, Some(5.0))];
        assert!((alive(&pods, 10.0, 20.0) - 1.4).abs() < 1e-9);
        assert!(alive(&[], 10.0, 20.0).abs() < 1e-9);
    }
}
