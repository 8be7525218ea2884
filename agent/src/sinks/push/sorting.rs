//! What becomes of a push that a gateway did not take.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use exposition::GroupingKey;
use reqwest::StatusCode;

use super::body::{self, Body};
use super::gateway::{Answer, Failure};
use super::{Push, auth};
use crate::sinks::{Scope, SendError};
use crate::snapshot::Snapshot;

impl Push {
    /// Pushes what stands in for a page that was refused, so that no old values stay. The page is refused
    /// all the same; it is tried again where its stand-in may get through later.
    pub(super) async fn instead(&mut self, snapshot: &Snapshot, life: Option<Duration>) -> SendError {
        let Body { text, .. } = body::body(snapshot, &self.pusher.page(snapshot.last), &BTreeSet::new());
        match self.gateway.send(&snapshot.key, life, snapshot.last, text).await {
            Ok(answer) if answer.status.is_success() => {
                self.groups.took(snapshot, Instant::now());
                self.said.stands_in(snapshot);
                SendError::Refused
            }
            Ok(Answer { status, after, .. }) if may_pass(status) => {
                self.stats.retried(&self.label, status.as_str());
                SendError::Again { after, scope: Scope::Group }
            }
            Ok(_) => SendError::Refused,
            Err(Failure { reason, scope, .. }) => {
                self.stats.retried(&self.label, reason);
                SendError::Again { after: None, scope }
            }
        }
    }

    /// The one place where an answer that is no success is sorted.
    pub(super) fn sorted(&mut self, snapshot: &Snapshot, answer: &Answer) -> SendError {
        let Answer { status, after, words, .. } = answer;
        let message = format!("{status}: {words}");
        if may_pass(*status) {
            return self.again(&snapshot.key, status.as_str(), &message, Scope::Group, *after);
        }
        self.stats.refused(&self.label, status.as_str());
        if let Some(scope) = auth::keeps_out(*status) {
            return self.hold(&snapshot.key, answer, &message, scope);
        }
        if self.said.refused(snapshot, &message) {
            tracing::error!(endpoint = self.label, group = %snapshot.key, "push refused: {message}");
        }
        SendError::Refused
    }

    pub(super) fn again(
        &mut self,
        key: &GroupingKey,
        reason: &str,
        message: &str,
        scope: Scope,
        after: Option<Duration>,
    ) -> SendError {
        self.stats.retried(&self.label, reason);
        if self.said.failed(key, scope, message) {
            tracing::warn!(endpoint = self.label, group = %key, reason, "push failed, trying again: {message}");
        }
        SendError::Again { after, scope }
    }
}

/// Whether the same push may work later.
fn may_pass(status: StatusCode) -> bool {
    status.is_server_error() || [408, 429].contains(&status.as_u16())
}
