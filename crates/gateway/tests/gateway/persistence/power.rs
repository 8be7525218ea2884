//! A loss of power at every moment: what no fsync confirmed may be gone, in part or whole, or be garbage.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use exposition::{GroupingKey, Limits};
use gateway::groups::{Groups, Method, Moment};
use gateway::persistence::disk::{Disk, Writing};
use gateway::persistence::{self, Counters, Fsync, Opened, Options};
use gateway::push::prepare;
use gateway::store::Store;
use prometheus::Registry;

/// What was done to the disk, in order; the test's own marks are among it.
#[derive(Debug, Clone)]
enum Done {
    Create(PathBuf, usize),
    Append(usize, Vec<u8>),
    Sync(usize),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Remove(PathBuf),
    SyncNames,
    /// A change was acknowledged after which the groups are these.
    Acknowledged(Shown),
    /// One was begun that leads to these.
    Begun(Shown),
}

type Shown = BTreeMap<String, String>;

/// Remembers everything, so that the disk at any moment can be made again.
#[derive(Debug, Clone, Default)]
struct Remembering(Arc<Mutex<Vec<Done>>>);

impl Remembering {
    fn done(&self, done: Done) {
        self.0.lock().unwrap().push(done);
    }

    fn now(&self) -> Image {
        let done = self.0.lock().unwrap();
        Image::after(&done, &Cut { names: usize::MAX, bytes: usize::MAX, garbage: &[] })
    }
}

#[derive(Debug)]
struct Handle(Remembering, usize);

impl Writing for Handle {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.done(Done::Append(self.1, bytes.to_vec()));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.done(Done::Sync(self.1));
        Ok(())
    }
}

