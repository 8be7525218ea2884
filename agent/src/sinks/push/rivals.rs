//! Other agents that push our groups: found by the id that each leaves there, and told, without a fight.
//!
//! A restarted agent has a new id, and finds that of its predecessor once. Two that live find each other's
//! again and again. Our gateway says who pushed a group before; of a real one the page is read.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use exposition::{GroupingKey, Kind, Page, PageBuilder, Sample};

const NAME: &str = "pushpull_agent_pusher_id";
const HELP: &str =
    "Random number of the agent that pushed this group last; back and forth where two of them do.";
/// What a foreign id counts for, against one for each push without: twice in nine pushes is a conflict.
const FOUND: u8 = 8;
/// So many pushes may read the page as soon as they like, so that a second agent is found when it starts.
const SAVED: usize = 64;
/// Where there are more groups than these, they are not to wait for each other's looks.
const FEW: usize = 8;
/// Between two looks then.
const PAUSE: Duration = Duration::from_millis(250);
/// A page that is longer is not read to its end.
pub(super) const LONGEST: usize = 16 << 20;

/// Which agent pushes: another one after each start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pusher(pub(super) u64);

impl Pusher {
    /// By how much this agent's pushes are moved, where it looks before them or another is suspected.
    pub(super) fn offset(self) -> Duration {
        Duration::from_millis(self.0 % 200)
    }

    /// As the page of a group that says so.
    pub(super) fn page(self) -> Page {
        let mut page = PageBuilder::new();
        page.family(NAME, HELP, Kind::Gauge);
        page.sample(NAME, &[], self.0 as f64);
        page.finish()
    }
}

impl std::fmt::Display for Pusher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What a look changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// Another agent pushes the group, too.
    Conflict,
    /// It does so no longer.
    Over,
}

#[derive(Debug, Default)]
struct Group {
    weight: u8,
    conflict: bool,
    /// When the page was read for it last, in pushes.
    looked: u64,
}

/// What is known of the groups that were pushed.
#[derive(Debug)]
pub(super) struct Rivals {
    mine: Pusher,
    groups: BTreeMap<GroupingKey, Group>,
    /// The gateway says who pushed before.
    says: bool,
    /// Bytes that a push may read on the average.
    each: usize,
    /// Bytes that may be read now.
    saved: usize,
    /// What the page cost last.
    cost: usize,
    pushes: u64,
    /// When the page was read last.
    last: Option<Instant>,
}

impl Rivals {
    pub(super) fn new(mine: Pusher, each: usize) -> Self {
        let (groups, saved) = (BTreeMap::new(), each.saturating_mul(SAVED));
        Self { mine, groups, says: false, each, saved, cost: 0, pushes: 0, last: None }
    }

    /// Whether the gateway's page is to be read before this group is pushed.
    pub(super) fn wants_a_look(&mut self, key: &GroupingKey, now: Instant) -> bool {
        self.pushes += 1;
        self.saved = self.saved.saturating_add(self.each).min(self.each.saturating_mul(SAVED).max(LONGEST));
        let Some(group) = self.groups.get(key).filter(|_| !self.says && self.each > 0) else { return false };
        let many = self.groups.len() > FEW;
        if many && self.last.is_some_and(|last| now.duration_since(last) < PAUSE) {
            return false;
        }
        // Where not all can be looked at, it is the turn of the one that was not for the longest time.
        let oldest = self.groups.values().all(|other| other.looked >= group.looked);
        let cost = self.cost.max(1);
        let wants = self.saved >= cost && (oldest || self.saved / 8 >= cost);
        self.last = if wants { Some(now) } else { self.last };
        wants
    }

    /// Whether another agent may push this group, too.
    pub(super) fn suspects(&self, key: &GroupingKey) -> bool {
        self.groups.get(key).is_some_and(|group| group.weight > 0)
    }

    /// The page was read for this group, and says that it was pushed so.
    pub(super) fn looked(&mut self, key: &GroupingKey, bytes: usize, before: Option<f64>) -> Option<News> {
        self.cost = bytes;
        self.saved = self.saved.saturating_sub(bytes);
        let pushes = self.pushes;
        if let Some(group) = self.groups.get_mut(key) {
            group.looked = pushes;
        }
        let mine = self.mine.0 as f64;
        self.found(key, before.is_some_and(|before| before.to_bits() != mine.to_bits()))
    }

    /// The group was pushed; `before` is what our gateway says of the push before that.
    pub(super) fn pushed(&mut self, key: &GroupingKey, before: Option<&str>) -> Option<News> {
        self.says = before.is_some();
        let is_first = !self.groups.contains_key(key);
        self.groups.entry(key.clone()).or_default();
        let before = before.filter(|before| !is_first && !before.is_empty())?;
        self.found(key, before != self.mine.to_string())
    }

    fn found(&mut self, key: &GroupingKey, is_foreign: bool) -> Option<News> {
        let group = self.groups.get_mut(key)?;
        let before = group.conflict;
        if is_foreign {
            group.conflict |= group.weight > 0;
            group.weight = (group.weight + FOUND).min(2 * FOUND);
        } else {
            group.weight = group.weight.saturating_sub(1);
            group.conflict &= group.weight > 0;
        }
        (group.conflict != before).then_some(if before { News::Over } else { News::Conflict })
    }

