//! What is to become of a push, by its job: how long its group lives, whether its counters begin at
//! zero, and whether it is added to what is stored.

mod asked;
mod file;
mod reload;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use exposition::{GroupingKey, KeyError};
use http::HeaderMap;
use regex::Regex;
use service::config::{Layers, Mistakes, Place};

pub use asked::{Asked, ONCE, ORIGIN, TTL, once};
pub use file::{Add, Aggregate, File, Gauges, Life};
pub use reload::{Policies, at_hangup};

/// No origin is longer: it is the time of a few scrapes, and all that time nobody sees a value.
pub const LONGEST_ORIGIN: Duration = Duration::from_hours(1);

/// What the settings say of one job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The life of its groups where a push names none.
    pub ttl: Option<Life>,
    /// No group lives longer, whatever a push names.
    pub max_ttl: Option<Duration>,
    /// How long its new counters read 0 where a push does not say.
    pub origin: Option<Duration>,
    /// How its pushes are added up, if they are.
    pub aggregate: Option<Arc<Aggregate>>,
}

impl Terms {
    /// The life of the group: what the push asks for, then what the settings say, at most `max_ttl`.
    pub fn life(&self, asked: &Asked) -> Option<Duration> {
        match asked.ttl.or(self.ttl).unwrap_or(Life::Never) {
            Life::Never => self.max_ttl,
            Life::For(life) => Some(self.max_ttl.map_or(life, |most| life.min(most))),
        }
    }

    /// How a push is taken. An error says what is wrong with the name of one that is to be added.
    pub fn manner(&self, asked: &Asked, headers: &HeaderMap) -> Result<Manner, String> {
        let aggregate = self.aggregate.clone();
        // Where nothing is added up the header means nothing, as to the real one.
        let once = if aggregate.is_some() { once(headers)? } else { None };
        Ok(Manner { life: self.life(asked), origin: self.origin(asked), aggregate, once })
    }

    /// The group of a key: where pushes are added up, without the labels in which they differ.
    pub fn key(&self, key: GroupingKey) -> Result<GroupingKey, KeyError> {
        let without = self.aggregate.as_ref().map_or(&[][..], |how| &how.key_without);
        if !key.labels().keys().any(|name| without.contains(name)) {
            return Ok(key);
        }
        let labels = key.labels().iter().filter(|(name, _)| !without.contains(name));
        GroupingKey::new(key.job(), labels.map(|(name, value)| (name.clone(), value.clone())))
    }

    /// How long new counters of the group read 0.
    pub fn origin(&self, asked: &Asked) -> Option<Duration> {
        asked.origin.or(self.origin).filter(|origin| !origin.is_zero())
    }
}

/// How one push is taken.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// The life of its group from now on; none is for ever.
    pub life: Option<Duration>,
    /// How long its new counters read 0.
    pub origin: Option<Duration>,
    /// How it is added to what is stored, where it is.
    pub aggregate: Option<Arc<Aggregate>>,
    /// What it was named by, so that it is added only once.
    pub once: Option<u64>,
}

/// A pipe that nobody writes to would be waited for for ever.
fn is_regular(path: &Path) -> Result<(), Mistakes> {
    let mut mistakes = Mistakes::default();
    // One that is not there is told when it is read.
    if std::fs::metadata(path).is_ok_and(|about| !about.is_file()) {
        let place = Place::File { name: path.display().to_string(), line: 0, column: 0 };
        mistakes.add(&place, "", "expected a file, got a folder, a pipe or a device");
    }
    mistakes.into_result()
}

/// The terms of all jobs.
#[derive(Debug, Default)]
pub struct Policy {
    defaults: Terms,
    /// In the order of the file: the first that matches counts.
    rules: Vec<(Regex, Terms)>,
}

impl Policy {
    /// Reads the settings file, if there is one, beneath the flag for the default life.
    pub fn load(file: Option<&Path>, default_ttl: Option<Life>) -> Result<Self, Mistakes> {
        if let Some(path) = file {
            is_regular(path)?;
        }
        let layers = Layers { file: file.map(Path::to_owned), ..Layers::default() };
        let layers = layers.flag("--ttl.default", "defaults.ttl", default_ttl);
        service::config::load_checked::<File, Self>(&layers, file::check).map(|(_, policy)| policy)
    }

    /// What holds for a job.
    pub fn terms(&self, job: &str) -> &Terms {
        let rule = self.rules.iter().find(|(pattern, _)| pattern.is_match(job));
        rule.map_or(&self.defaults, |(_, terms)| terms)
    }

    /// How many rules there are.
    pub fn rules(&self) -> usize {
        self.rules.len()
    }
}
