//! One endpoint: what it took, what waits for it, and when it is tried again.

use exposition::Page;
use serde::Serialize;

use super::events::Events;
use super::{sum, value};
use crate::intake::Intake;

/// Where snapshots are pushed to.
#[derive(Debug, Serialize)]
pub(super) struct Endpoint {
    pub(super) name: String,
    /// `ok`, `retrying`, `refusing`, `held` where we are not let in, or `new` before the first answer.
    pub(super) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_push_time_seconds: Option<f64>,
    pub(super) pushed: f64,
    pub(super) refused: f64,
    pub(super) dropped: f64,
    /// Groups whose newest snapshot waits.
    pub(super) waiting: usize,
    /// Until the next try, where one is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_try_in_seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_error: Option<String>,
    /// Which of several gateways is pushed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gateway_in_use: Option<String>,
    /// How far the clock here is ahead of the gateway's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) clock_skew_seconds: Option<f64>,
    /// How many groups another agent pushes, too, and the first of them.
    pub(super) conflicting: f64,
    pub(super) conflicting_groups: Vec<String>,
}

impl Endpoint {
    pub(super) fn of(intake: &Intake, own: &Page, events: &Events) -> Self {
        let name = intake.endpoint().to_owned();
        let total = |metric: &str| -> f64 {
            let of_this = |sample: &exposition::Sample<'_>| {
                sample.name() == metric && sample.label("endpoint").is_some_and(|label| label == name)
            };
            sum(own.samples().filter(of_this).map(|sample| sample.value()))
        };
        let last_push_time_seconds = value(own, "pushpull_agent_last_sent_time_seconds", &name);
        let next_try_in_seconds = intake.next_try().map(|wait| wait.as_secs_f64());
        let failure = events.failure(&name);
        let state = match (&failure, next_try_in_seconds) {
            _ if intake.is_held() => "held",
            (_, Some(_)) => "retrying",
            (Some(failure), None) if failure.level == "error" => "refusing",
            _ if last_push_time_seconds.is_none() => "new",
            _ => "ok",
        };
        let labels = |metric: &'static str, label: &'static str| -> Vec<String> {
            let on = own.samples().filter(|sample| sample.name() == metric && sample.value() > 0.0);
            let of_this = on.filter(|sample| sample.label("endpoint").is_some_and(|label| label == name));
            of_this.filter_map(|sample| Some(sample.label(label)?.into_owned())).collect()
        };
        Self {
            gateway_in_use: labels("pushpull_agent_gateway_in_use", "gateway").into_iter().next(),
            clock_skew_seconds: value(own, "pushpull_agent_clock_skew_seconds", &name),
            conflicting: total("pushpull_agent_conflicting_groups"),
            conflicting_groups: labels("pushpull_agent_group_conflict", "group"),
            state,
            last_push_time_seconds,
            pushed: total("pushpull_agent_sent_total"),
            refused: total("pushpull_agent_refused_total"),
            dropped: total("pushpull_agent_dropped_total"),
            waiting: intake.progress().pending,
            next_try_in_seconds,
            last_error: failure.filter(|_| state != "ok").map(|event| event.text),
            name,
        }
    }
}
