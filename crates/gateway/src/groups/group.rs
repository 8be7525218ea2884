//! One group, and what is shown of it but for its families.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use exposition::{GroupingKey, Kind, PageBuilder};

use super::held::Named;
use super::{Id, Refused};
use crate::push::group_labels;

/// One group as it is shown.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its number.
    pub id: Id,
    /// What identifies it.
    pub key: Arc<GroupingKey>,
    /// Its labels as they stand in its push times.
    labels: Box<str>,
    /// The last good push.
    pub pushed: Option<SystemTime>,
    /// The last failed one.
    pub failed: Option<SystemTime>,
    /// When it ends.
    pub expires: Option<Instant>,
    /// The same by the wall's clock, as it was when that was settled: each scrape shows the same.
    pub ends: Option<SystemTime>,
    /// Who pushed last, where that was said.
    pub(super) pusher: Option<Box<str>>,
    /// The last push that it did not take, in words.
    pub(super) refused: Option<Box<Refused>>,
    /// The names of its families, sorted.
    pub(super) families: Vec<Named>,
    /// Series held.
    pub series: usize,
    /// Bytes of text held.
    pub bytes: usize,
}

impl Group {
    /// A group without anything.
    pub(super) fn new(id: Id, key: &GroupingKey) -> Self {
        Self {
            id,
            key: Arc::new(key.clone()),
            labels: label_text(key),
            pushed: None,
            failed: None,
            expires: None,
            ends: None,
            pusher: None,
            refused: None,
            families: Vec::new(),
            series: 0,
            bytes: 0,
        }
    }

    /// Its labels as text 0.0.4 has them, `instance` always among them: `{instance="",job="a"}`.
    pub fn label_text(&self) -> &str {
        &self.labels
    }
}

/// The labels of a group's push times, `instance` always among them.
pub fn time_labels(key: &GroupingKey) -> Vec<(String, String)> {
    let mut labels = group_labels(key);
    if !labels.iter().any(|(name, _)| name == "instance") {
        labels.push(("instance".to_owned(), String::new()));
        labels.sort();
    }
    labels
}

fn label_text(key: &GroupingKey) -> Box<str> {
    let labels = time_labels(key);
    let labels: Vec<(&str, &str)> =
        labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut page = PageBuilder::new();
    page.family("x", "", Kind::Gauge);
    page.sample("x", &labels, 0.0);
    let page = page.finish();
    let line = page.samples().next().map(|sample| sample.line()).unwrap_or_default();
    line.trim_start_matches('x').trim_end_matches(" 0").into()
}
