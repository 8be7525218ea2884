//! The rules: which push is taken, what it replaces, and when a group ends.
//!
//! Families are kept by name, and under each name by group: a scrape walks them in order and
//! copies text, and a push looks only at the names and series that it brings. What it costs
//! does not depend on what else is stored.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use exposition::{GroupingKey, Kind};

use crate::families::Prepared;
use crate::push::Push;

/// A moment on both clocks: the wall's for what is shown, the steady one for lifetimes.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// For `push_time_seconds`.
    pub wall: SystemTime,
    /// For expiry: nobody sets this clock.
    pub steady: Instant,
}

/// What a push does with the families that its group already has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// All go.
    Put,
    /// Those of the same name go.
    Post,
}

/// Why a push is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// It contradicts what is stored or itself: 400.
    Inconsistent(String),
    /// One group too many: 429.
    TooManyGroups(usize),
}

type Id = u64;

/// All groups.
#[derive(Debug, Default)]
pub struct Groups {
    ids: HashMap<GroupingKey, Id>,
    held: BTreeMap<Id, Group>,
    names: BTreeMap<Arc<str>, Name>,
    series: HashMap<u64, Id>,
    deadlines: BTreeSet<(Instant, Id)>,
    own: HashMap<String, Kind>,
    last_id: Id,
    most: usize,
}

/// One group as it is shown.
#[derive(Debug, Clone)]
pub struct Group {
    /// What identifies it.
    pub key: GroupingKey,
    /// The last good push.
    pub pushed: Option<SystemTime>,
    /// The last failed one.
    pub failed: Option<SystemTime>,
    /// When it ends.
    pub expires: Option<Instant>,
    families: BTreeSet<Arc<str>>,
    /// Series held.
    pub series: usize,
    /// Bytes of text held.
    pub bytes: usize,
}

#[derive(Debug)]
struct Name {
    kind: Kind,
    holders: BTreeMap<Id, Held>,
}

#[derive(Debug)]
struct Held {
    help: String,
    lines: Bytes,
    series: Box<[u64]>,
}

/// A family over all groups, as a scrape shows it.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Its name.
    pub name: &'a str,
    /// The help text of the oldest group that has one.
    pub help: &'a str,
    /// Its type.
    pub kind: Kind,
    held: &'a BTreeMap<Id, Held>,
}

impl<'a> Shown<'a> {
    /// The sample lines of each group.
    pub fn lines(&self) -> impl Iterator<Item = &'a Bytes> {
        self.held.values().map(|held| &held.lines)
    }
}

impl Groups {
    /// No groups yet. `own` are the gateway's own families, which no push may contradict; `most` is the
    /// number of groups that may be held.
    pub fn new(own: HashMap<String, Kind>, most: usize) -> Self {
        Self { own, most, ..Self::default() }
    }

    /// Takes a push, or says why not and changes nothing.
    pub fn push(
        &mut self,
        method: Method,
        key: &GroupingKey,
        push: Push,
        life: Option<Duration>,
        now: Moment,
    ) -> Result<(), Conflict> {
        self.expire(now.steady);
        let known = self.ids.get(key).copied();
        if known.is_none() && self.held.len() >= self.most {
            return Err(Conflict::TooManyGroups(self.most));
        }
        if let Some(twin) = self.twin(key) {
            let message = format!("its push times would be those of group {twin}, whose labels are the same");
            return Err(Conflict::Inconsistent(message));
        }
        self.check(method, known, &push).map_err(Conflict::Inconsistent)?;
        let id = self.group(key);
        let replaced: Vec<Arc<str>> = match method {
            Method::Put => self.held[&id].families.iter().cloned().collect(),
            Method::Post => push.families.iter().map(|family| Arc::from(family.name.as_str())).collect(),
        };
        for name in replaced {
            self.release(id, &name);
        }
        for family in push.families {
            self.hold(id, family);
        }
        if let Some(group) = self.held.get_mut(&id) {
            group.pushed = Some(now.wall);
        }
        self.set_deadline(id, life.map(|life| now.steady + life));
        Ok(())
    }

    /// Notes a push that was refused. A group that only failures made ends after `life`.
    pub fn fail(&mut self, key: &GroupingKey, life: Duration, now: Moment) {
        self.expire(now.steady);
        if self.twin(key).is_some() || !self.ids.contains_key(key) && self.held.len() >= self.most {
            return;
        }
        let id = self.group(key);
        let Some(group) = self.held.get_mut(&id) else { return };
        group.failed = Some(now.wall);
        if group.pushed.is_none() {
            self.set_deadline(id, Some(now.steady + life));
        }
    }

    /// Ends a group; says whether there was one.
    pub fn delete(&mut self, key: &GroupingKey) -> bool {
        let Some(id) = self.ids.get(key).copied() else { return false };
        self.end(id);
        true
    }

    /// Ends all groups.
    pub fn wipe(&mut self) {
        for id in self.held.keys().copied().collect::<Vec<_>>() {
            self.end(id);
        }
    }

    /// Ends the groups whose time has come; says how many.
    pub fn expire(&mut self, now: Instant) -> usize {
        let mut ended = 0;
        while let Some((deadline, id)) =
            self.deadlines.first().copied().filter(|(deadline, _)| *deadline <= now)
        {
            self.deadlines.remove(&(deadline, id));
            self.end(id);
            ended += 1;
        }
        ended
    }

