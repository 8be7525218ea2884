//! What waits for a receiver, kept over outages and restarts within bounds: a queue of records in files.
//!
//! One spool is one endpoint's. A record is the samples of one shard, as bytes that mean nothing here; it gets
//! a sequence when it is appended, is read any number of times, and is kept until it is acknowledged or
//! dropped. Shards are read apart, and may be acknowledged in any order between them.
//!
//! - Appended means kept: [`Spool::append`] returns when the kernel has the record, so a process that is
//!   killed right after has lost nothing. [`SyncPolicy`] is about power cuts.
//! - A record comes again after a restart only if it was not acknowledged, and then with the same bytes.
//! - What has no room or is too old goes, the oldest first, and is counted with a reason.
//! - A disk that refuses to be written to does not stop anything: records stay in memory, within bounds, and
//!   go to the disk when it takes them. Without a directory all of it is in memory.
//!
//! Calls block on the disk, mostly for microseconds: call them where blocking is allowed, not on a task.
//! Reading takes memory for one record, however much waits.
//!
//! ```no_run
//! use std::time::SystemTime;
//! use agent::spool::{Spool, SpoolSettings};
//!
//! let settings = SpoolSettings { dir: Some("/var/lib/pushpull/spool".into()), ..SpoolSettings::default() };
//! let spool = Spool::open(settings)?;
//! spool.append(3, 500, b"a record of 500 samples of shard 3", SystemTime::now())?;
//! let mut reader = spool.reader();
//! while let Some(entry) = spool.read(&mut reader, |shard| shard % 2 == 1) {
//!     // … deliver entry.payload …
//!     spool.ack(entry.receipt());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod acked;
mod attempt;
mod cursor;
mod disk;
mod frame;
mod hot;
mod lock;
mod memory;
mod mend;
mod open;
mod reader;
mod segment;
mod settings;
mod stats;
mod store;

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use exposition::remote_write::{Packer, Record};
use thiserror::Error;

pub use attempt::attempt;
pub use memory::Payload;
pub use reader::Reader;
pub use settings::{MIN_BYTES, SpoolSettings, SyncPolicy};
pub use stats::{Amount, DropReason, SpoolStats};

use acked::Acked;
use hot::Hot;
use memory::Memory;
use store::Store;

/// Why a spool cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another has it.
    #[error(
        "spool {dir} is in use by another agent: give each endpoint of each agent a directory of its own"
    )]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// The directory cannot be made or read.
    #[error("spool {dir} cannot be opened: {error}")]
    Dir {
        /// The directory.
        dir: PathBuf,
        /// What the file system said.
        error: io::Error,
    },
    /// Nothing would fill it.
    #[error("no thread for a spool: {0}")]
    Thread(io::Error),
    /// It would be too small to be of use.
    #[error("a spool of {0} bytes is too small: at least {MIN_BYTES} are needed on disk")]
    TooSmall(u64),
}

/// A record is too large for its spool: split it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a record of {found} bytes is over the {limit} that a spool of this size takes")]
pub struct TooLarge {
    /// Bytes of the record.
    pub found: u64,
    /// Bytes that it may have: a quarter of the spool.
    pub limit: u64,
}

/// A record that waits.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its place in the order of all records.
    pub seq: u64,
    /// Which shard it is of.
    pub shard: u16,
    /// How many samples it has, as it was said.
    pub samples: u32,
    /// When it was appended, in milliseconds since 1970.
    pub time_ms: i64,
    /// The record.
    pub payload: Payload,
}

/// What is needed to say that a record was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    seq: u64,
    samples: u32,
}

impl Entry {
    /// The receipt to be given back when the record is delivered, or refused for good.
    pub fn receipt(&self) -> Receipt {
        Receipt { seq: self.seq, samples: self.samples }
    }
}

/// A spool. Shared by those who append and those who read.
#[derive(Debug)]
pub struct Spool {
    store: Mutex<Store>,
    record_bytes: u64,
    /// Bytes of records that are not packed; none where there is a directory.
    loose_bytes: u64,
    always: bool,
}