    /// How many groups others push, too.
    pub(super) fn conflicts(&self) -> usize {
        self.groups.values().filter(|group| group.conflict).count()
    }

    /// The group is not ours any more.
    pub(super) fn forget(&mut self, key: &GroupingKey) {
        self.groups.remove(key);
    }
}

/// The id in a line of a gateway's page, if it is that of this group.
pub(super) fn in_line(line: &[u8], key: &GroupingKey) -> Option<f64> {
    let text = line.strip_prefix(NAME.as_bytes()).filter(|rest| rest.starts_with(b"{")).map(|_| line)?;
    let page = Page::parse([text, b"\n"].concat(), &exposition::Limits::default()).ok()?;
    page.samples().find(|sample| is_of(sample, key)).map(|sample| sample.value())
}

fn is_of(sample: &Sample<'_>, key: &GroupingKey) -> bool {
    let mut found: Vec<(String, String)> = sample
        .labels()
        .filter(|label| !label.value.is_empty())
        .map(|label| (label.name.to_owned(), label.value.into_owned()))
        .collect();
    let mut wanted: Vec<(String, String)> = key
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    found.sort();
    wanted.sort();
    found == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rivals() -> (Rivals, GroupingKey) {
        (Rivals::new(Pusher(1), 100), "job/j/instance/i".parse().unwrap())
    }

    #[test]
    fn a_predecessor_is_no_rival_and_neither_is_one_that_pushes_once_more() {
        let (mut rivals, key) = rivals();
        assert_eq!(rivals.pushed(&key, Some("2")), None);
        assert_eq!(rivals.pushed(&key, Some("2")), None, "its last push came after our first");
        for _ in 0..100 {
            assert_eq!(rivals.pushed(&key, Some("1")), None);
        }
        assert_eq!(rivals.pushed(&key, Some("3")), None, "our successor");
    }

    #[test]
    fn one_that_pushes_again_and_again_is_found_at_the_second_time_and_told_once() {
        let (mut rivals, key) = rivals();
        rivals.pushed(&key, Some(""));
        assert_eq!(rivals.pushed(&key, Some("2")), None);
        assert_eq!(rivals.pushed(&key, Some("2")), Some(News::Conflict));
        assert_eq!((rivals.pushed(&key, Some("3")), rivals.conflicts()), (None, 1));
        let over = (0..100).position(|_| rivals.pushed(&key, Some("1")) == Some(News::Over));
        assert_eq!((over, rivals.conflicts()), (Some(15), 0));
    }

    #[test]
    fn one_that_pushes_an_eighth_as_often_is_found_too() {
        let (mut rivals, key) = rivals();
        rivals.pushed(&key, Some(""));
        let mut befores = ["2", "1", "1", "1", "1", "1", "1", "1", "2"].into_iter();
        assert_eq!(befores.position(|before| rivals.pushed(&key, Some(before)).is_some()), Some(8));
    }

    #[test]
    fn a_page_is_read_for_what_it_costs_and_for_each_group_in_turn() {
        let (mut rivals, one) = rivals();
        let two: GroupingKey = "job/k".parse().unwrap();
        let mut now = Instant::now();
        assert!(!rivals.wants_a_look(&one, now), "it was not pushed yet");
        for key in [&one, &two] {
            rivals.pushed(key, None);
        }
        // 6,400 bytes are there at first, and 100 more with each push: a page of 1,000 is one in ten.
        let mut looks = [0, 0];
        for round in 0..1_000 {
            for (at, key) in [&one, &two].into_iter().enumerate() {
                now += PAUSE;
                if rivals.wants_a_look(key, now) {
                    assert_eq!(rivals.looked(key, 1_000, Some(1.0)), None);
                    looks[at] += u32::from(round >= 100);
                }
            }
        }
        assert!(looks.iter().all(|count| (80..=100).contains(count)), "{looks:?}");
        rivals.pushed(&one, Some("1"));
        assert!(!rivals.wants_a_look(&one, now + PAUSE), "a gateway that says it is not read");
    }

    #[test]
    fn an_id_is_read_of_its_own_group_alone() {
        let (_, key) = rivals();
        for (line, want) in [
            (
                "pushpull_agent_pusher_id{instance=\"i\",job=\"j\"} 2.81474976710655e+14",
                Some(281_474_976_710_655.0),
            ),
            ("pushpull_agent_pusher_id{instance=\"x\",job=\"j\"} 7", None),
            ("pushpull_agent_pusher_id{exported_job=\"a\",instance=\"i\",job=\"j\"} 7", None),
            ("pushpull_agent_pusher_ids{instance=\"i\",job=\"j\"} 7", None),
            ("# TYPE pushpull_agent_pusher_id gauge", None),
        ] {
            assert_eq!(in_line(line.as_bytes(), &key), want, "{line}");
        }
    }
}
