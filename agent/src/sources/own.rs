//! The agent's own metrics as a source like any other.

use std::sync::Arc;
use std::time::SystemTime;

use exposition::{Form, GroupingKey, PageBuilder, Rewrite, Sheet};

use super::{Collecting, Source, up};
use crate::snapshot::Snapshot;
use crate::stats::Stats;

/// The agent itself.
#[derive(Debug)]
pub struct Own {
    key: GroupingKey,
    stats: Arc<Stats>,
    /// Of the page before: nearly all are alike.
    form: Option<Arc<Form>>,
}

impl Own {
    /// Under this key.
    pub fn new(key: GroupingKey, stats: Arc<Stats>) -> Self {
        stats.source("own", &[], &[]);
        Self { key, stats, form: None }
    }
}

impl Source for Own {
    fn name(&self) -> &'static str {
        "own"
    }

    fn collect(&mut self) -> Collecting<'_> {
        Box::pin(async {
            self.stats.collected("own", None);
            let labels: Vec<(&str, &str)> = self.key.iter().collect();
            let page = self.stats.page();
            let filled = self.form.as_ref().and_then(|form| form.read(page.text().as_bytes()));
            let sheet = filled.map_or_else(
                || {
                    let how = Rewrite { labels: &labels, ..Rewrite::default() };
                    let made = page.rewrite(&how);
                    self.form = Form::of(&page, &made, &how).map(Arc::new);
                    Sheet::from(made)
                },
                Sheet::from,
            );
            let mut report = PageBuilder::new();
            up::write(&mut report, &labels, true);
            let pages = vec![report.finish().into(), sheet];
            Snapshot { pages, ..Snapshot::new("own", self.key.clone(), SystemTime::now(), Vec::new()) }
        })
    }

    fn gone(&self) -> Option<Snapshot> {
        Some(up::gone("own", &self.key))
    }
}
