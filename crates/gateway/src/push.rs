//! A pushed body, read and made ready to be stored: all the work that needs no lock.

mod language;
mod rich;

pub use language::{Language, Packing};

use bytes::Bytes;
use exposition::protobuf::{self, ProtobufError};
use exposition::{Clash, GroupingKey, Kind, Limits, Page, ParseError, Rewrite, TooLarge};
use thiserror::Error;

use crate::families::{self, Prepared};

/// Names that the gateway writes itself; what a push says of them is left out.
pub const OWN_TIMES: [&str; 3] =
    ["push_time_seconds", "push_failure_time_seconds", "push_expires_time_seconds"];

/// A push whose body could be read.
#[derive(Debug)]
pub struct Push {
    /// Its families with the group's labels, sorted by name.
    pub families: Vec<Prepared>,
}

impl Push {
    /// The push, if none of its help texts is longer than this.
    pub fn with_help_within(self, limit: usize) -> Result<Self, Refusal> {
        match self.families.iter().find(|family| family.help.len() > limit) {
            Some(Prepared { name, help, .. }) => {
                Err(Refusal::Help { name: name.clone(), bytes: help.len(), limit })
            }
            None => Ok(self),
        }
    }
}

/// Why a body is refused before the groups see it.
#[derive(Debug, Error)]
pub enum Refusal {
    /// It does not parse: nothing is noted.
    #[error("text format parsing error: {0}")]
    Syntax(#[from] ParseError),
    /// It is no delimited protobuf, or more of it than is taken.
    #[error("protobuf parsing error: {0}")]
    Protobuf(#[from] ProtobufError),
    /// A bound of a histogram or summary is no number, which the real one finds while parsing.
    #[error("text format parsing error: expected float as value for '{name}' label, got \"{value}\"")]
    Bound {
        /// `le` or `quantile`.
        name: &'static str,
        /// What stood there.
        value: String,
    },
    /// The group's labels would make it longer than a body may be.
    #[error("pushed metrics are too large: {0}")]
    TooLarge(#[from] TooLarge),
    /// A help text would be repeated in every scrape.
    #[error("the help of `{name}` has {bytes} bytes, over the limit of {limit}")]
    Help {
        /// The family.
        name: String,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// It parses, but no group may hold it: the failure is noted.
    #[error("pushed metrics are invalid or inconsistent with existing metrics: {0}")]
    Content(String),
}

impl Refusal {
    /// Whether the body is refused for how much it is: 413.
    pub fn is_too_large(&self) -> bool {
        match self {
            Self::Syntax(error) => error.reason.limit().is_some(),
            Self::Protobuf(error) => matches!(error, ProtobufError::Limit { .. }),
            Self::TooLarge(_) | Self::Help { .. } => true,
            Self::Bound { .. } | Self::Content(_) => false,
        }
    }
}

/// Reads a body of any language for a group, as [`prepare`] reads text.
pub fn read(language: Language, body: Bytes, key: &GroupingKey, limits: &Limits) -> Result<Push, Refusal> {
    match language {
        Language::Text => prepare(body, key, limits),
        Language::Protobuf => rich::prepare(protobuf::decode(&body, limits)?, key, limits),
        Language::OpenMetrics => match Page::parse_openmetrics(body.clone(), limits) {
            Ok(page) => rich::prepare(protobuf::families(&page), key, limits),
            // What the real one takes for text is taken for that here as well; else this error says more.
            Err(error) => prepare(body, key, limits).map_err(|refusal| match refusal {
                Refusal::Syntax(_) | Refusal::Bound { .. } => error.into(),
                other => other,
            }),
        },
    }
}

impl Refusal {
    fn timestamps() -> Self {
        Self::Content("pushed metrics must not have timestamps".to_owned())
    }

    fn reserved(label: &str) -> Self {
        let why = "names beginning with `__` are reserved";
        Self::Content(format!("`{label}` is not a valid label name: {why}"))
    }

    /// Prometheus refuses the whole scrape where a bound stands twice in one series.
    fn of_bound(key: &GroupingKey, kind: Kind) -> Result<(), Self> {
        let Some(bound) = kind.bound().filter(|bound| key.labels().contains_key(*bound)) else {
            return Ok(());
        };
        let why = "whose samples have one of their own";
        Err(Self::Content(format!("grouping label `{bound}` cannot be put on a {kind}, {why}")))
    }
}

/// Reads a body for a group. Neither the body nor what is stored of it may be longer than `limits.body`.
pub fn prepare(body: Bytes, key: &GroupingKey, limits: &Limits) -> Result<Push, Refusal> {
    let page = Page::parse_pushed(body, limits)?;
    if page.samples().any(|sample| sample.timestamp_ms().is_some()) {
        return Err(Refusal::timestamps());
    }
    let reserved =
        page.samples().flat_map(|sample| sample.labels()).find(|label| label.name.starts_with("__"));
    if let Some(label) = reserved {
        return Err(Refusal::reserved(label.name));
    }
    for kind in [Kind::Histogram, Kind::GaugeHistogram, Kind::Summary] {
        if page.families().any(|family| family.kind() == kind && !OWN_TIMES.contains(&family.name())) {
            Refusal::of_bound(key, kind)?;
        }
    }
    let labels = group_labels(key);
    let labels: Vec<(&str, &str)> =
        labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let page = if needs_instance(key) { with_instance(&page, limits.body)? } else { page };
    let how = Rewrite { labels: &labels, clash: Clash::Overwrite, ..Rewrite::default() };
    let page = page.rewrite_within(&how, limits.body)?;
    Ok(Push { families: families::prepare(&page, limits.body)? })
}

/// The labels that every series of a group carries.
pub fn group_labels(key: &GroupingKey) -> Vec<(String, String)> {
    let mut labels: Vec<_> = key.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    labels.sort();
    labels
}

fn needs_instance(key: &GroupingKey) -> bool {
    !key.labels().contains_key("instance")
}

/// `instance=""` keeps Prometheus from putting the gateway's own address there; a pushed one stays.
fn with_instance(page: &Page, most: usize) -> Result<Page, TooLarge> {
    let how = Rewrite { labels: &[("instance", "")], clash: Clash::Keep, ..Rewrite::default() };
    page.rewrite_within(&how, most)
}
