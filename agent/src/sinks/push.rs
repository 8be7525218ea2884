//! Pushing to a Pushgateway, the real one or ours: one group is one PUT of its newest state.

mod body;
mod gateway;
mod groups;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use exposition::GroupingKey;

use super::{Scope, SendError, Sink};
use crate::config::Endpoint;
use crate::snapshot::Snapshot;
use crate::stats::Stats;
use body::Body;
use gateway::{Answer, Failure, Gateway};
use groups::Groups;

/// One gateway.
#[derive(Debug)]
pub struct Push {
    label: String,
    ttl: Option<Duration>,
    gateway: Gateway,
    groups: Groups,
    said: Said,
    stats: Arc<Stats>,
}

/// What was logged last, so that it is logged once and not at each interval.
#[derive(Debug, Default)]
struct Said {
    endpoint: Option<String>,
    groups: BTreeMap<GroupingKey, String>,
    clashing: BTreeSet<GroupingKey>,
}

impl Push {
    /// A gateway that was not pushed to yet.
    pub fn new(endpoint: &Endpoint, stats: Arc<Stats>) -> Self {
        let label = endpoint.label();
        stats.endpoint(&label);
        let groups = Groups::new(endpoint.on_shutdown, endpoint.linger);
        let gateway = Gateway::new(endpoint);
        Self { label, ttl: endpoint.ttl, gateway, groups, said: Said::default(), stats }
    }
}

impl Sink for Push {
    async fn send(&mut self, snapshot: &Snapshot) -> Result<(), SendError> {
        // Something is sent at every interval, so this needs no clock of its own.
        let due = self.groups.due(Instant::now());
        self.delete(due).await;
        let Body { text, left_out, first } = body::body(snapshot);
        let life = self.groups.life(snapshot, self.ttl);
        match self.gateway.send(&snapshot.key, life, text).await {
            Ok(answer) if answer.status.is_success() => {
                self.took(snapshot, &answer);
                self.clashing(snapshot, left_out, first.as_deref());
                Ok(())
            }
            Ok(answer) => Err(self.sorted(snapshot, &answer)),
            Err(Failure { reason, message, scope }) => {
                Err(self.again(&snapshot.key, reason, &message, scope, None))
            }
        }
    }

    fn ending(&self) -> Duration {
        self.groups.ending()
    }

    async fn end(&mut self) {
        if let Some((linger, groups)) = self.groups.end() {
            // Deleted at once, the last values would be gone before Prometheus came for them.
            tokio::time::sleep(linger).await;
            self.delete(groups).await;
        }
    }
}

impl Push {
    fn took(&mut self, snapshot: &Snapshot, answer: &Answer) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.stats.sent(&self.label, answer.bytes, now.as_secs_f64());
        self.groups.took(snapshot, Instant::now());
        let again = self.said.groups.remove(&snapshot.key).is_some();
        if self.said.endpoint.take().is_some() || again {
            tracing::info!(endpoint = self.label, group = %snapshot.key, "pushes arrive again");
        }
    }

    /// The one place where an answer that is no success is sorted.
    fn sorted(&mut self, snapshot: &Snapshot, answer: &Answer) -> SendError {
        let Answer { status, after, words, .. } = answer;
        let message = format!("{status}: {words}");
        if status.is_server_error() || [408, 429].contains(&status.as_u16()) {
            return self.again(&snapshot.key, status.as_str(), &message, Scope::Group, *after);
        }
        self.stats.refused(&self.label, status.as_str());
        self.said.endpoint = None;
        if self.said.groups.insert(snapshot.key.clone(), message.clone()).as_ref() != Some(&message) {
            tracing::error!(endpoint = self.label, group = %snapshot.key, "push refused: {message}");
        }
        if snapshot.last {
            self.said.groups.remove(&snapshot.key);
        }
        SendError::Refused
    }

    fn again(
        &mut self,
        key: &GroupingKey,
        reason: &str,
        message: &str,
        scope: Scope,
        after: Option<Duration>,
    ) -> SendError {
        self.stats.retried(&self.label, reason);
        let before = match scope {
            Scope::Endpoint => self.said.endpoint.replace(message.to_owned()),
            Scope::Group => self.said.groups.insert(key.clone(), message.to_owned()),
        };
        if before.as_deref() != Some(message) {
            tracing::warn!(endpoint = self.label, group = %key, reason, "push failed, trying again: {message}");
        }
        SendError::Again { after, scope }
    }

    fn clashing(&mut self, snapshot: &Snapshot, left_out: usize, first: Option<&str>) {
        self.stats.merged(&self.label, left_out);
        let Some(first) = first else {
            self.said.clashing.remove(&snapshot.key);
            return;
        };
        let is_new = !snapshot.last && self.said.clashing.insert(snapshot.key.clone());
        if snapshot.last {
            self.said.clashing.remove(&snapshot.key);
        }
        if is_new {
            tracing::warn!(
                endpoint = self.label,
                group = %snapshot.key,
                count = left_out,
                "left out of pushes: {first} and others differ only in labels of the group, which a Pushgateway overwrites"
            );
        }
    }

    async fn delete(&mut self, groups: BTreeSet<GroupingKey>) {
        for key in groups {
            self.said.clashing.remove(&key);
            let message = match self.gateway.delete(&key).await {
                Ok(Answer { status, .. }) if status.is_success() => continue,
                Ok(Answer { status, words, .. }) => format!("{status}: {words}"),
                Err(failure) => failure.message,
            };
            tracing::error!(endpoint = self.label, group = %key, "cannot delete the group: {message}");
        }
    }
}
