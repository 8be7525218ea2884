//! One receiver of remote write: what it took, what waits for it, and how far behind it is.

use std::collections::BTreeMap;

use exposition::Page;
use maud::{Markup, html};
use serde::Serialize;

use super::events::Events;
use super::page::age;
use super::{sum, value};
use crate::sinks::remote_write;

/// Where samples are written to.
#[derive(Debug, Serialize)]
pub(super) struct Receiver {
    pub(super) name: String,
    /// `ok`, `retrying`, `refusing`, `held` where we are not let in, or `new` before the first answer.
    state: &'static str,
    /// In which protocol it takes samples: `2.0`, `1.0`, `zstd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'static str>,
    /// Samples that it took, refused for good, and that were given up before.
    samples: f64,
    failed: f64,
    dropped: f64,
    /// The same by reason, those that there were.
    failed_by_reason: BTreeMap<String, f64>,
    dropped_by_reason: BTreeMap<String, f64>,
    /// Samples of a request at the most, where the receiver called those of the settings too many.
    #[serde(skip_serializing_if = "Option::is_none")]
    samples_per_request: Option<usize>,
    /// Samples that wait in the spool, its bytes, and when the oldest was spooled.
    waiting: u64,
    spool_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_time_seconds: Option<f64>,
    /// What the spool's disk refuses at the moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    spool_trouble: Option<String>,
    /// How much newer the newest reading is than the newest sample that it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    lag_seconds: Option<f64>,
    shards: u16,
    /// Until the next try, where one is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_try_in_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
}

impl Receiver {
    pub(super) fn of(receiver: &remote_write::Receiver, own: &Page, events: &Events) -> Self {
        let (name, seen) = (receiver.endpoint().to_owned(), receiver.seen());
        let total = |metric: &str| -> f64 {
            let of_this = |sample: &exposition::Sample<'_>| {
                sample.name() == metric && sample.label("endpoint").is_some_and(|label| label == name)
            };
            sum(own.samples().filter(of_this).map(|sample| sample.value()))
        };
        let by_reason = |metric: &str| -> BTreeMap<String, f64> {
            let named = own.samples().filter(|sample| sample.name() == metric && sample.value() > 0.0);
            let of_this = named.filter(|sample| sample.label("endpoint").is_some_and(|label| label == name));
            of_this.map(|one| (one.label("reason").unwrap_or_default().into_owned(), one.value())).collect()
        };
        let failed_by_reason = by_reason("pushpull_agent_remote_write_samples_failed_total");
        let dropped_by_reason = by_reason("pushpull_agent_remote_write_samples_dropped_total");
        let samples = total("pushpull_agent_remote_write_samples_total");
        let failure = events.failure(&name);
        let state = match &failure {
            _ if seen.held => "held",
            _ if seen.failing => "retrying",
            _ if seen.refusing => "refusing",
            _ if samples == 0.0 => "new",
            _ => "ok",
        };
        let newest = value(own, "pushpull_agent_remote_write_highest_timestamp_seconds", &name);
        let sent = value(own, "pushpull_agent_remote_write_highest_sent_timestamp_seconds", &name);
        Self {
            state,
            protocol: seen.protocol,
            samples,
            failed: sum(failed_by_reason.values().copied()),
            dropped: sum(dropped_by_reason.values().copied()),
            failed_by_reason,
            dropped_by_reason,
            samples_per_request: seen.samples_per_request,
            waiting: seen.spool.pending.samples,
            spool_bytes: seen.spool.disk_bytes + seen.spool.memory_bytes,
            oldest_time_seconds: seen.spool.oldest_ms.map(|oldest| oldest as f64 / 1e3),
            spool_trouble: seen.spool.trouble,
            lag_seconds: newest.zip(sent).map(|(newest, sent)| (newest - sent).max(0.0)),
            shards: seen.shards,
            next_try_in_seconds: seen.next_try.map(|wait| wait.as_secs_f64()),
            last_error: failure.filter(|_| state != "ok").map(|event| event.text),
            name,
        }
    }

    pub(super) fn is_bad(&self) -> bool {
        matches!(self.state, "retrying" | "refusing" | "held") || self.spool_trouble.is_some()
    }
}

/// ` (age 3, bytes 12)`, or nothing.
fn reasons(by: &BTreeMap<String, f64>) -> String {
    let each: Vec<String> = by.iter().map(|(reason, samples)| format!("{reason} {samples}")).collect();
    if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) }
}

/// For people.
pub(super) fn receivers(receivers: &[Receiver], now: f64) -> Markup {
    html! {
        @for receiver in receivers {
            article class=(if receiver.is_bad() { "bad" } else { "good" }) {
                h3 { span class="state" { (receiver.state) } " " (receiver.name) }
                p {
                    (receiver.samples) " samples taken, "
                    (receiver.failed) " refused" (reasons(&receiver.failed_by_reason)) ", "
                    (receiver.dropped) " dropped" (reasons(&receiver.dropped_by_reason)) ", "
                    (receiver.waiting) " waiting"
                    @if let Some(wait) = receiver.next_try_in_seconds { ", next try in " (age(wait)) }
                }
                p {
                    @if let Some(protocol) = receiver.protocol { "remote write " (protocol) ", " }
                    (receiver.shards) (if receiver.shards == 1 { " shard, " } else { " shards, " })
                    @if let Some(most) = receiver.samples_per_request { (most) " samples a request, " }
                    "spool " (receiver.spool_bytes / 1024) " KiB"
                    @if let Some(oldest) = receiver.oldest_time_seconds {
                        ", the oldest from " (age(now - oldest)) " ago"
                    }
                    @if let Some(lag) = receiver.lag_seconds.filter(|lag| *lag > 0.0) {
                        ", " (age(lag)) " behind"
                    }
                }
                @if let Some(trouble) = &receiver.spool_trouble { p class="error" { "the spool: " (trouble) } }
                @if let Some(error) = &receiver.last_error { p class="error" { (error) } }
            }
        }
    }
}
