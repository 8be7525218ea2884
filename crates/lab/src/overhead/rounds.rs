//! Two servers under the same load by turns. Who goes first alternates; where as many requests go as can,
//! a first round warms up.

use std::time::Duration;

use anyhow::ensure;
use tokio_util::sync::CancellationToken;

use super::arguments::{CONNECTIONS, SATURATED, WORKING};
use crate::compare::results::Figure;
use crate::figure::median;
use crate::load::plan::Plan;
use crate::load::{self, summary::Summary};
use crate::subject::Subject;

/// One server under load for a while.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slice {
    /// Seconds of CPU for one request.
    pub(super) cpu: f64,
    /// Latencies in seconds, from the planned start.
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// With and without, side by side.
pub(super) type Round = [Slice; 2];

/// As many requests as go.
pub(super) fn saturated() -> Plan {
    plan(0.0, SATURATED, CONNECTIONS)
}

/// The article's work at this rate.
pub(super) fn working(rate: u32) -> Plan {
    // Half a second of work for each at the most, and some to spare: a new connection costs CPU, too.
    plan(rate.into(), WORKING, rate as usize / 2 + 10)
}

pub(super) fn plan(rate: f64, time: Duration, concurrent: usize) -> Plan {
    let (timeout, drain) = (Duration::from_secs(5), Duration::from_secs(2));
    Plan { rate, requests: None, duration: Some(time), concurrent: concurrent.max(1), timeout, drain }
}

/// Loads a server; none after a signal.
pub(super) async fn slice(
    server: &Subject,
    plan: &Plan,
    stop: &CancellationToken,
) -> anyhow::Result<Option<Slice>> {
    let before = server.cpu()?;
    let summary = load::measure(&format!("{}/", server.url), plan.clone(), stop).await?;
    if summary.interrupted {
        return Ok(None);
    }
    let spent = server.cpu()? - before;
    check(&summary)?;
    let quantile = |share| summary.quantile(share).map_or(f64::NAN, |time| time.as_secs_f64());
    let requests = summary.tally.over() as f64;
    Ok(Some(Slice { cpu: spent / requests, p50: quantile(0.5), p99: quantile(0.99) }))
}

/// What failed or was not sent cost less than it should.
fn check(summary: &Summary) -> anyhow::Result<()> {
    let (over, errors) = (summary.tally.over(), summary.tally.errors());
    ensure!(
        over > 0 && errors == 0,
        "{}: {errors} of {over} requests failed ({:?}), expected none",
        summary.url,
        summary.tally.wrong
    );
    ensure!(
        summary.reached(),
        "{}: {:.1}/s of {}/s were reached: {}",
        summary.url,
        summary.achieved_rate(),
        summary.plan.rate,
        summary.remarks().join("; ")
    );
    Ok(())
}

/// So many rounds, fewer after a signal.
pub(super) async fn alternate(
    [with, without]: [&Subject; 2],
    plan: &Plan,
    rounds: u32,
    stop: &CancellationToken,
) -> anyhow::Result<Vec<Round>> {
    let mut all = Vec::new();
    let warm_up = u32::from(!plan.open());
    for round in 0..rounds + warm_up {
        let with_first = round % 2 == 0;
        let order = if with_first { [with, without] } else { [without, with] };
        let Some(first) = slice(order[0], plan, stop).await? else { break };
        let Some(second) = slice(order[1], plan, stop).await? else { break };
        if round >= warm_up {
            all.push(if with_first { [first, second] } else { [second, first] });
        }
    }
    Ok(all)
}

/// The median over rounds of what is made of both.
pub(super) fn over(rounds: &[Round], of: impl Fn(&Slice, &Slice) -> f64) -> Option<Figure> {
    median(&rounds.iter().map(|[with, without]| of(with, without)).collect::<Vec<_>>())
}
