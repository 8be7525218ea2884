//! How it goes with a receiver, and what was said of that: each once, until it goes otherwise.

use std::borrow::Cow;
use std::time::Duration;

use exposition::remote_write::Protocol;
use tokio::time::Instant;

use super::{Shared, lock};
use crate::spool::SpoolStats;

/// How long a reason to refuse samples is not told again.
const REPEATED: Duration = Duration::from_mins(10);
/// Characters of a receiver's words that are told.
const LONGEST: usize = 300;

/// As much of a receiver's words as is told.
fn start(words: &str) -> Cow<'_, str> {
    match words.char_indices().nth(LONGEST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &words[..end])),
        None => Cow::Borrowed(words),
    }
}

/// How it goes, and what was said of that.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each stands for itself")]
pub(super) struct Said {
    /// In which ways it failed since it worked, each told once.
    failing: Vec<&'static str>,
    held: bool,
    /// What is to be done for it to be let in, as it was told.
    remedy: String,
    /// Samples were refused since the last ones that were taken.
    refusing: bool,
    /// For each reason of a refusal when it was told, and samples since then.
    refused: Vec<(&'static str, Instant, usize)>,
    /// Nothing is taken, and whether that was told.
    lost: bool,
    told: bool,
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
    /// It fails; told once for each way to fail, until it works again.
    pub(in super::super) fn failing(&self, reason: &'static str, message: &str) {
        let mut said = lock(&self.said);
        // By its reason: words may have the number of a request in them.
        if !said.failing.contains(&reason) {
            let message = start(message);
            tracing::warn!(endpoint = self.label, reason, "write failed, trying again: {message}");
            said.failing.push(reason);
        }
    }

    pub(in super::super) fn is_failing(&self) -> bool {
        !lock(&self.said).failing.is_empty()
    }

    /// We are not let in.
    pub(in super::super) fn held(&self, reason: &'static str, message: &str, remedy: &str) {
        let mut said = lock(&self.said);
        self.stats.writes.held(&self.label, true);
        if !said.held || !said.failing.contains(&reason) || said.remedy != remedy {
            let message = start(message);
            tracing::error!(
                endpoint = self.label,
                "write refused: {message}; samples wait in the spool, and are tried again each minute: {remedy}"
            );
        }
        (said.held, said.remedy) = (true, remedy.to_owned());
        if !said.failing.contains(&reason) {
            said.failing.push(reason);
        }
    }

    /// Samples were taken; whether that is news.
    pub(in super::super) fn works(&self) -> bool {
        let mut said = lock(&self.said);
        let was_failing = !std::mem::take(&mut said.failing).is_empty();
        let was_lost = std::mem::take(&mut said.lost) && std::mem::take(&mut said.told);
        said.refusing = false;
        if std::mem::take(&mut said.held) {
            self.stats.writes.held(&self.label, false);
        }
        if was_failing || was_lost {
            tracing::info!(endpoint = self.label, "writes arrive again");
        }
        was_failing
    }

    /// Nothing of all that was sent last was taken.
    pub(in super::super) fn nothing_taken(&self) {
        lock(&self.said).lost = true;
    }

    /// Samples were refused for good; the receiver's words, once in a while for each reason, as one wrong series
    /// among good ones is refused with each request.
    pub(in super::super) fn refuses(&self, reason: &'static str, samples: usize, words: &str) {
        let mut said = lock(&self.said);
        said.refusing = true;
        let now = Instant::now();
        let known = said.refused.iter_mut().find(|(known, ..)| *known == reason);
        let samples = match known {
            Some((_, told, more)) if now.saturating_duration_since(*told) < REPEATED => {
                *more = more.saturating_add(samples);
                return;
            }
            Some((_, told, more)) => {
                *told = now;
                samples.saturating_add(std::mem::take(more))
            }
            None => {
                said.refused.push((reason, now, 0));
                samples
            }
        };
        said.told = true;
        let words = start(words);
        tracing::error!(endpoint = self.label, reason, samples, "samples are refused for good: {words}");
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
            failing: !said.failing.is_empty(),
            refusing: said.refusing,
            next_try: said.next_try.map(|at| at.saturating_duration_since(Instant::now())),
            protocol: said.protocol.map(Protocol::as_str),
            shards: self.lanes.borrow().count,
            samples_per_request: self.size(),
        }
    }
}