    /// When the next group ends.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// The groups in the order of their first push.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.held.values()
    }

    /// Series held in all groups.
    pub fn series(&self) -> usize {
        self.series.len()
    }

    /// The families in the order of their names.
    pub fn families(&self) -> impl Iterator<Item = Shown<'_>> {
        self.names.iter().map(|(name, held)| {
            let help = held.holders.values().map(|held| held.help.as_str()).find(|help| !help.is_empty());
            Shown { name, help: help.unwrap_or_default(), kind: held.kind, held: &held.holders }
        })
    }

    /// Whether a push agrees with all other groups, with the gateway's own metrics, and with itself.
    fn check(&self, method: Method, id: Option<Id>, push: &Push) -> Result<(), String> {
        let new: HashMap<&str, Kind> =
            push.families.iter().map(|family| (family.name.as_str(), family.kind)).collect();
        // The kind that a name has once this push is in, but for what the push itself says of it.
        let elsewhere = |name: &str| -> Option<Kind> {
            if let Some(kind) = self.own.get(name) {
                return Some(*kind);
            }
            let held = self.names.get(name)?;
            let stays =
                |holder: &Id| Some(*holder) != id || (method == Method::Post && !new.contains_key(name));
            held.holders.keys().any(stays).then_some(held.kind)
        };
        let any = |name: &str| new.get(name).copied().or_else(|| elsewhere(name));
        for family in &push.families {
            let (name, kind) = (family.name.as_str(), family.kind);
            if let Some(other) = elsewhere(name).filter(|other| *other != kind) {
                return Err(format!("metric `{name}` has type {kind}, but elsewhere it has type {other}"));
            }
            for suffix in suffixes(kind) {
                let sample = format!("{name}{suffix}");
                if any(&sample).is_some() {
                    return Err(format!("metric `{sample}` collides with the {kind} `{name}`"));
                }
            }
            for (suffix, stem) in ["_count", "_sum", "_bucket"]
                .into_iter()
                .filter_map(|suffix| Some((suffix, name.strip_suffix(suffix)?)))
            {
                if let Some(other) = any(stem).filter(|other| suffixes(*other).contains(&suffix)) {
                    return Err(format!("metric `{name}` collides with the {other} `{stem}`"));
                }
            }
            for series in &family.series {
                let Some(holder) = self.series.get(series) else { continue };
                let replaced = Some(*holder) == id && (method == Method::Put || self.holds(*holder, name));
                if !replaced {
                    let key = self.held.get(holder).map(|group| group.key.to_string()).unwrap_or_default();
                    return Err(format!("a series of `{name}` is already held by group {key}"));
                }
            }
        }
        Ok(())
    }

    /// A held group that is shown with the same labels: no instance is shown as an empty one.
    fn twin(&self, key: &GroupingKey) -> Option<GroupingKey> {
        let mut labels = key.labels().clone();
        match labels.get("instance").map(String::as_str) {
            None => labels.insert("instance".to_owned(), String::new()),
            Some("") => labels.remove("instance"),
            Some(_) => return None,
        };
        let twin = GroupingKey::new(key.job(), labels).ok()?;
        self.ids.contains_key(&twin).then_some(twin)
    }

    fn holds(&self, id: Id, name: &str) -> bool {
        self.held.get(&id).is_some_and(|group| group.families.contains(name))
    }

    fn group(&mut self, key: &GroupingKey) -> Id {
        if let Some(id) = self.ids.get(key) {
            return *id;
        }
        self.last_id += 1;
        let group = Group {
            key: key.clone(),
            pushed: None,
            failed: None,
            expires: None,
            families: BTreeSet::new(),
            series: 0,
            bytes: 0,
        };
        self.ids.insert(key.clone(), self.last_id);
        self.held.insert(self.last_id, group);
        self.last_id
    }

    fn hold(&mut self, id: Id, family: Prepared) {
        let name: Arc<str> = family.name.into();
        let held = Held { help: family.help, lines: family.lines, series: family.series };
        for series in &held.series {
            self.series.insert(*series, id);
        }
        if let Some(group) = self.held.get_mut(&id) {
            group.families.insert(Arc::clone(&name));
            group.series += held.series.len();
            group.bytes += held.lines.len();
        }
        let entry =
            self.names.entry(name).or_insert_with(|| Name { kind: family.kind, holders: BTreeMap::new() });
        // Only the sole holder of a name may change its type, so the last word is the right one.
        entry.kind = family.kind;
        entry.holders.insert(id, held);
    }

    fn release(&mut self, id: Id, name: &str) {
        let Some(group) = self.held.get_mut(&id) else { return };
        if !group.families.remove(name) {
            return;
        }
        let Entry::Occupied(mut entry) = self.names.entry(Arc::from(name)) else { return };
        if let Some(held) = entry.get_mut().holders.remove(&id) {
            group.series -= held.series.len();
            group.bytes -= held.lines.len();
            for series in &held.series {
                self.series.remove(series);
            }
        }
        if entry.get().holders.is_empty() {
            entry.remove();
        }
    }

    fn set_deadline(&mut self, id: Id, deadline: Option<Instant>) {
        let Some(group) = self.held.get_mut(&id) else { return };
        if let Some(before) = std::mem::replace(&mut group.expires, deadline) {
            self.deadlines.remove(&(before, id));
        }
        self.deadlines.extend(deadline.map(|deadline| (deadline, id)));
    }

    fn end(&mut self, id: Id) {
        let Some(group) = self.held.get(&id) else { return };
        let (key, names, deadline) = (group.key.clone(), group.families.clone(), group.expires);
        for name in names {
            self.release(id, &name);
        }
        if let Some(deadline) = deadline {
            self.deadlines.remove(&(deadline, id));
        }
        self.ids.remove(&key);
        self.held.remove(&id);
    }
}

/// Names of samples that a family of this kind has besides its own.
fn suffixes(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Histogram | Kind::GaugeHistogram => &["_bucket", "_sum", "_count"],
        Kind::Summary => &["_sum", "_count"],
        _ => &[],
    }
}
