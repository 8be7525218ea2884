//! Deleting groups that nobody pushes any more: a real Pushgateway keeps them for ever.
//!
//! The age of a group is looked at again right before it is deleted. A push that arrives between that look
//! and the DELETE is lost until the next one: a Pushgateway cannot delete on a condition.

mod arguments;
mod listing;
mod rules;
mod stats;

pub use arguments::Arguments;
pub use rules::Rules;

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use exposition::GroupingKey;
use service::server::{self, ServerSettings};
use service::web::Web;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::config::{Endpoint, Settings};
use crate::sinks::push::gateway::Gateway;
use listing::Listing;
use stats::Stats;

/// A listing that is older than this is read again before a group of it is deleted.
const FRESH: Duration = Duration::from_secs(1);

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Orders {
    /// Which groups are too old.
    pub rules: Rules,
    /// Deletes them; else they are only told.
    pub yes: bool,
    /// Goes on at each interval.
    pub watch: bool,
}

/// One gateway.
struct Reaper {
    label: String,
    gateway: Gateway,
    /// What was told already.
    told: BTreeSet<GroupingKey>,
}

/// Goes over all gateways, and on at each interval where that is asked for, until `stop`; whether all went well.
pub async fn run(settings: Settings, orders: Orders, stop: CancellationToken) -> anyhow::Result<bool> {
    let stats = Arc::new(Stats::new().context("cannot set up metrics")?);
    // What pushes are counted by goes along with each connection, and says nothing here.
    let unsaid = Arc::new(crate::stats::Stats::new().context("cannot set up metrics")?);
    let gateways = settings.push.0.iter().flat_map(Endpoint::apart);
    let mut reapers: Vec<Reaper> = gateways.map(|gateway| Reaper::new(&gateway, &unsaid)).collect();
    for reaper in &reapers {
        stats.endpoint(&reaper.label);
    }
    if !orders.watch {
        return tokio::select! {
            went_well = round(&mut reapers, &orders, &stats) => Ok(went_well),
            () = stop.cancelled() => Ok(false),
        };
    }
    let hint = "choose another with --listen or pull.listen, such as 127.0.0.1:0 for a free port";
    let web = settings.pull.web_config_file.as_deref().map(Web::open).transpose()?.map(Arc::new);
    let scheme = if web.as_ref().is_some_and(|web| web.is_tls()) { "https" } else { "http" };
    let listener = server::bind(settings.pull.listen, hint).await?;
    print(&format!("listening on {scheme}://{}\n", listener.local_addr()?));
    let (service, token) = (warp::service(stats::filter(Arc::clone(&stats))), stop.clone());
    let bounds = ServerSettings { web, grace: settings.shutdown.grace, ..ServerSettings::default() };
    let serving =
        tokio::spawn(async move { server::serve(listener, service, &bounds, Arc::default(), token).await });
    let mut ticks = tokio::time::interval(settings.interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => {}
        }
        tokio::select! {
            () = stop.cancelled() => break,
            _ = round(&mut reapers, &orders, &stats) => {}
        }
    }
    serving.await.context("the listener ended badly")??;
    Ok(true)
}

async fn round(reapers: &mut [Reaper], orders: &Orders, stats: &Stats) -> bool {
    let all = reapers.iter_mut().map(|reaper| reaper.round(orders, stats));
    // One gateway that hangs keeps no other waiting.
    futures_util::future::join_all(all).await.into_iter().all(|went_well| went_well)
}

impl Reaper {
    fn new(endpoint: &Endpoint, unsaid: &Arc<crate::stats::Stats>) -> Self {
        let gateway = Gateway::new(endpoint, Arc::clone(unsaid));
        Self { label: endpoint.label(), gateway, told: BTreeSet::new() }
    }

    async fn round(&mut self, orders: &Orders, stats: &Stats) -> bool {
        let Some(mut listing) = self.list(stats).await else { return false };
        let old = listing.old(&orders.rules);
        stats.listed(&self.label, listing.len(), old.len());
        self.told.retain(|key| old.contains(key));
        let mut went_well = true;
        for key in &old {
            if !orders.yes {
                if self.told.insert(key.clone()) {
                    print(&format!("would delete {}\n", self.described(&listing, key, &orders.rules)));
                }
                continue;
            }
            if listing.read_at.elapsed() > FRESH {
                let Some(again) = self.list(stats).await else { return false };
                listing = again;
            }
            if !listing.is_old(key, &orders.rules) {
                stats.spared(&self.label);
                print(&format!("spared {}/metrics/{key}: pushed again just now\n", self.label));
                continue;
            }
            went_well &= self.delete(&listing, key, &orders.rules, stats).await;
        }
        if !orders.watch {
            let what = if orders.yes { "" } else { "; nothing was deleted, which takes --yes" };
            let (old, all, label) = (old.len(), listing.len(), &self.label);
            print(&format!("{old} of {all} groups of {label} are older than their lifetime{what}\n"));
        }
        if went_well {
            stats.went_well(&self.label);
        }
        went_well
    }

    async fn list(&mut self, stats: &Stats) -> Option<Listing> {
        match listing::read(&mut self.gateway).await {
            Ok(listing) => Some(listing),
            Err(message) => {
                stats.failed(&self.label, "list");
                tracing::error!(endpoint = self.label, "groups cannot be listed: {message}");
                None
            }
        }
    }

    async fn delete(&mut self, listing: &Listing, key: &GroupingKey, rules: &Rules, stats: &Stats) -> bool {
        for spelling in listing::spellings(key) {
            let message = match self.gateway.delete(&spelling).await {
                Ok(answer) if answer.status.is_success() => continue,
                Ok(answer) => format!("{}: {}", answer.status, answer.words),
                Err(failure) => failure.message,
            };
            stats.failed(&self.label, "delete");
            tracing::error!(endpoint = self.label, group = %key, "cannot delete the group: {message}");
            return false;
        }
        stats.deleted(&self.label);
        print(&format!("deleted {}\n", self.described(listing, key, rules)));
        true
    }

    fn described(&self, listing: &Listing, key: &GroupingKey, rules: &Rules) -> String {
        let (age, life) = (listing.age(key).unwrap_or_default(), rules.lifetime(key).unwrap_or_default());
        let (age, life) = (Duration::from_secs(age.as_secs()), humantime::format_duration(life));
        let age = humantime::format_duration(age);
        format!("{}/metrics/{key}: pushed {age} ago, lives {life}", self.label)
    }
}

/// To standard output, at once; a closed one is no reason to stop.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
