//! The labels that a series is sent with: its own, those of the settings, and what rules make of both.

use std::borrow::Cow;

use exposition::Sample;
use exposition::remote_write::{LabelsError, SeriesLabels};

use crate::config::RelabelConfig;
use crate::relabel::{LabelSet, NAME, Rules};

/// Bytes that a name or value may have after `write_relabel_configs`.
const LONGEST: usize = 64 << 10;

/// What the settings say of labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct External {
    /// Labels that every series gets which has none of that name.
    pub labels: Vec<(String, String)>,
    /// What is done to a series after that, whole.
    pub write_relabel_configs: Vec<RelabelConfig>,
}

/// Puts labels on.
#[derive(Debug)]
pub(super) struct Labeller {
    external: External,
    rules: Option<Rules>,
}

impl Labeller {
    pub(super) fn new(external: External) -> Self {
        let configs = &external.write_relabel_configs;
        // Rules that cannot be made are refused at the start.
        let rules = Rules::new(configs).ok().filter(|_| !configs.is_empty());
        Self { external, rules }
    }

    /// Whether it was made of these settings.
    pub(super) fn is_of(&self, external: &External) -> bool {
        self.external == *external
    }

    /// The labels of a sample, or nothing where the rules drop it. Labels that begin with `__` are of
    /// Prometheus' own and stay here (specification 2.0, "Labels").
    pub(super) fn labels(&self, sample: &Sample<'_>) -> Result<Option<SeriesLabels>, LabelsError> {
        let own = sample.labels().filter(|label| !label.value.is_empty() && label.name != NAME);
        let own: Vec<(&str, Cow<'_, str>)> = own.map(|label| (label.name, label.value)).collect();
        let external = self.external.labels.iter().filter(|(name, _)| own.iter().all(|(own, _)| own != name));
        let external = external.map(|(name, value)| (name.as_str(), value.as_str()));
        let own = own.iter().map(|(name, value)| (*name, value.as_ref()));
        let all = own.chain(external).chain([(NAME, sample.name())]);
        let Some(rules) = &self.rules else { return SeriesLabels::new(all.filter(is_public)).map(Some) };
        let mut set: LabelSet = all
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        match rules.apply(&mut set, LONGEST) {
            Ok(true) => {
                let all = set.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                SeriesLabels::new(all.filter(is_public)).map(Some)
            }
            Ok(false) => Ok(None),
            Err(long) => Err(LabelsError::TooLong { found: long.bytes, limit: LONGEST }),
        }
    }
}

fn is_public((name, _): &(&str, &str)) -> bool {
    !name.starts_with("__") || *name == NAME
}
