//! Asking every gateway whether it is there and knows us, and what time it has.

use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use humantime::format_duration;

use super::{Finding, LONGEST, Level, advice};
use crate::config::Endpoint;
use crate::plan::Plan;
use crate::sinks::push::{self, Looked};

/// `Date` counts whole seconds, and an answer takes its time.
const SKEW: Duration = Duration::from_secs(5);

pub(super) async fn ask(plan: &Plan) -> Vec<Finding> {
    let found = join_all(plan.endpoints.values().map(endpoint)).await;
    found.into_iter().flatten().collect()
}

/// All gateways of an endpoint: where one works, others that do not are no failure.
async fn endpoint(endpoint: &Endpoint) -> Vec<Finding> {
    let gateways: Vec<Endpoint> = endpoint.apart().collect();
    let asked = gateways.iter().map(|gateway| async { one(&gateway.label(), gateway).await });
    let found = join_all(asked).await;
    let works = |findings: &Vec<Finding>| findings.iter().all(|finding| finding.level != Level::Fail);
    let spared = gateways.len() > 1 && found.iter().any(works);
    let mut found: Vec<Finding> = found.into_iter().flatten().collect();
    if spared {
        for finding in found.iter_mut().filter(|finding| finding.level == Level::Fail) {
            finding.level = Level::Warn;
            finding.why.push_str("; another gateway of this endpoint works");
        }
    }
    found
}

async fn one(name: &str, endpoint: &Endpoint) -> Vec<Finding> {
    match tokio::time::timeout(LONGEST, push::look(endpoint)).await {
        Ok(Ok(looked)) => std::iter::once(answered(name, endpoint, &looked))
            .chain(looked.clock.map(|(there, here)| clock(name, there, here)))
            .collect(),
        Ok(Err(why)) => vec![Finding::fail(name, &why, advice::of(&why))],
        Err(_) => {
            let why = format!("no answer within {LONGEST:?}");
            vec![Finding::fail(name, &why, advice::of(&why))]
        }
    }
}

fn answered(name: &str, endpoint: &Endpoint, looked: &Looked) -> Finding {
    let Looked { status, words, .. } = looked;
    let knows = endpoint.username.is_some()
        || endpoint.bearer_token.is_some()
        || endpoint.bearer_token_file.is_some();
    let why = if words.is_empty() { status.to_string() } else { format!("{status}: {words}") };
    let then = match status.as_u16() {
        200..=299 => return Finding::ok(name, "it is there and answers"),
        300..=399 => "pushes do not follow redirects: put the address that it redirects to into url",
        401 if knows => {
            "it does not take this user or token: correct username and password_file, or bearer_token_file"
        }
        401 => "it wants to know who pushes: set username and password_file, or bearer_token_file",
        403 => "it knows who pushes and does not allow it: ask whoever runs it for the right to push",
        404 | 405 => {
            let why = format!("{why}; no Pushgateway says so to /-/ready and /api/v1/status");
            return Finding::warn(name, why, "see that url is that of a Pushgateway, without /metrics");
        }
        429 => "it is asked too often: raise interval, or lower push.rate",
        500.. => "it is there, but not ready: look into its log, or wait",
        _ => "it refuses what every Pushgateway answers: see that url is that of a Pushgateway",
    };
    Finding::fail(name, why, then)
}

fn clock(name: &str, there: SystemTime, here: SystemTime) -> Finding {
    let what = format!("clock against {name}");
    let (ahead, skew) = match here.duration_since(there) {
        Ok(skew) => ("ahead of", skew),
        Err(error) => ("behind", error.duration()),
    };
    if skew <= SKEW {
        return Finding::ok(what, "the same within 5 seconds");
    }
    let skew = format_duration(Duration::from_secs(skew.as_secs()));
    let why = format!("this machine's clock is {skew} {ahead} the gateway's");
    Finding::warn(
        what,
        why,
        "set the clock that is wrong, and keep it right with NTP (chrony, systemd-timesyncd)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_differ_are_told_with_their_direction() {
        let now = SystemTime::now();
        let later = now + Duration::from_mins(20);
        assert_eq!(clock("g", now, now + Duration::from_secs(4)).level, Level::Ok);
        let ahead = clock("g", now, later);
        assert_eq!((ahead.level, ahead.why.contains("20m ahead of")), (Level::Warn, true), "{ahead}");
        assert!(clock("g", later, now).why.contains("20m behind"));
    }
}
