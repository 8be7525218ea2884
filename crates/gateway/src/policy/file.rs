//! The settings file: `[defaults]`, and a `[[job]]` for each rule.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use service::config::{Loaded, Mistakes, Places, optional_duration};

use super::{LONGEST_ORIGIN, Policy, Terms};
use crate::settings::lifetime;

/// All of the file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    /// What holds where no rule says otherwise.
    pub defaults: Defaults,
    /// Rules; the first whose `match` fits counts.
    pub job: Vec<Rule>,
}

/// The life of all jobs that have none of their own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Defaults {
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<Life>,
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_duration")]
    max_ttl: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none", with = "optional_duration")]
    origin: Option<Duration>,
}

/// What holds for the jobs that an anchored regular expression matches.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    #[serde(rename = "match")]
    pattern: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<Life>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_duration")]
    max_ttl: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_duration")]
    origin: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aggregate: Option<Aggregate>,
}

/// A lifetime: a duration, or `never`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// The group stays until it is deleted.
    Never,
    /// It ends so long after its last good push.
    For(Duration),
}

impl std::str::FromStr for Life {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self::Never);
        }
        lifetime(text).map(Self::For).map_err(|message| format!("{message}; `never` is none"))
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::For(life) => humantime::format_duration(*life).fmt(f),
        }
    }
}

impl Serialize for Life {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Life {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How pushes of a job are added to what is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Aggregate {
    /// Counters.
    pub counters: Add,
    /// Histograms, bucket by bucket.
    pub histograms: Add,
    /// Sums and counts of summaries; their quantiles cannot be added, and are left out.
    pub summaries: Add,
    /// Gauges.
    pub gauges: Gauges,
    /// Labels of the grouping key that are left out, so that all that differ in them share one group.
    pub key_without: Vec<String>,
}

/// What becomes of two values of a counter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Add {
    /// Their sum.
    #[default]
    Sum,
    /// The newer one.
    Last,
}

/// What becomes of two values of a gauge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gauges {
    /// The newer one.
    #[default]
    Last,
    /// Their sum.
    Sum,
    /// The smaller one.
    Min,
    /// The larger one.
    Max,
}

/// Checks the rules together, and makes of them what is asked at each push.
pub(super) fn check(loaded: &Loaded<File>) -> Result<Policy, Mistakes> {
    let Loaded { settings, places } = loaded;
    let mut mistakes = Mistakes::default();
    let Defaults { ttl, max_ttl, origin } = settings.defaults.clone();
    let defaults = Terms { ttl, max_ttl, origin, aggregate: None };
    bounds("defaults", &defaults, places, &mut mistakes);
    let mut rules: Vec<(Regex, Terms)> = Vec::new();
    for (at, rule) in settings.job.iter().enumerate() {
        let key = format!("job[{at}]");
        let mut wrong = |name: &str, message: String| {
            let key = format!("{key}.{name}");
            mistakes.add(&places.of(&key), &key, message);
        };
        if settings.job[..at].iter().any(|before| before.pattern == rule.pattern) {
            let message =
                format!("a rule before this one matches \"{}\", so it would never count", rule.pattern);
            wrong("match", message);
        }
        for name in rule.aggregate.iter().flat_map(|aggregate| &aggregate.key_without) {
            if name == "job" || !exposition::name::is_label_name(name) {
                wrong("aggregate", format!("key_without: expected a label besides the job, got \"{name}\""));
            }
        }
        let own = Terms {
            ttl: rule.ttl,
            max_ttl: rule.max_ttl,
            origin: rule.origin,
            aggregate: rule.aggregate.clone().map(Arc::new),
        };
        match Regex::new(&format!("^(?:{})$", rule.pattern)) {
            Ok(pattern) => rules.push((pattern, own.clone().or(&defaults))),
            Err(error) => {
                let error = error.to_string();
                let why = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
                wrong("match", format!("expected a regular expression, got \"{}\": {why}", rule.pattern));
            }
        }
        bounds(&key, &own, places, &mut mistakes);
    }
    mistakes.into_result()?;
    Ok(Policy { defaults, rules })
}

/// What one table says against itself.
fn bounds(table: &str, terms: &Terms, places: &Places, mistakes: &mut Mistakes) {
    let mut wrong = |name: &str, message: String| {
        let key = format!("{table}.{name}");
        mistakes.add(&places.of(&key), &key, message);
    };
    if terms.max_ttl.is_some_and(|most| most.is_zero()) {
        wrong("max_ttl", "expected more than 0: no group would stay".to_owned());
    }
    if let (Some(Life::For(life)), Some(most)) = (terms.ttl, terms.max_ttl)
        && life > most
    {
        let (life, most) = (Life::For(life), Life::For(most));
        wrong("ttl", format!("{life} is longer than max_ttl, which is {most}"));
    }
    if terms.origin.is_some_and(|origin| origin > LONGEST_ORIGIN) {
        let most = Life::For(LONGEST_ORIGIN);
        wrong("origin", format!("expected the time of a scrape or two, at most {most}"));
    }
}

impl Terms {
    /// These, with others in their gaps.
    fn or(self, others: &Self) -> Self {
        Self {
            ttl: self.ttl.or(others.ttl),
            max_ttl: self.max_ttl.or(others.max_ttl),
            origin: self.origin.or(others.origin),
            aggregate: self.aggregate.or_else(|| others.aggregate.clone()),
        }
    }
}
