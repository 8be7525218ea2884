//! When counters began: what makes `increase()` right for a job that is seen once.
//!
//! A counter whose first sample is 5 has risen by 5 since it began, of which a receiver sees nothing. It
//! began with its process, if that is younger than the last look; in 1.0 a zero at that time says so, in 2.0
//! the sample's start timestamp. Of a process that was there before, others may have written already.

use exposition::Kind;

use super::entry::{Beginning, Entry, NEVER};
use super::milliseconds;
use super::pass::Pass;
use crate::config::Origin;
use crate::snapshot::Snapshot;

/// What the names of exporters' own families end with, by the convention of their common library.
const EXPORTER: &str = "_exporter_build_info";

/// By what a counter's beginning is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CounterOrigin {
    /// By what the page says of each series (OpenMetrics `_created`); where it says nothing, counters begin
    /// with their process (`process_start_time_seconds`), but for exporters, which show counters of others.
    #[default]
    Process,
    /// By what the page says of each series only.
    Created,
    /// Nothing is said of it.
    Off,
}

impl From<Origin> for CounterOrigin {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Process => Self::Process,
            Origin::Created => Self::Created,
            Origin::Off => Self::Off,
        }
    }
}

/// What a reading says of the beginning of its counters.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Start {
    /// When the process began, in milliseconds since 1970, or 0.
    pub(super) known_ms: i64,
    /// Another process than at the last reading.
    pub(super) moved: bool,
    /// When counters began that are new, or fell: after the last look.
    pub(super) begins_ms: Option<i64>,
}

/// Milliseconds that two times of the beginning of one process differ at the most: the kernel's own second is one
/// of whole seconds.
pub(super) const NEARLY: u64 = 2_000;

/// What shows a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process {
    /// When it began, in milliseconds since 1970; none where pages show several, or none.
    pub(super) start_ms: Option<i64>,
}

/// The process whose own counters a snapshot shows; none where it shows what others count, or where nobody
/// answered. An exporter says what it is (`node_exporter_build_info`), unless its own settings say that it is to be
/// believed.
#[allow(clippy::cast_possible_truncation, reason = "such a time is no time of ours, and out of every range")]
pub(super) fn process(snapshot: &Snapshot) -> Option<Process> {
    let believed = snapshot.counters.origin == Some(Origin::Process);
    let (mut starts, mut first) = (0_u32, None::<f64>);
    let families =
        snapshot.pages.iter().skip(1).flat_map(|sheet| sheet.families().map(move |family| (sheet, family)));
    for (sheet, (family, samples)) in families {
        if family.name() == "process_start_time_seconds" {
            starts += u32::try_from(samples.len()).unwrap_or(u32::MAX);
            first = first.or_else(|| sheet.value(samples.start));
        } else if !believed && family.name().ends_with(EXPORTER) {
            return None;
        }
    }
    // Rounded up: before that the counter may not have been there.
    let first = first.filter(|value| value.is_finite() && *value > 0.0 && starts == 1);
    let said = first.map(|seconds| (seconds * 1000.0).ceil() as i64);
    let began = snapshot.counters.since.map(milliseconds);
    let start_ms = match (said, began) {
        // Whoever started it knows it better, unless another process is shown.
        (Some(said), Some(began)) if said.abs_diff(began) > NEARLY => Some(said),
        (_, Some(began)) if starts < 2 => Some(began),
        (said, _) => said,
    };
    Some(Process { start_ms })
}

/// Whether a sample counts from a beginning on, in a family of this kind; whether its name is longer than the family's
/// is asked where it matters.
#[inline]
pub(super) fn counts(kind: Kind, is_suffixed: impl FnOnce() -> bool) -> bool {
    match kind {
        Kind::Counter => true,
        // The samples under a summary's own name are quantiles.
        Kind::Histogram | Kind::Summary => is_suffixed(),
        _ => false,
    }
}

/// When a series began.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Began {
    /// The start of its sample, or 0.
    pub(super) start_ms: i64,
    /// Where a zero is to stand before it.
    pub(super) zero_ms: Option<i64>,
}

/// When the series of a counting sample began, and whether that is news. A zero stands after all that was
/// sent of the series, and before the sample. `created_ms`: what the page says itself, and said before; `fell`:
/// whether its value did since the reading before, if it was there.
#[inline]
pub(super) fn began(
    entry: &mut Entry,
    (created_ms, created_before): (Option<i64>, Option<i64>),
    fell: Option<bool>,
    pass: &Pass<'_>,
) -> Began {
    let after = if entry.last_ms == NEVER { pass.floor } else { entry.last_ms };
    if let Some(created) = created(created_ms, pass) {
        let moved = created_before.is_some_and(|before| before.abs_diff(created) > 1);
        let was_steady = entry.beginning == Beginning::Steady;
        let is_steady = !moved && fell == Some(false);
        entry.beginning = if is_steady { Beginning::Steady } else { Beginning::None };
        let is_later = created > after;
        // What goes on counting began before, unless its beginning stood still until now: some libraries compute it
        // anew for each page.
        if fell == Some(false) && is_later && !(moved && was_steady) {
            return Began::default();
        }
        return Began { start_ms: created, zero_ms: Some(created).filter(|at| is_later && *at < pass.at) };
    }
    let zero_ms = match fell {
        None => pass.start.begins_ms,
        // Another process, but it goes on where the other was: it shows what others count.
        Some(fell) if pass.start.moved => pass.start.begins_ms.filter(|_| fell),
        Some(_) => {
            let started = entry.beginning == Beginning::Process;
            return Began { start_ms: if started { pass.start.known_ms } else { 0 }, zero_ms: None };
        }
    };
    let zero_ms = zero_ms.filter(|at| *at > after);
    entry.beginning = if zero_ms.is_some() { Beginning::Process } else { Beginning::None };
    Began { start_ms: zero_ms.unwrap_or(0), zero_ms }
}

/// What the page itself says of a series; never later than its sample.
fn created(said: Option<i64>, pass: &Pass<'_>) -> Option<i64> {
    said.filter(|at| *at > 0 && *at <= pass.at && pass.origin != CounterOrigin::Off)
}
