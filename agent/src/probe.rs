//! Whether settings will work: every source is read, and every gateway asked, without a push.

mod advice;
mod finding;
mod gateways;
mod receivers;
mod sources;

pub use finding::{Finding, Level, exit_code};

use std::time::Duration;

use crate::config::Settings;
use crate::identity::Identity;
use crate::plan::Plan;

/// No single check takes longer, whatever the settings allow.
const LONGEST: Duration = Duration::from_secs(15);

/// Looks at all sources and gateways at once; the findings come in the order of the settings' groups and
/// then of the gateways. Takes no longer than 15 seconds.
pub async fn live(settings: &Settings, identity: &Identity) -> Vec<Finding> {
    counted(settings, identity).await.0
}

/// The same, with how many sources there are.
pub(crate) async fn counted(settings: &Settings, identity: &Identity) -> (Vec<Finding>, usize) {
    let plan = Plan::new(settings, identity);
    let compression = settings.push.0.first().map_or_else(Default::default, |push| push.compression);
    let ((mut findings, count), gateways, receivers) =
        tokio::join!(sources::read(&plan, compression), gateways::ask(&plan), receivers::ask(&plan));
    findings.extend(gateways);
    findings.extend(receivers);
    (findings, count)
}
