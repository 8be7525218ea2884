//! Turns snapshots into records and spools them: on a thread of its own, which may block so that nothing else does.
//! Without a disk nothing blocks, and whoever brings a small one does it at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use exposition::remote_write::{Packer, Record};

use super::Shared;
use super::intake::{FEW, Item};
use super::state::{External, NotSent, OnShutdown, Rules, Shards, State, milliseconds};
use super::tag::Lanes;
use crate::config::{Ending, RemoteWrite};
use crate::snapshot::Snapshot;

/// Bytes of one record before compression: a quarter of the smallest spool holds it compressed.
const MOST: usize = 2 << 20;

/// What feeds one receiver's spool.
#[derive(Debug)]
pub(super) struct Feed {
    shared: Arc<Shared>,
    settings: RemoteWrite,
    state: State,
    lanes: Lanes,
    counted: NotSent,
    packer: Packer,
}

fn rules(settings: &RemoteWrite) -> Rules {
    let pairs = settings.external_labels.iter();
    Rules {
        labels: External {
            labels: pairs.map(|(name, value)| (name.clone(), value.clone())).collect(),
            write_relabel_configs: settings.write_relabel_configs.clone(),
        },
        metadata_every: Some(settings.metadata_interval),
        origin: settings.counter_origin.into(),
    }
}

/// Takes what comes until the end; blocks its thread.
pub(super) fn run(shared: &Shared, feed: &Mutex<Feed>) {
    loop {
        // It is not held while nothing comes.
        let item = shared.queue.next();
        if !lock(feed).take(item) {
            break;
        }
    }
}

/// Whoever has it: the queue gives things to one at a time.
pub(super) fn lock(feed: &Mutex<Feed>) -> MutexGuard<'_, Feed> {
    feed.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Feed {
    /// Before `since` nobody looked at any source.
    pub(super) fn new(shared: Arc<Shared>, settings: RemoteWrite, lanes: Lanes, since: SystemTime) -> Self {
        let state = State::new(rules(&settings), since);
        Self { shared, settings, state, lanes, counted: NotSent::default(), packer: Packer::default() }
    }

    /// Whether it is not only what it brings: a source that fails ends all of its series.
    pub(super) fn is_much(&self, item: &Item) -> bool {
        matches!(item, Item::Snapshot(snapshot, _) if self.state.series_of(&snapshot.key) > FEW)
    }

    /// Does one thing; false at the end.
    pub(super) fn take(&mut self, item: Item) -> bool {
        match item {
            Item::Snapshot(snapshot, ends) => self.snapshot(&snapshot, ends),
            Item::Alter(settings) => self.alter(*settings),
            Item::Shards(count) => {
                self.lanes = self.lanes.next(count);
                self.shared.lanes.send_replace(self.lanes);
            }
            Item::End => {
                self.end();
                return false;
            }
        }
        true
    }

    fn end(&mut self) {
        let mut out = self.out(SystemTime::now());
        let how = match self.settings.on_shutdown {
            Ending::Stale => OnShutdown::Stale,
            Ending::Keep => OnShutdown::Keep,
        };
        self.state.end(how, SystemTime::now(), &mut out);
        self.spool(out);
        self.shared.spool.sync(SystemTime::now());
        self.shared.fed.notify_one();
    }

    fn out(&self, at: SystemTime) -> Shards {
        Shards::new(self.lanes.count, milliseconds(at))
    }

    fn snapshot(&mut self, snapshot: &Arc<Snapshot>, ends: bool) {
        let mut out = self.out(snapshot.taken_at);
        if snapshot.last && !ends {
            self.state.gone(&snapshot.key, snapshot.taken_at, &mut out);
        } else {
            self.state.feed(snapshot, &mut out);
        }
        self.spool(out);
        let time = snapshot.taken_at.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.shared.stats.writes.spooled(&self.shared.label, time.as_secs_f64());
        let not_sent = self.state.not_sent();
        for ((reason, now), (_, before)) in not_sent.by_reason().into_iter().zip(self.counted.by_reason()) {
            if now > before {
                self.shared.stats.writes.dropped(&self.shared.label, reason, now - before);
            }
        }
        self.counted = not_sent;
    }

    fn alter(&mut self, settings: RemoteWrite) {
        let relabels = (&settings.external_labels, &settings.write_relabel_configs, settings.counter_origin);
        let before = (
            &self.settings.external_labels,
            &self.settings.write_relabel_configs,
            self.settings.counter_origin,
        );
        if relabels != before || settings.metadata_interval != self.settings.metadata_interval {
            let mut out = self.out(SystemTime::now());
            self.state.alter(rules(&settings), SystemTime::now(), &mut out);
            self.spool(out);
        }
        self.settings = settings;
    }

    fn spool(&mut self, out: Shards) {
        let (mut wakes, now_ms) = (false, milliseconds(SystemTime::now()));
        for (at, record) in out.finish() {
            for part in record.split(self.settings.max_samples_per_send, MOST) {
                self.append(self.lanes.tag(at), &part);
            }
            wakes |= self.shared.hunger(at).fed(record.sample_count(), now_ms);
        }
        if wakes || self.shared.is_urgent() {
            self.shared.changed();
        }
    }

    fn append(&mut self, tag: u16, record: &Record) {
        let appended = self.shared.spool.append_record(tag, record, &mut self.packer, SystemTime::now());
        let Err(error) = appended else { return };
        if let Some((first, second)) = record.halves() {
            self.append(tag, &first);
            self.append(tag, &second);
            return;
        }
        self.shared.stats.writes.dropped(&self.shared.label, "too_large", record.sample_count() as u64);
        tracing::warn!(about = self.shared.label, "a series is not written: {error}");
    }
}
