//! Which groups are looked at, and how long each may live without a push.

use std::time::Duration;

use exposition::GroupingKey;
use glob::Pattern;

use crate::config::ReapSettings;

/// Lifetimes and filters.
#[derive(Debug, Clone)]
pub struct Rules {
    /// By job; the first that fits holds.
    jobs: Vec<(Pattern, Duration)>,
    /// Of all others.
    others: Option<Duration>,
    job: Option<Pattern>,
    labels: Vec<(String, String)>,
}

impl Rules {
    /// `older_than` goes before all that is set; none where nobody says how long groups live.
    pub fn new(
        settings: &ReapSettings,
        older_than: Option<Duration>,
        job: Option<Pattern>,
        labels: Vec<(String, String)>,
    ) -> Option<Self> {
        let mut jobs = Vec::new();
        if older_than.is_none() {
            // Patterns that are wrong were refused when the settings were checked.
            let set = settings.jobs.iter().filter_map(|(job, life)| Some((Pattern::new(job).ok()?, life.0)));
            jobs.extend(set);
            // The longest says most.
            jobs.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.as_str().len()));
        }
        let others = older_than.or(settings.older_than);
        (others.is_some() || !jobs.is_empty()).then_some(Self { jobs, others, job, labels })
    }

    /// How long a group may live without a push; none where it is not to be touched.
    pub fn lifetime(&self, key: &GroupingKey) -> Option<Duration> {
        if self.job.as_ref().is_some_and(|job| !job.matches(key.job())) {
            return None;
        }
        let has = |(name, value): &(String, String)| key.iter().any(|label| label == (name, value));
        if !self.labels.iter().all(has) {
            return None;
        }
        let of_job = self.jobs.iter().find(|(pattern, _)| pattern.matches(key.job()));
        of_job.map(|(_, life)| *life).or(self.others)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::Lifetime;

    fn seconds(rules: &Rules, key: &str) -> Option<u64> {
        rules.lifetime(&key.parse().unwrap()).map(|life| life.as_secs())
    }

    #[test]
    fn the_longest_pattern_that_fits_a_job_says_how_long_it_lives() {
        let life = |seconds| Lifetime(Duration::from_secs(seconds));
        let jobs = [("batch-*", 10), ("batch-nightly-*", 20), ("*", 30)];
        let jobs: BTreeMap<_, _> = jobs.into_iter().map(|(job, s)| (job.to_owned(), life(s))).collect();
        let settings = ReapSettings { older_than: None, jobs };
        let rules = Rules::new(&settings, None, None, Vec::new()).unwrap();
        assert_eq!(seconds(&rules, "job/batch-a"), Some(10));
        assert_eq!(seconds(&rules, "job/batch-nightly-a/instance/i"), Some(20));
        assert_eq!(seconds(&rules, "job/api"), Some(30));
        let told = Rules::new(&settings, Some(Duration::from_secs(5)), None, Vec::new()).unwrap();
        assert_eq!(seconds(&told, "job/batch-a"), Some(5));
    }

    #[test]
    fn what_a_filter_does_not_want_is_not_touched() {
        let labels = vec![("env".to_owned(), "test".to_owned()), ("job".to_owned(), "api".to_owned())];
        let (settings, life) = (ReapSettings::default(), Some(Duration::from_secs(1)));
        let rules = Rules::new(&settings, life, Pattern::new("a?i").ok(), labels).unwrap();
        assert_eq!(seconds(&rules, "job/api/env/test"), Some(1));
        for other in ["job/api", "job/api/env/prod", "job/batch/env/test"] {
            assert_eq!(seconds(&rules, other), None, "{other}");
        }
        assert!(Rules::new(&settings, None, None, Vec::new()).is_none(), "nobody says how long");
    }
}
