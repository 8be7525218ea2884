//! Rules for the series of a scraped page, under Prometheus' own names.

use serde::{Deserialize, Serialize};

/// One of Prometheus' `metric_relabel_configs`; what is not set has Prometheus' default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RelabelConfig {
    /// Labels whose values, joined, are what is looked at; `__name__` is the metric name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub source_labels: Vec<String>,
    /// What joins them; `;`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<String>,
    /// What the whole of it must match; `(.*)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// For `hashmod`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modulus: Option<u64>,
    /// Where the result goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_label: Option<String>,
    /// The result, with the groups of the regex; `$1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// What is done.
    pub action: Action,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Sets the target label where the regex matches; an empty result removes it.
    #[default]
    Replace,
    /// Only series that match stay.
    Keep,
    /// Series that match go.
    Drop,
    /// Only series whose target label is the same stay.
    KeepEqual,
    /// Series whose target label is the same go.
    DropEqual,
    /// Sets the target label to a hash, modulo the modulus.
    HashMod,
    /// Copies labels whose names match to the names that the replacement gives.
    LabelMap,
    /// Takes labels off whose names match.
    LabelDrop,
    /// Takes labels off whose names do not match.
    LabelKeep,
    /// Sets the target label to the lower case.
    Lowercase,
    /// Sets the target label to the upper case.
    Uppercase,
}
