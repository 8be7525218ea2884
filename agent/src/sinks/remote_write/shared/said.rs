//! How it goes with a receiver, and what was said of that: each once, until it goes otherwise.

use std::time::Duration;

use exposition::remote_write::Protocol;
use tokio::time::Instant;

use super::{Shared, lock};
use crate::spool::SpoolStats;

/// How it goes, and what was said of that.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// What failed, and since when it does.
    failing: Option<String>,
    held: bool,
    /// The reason of the last refusal that was told.
    refused: Option<&'static str>,
    next_try: Option<Instant>,
    /// Until then it asked to be left alone.
    left_alone: Option<Instant>,
    protocol: Option<Protocol>,
}

/// How it goes, for people.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) spool: SpoolStats,
    pub(crate) held: bool,
    pub(crate) failing: bool,
    pub(crate) refusing: bool,
    pub(crate) next_try: Option<Duration>,
    pub(crate) protocol: Option<&'static str>,
    pub(crate) shards: u16,
    /// Less than was set, as the receiver called that too many.
    pub(crate) samples_per_request: Option<usize>,
}

impl Shared {
    /// It fails; told once for each way to fail.
    pub(in super::super) fn failing(&self, reason: &str, message: &str) {
        let mut said = lock(&self.said);
        if said.failing.as_deref() != Some(message) {
            tracing::warn!(endpoint = self.label, reason, "write failed, trying again: {message}");
            said.failing = Some(message.to_owned());
        }
    }

    pub(in super::super) fn is_failing(&self) -> bool {
        lock(&self.said).failing.is_some()
    }

    /// We are not let in.
    pub(in super::super) fn held(&self, message: &str, remedy: &str) {
        let mut said = lock(&self.said);
        self.stats.writes.held(&self.label, true);
        if !said.held || said.failing.as_deref() != Some(message) {
            tracing::error!(
                endpoint = self.label,
                "write refused: {message}; samples wait in the spool, and are tried again each minute: {remedy}"
            );
        }
        (said.held, said.failing) = (true, Some(message.to_owned()));
    }

    /// Samples were taken; whether that is news.
    pub(in super::super) fn works(&self) -> bool {
        let mut said = lock(&self.said);
        let was_failing = said.failing.take().is_some();
        let was_refusing = said.refused.take().is_some();
        if std::mem::take(&mut said.held) {
            self.stats.writes.held(&self.label, false);
        }
        if was_failing || was_refusing {
            tracing::info!(endpoint = self.label, "writes arrive again");
        }
        was_failing
    }

    /// Samples were refused for good; the receiver's words, as they are, once for each reason.
    pub(in super::super) fn refuses(&self, reason: &'static str, samples: usize, words: &str) {
        let mut said = lock(&self.said);
        if said.refused != Some(reason) {
            tracing::error!(endpoint = self.label, reason, samples, "samples are refused for good: {words}");
            said.refused = Some(reason);
        }
    }

    pub(in super::super) fn next_try(&self, at: Option<Instant>) {
        lock(&self.said).next_try = at;
    }

    /// It is not to be asked anything before then, or later where it said so before; `None`: at once.
    pub(in super::super) fn leave_alone(&self, until: Option<Instant>) {
        let mut said = lock(&self.said);
        said.left_alone = until.map(|until| said.left_alone.map_or(until, |before| before.max(until)));
    }

    /// Until when it is to be left alone, if that is not over.
    pub(in super::super) fn left_alone(&self) -> Option<Instant> {
        lock(&self.said).left_alone.filter(|until| *until > Instant::now())
    }

    /// In which protocol it takes samples.
    pub(in super::super) fn speaks(&self, protocol: Option<Protocol>) {
        let mut said = lock(&self.said);
        if let Some(protocol) = protocol.filter(|protocol| said.protocol != Some(*protocol)) {
            tracing::info!(about = self.label, "remote write {} is spoken", protocol.as_str());
            self.stats.writes.protocol(&self.label, protocol.as_str());
            said.protocol = Some(protocol);
        }
    }

    /// How it goes; nothing is asked of the disk for it.
    pub(crate) fn seen(&self) -> Seen {
        let said = lock(&self.said);
        Seen {
            spool: lock(&self.seen).clone(),
            held: said.held,
            failing: said.failing.is_some(),
            refusing: said.refused.is_some(),
            next_try: said.next_try.map(|at| at.saturating_duration_since(Instant::now())),
            protocol: said.protocol.map(Protocol::as_str),
            shards: self.lanes.borrow().count,
            samples_per_request: self.size(),
        }
    }
}
