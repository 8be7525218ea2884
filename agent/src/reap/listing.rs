//! The groups of a gateway, with the time of the last push of each, by the gateway's own clock.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use exposition::{GroupingKey, Limits, Page};

use super::Rules;
use crate::sinks::push::gateway::Gateway;

/// What a gateway writes of each group. A push that failed is a sign of life, too.
const TIMES: [&str; 2] = ["push_time_seconds", "push_failure_time_seconds"];
/// More than any gateway answers in time.
const LONGEST: usize = 4 << 30;
const MOST: usize = 1_000_000;

#[derive(Debug)]
pub(super) struct Listing {
    /// When it was read.
    pub(super) read_at: Instant,
    /// What the gateway's clock said then.
    now: Duration,
    /// The last push, since 1970.
    groups: BTreeMap<GroupingKey, Duration>,
}

/// Reads the gateway's page, of which nothing else is kept.
pub(super) async fn read(gateway: &mut Gateway) -> Result<Listing, String> {
    // What is pushed while the page is being read is younger than it looks.
    let read_at = Instant::now();
    let mut groups = BTreeMap::new();
    let mut too_many = false;
    let page = gateway.lines(LONGEST, |line| {
        let Some((key, pushed)) = group(line) else { return };
        too_many |= groups.len() >= MOST;
        if !too_many {
            let last = groups.entry(key).or_insert(pushed);
            *last = pushed.max(*last);
        }
    });
    let page = page.await.map_err(|failure| failure.message)?;
    if too_many {
        return Err(format!("more than {MOST} groups"));
    }
    let now = page.date.unwrap_or_else(SystemTime::now);
    Ok(Listing { read_at, now: now.duration_since(UNIX_EPOCH).unwrap_or_default(), groups })
}

fn group(line: &[u8]) -> Option<(GroupingKey, Duration)> {
    let begins = |name: &&str| line.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"{"));
    TIMES.iter().find(|name| begins(name))?;
    let page = Page::parse([line, b"\n"].concat(), &Limits::NONE).ok()?;
    let sample = page.samples().next()?;
    let job = sample.label("job")?.into_owned();
    // `instance=""` is on each group without one: Prometheus would put the gateway's own address there.
    let labels = sample
        .labels()
        .filter(|label| label.name != "job" && !(label.name == "instance" && label.value.is_empty()))
        .map(|label| (label.name.to_owned(), label.value.into_owned()));
    let key = GroupingKey::new(job, labels.collect::<BTreeMap<_, _>>()).ok()?;
    Some((key, Duration::try_from_secs_f64(sample.value()).ok()?))
}

/// The groups that look like this one: a page does not tell an empty instance from none.
pub(super) fn spellings(key: &GroupingKey) -> Vec<GroupingKey> {
    let mut spellings = vec![key.clone()];
    if !key.labels().contains_key("instance") {
        let mut labels = key.labels().clone();
        labels.insert("instance".to_owned(), String::new());
        spellings.extend(GroupingKey::new(key.job(), labels).ok());
    }
    spellings
}

impl Listing {
    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// How long ago a group was pushed last, when this was read.
    pub(super) fn age(&self, key: &GroupingKey) -> Option<Duration> {
        self.groups.get(key).map(|pushed| self.now.saturating_sub(*pushed))
    }

    pub(super) fn is_old(&self, key: &GroupingKey, rules: &Rules) -> bool {
        let life = rules.lifetime(key);
        life.is_some_and(|life| self.age(key).is_some_and(|age| age > life))
    }

    /// Those that are older than their lifetime.
    pub(super) fn old(&self, rules: &Rules) -> Vec<GroupingKey> {
        self.groups.keys().filter(|key| self.is_old(key, rules)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_groups_are_read_and_no_others() {
        let key = |text: &str| text.parse::<GroupingKey>().unwrap();
        let time = Duration::from_secs_f64(1.764_000_000_5e9);
        for (line, want) in [
            (
                "push_time_seconds{instance=\"\",job=\"a/b\"} 1.7640000005e+09",
                Some((key("job@base64/YS9i"), time)),
            ),
            (
                "push_failure_time_seconds{a=\"\\\"\",instance=\"i\",job=\"j\"} 1.7640000005e+09",
                Some((key("job/j/a/%22/instance/i"), time)),
            ),
            ("push_time_seconds{instance=\"\",job=\"j\"} 0", Some((key("job/j"), Duration::ZERO))),
            ("push_time_seconds_total{job=\"j\"} 1", None),
            ("push_time_seconds{instance=\"x\"} 1", None),
            ("push_time_seconds{job=\"j\"} NaN", None),
            ("push_time_seconds{job=\"j\"", None),
            ("# TYPE push_time_seconds gauge", None),
        ] {
            assert_eq!(group(line.as_bytes()), want, "{line}");
        }
    }

    #[test]
    fn a_group_without_instance_may_have_an_empty_one() {
        let spelt =
            |key: &str| spellings(&key.parse().unwrap()).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(spelt("job/j"), ["job/j", "job/j/instance@base64/="]);
        assert_eq!(spelt("job/j/instance/i"), ["job/j/instance/i"]);
    }
}
