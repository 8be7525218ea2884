//! The agent's own metrics as a source like any other.

use std::sync::Arc;
use std::time::SystemTime;

use exposition::{GroupingKey, PageBuilder, Rewrite, registry};

use super::{Collecting, Source, up};
use crate::snapshot::Snapshot;
use crate::stats::Stats;

/// The agent itself.
#[derive(Debug)]
pub struct Own {
    key: GroupingKey,
    stats: Arc<Stats>,
}

impl Own {
    /// Under this key.
    pub fn new(key: GroupingKey, stats: Arc<Stats>) -> Self {
        stats.source("own", &[], &[]);
        Self { key, stats }
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
            let page = registry::page(&self.stats.registry);
            let page = page.rewrite(&Rewrite { labels: &labels, ..Rewrite::default() });
            let mut report = PageBuilder::new();
            up::write(&mut report, &labels, true);
            Snapshot::new("own", self.key.clone(), SystemTime::now(), vec![report.finish(), page])
        })
    }

    fn gone(&self) -> Option<Snapshot> {
        Some(up::gone("own", &self.key))
    }
}
