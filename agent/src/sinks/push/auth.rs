//! Gateways that do not let us in: what is newest is held, and sent again slowly, or at once when what says
//! who we are has changed. Whoever asks on and on with a wrong password is locked out by many.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use exposition::GroupingKey;
use reqwest::StatusCode;

use super::Push;
use super::gateway::Answer;
use crate::sinks::{Scope, SendError};

/// Between two tries with the same password.
const PACE: Duration = Duration::from_mins(1);
/// Between two looks at its file.
const LOOK: Duration = Duration::from_secs(1);

/// Groups that were not let in, since when the files that say who we are were looked at.
#[derive(Debug, Default)]
pub(super) struct KeptOut {
    groups: BTreeSet<GroupingKey>,
    looked: Option<Instant>,
}

impl KeptOut {
    /// A group was let in, or is not ours any more.
    pub(super) fn forget(&mut self, key: &GroupingKey) {
        self.groups.remove(key);
    }
}

/// Who is kept out by an answer: all, where it does not say who is (401), or this group, which somebody who is
/// known may not push (403; RFC 9110 section 15.5).
pub(super) fn keeps_out(status: StatusCode) -> Option<Scope> {
    match status {
        StatusCode::UNAUTHORIZED => Some(Scope::Endpoint),
        StatusCode::FORBIDDEN => Some(Scope::Group),
        _ => None,
    }
}

impl Push {
    /// Holds a group, or all of them, and says once what is to be done.
    pub(super) fn hold(
        &mut self,
        key: &GroupingKey,
        answer: &Answer,
        message: &str,
        scope: Scope,
    ) -> SendError {
        self.kept_out.groups.insert(key.clone());
        self.kept_out.looked.get_or_insert_with(Instant::now);
        let remedy = self.gateway.keeps_out();
        if self.said.failed(key, scope, message) {
            tracing::error!(
                endpoint = self.label,
                group = %key,
                "push refused: {message}; the newest values are held, and tried again each minute: {remedy}"
            );
        }
        SendError::Held { after: answer.after.map_or(PACE, |asked| asked.max(PACE)), scope }
    }

    /// Waits until the files that say who we are say something else; for ever where nothing is held.
    pub(super) async fn let_in(&mut self) {
        if self.kept_out.groups.is_empty() {
            self.kept_out.looked = None;
            self.gateway.lets_in();
            return std::future::pending().await;
        }
        loop {
            // Kept outside of here: where other groups are pushed, this wait begins again after each.
            let next = self.kept_out.looked.map_or_else(Instant::now, |looked| looked + LOOK);
            tokio::time::sleep_until(next.into()).await;
            self.kept_out.looked = Some(Instant::now());
            if self.gateway.has_changed().await {
                return;
            }
        }
    }
}
