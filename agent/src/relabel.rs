//! Prometheus' `metric_relabel_configs`: rules that change, keep or drop series by their labels.
//!
//! Semantics are those of Prometheus' `model/relabel`; a test compares them with the real one's.

mod pattern;
mod rule;

use std::collections::BTreeMap;

use crate::config::RelabelConfig;
use rule::Rule;
pub(crate) use rule::Wrong;

/// The metric name, as a label.
pub(crate) const NAME: &str = "__name__";

/// The labels of one series, the metric name among them; no value is empty.
pub(crate) type LabelSet = BTreeMap<String, String>;

/// All rules of one target, in their order.
#[derive(Debug)]
pub(crate) struct Rules(Vec<Rule>);

/// A name or value grew beyond its limit on the way through the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong {
    pub(crate) bytes: usize,
}

impl Rules {
    /// Makes them, or says what is wrong with which.
    pub(crate) fn new(configs: &[RelabelConfig]) -> Result<Self, Vec<(usize, Wrong)>> {
        let (mut rules, mut mistakes) = (Vec::new(), Vec::new());
        for (at, config) in configs.iter().enumerate() {
            match Rule::new(config) {
                Ok(rule) => rules.push(rule),
                Err(wrong) => mistakes.push((at, wrong)),
            }
        }
        if mistakes.is_empty() { Ok(Self(rules)) } else { Err(mistakes) }
    }

    /// Whether a series with these labels stays; its labels are then changed as the rules say.
    ///
    /// Values are checked against `longest` bytes rule by rule: each may multiply them.
    pub(crate) fn apply(&self, labels: &mut LabelSet, longest: usize) -> Result<bool, TooLong> {
        for rule in &self.0 {
            if !rule.apply(labels) {
                return Ok(false);
            }
            let long = labels.iter().flat_map(|(name, value)| [name.len(), value.len()]).max().unwrap_or(0);
            if long > longest {
                return Err(TooLong { bytes: long });
            }
        }
        Ok(!labels.is_empty())
    }
}
