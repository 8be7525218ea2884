//! A disk that confirms nothing for a while: pushes wait for it, nothing else does, and what waits is bounded.

use std::any::Any;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use gateway::persistence::disk::{Disk, RealDisk, Writing};
use gateway::settings::Settings;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::disk::{metric, until};
use super::process::start;
use crate::peers;

/// A disk whose fsyncs wait while it is held.
#[derive(Debug, Clone, Default)]
struct Slow(Arc<(Mutex<bool>, Condvar)>);

impl Slow {
    fn hold(&self, held: bool) {
        *self.0.0.lock().unwrap() = held;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let held = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(held, |held| *held).unwrap());
    }
}

#[derive(Debug)]
struct Handle(Slow, Box<dyn Writing>);

impl Writing for Handle {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.1.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.pass();
        self.1.sync()
    }
}

impl Disk for Slow {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        RealDisk.read(path)
    }

    fn beside(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        RealDisk.beside(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Writing>> {
        Ok(Box::new(Handle(self.clone(), RealDisk.create(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn second_name(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.second_name(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }

    fn sync_names(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_names(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any + Send>> {
        RealDisk.lock(path)
    }
}

/// A gateway in this process, whose requests share one thread: whatever blocks it is seen by all.
struct Local {
    port: u16,
    disk: Slow,
    folder: TempDir,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Local {
    fn start(flags: &[&str]) -> Self {
        let (folder, disk, stop) = (tempfile::tempdir().unwrap(), Slow::default(), CancellationToken::new());
        let kept = format!("--persistence.file={}", folder.path().join("groups").display());
        let settings =
            Settings::read(["gateway", &kept].iter().chain(flags).map(std::ffi::OsString::from)).unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        let run = {
            let (disk, stop) = (disk.clone(), stop.clone());
            move || {
                let mut runtime = tokio::runtime::Builder::new_multi_thread();
                runtime.worker_threads(1).enable_all().build().unwrap().block_on(async {
                    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                    sender.send(listener.local_addr().unwrap().port()).unwrap();
                    gateway::run_on(listener, settings, stop, Arc::new(disk)).await.unwrap();
                });
            }
        };
        let thread = Some(std::thread::spawn(run));
        let gateway = Self { port: receiver.recv().unwrap(), disk, folder, stop, thread };
        // Before its first answer it has made its log.
        assert_eq!(gateway.request("GET", "/-/ready", ""), (200, "OK".to_owned()));
        gateway
    }

    fn request(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        peers::request(self.port, method, path, body.as_bytes()).unwrap()
    }

    /// The number of one of its metrics.
    fn value<T: std::str::FromStr>(&self, name: &str) -> T {
        let (_, page) = self.request("GET", "/metrics", "");
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or_else(|| panic!("{name} is not in\n{page}"))
    }

    /// The groups that a gateway finds that is started on what is on the disk now.
    fn after_a_crash(&self) -> Vec<String> {
        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        start(copy.path(), &[]).groups()
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.disk.hold(false);
        self.stop.cancel();
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking());
    }
}

/// Pushes bodies at once, each to a group of its own; counts answers of 200 and of 503. The disk is held
/// until `while_held` has ended.
fn push_at_once(gateway: &Local, bodies: &[usize], while_held: impl FnOnce(&[AtomicUsize; 2])) {
    let answered = [AtomicUsize::new(0), AtomicUsize::new(0)];
    std::thread::scope(|scope| {
        for (number, body) in bodies.iter().enumerate() {
            let answered = &answered;
            scope.spawn(move || {
                let body = format!("b{{n=\"{}\"}} 1\n", "x".repeat(*body));
                let (status, said) = gateway.request("PUT", &format!("/metrics/job/{number}"), &body);
                let at = [200, 503].iter().position(|known| *known == status);
                answered[at.unwrap_or_else(|| panic!("{status} {said}"))].fetch_add(1, Ordering::SeqCst);
            });
        }
        let held = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| while_held(&answered)));
        gateway.disk.hold(false);
        held.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    assert_eq!(answered.iter().map(|count| count.load(Ordering::SeqCst)).sum::<usize>(), bodies.len());
}

#[test]
fn pushes_share_one_fsync_and_all_else_goes_on_meanwhile() {
    const PUSHES: usize = 60;
    let gateway = Local::start(&["--limit.disk-time=10m"]);
    assert_eq!(gateway.request("PUT", "/metrics/job/early", "early 1\n").0, 200);
    let before = gateway.value::<usize>(&metric("syncs_total"));
    gateway.disk.hold(true);
    // Half of them are large enough to be read by another thread.
    let bodies = [10, 30_000].repeat(PUSHES / 2);
    push_at_once(&gateway, &bodies, |answered| {
        until("all wait", || gateway.value::<usize>(&metric("waiting_requests")) == PUSHES);
        // What waits for the disk is on the next scrape, and whoever does not push waits for nothing.
        let (status, page) = gateway.request("GET", "/metrics", "");
        assert!(status == 200 && page.matches("\nb{").count() == PUSHES, "{page}");
        assert_eq!(gateway.request("GET", "/-/healthy", ""), (200, "OK".to_owned()));
        for path in ["/", "/-/ready", "/api/v1/metrics", "/api/v1/groups"] {
            assert_eq!(gateway.request("GET", path, "").0, 200, "{path}");
        }
        assert!(gateway.value::<f64>(&metric("busy_seconds")) > 0.0);
        assert!(gateway.value::<usize>(&metric("queued_bytes")) > 30_000);
        assert_eq!(answered[0].load(Ordering::SeqCst), 0, "answered before it was safe");
    });
    // The first push was written alone, all others gathered meanwhile.
    let syncs = gateway.value::<usize>(&metric("syncs_total")) - before;
    assert!((1..=3).contains(&syncs), "{syncs}");
    assert!(gateway.value::<usize>(&metric("sync_duration_seconds_count")) >= syncs);
    assert_eq!(gateway.value::<usize>(&metric("waiting_requests")), 0);
    let kept = gateway.after_a_crash();
    assert_eq!(
        kept.iter().filter(|line| line.starts_with("b{") || line.starts_with("early")).count(),
        1 + PUSHES
    );
}

#[test]
fn what_waits_is_bounded_and_the_rest_is_told_to_come_again() {
    const PUSHES: usize = 60;
    const BODY: usize = 8 << 10;
    let flags = ["--limit.disk-time=10m", "--limit.queued-bytes=64KiB", "--limit.bytes-in-flight=256KiB"];
    let gateway = Local::start(&flags);
    let queued = || gateway.value::<usize>(&metric("queued_bytes"));
    gateway.disk.hold(true);
    push_at_once(&gateway, &[BODY; PUSHES], |answered| {
        // Bodies of 256 KiB wait; of these, 64 KiB are in the queue and the others before it.
        until("refusals", || answered[1].load(Ordering::SeqCst) >= PUSHES - (256 << 10) / BODY);
        until("a full queue", || queued() >= 64 << 10);
        assert!(queued() < (64 << 10) + 2 * BODY, "{}", queued());
        assert!(gateway.value::<usize>(&metric("waits_total")) > 0);
        let busy = || gateway.value::<usize>("pushpull_gateway_refused_pushes_total{reason=\"busy\"}");
        until("the same count", || busy() == answered[1].load(Ordering::SeqCst));
        let refused = crate::raw::send(gateway.port, "PUT", "/metrics/job/j", &[], &[b'#'; BODY]).unwrap();
        assert!(refused.status == 503 && refused.head.contains("retry-after: "), "{}", refused.head);
        assert_eq!(gateway.request("GET", "/-/healthy", ""), (200, "OK".to_owned()));
        assert_eq!(answered[0].load(Ordering::SeqCst), 0);
    });
    let shown = gateway.request("GET", "/metrics", "").1.matches("\nb{").count();
    assert_eq!(gateway.after_a_crash().iter().filter(|line| line.starts_with("b{")).count(), shown);
    assert_eq!(queued(), 0);
}

#[test]
fn a_disk_that_hangs_turns_the_health_and_comes_back() {
    let gateway = Local::start(&["--limit.disk-time=300ms", "--limit.queued-bytes=1KiB"]);
    let put = |job: &str, bytes: usize| {
        let body = format!("{job}{{n=\"{}\"}} 1\n", "x".repeat(bytes));
        gateway.request("PUT", &format!("/metrics/job/{job}"), &body)
    };
    gateway.disk.hold(true);
    let (status, said) = put("first", 10);
    assert!(status == 202 && said.contains("the disk did not take it within 300ms"), "{status} {said}");
    until("its health", || gateway.request("GET", "/-/healthy", "").0 == 503);
    let (ready, said) = gateway.request("GET", "/-/ready", "");
    assert!(ready == 200 && said.contains("the disk has answered nothing for"), "{ready} {said}");
    assert_eq!(gateway.value::<usize>(&metric("healthy")), 0);
    assert!(gateway.request("GET", "/metrics", "").1.contains("\nfirst{"));
    // Nobody else waits as long for the same word, until there is no room.
    let (status, said) = put("second", 2000);
    assert!(status == 202 && said.contains("the disk has answered nothing for"), "{status} {said}");
    let (status, said) = put("third", 10);
    assert!(status == 202 && said.contains("the disk took nothing of"), "{status} {said}");
    assert!(gateway.value::<usize>(&metric("errors_total{reason=\"slow\"}")) >= 2);
    gateway.disk.hold(false);
    until("health", || gateway.request("GET", "/-/healthy", "").0 == 200);
    // A busy machine's own disk may take longer than that, too.
    until("a safe push", || put("fourth", 10).0 == 200);
    let kept = gateway.after_a_crash();
    for job in ["first", "second", "third", "fourth"] {
        assert!(kept.iter().any(|line| line.starts_with(&format!("{job}{{"))), "{job} is not in {kept:?}");
    }
}
