//! A page after the target's `metric_relabel_configs`. What becomes of a series is decided once, and
//! looked up as long as it stays on the page.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use exposition::name::{is_label_name, is_metric_name};
use exposition::{Fate, Limits, Page, Sample, Series};

use crate::config::Target;
use crate::relabel::{LabelSet, NAME, Rules, TooLong};
use crate::series::shown;

/// So many times the allowed samples may stand on a page before its rules: what they drop counts, too,
/// since it is read all the same.
const BEFORE: usize = 10;

/// The rules of one target, with what they said of each series of the last page.
#[derive(Debug)]
pub(super) struct Relabel {
    rules: Rules,
    limits: Limits,
    hasher: RandomState,
    decided: HashMap<u64, Fate>,
}

/// Why the whole page fails: a reason, and words for people.
pub(super) type Refused = (&'static str, String);

impl Relabel {
    /// None where there are no rules, so that nothing is paid for them.
    pub(super) fn of(target: &Target) -> Option<Self> {
        let configs = &target.metric_relabel_configs;
        // Rules that cannot be made are refused at the start.
        let rules = Rules::new(configs).ok().filter(|_| !configs.is_empty())?;
        let (limits, hasher) = (target.limits.page(), RandomState::new());
        Some(Self { rules, limits, hasher, decided: HashMap::new() })
    }

    /// The limits of a page that this target may answer with.
    pub(super) fn before(target: &Target) -> Limits {
        let limits = target.limits.page();
        let times = if target.metric_relabel_configs.is_empty() { 1 } else { BEFORE };
        Limits { samples: limits.samples.saturating_mul(times), ..limits }
    }

    /// The page, which has the target's labels on it, as the rules leave it.
    pub(super) fn page(&mut self, page: &Page) -> Result<Page, Refused> {
        let mut decided = HashMap::with_capacity(page.sample_count());
        let mut fates = Vec::with_capacity(page.sample_count());
        let mut left = 0;
        for sample in page.samples() {
            let id = self.hasher.hash_one(sample.series_text());
            let fate = match self.decided.remove(&id).or_else(|| decided.get(&id).cloned()) {
                Some(fate) => fate,
                None => self.decide(&sample)?,
            };
            decided.insert(id, fate.clone());
            left += usize::from(fate != Fate::Goes);
            fates.push(fate);
        }
        self.decided = decided;
        if left > self.limits.samples {
            let most = self.limits.samples;
            let message =
                format!("samples of {left} after metric_relabel_configs is over the limit of {most}");
            return Err(("page_limit", message));
        }
        let most = self.limits.body.saturating_mul(4);
        page.changed(&fates, most)
            .map_err(|error| ("page_limit", format!("after metric_relabel_configs: {error}")))
    }

    fn decide(&self, sample: &Sample<'_>) -> Result<Fate, Refused> {
        let own = sample.labels().filter(|label| !label.value.is_empty());
        let mut before: LabelSet =
            own.map(|label| (label.name.to_owned(), label.value.into_owned())).collect();
        before.insert(NAME.to_owned(), sample.name().to_owned());
        let mut labels = before.clone();
        let longest = self.limits.label_value.max(self.limits.name);
        match self.rules.apply(&mut labels, longest) {
            Ok(true) if labels == before => return Ok(Fate::Stays),
            Ok(true) => {}
            Ok(false) => return Ok(Fate::Goes),
            Err(TooLong { bytes }) => {
                let series = shown(sample);
                let message = format!(
                    "a label of {series} has {bytes} bytes after metric_relabel_configs, limit {longest}"
                );
                return Err(("page_limit", message));
            }
        }
        // Prometheus fails the whole scrape then, too.
        let Some(name) = labels.remove(NAME) else {
            return Err((
                "relabel",
                format!("metric_relabel_configs leave no metric name to {}", shown(sample)),
            ));
        };
        let wrong = labels.keys().find(|name| !is_label_name(name));
        if let Some(wrong) = wrong.or(Some(&name).filter(|name| !is_metric_name(name))) {
            let message =
                format!("metric_relabel_configs give {} the invalid name \"{wrong}\"", shown(sample));
            return Err(("relabel", message));
        }
        Ok(Fate::Becomes(Arc::new(Series { name, labels: labels.into_iter().collect() })))
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Action, RelabelConfig};

    use super::*;

    fn relabel(regex: &str) -> Relabel {
        let drop = RelabelConfig {
            source_labels: vec![NAME.to_owned()],
            regex: Some(regex.to_owned()),
            action: Action::Drop,
            ..RelabelConfig::default()
        };
        Relabel::of(&Target { metric_relabel_configs: vec![drop], ..Target::at("http://a") }).unwrap()
    }

    fn page(text: &str) -> Page {
        Page::parse(text.to_owned(), &Limits::NONE).unwrap()
    }

    #[test]
    fn what_is_remembered_is_no_more_than_what_stands_on_the_page() {
        let mut relabel = relabel("b");
        for number in 0..10 {
            let kept = relabel.page(&page(&format!("a{{n=\"{number}\"}} 1\nb 2\n"))).unwrap();
            assert_eq!(kept.text().lines().last(), Some(format!("a{{n=\"{number}\"}} 1").as_str()));
            assert_eq!(relabel.decided.len(), 2);
        }
    }

    #[test]
    fn what_the_rules_drop_does_not_count() {
        let mut relabel = relabel("b");
        relabel.limits.samples = 1;
        assert!(relabel.page(&page("a 1\nb 2\n")).is_ok());
        let (reason, message) = relabel.page(&page("a 1\nc 2\n")).unwrap_err();
        assert_eq!(reason, "page_limit");
        assert_eq!(message, "samples of 2 after metric_relabel_configs is over the limit of 1");
    }
}
