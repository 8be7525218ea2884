//! The last events: what is logged at `info` and above, kept for the page whatever the log's level is.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::{Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// So many are kept, and the last failure of so many targets and endpoints.
const KEPT: usize = 100;
const WHOSE: usize = 2_000;
/// Characters of one event; a gateway's words may be long.
const LONGEST: usize = 1_000;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Unix seconds.
    pub time_seconds: f64,
    /// `info`, `warn`, `error`.
    pub level: &'static str,
    /// What, with its fields.
    pub text: String,
}

#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<Event>,
    /// The last failure of each target and endpoint, until it works again.
    failing: BTreeMap<String, Event>,
}

/// What happened last; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Events(Arc<Mutex<Kept>>);

impl Events {
    /// All that are kept, oldest first.
    pub fn all(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).events.iter().cloned().collect()
    }

    /// What is wrong with a target or an endpoint, and since when that is known.
    pub fn failure(&self, whose: &str) -> Option<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).failing.get(whose).cloned()
    }

    /// As something to log to.
    pub fn layer<S: Subscriber>(&self) -> impl Layer<S> + use<S> {
        Keeper(self.clone())
    }

    fn keep(&self, whose: Option<String>, event: Event) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(whose) = whose {
            if event.level == "info" {
                kept.failing.remove(&whose);
            } else if kept.failing.len() < WHOSE || kept.failing.contains_key(&whose) {
                kept.failing.insert(whose, event.clone());
            }
        }
        if kept.events.len() == KEPT {
            kept.events.pop_front();
        }
        kept.events.push_back(event);
    }
}

struct Keeper(Events);

impl<S: Subscriber> Layer<S> for Keeper {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let level = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warn",
            Level::INFO => "info",
            _ => return,
        };
        let mut said = Said::default();
        event.record(&mut said);
        let mut text = said.message;
        text.push_str(&said.fields);
        if text.chars().count() > LONGEST {
            text = text.chars().take(LONGEST).chain(['…']).collect();
        }
        self.0.keep(said.whose, Event { time_seconds: super::unix(SystemTime::now()), level, text });
    }
}

/// The fields of one event as text.
#[derive(Default)]
struct Said {
    message: String,
    fields: String,
    /// The target or endpoint that it says works or fails; what is but `about` one says neither.
    whose: Option<String>,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            name => {
                if matches!(name, "target" | "endpoint" | "collector") {
                    self.whose = Some(text.trim_matches('"').to_owned());
                }
                // Writing to a string does not fail.
                let _ = write!(self.fields, " {name}={text}");
            }
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    fn logged(log: impl FnOnce()) -> Events {
        let events = Events::default();
        let subscriber = tracing_subscriber::registry().with(events.layer());
        tracing::subscriber::with_default(subscriber, log);
        events
    }

    #[test]
    fn the_last_failure_of_a_target_stands_until_it_works_again() {
        let url = "http://a/metrics";
        let events =
            logged(|| tracing::warn!(target = url, reason = "status", "scrape failed: {url} answers 500"));
        let failure = events.failure(url).unwrap();
        assert_eq!(failure.level, "warn");
        assert_eq!(
            failure.text,
            "scrape failed: http://a/metrics answers 500 target=http://a/metrics reason=status"
        );
        let events = logged(|| {
            tracing::warn!(target = url, "scrape failed");
            tracing::info!(target = url, "scrapes work again");
            tracing::warn!(about = url, "the clock here is ahead");
        });
        assert_eq!(events.failure(url), None);
        assert_eq!(events.all().len(), 3);
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let events = logged(|| {
            for number in 0..3_000 {
                tracing::error!(target = format!("t{number}"), "{}", "é".repeat(5_000));
            }
            tracing::debug!("not kept");
        });
        assert_eq!(events.all().len(), KEPT);
        assert!(events.all().iter().all(|event| event.text.chars().count() == LONGEST + 1));
        assert_eq!(events.0.lock().unwrap().failing.len(), WHOSE);
    }
}
