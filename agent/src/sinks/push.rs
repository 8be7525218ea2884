//! Pushing to a Pushgateway, the real one or ours: one group is one PUT of its newest state.

mod auth;
mod body;
mod clock;
mod failover;
pub(crate) mod gateway;
mod groups;
mod held;
mod lines;
mod look;
mod looks;
mod place;
mod pusher;
mod quarantine;
mod refusal;
mod rivals;
mod said;
mod sorting;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use exposition::GroupingKey;
use reqwest::StatusCode;

use super::{SendError, Sink};
use crate::config::Endpoint;
use crate::snapshot::Snapshot;
use crate::stats::Stats;
use auth::KeptOut;
use body::Body;
use gateway::{Answer, Failure, Gateway};
use groups::Groups;
pub(crate) use look::{Looked, Weight, look};
use pusher::Pusher;
use quarantine::Quarantine;
use rivals::Rivals;
use said::Said;

/// One gateway.
#[derive(Debug)]
pub struct Push {
    label: String,
    ttl: Option<Duration>,
    gateway: Gateway,
    groups: Groups,
    said: Said,
    pusher: Pusher,
    rivals: Rivals,
    quarantine: Quarantine,
    kept_out: KeptOut,
    stats: Arc<Stats>,
}

impl Push {
    /// A gateway that was not pushed to yet.
    pub fn new(endpoint: &Endpoint, stats: Arc<Stats>) -> Self {
        let label = endpoint.label();
        stats.endpoint(&label);
        let groups = Groups::new(endpoint.on_shutdown, endpoint.linger);
        let gateway = Gateway::new(endpoint, Arc::clone(&stats));
        let pusher = Pusher(stats.id);
        let rivals = Rivals::new(pusher, endpoint.conflict_read.0);
        let (ttl, said) = (endpoint.ttl, Said::default());
        let (quarantine, kept_out) = (Quarantine::default(), KeptOut::default());
        Self { label, ttl, gateway, groups, said, pusher, rivals, quarantine, kept_out, stats }
    }
}

impl Sink for Push {
    async fn send(&mut self, snapshot: &Snapshot) -> Result<(), SendError> {
        // Something is sent at every interval, so this needs no clock of its own.
        let due = self.groups.due(Instant::now());
        self.delete(due).await;
        if !snapshot.last {
            self.look(&snapshot.key).await;
        }
        let was_refused = self.said.is_stood_in(&snapshot.key).then(|| refusal::over(snapshot));
        let life = self.groups.life(snapshot, self.ttl);
        let whole = was_refused.as_ref().unwrap_or(snapshot);
        let (answer, left_out, first) = self.pushed(snapshot, whole, life).await;
        match answer {
            Ok(answer) if answer.status.is_success() => {
                self.took(snapshot, &answer);
                self.clashing(snapshot, left_out, first.as_deref());
                self.natives(snapshot);
                Ok(())
            }
            Ok(answer) => {
                let sorted = self.sorted(snapshot, &answer);
                let instead = refusal::is_of_the_page(answer.status).then_some(snapshot);
                match instead.and_then(|snapshot| refusal::instead(snapshot, answer.status)) {
                    Some(instead) => Err(self.instead(&instead, life).await),
                    None => Err(sorted),
                }
            }
            Err(Failure { reason, message, scope }) => {
                Err(self.again(&snapshot.key, reason, &message, scope, None))
            }
        }
    }

    async fn released(&mut self) {
        self.let_in().await;
    }

    fn alter(&mut self, endpoint: &Endpoint) {
        self.ttl = endpoint.ttl;
        self.groups.alter(endpoint.on_shutdown, endpoint.linger);
        self.gateway.alter(endpoint);
        self.rivals.alter(endpoint.conflict_read.0);
    }

    fn ending(&self) -> Duration {
        self.groups.ending()
    }

    async fn end(&mut self) -> usize {
        let Some((linger, groups)) = self.groups.end() else { return 0 };
        // Deleted at once, the last values would be gone before Prometheus came for them.
        tokio::time::sleep(linger).await;
        self.delete(groups).await
    }
}

impl Push {
    /// Pushes a page, without the families that the gateway refuses by name; what else was left out.
    async fn pushed(
        &mut self,
        snapshot: &Snapshot,
        whole: &Snapshot,
        life: Option<Duration>,
    ) -> (Result<Answer, Failure>, usize, Option<String>) {
        let signed = self.pusher.page(snapshot.last);
        loop {
            let without = self.quarantine.of(&snapshot.key, Instant::now());
            let Body { text, left_out, first } = body::body(whole, &signed, &without);
            let answer = self.gateway.send(&snapshot.key, life, snapshot.last, text).await;
            let refused = answer.as_ref().ok().filter(|answer| answer.status == StatusCode::BAD_REQUEST);
            let family =
                refused.and_then(|answer| self.quarantine.take(snapshot, &answer.words, Instant::now()));
            self.stats.quarantined(&self.label, self.quarantine.len());
            let (Some(family), Some(refused)) = (family, refused) else { return (answer, left_out, first) };
            tracing::error!(
                endpoint = self.label,
                group = %snapshot.key,
                family,
                "left out of pushes for five minutes, since the gateway refuses it by name: {}",
                refused.words
            );
        }
    }

    fn took(&mut self, snapshot: &Snapshot, answer: &Answer) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.stats.sent(&self.label, answer.bytes, now.as_secs_f64());
        self.groups.took(snapshot, Instant::now());
        self.kept_out.forget(&snapshot.key);
        if snapshot.last {
            self.quarantine.forget(&snapshot.key);
            self.forget(&snapshot.key);
        } else {
            let news = self.rivals.pushed(&snapshot.key, answer.before.as_deref());
            self.tell(&snapshot.key, news);
        }
        if self.said.works(&snapshot.key) {
            tracing::info!(endpoint = self.label, group = %snapshot.key, "pushes arrive again");
        }
    }

    fn clashing(&mut self, snapshot: &Snapshot, left_out: usize, first: Option<&str>) {
        self.stats.merged(&self.label, left_out);
        if let Some(first) = self.said.clashing(snapshot, first) {
            tracing::warn!(
                about = self.label,
                group = %snapshot.key,
                count = left_out,
                "left out of pushes: {first} and others. They differ from what is pushed only in labels that the \
                 group has, too, and a Pushgateway overwrites those: to it they are one series. Pulls show them all"
            );
        }
    }

    /// A push is text, which has no native histograms.
    fn natives(&mut self, snapshot: &Snapshot) {
        let count = snapshot.natives.as_ref().map_or(0, exposition::protobuf::Natives::len);
        self.stats.native_histograms(&self.label, count);
        if count > 0 && self.said.natives() {
            tracing::warn!(
                about = self.label,
                group = %snapshot.key,
                count,
                "native histograms are left out of pushes, which are text: what is pushed of them is their classic \
                 buckets, sum and count. A [[remote_write]] takes them whole"
            );
        }
    }

    /// Deletes groups; how many are still there.
    async fn delete(&mut self, groups: BTreeSet<GroupingKey>) -> usize {
        let mut kept = 0;
        for key in groups {
            self.said.deleted(&key);
            self.kept_out.forget(&key);
            self.quarantine.forget(&key);
            self.forget(&key);
            let message = match self.gateway.delete(&key).await {
                Ok(Answer { status, .. }) if status.is_success() => continue,
                Ok(Answer { status, words, .. }) => format!("{status}: {words}"),
                Err(failure) => failure.message,
            };
            kept += 1;
            tracing::error!(endpoint = self.label, group = %key, "cannot delete the group: {message}");
        }
        kept
    }
}