impl Disk for Remembering {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        self.now().read(path)
    }

    fn beside(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        self.now().beside(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Writing>> {
        if self.now().names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let mut done = self.0.lock().unwrap();
        let number = done.len();
        done.push(Done::Create(path.to_owned(), number));
        drop(done);
        Ok(Box::new(Handle(self.clone(), number)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.done(Done::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn second_name(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.done(Done::Link(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.done(Done::Remove(path.to_owned()));
        Ok(())
    }

    fn sync_names(&self, _: &Path) -> io::Result<()> {
        self.done(Done::SyncNames);
        Ok(())
    }

    fn lock(&self, _: &Path) -> io::Result<Box<dyn Any + Send>> {
        Ok(Box::new(()))
    }
}

/// What of the unconfirmed survives: so many changes of names, so many bytes of each file, and behind
/// those this garbage.
struct Cut<'a> {
    names: usize,
    bytes: usize,
    garbage: &'a [u8],
}

/// A disk as it is found after a loss of power.
#[derive(Debug, Default, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Image {
    names: BTreeMap<PathBuf, usize>,
    files: BTreeMap<usize, Vec<u8>>,
}

impl Image {
    fn after(done: &[Done], cut: &Cut<'_>) -> Self {
        let confirmed = done.iter().rposition(|done| matches!(done, Done::SyncNames)).unwrap_or(0);
        let mut image = Self::default();
        let mut synced: BTreeMap<usize, usize> = BTreeMap::new();
        let mut unconfirmed = 0;
        for (at, step) in done.iter().enumerate() {
            match step {
                Done::Append(file, bytes) => image.files.entry(*file).or_default().extend(bytes),
                Done::Sync(file) => {
                    synced.insert(*file, image.files.get(file).map_or(0, Vec::len));
                }
                Done::SyncNames | Done::Acknowledged(_) | Done::Begun(_) => {}
                names => {
                    // Changes of names come onto the disk in their order.
                    unconfirmed += usize::from(at > confirmed);
                    if unconfirmed <= cut.names {
                        image.change(names);
                    }
                }
            }
        }
        for (file, bytes) in &mut image.files {
            let safe = synced.get(file).copied().unwrap_or(0);
            let keep = safe.saturating_add(cut.bytes);
            if keep < bytes.len() {
                bytes.truncate(keep);
                bytes.extend(cut.garbage);
            }
        }
        let Self { names, files } = &mut image;
        files.retain(|file, _| names.values().any(|named| named == file));
        image
    }

    fn change(&mut self, step: &Done) {
        match step {
            Done::Create(path, file) => {
                self.names.insert(path.clone(), *file);
            }
            Done::Rename(from, to) => {
                let file = self.names.remove(from).unwrap();
                self.names.insert(to.clone(), file);
            }
            Done::Link(from, to) => {
                let file = self.names[from];
                self.names.insert(to.clone(), file);
            }
            Done::Remove(path) => {
                self.names.remove(path);
            }
            _ => {}
        }
    }
}

/// An image is only ever read.
impl Disk for Image {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(self.names.get(path).map(|file| self.files.get(file).cloned().unwrap_or_default()))
    }

    fn beside(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let start = path.to_str().unwrap();
        Ok(self.names.keys().filter(|name| name.to_str().unwrap().starts_with(start)).cloned().collect())
    }

    fn create(&self, _: &Path) -> io::Result<Box<dyn Writing>> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn second_name(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_names(&self, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn lock(&self, _: &Path) -> io::Result<Box<dyn Any + Send>> {
        Ok(Box::new(()))
    }
}

fn open(disk: Arc<dyn Disk>, groups: &mut Groups) -> Opened {
    // Small enough that snapshots come while pushes go on.
    let options = Options {
        snapshot_at: 700,
        ..Options::new(PathBuf::from("/nowhere/at/all/groups"), Fsync::Always, Duration::from_secs(1))
    };
    let mut opened = persistence::open(options, disk, Counters::new(&Registry::new()).unwrap()).unwrap();
    opened.restore(groups, Moment::now());
    opened
}

fn shown(groups: &Groups) -> Shown {
    let keys = groups.iter().map(|group| group.key.clone());
    keys.map(|key| {
        let kept = groups.keep(&key, None, Moment::now()).unwrap();
        let lines: Vec<String> =
            kept.families.iter().map(|family| String::from_utf8(family.lines.to_vec()).unwrap()).collect();
        (key.to_string(), format!("{:?} {}", kept.pushed.is_some(), lines.concat()))
    })
    .collect()
}

/// A change of chance, the same in each run.
fn change(groups: &mut Groups, number: u64) {
    let chance = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
    let key = GroupingKey::new(format!("j{}", chance % 3), [("a", "b")]).unwrap();
    let text = format!("m{} {number}\n", chance / 3 % 4);
    match chance / 64 % 12 {
        0 => groups.wipe(),
        1 | 2 => {
            groups.delete(&key);
        }
        3 => groups.fail(&key, Duration::from_secs(100), Moment::now()),
        act => {
            let method = if act > 8 { Method::Put } else { Method::Post };
            let push = prepare(text.into(), &key, &Limits::NONE).unwrap();
            groups.push(method, &key, push, Some(Duration::from_secs(1000)), Moment::now()).unwrap();
        }
    }
}

/// Runs a gateway on a disk for some changes, three times one after the other.
async fn history() -> Vec<Done> {
    let disk = Remembering::default();
    let mut number = 0;
    for _ in 0..3 {
        let mut groups = Groups::new([].into(), 100);
        let opened = open(Arc::new(disk.clone()), &mut groups);
        let store = Arc::new(Store::kept(groups, Some(opened.journal())));
        let kept = opened.start(store.clone()).unwrap();
        for _ in 0..20 {
            number += 1;
            let after = {
                // What a push makes of the groups is known before it reaches the disk.
                let mut groups = store.lock();
                change(&mut groups, number);
                let after = shown(&groups);
                disk.done(Done::Begun(after.clone()));
                after
            };
            store.journal().unwrap().durable().await.unwrap();
            disk.done(Done::Acknowledged(after));
        }
        kept.close();
    }
    let done = disk.0.lock().unwrap();
    done.clone()
}

#[tokio::test]
async fn power_may_go_at_any_moment() {
    let done = history().await;
    let snapshots = done.iter().filter(|done| matches!(done, Done::Rename(..))).count();
    assert!(snapshots > 5, "only {snapshots} snapshots");
    let (mut acknowledged, mut begun, mut tried) = (Shown::new(), Shown::new(), 0);
    // Most cuts leave the same behind.
    let mut seen = BTreeSet::new();
    for end in 0..=done.len() {
        match end.checked_sub(1).map(|last| &done[last]) {
            Some(Done::Acknowledged(groups)) => acknowledged.clone_from(groups),
            Some(Done::Begun(groups)) => begun.clone_from(groups),
            _ => {}
        }
        if matches!(end.checked_sub(1).map(|last| &done[last]), Some(Done::Acknowledged(_) | Done::Begun(_)))
        {
            seen.clear();
        }
        let longest = match end.checked_sub(1).map(|last| &done[last]) {
            Some(Done::Append(_, bytes)) => bytes.len(),
            _ => 0,
        };
        // At each byte where a write has just begun; whole or gone elsewhere.
        for bytes in (0..=longest).step_by(1 + longest / 32).chain([usize::MAX]) {
            for names in [0, 1, 2, usize::MAX] {
                for garbage in [&b""[..], &[0; 40], &[0xa5; 13]] {
                    let image = Image::after(&done[..end], &Cut { names, bytes, garbage });
                    if !seen.insert(image.clone()) {
                        continue;
                    }
                    let mut groups = Groups::new([].into(), 100);
                    open(Arc::new(image), &mut groups);
                    let found = shown(&groups);
                    tried += 1;
                    assert!(
                        found == acknowledged || found == begun,
                        "step {end} ({:?}), {names} names, {bytes} bytes: {found:?}, neither {acknowledged:?} nor {begun:?}",
                        &done[end.saturating_sub(4)..end]
                    );
                }
            }
        }
    }
    assert!(tried > 5000, "only {tried} losses of power");
}