impl Spool {
    /// Opens a spool with what is left in its directory from before.
    pub fn open(settings: SpoolSettings) -> Result<Self, OpenError> {
        let mut store = Store {
            disk: None,
            memory: Memory::default(),
            hot: Hot::default(),
            acked: Acked::starting_at(1),
            next: 1,
            pending_samples: 0,
            stats: SpoolStats::default(),
            oldest: Reader::new(0, u64::MAX),
            retry_ms: i64::MIN,
            no_room: false,
            synced_ms: i64::MIN,
            unsynced: false,
            unkept: false,
            settings,
        };
        if let Some(dir) = store.settings.dir.clone() {
            if store.settings.max_bytes < MIN_BYTES {
                return Err(OpenError::TooSmall(store.settings.max_bytes));
            }
            let opened = open::open(&dir, &store.settings)?;
            store.disk = Some(opened.disk);
            (store.acked, store.next) = (opened.acked, opened.next);
            (store.stats.torn_tails, store.stats.broken_segments) = (opened.torn, opened.broken);
            if let Some(error) = opened.trouble {
                store.told(&error);
            }
            let mut lost = Amount::default();
            lost.add(opened.lost, 0);
            store.broke(lost);
            store.pending_samples = store.count_pending();
            store.keep();
        }
        let record_bytes = store.settings.record_bytes();
        let always = store.settings.sync == SyncPolicy::Always;
        let loose_bytes = if store.disk.is_some() { 0 } else { store.settings.loose_bytes() };
        Ok(Self { store: Mutex::new(store), record_bytes, loose_bytes, always })
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // What panicked was somebody else; each change is whole before the lock is given back.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a record of so many samples of one shard; its sequence. A disk that refuses it is no error: it
    /// is kept in memory then, and [`SpoolStats::trouble`] tells.
    pub fn append(&self, shard: u16, samples: u32, payload: &[u8], now: SystemTime) -> Result<u64, TooLarge> {
        self.append_bytes((shard, samples), payload, None, now)
    }

    fn append_bytes(
        &self,
        (shard, samples): (u16, u32),
        payload: &[u8],
        record: Option<&Record>,
        now: SystemTime,
    ) -> Result<u64, TooLarge> {
        let (found, limit) = (payload.len() as u64, self.record_bytes);
        if found > limit {
            return Err(TooLarge { found, limit });
        }
        let now = milliseconds(now);
        let seq = self.store().append((shard, samples), payload, record, now);
        self.sync_if_due(now, self.always);
        Ok(seq)
    }

    /// The same of a record, which is read as it is while it is among the newest. Without a directory it is packed once
    /// others follow, with one at once.
    pub fn append_record(
        &self,
        shard: u16,
        record: &Record,
        packer: &mut Packer,
        now: SystemTime,
    ) -> Result<u64, TooLarge> {
        let samples = u32::try_from(record.sample_count()).unwrap_or(u32::MAX);
        if self.loose_bytes < record.memory() as u64 {
            return self.append_bytes((shard, samples), packer.pack(record), Some(record), now);
        }
        let (now, loose) = (milliseconds(now), self.loose_bytes);
        Ok(self.store().append_loose((shard, samples), record.clone(), loose, now))
    }

    /// A reader that begins at the oldest record that waits.
    pub fn reader(&self) -> Reader {
        Reader::new(0, u64::MAX)
    }

    /// The sequence of the next record.
    pub(crate) fn next_seq(&self) -> u64 {
        self.store().next
    }

    /// Two readers for an outage's end: one over what waits now, one over what is appended from now on.
    pub fn readers_apart(&self) -> (Reader, Reader) {
        let next = self.store().next;
        (Reader::new(0, next), Reader::new(next, u64::MAX))
    }

    /// The next record of a wanted shard that is not acknowledged; `None` where there is none at the moment.
    /// It stays until it is acknowledged, and a new reader gets it again.
    pub fn read(&self, reader: &mut Reader, wanted: impl Fn(u16) -> bool) -> Option<Entry> {
        let (head, payload) = self.store().read(reader, wanted)?;
        let (seq, shard, samples, time_ms) = (head.seq, head.shard, head.samples, head.time_ms);
        Some(Entry { seq, shard, samples, time_ms, payload })
    }

    /// How many records wait, those that were read among them.
    pub(crate) fn waiting(&self) -> u64 {
        let store = self.store();
        store.acked.pending(store.next)
    }

    /// Whether readers wait until the oldest record is done with.
    pub(crate) fn is_ragged(&self) -> bool {
        self.store().acked.is_ragged()
    }

    /// Whether all that waits is in memory and not packed: reading it takes no time.
    pub(crate) fn is_loose(&self) -> bool {
        let store = self.store();
        store.disk.is_none() && store.memory.is_loose()
    }

    /// Says that a record was delivered, or refused for good. It does not come again, not even if the process
    /// is killed right after.
    pub fn ack(&self, receipt: Receipt) {
        self.store().ack(receipt.seq, receipt.samples);
    }

    /// To be called every second or so: drops what is too old, tries again a disk that refused, and forces
    /// onto the disk what is due.
    pub fn tend(&self, now: SystemTime) {
        let now = milliseconds(now);
        {
            let mut store = self.store();
            store.expire(now);
            store.mend(now);
            store.flush(now);
        }
        self.sync_if_due(now, false);
    }

    /// Forces everything onto the disk now: before a process ends.
    pub fn sync(&self, now: SystemTime) {
        let now = milliseconds(now);
        self.store().flush(now);
        self.sync_if_due(now, true);
        if let Some(Err(error)) =
            self.store().disk.as_ref().and_then(|disk| Some(disk.cursor.as_ref()?.sync()))
        {
            self.store().told(&error);
        }
    }

    /// Waits for the disk without keeping others from reading and appending.
    fn sync_if_due(&self, now_ms: i64, at_once: bool) {
        let due = self.store().due(now_ms, at_once);
        if let Some(Err(error)) = due.map(|file| file.sync_data()) {
            self.store().told(&error);
        }
    }

    /// What it says of itself.
    pub fn stats(&self) -> SpoolStats {
        self.store().stats()
    }
}

/// Milliseconds since 1970.
fn milliseconds(time: SystemTime) -> i64 {
    let of = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    time.duration_since(UNIX_EPOCH).map_or_else(|before| -of(before.duration()), of)
}
