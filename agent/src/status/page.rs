//! The page for people: rendered here, no script, nothing fetched, light and dark, narrow and wide.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Status;
use super::endpoints::Endpoint;
use super::events::Event;
use super::receivers::receivers;
use super::targets::Target;

/// Less is in the nature of `Date`, which counts whole seconds.
const SKEW: f64 = 5.0;
const STYLE: &str = include_str!("page.css");

/// The whole page; `now` in Unix seconds, since ages say more than times.
pub(super) fn page(status: &Status, now: f64) -> String {
    let down = status.targets.iter().filter(|target| !target.up).count();
    let failing = status.endpoints.iter().filter(|endpoint| bad(endpoint)).count();
    let failing = failing + status.receivers.iter().filter(|receiver| receiver.is_bad()).count();
    let ends = status.endpoints.len() + status.receivers.len();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "pushpull agent " (status.identity) }
                // No icon is asked for: there is none.
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "pushpull agent" }
                    p class="identity" { (status.identity) }
                    p {
                        "version " (status.version) ", up " (age(now - status.started_time_seconds)) " · "
                        (counted(status.targets.len(), down, "source", "down")) " · "
                        (counted(ends, failing, "endpoint", "failing"))
                    }
                    p class=(if status.settings.last_reload_successful { "settings" } else { "settings error" }) {
                        "settings read " (age(now - status.settings.read_time_seconds)) " ago"
                        @if !status.settings.last_reload_successful {
                            "; the last reload failed, and they stay in effect"
                        }
                    }
                    nav {
                        a href="/metrics" { "metrics" }
                        a href="/api/v1/status" { "status as JSON" }
                        a href="/-/healthy" { "healthy" }
                        a href="/-/ready" { "ready" }
                    }
                }
                main {
                    section { h2 { "Sources" } (targets(&status.targets, now)) }
                    @if !status.endpoints.is_empty() || status.receivers.is_empty() {
                        section { h2 { "Endpoints" } (endpoints(&status.endpoints, now)) }
                    }
                    @if !status.receivers.is_empty() {
                        section { h2 { "Receivers" } (receivers(&status.receivers, now)) }
                    }
                    section { h2 { "Events" } (events(&status.events, now)) }
                }
            }
        }
    };
    page.into_string()
}

fn targets(targets: &[Target], now: f64) -> Markup {
    html! {
        @if targets.is_empty() { p { "Nothing was read yet." } }
        @for target in targets {
            article class=(if target.up { "good" } else { "bad" }) {
                h3 { span class="state" { (if target.up { "up" } else { "down" }) } " " (target.name) }
                p {
                    "read " (age(now - target.last_read_time_seconds)) " ago"
                    @if let Some(duration) = target.duration_seconds { ", took " (age(duration)) }
                    ", " (target.samples) " samples"
                }
                p class="group" { "/metrics/" (target.group) }
                @if let Some(error) = &target.last_error { p class="error" { (error) } }
            }
        }
    }
}

fn endpoints(endpoints: &[Endpoint], now: f64) -> Markup {
    html! {
        @for endpoint in endpoints {
            article class=(if bad(endpoint) { "bad" } else { "good" }) {
                h3 { span class="state" { (endpoint.state) } " " (endpoint.name) }
                p {
                    @match endpoint.last_push_time_seconds {
                        Some(time) => { "last push " (age(now - time)) " ago" }
                        None => { "no push yet" }
                    }
                    ", " (endpoint.pushed) " pushed, " (endpoint.refused) " refused, "
                    (endpoint.dropped) " dropped, " (endpoint.waiting) " waiting"
                    @if let Some(wait) = endpoint.next_try_in_seconds { ", next try in " (age(wait)) }
                }
                @if let Some(gateway) = &endpoint.gateway_in_use { p class="group" { "pushing to " (gateway) } }
                @if let Some(skew) = endpoint.clock_skew_seconds.filter(|skew| skew.abs() >= SKEW) {
                    p {
                        "the clock here is " (age(skew.abs()))
                        (if skew > 0.0 { " ahead of" } else { " behind" }) " the gateway's"
                    }
                }
                @if endpoint.conflicting > 0.0 {
                    p class="error" {
                        "another agent pushes " (endpoint.conflicting) " of its groups, too: "
                        (endpoint.conflicting_groups.join(", "))
                    }
                }
                @if let Some(error) = &endpoint.last_error { p class="error" { (error) } }
            }
        }
    }
}

fn events(events: &[Event], now: f64) -> Markup {
    html! {
        @if events.is_empty() { p { "Nothing yet." } }
        ol {
            // What happened last is looked for first.
            @for event in events.iter().rev() {
                li class=(event.level) {
                    span class="state" { (event.level) } " "
                    span class="when" { (age(now - event.time_seconds)) " ago" } " "
                    (event.text)
                }
            }
        }
    }
}

fn bad(endpoint: &Endpoint) -> bool {
    matches!(endpoint.state, "retrying" | "refusing" | "held")
}

fn counted(all: usize, of_them: usize, what: &str, how: &str) -> String {
    let plural = if all == 1 { "" } else { "s" };
    if of_them == 0 {
        format!("{all} {what}{plural}")
    } else {
        format!("{all} {what}{plural}, {of_them} {how}")
    }
}

/// `4 ms`, `1.3 s`, `12 min`, `3 h`, `5 d`.
pub(super) fn age(seconds: f64) -> String {
    match seconds.max(0.0) {
        seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1e3),
        seconds if seconds < 120.0 => format!("{seconds:.1} s"),
        seconds if seconds < 7_200.0 => format!("{:.0} min", seconds / 60.0),
        seconds if seconds < 172_800.0 => format!("{:.0} h", seconds / 3_600.0),
        seconds => format!("{:.0} d", seconds / 86_400.0),
    }
}
