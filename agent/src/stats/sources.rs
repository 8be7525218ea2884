//! What is counted of each source: seventeen numbers of a target, mostly zeros, of which there may be thousands.
//!
//! The registry would have each as a piece of memory of its own, with its names, and copy all of them for each look.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use exposition::{Kind, PageBuilder};

/// By source.
#[derive(Debug, Default)]
pub(super) struct Sources(Mutex<BTreeMap<String, Counts>>);

/// Of one source.
#[derive(Debug, Default)]
struct Counts {
    collections: u64,
    failures: Reasons,
    dropped: Reasons,
}

/// By reason, in the order of their names.
#[derive(Debug, Default)]
struct Reasons(Vec<(&'static str, u64)>);

impl Reasons {
    fn add(&mut self, reason: &'static str, count: u64) {
        match self.0.binary_search_by_key(&reason, |(reason, _)| reason) {
            Ok(at) => self.0[at].1 += count,
            Err(at) => {
                self.0.reserve_exact(1);
                self.0.insert(at, (reason, count));
            }
        }
    }
}

impl Sources {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Counts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is counted of a source, which may be new.
    fn of(&self, source: &str, change: impl FnOnce(&mut Counts)) {
        let mut all = self.lock();
        match all.get_mut(source) {
            Some(counts) => change(counts),
            None => change(all.entry(source.to_owned()).or_default()),
        }
    }

    /// A source that may fail, or drop samples, for these reasons.
    pub(super) fn begins(&self, source: &str, failures: &[&'static str], drops: &[&'static str]) {
        self.of(source, |counts| {
            for (counted, reasons) in [(&mut counts.failures, failures), (&mut counts.dropped, drops)] {
                for reason in reasons {
                    counted.add(reason, 0);
                }
            }
        });
    }

    pub(super) fn collected(&self, source: &str, failure: Option<&'static str>) {
        self.of(source, |counts| {
            counts.collections += 1;
            if let Some(reason) = failure {
                counts.failures.add(reason, 1);
            }
        });
    }

    pub(super) fn dropped(&self, source: &str, reason: &'static str, count: u64) {
        self.of(source, |counts| counts.dropped.add(reason, count));
    }

    pub(super) fn forget(&self, source: &str) {
        self.lock().remove(source);
    }

    /// Writes all of it.
    pub(super) fn write(&self, page: &mut PageBuilder) {
        let all = self.lock();
        let help = "Times that a source could not be read, by reason.";
        by_reason(&all, page, ("pushpull_agent_collection_failures_total", help), |counts| &counts.failures);
        let name = "pushpull_agent_collections_total";
        page.family(name, "Times that a source was read.", Kind::Counter);
        for (source, counts) in &*all {
            page.sample(name, &[("source", source)], counts.collections as f64);
        }
        let help = "Samples of scraped pages that were left out, by reason.";
        by_reason(&all, page, ("pushpull_agent_dropped_samples_total", help), |counts| &counts.dropped);
    }
}

fn by_reason(
    all: &BTreeMap<String, Counts>,
    page: &mut PageBuilder,
    (name, help): (&str, &str),
    of: impl Fn(&Counts) -> &Reasons,
) {
    page.family(name, help, Kind::Counter);
    for (source, counts) in all {
        for (reason, count) in &of(counts).0 {
            page.sample(name, &[("reason", reason), ("source", source)], *count as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_happen_is_there_before_it_does_and_goes_with_its_source() {
        let sources = Sources::default();
        sources.begins("b", &["timeout", "connect"], &["future"]);
        sources.collected("b", Some("connect"));
        sources.collected("b", None);
        sources.collected("a", Some("other"));
        sources.dropped("b", "future", 7);
        let said = || {
            let mut page = PageBuilder::new();
            sources.write(&mut page);
            let page = page.finish();
            page.samples().map(|sample| sample.line().to_owned()).collect::<Vec<_>>()
        };
        let failures = "pushpull_agent_collection_failures_total";
        assert_eq!(
            said(),
            [
                &format!("{failures}{{reason=\"other\",source=\"a\"}} 1"),
                &format!("{failures}{{reason=\"connect\",source=\"b\"}} 1"),
                &format!("{failures}{{reason=\"timeout\",source=\"b\"}} 0"),
                "pushpull_agent_collections_total{source=\"a\"} 1",
                "pushpull_agent_collections_total{source=\"b\"} 2",
                "pushpull_agent_dropped_samples_total{reason=\"future\",source=\"b\"} 7",
            ]
        );
        sources.forget("b");
        sources.forget("c");
        assert_eq!(said().len(), 2);
    }
}
