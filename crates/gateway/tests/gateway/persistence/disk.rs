//! A disk that is full or read-only: pushes go on from memory, the health says so, and it mends by itself.

use std::path::Path;
use std::time::{Duration, Instant};

use super::process::{Process, start};
use crate::peers;

pub(super) fn until(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < end, "{what} did not come");
        std::thread::yield_now();
    }
}

pub(super) fn metric(name: &str) -> String {
    format!("pushpull_gateway_persistence_{name}")
}

/// Pushes until the disk takes no more; each push is answered and shown all the same.
fn push_until_it_breaks(gateway: &Process, reason: &str) {
    let body = format!("filling{{a=\"{}\"}} 1\n", "x".repeat(2000));
    let (mut status, mut said) = (200, String::new());
    for number in 0..100 {
        (status, said) = gateway.request("PUT", &format!("/metrics/job/{number}"), &body);
        assert!(matches!(status, 200 | 202), "{said}");
        if status == 202 {
            break;
        }
    }
    assert_eq!(status, 202, "{}", gateway.said());
    assert!(said.contains("a restart would lose it"), "{said}");
    let (health, words) = gateway.request("GET", "/-/healthy", "");
    assert!(health == 503 && words.contains("a restart would lose some"), "{health} {words}");
    let (ready, words) = gateway.request("GET", "/-/ready", "");
    assert!(ready == 200 && words.contains("groups are not kept"), "{ready} {words}");
    assert!(gateway.value(&metric(&format!("errors_total{{reason=\"{reason}\"}}"))) >= Some(1.0));
    assert_eq!(gateway.value(&metric("healthy")), Some(0.0));
    // Data is served as ever.
    assert_eq!(gateway.put("/metrics/job/late", "late 1\n"), 202);
    assert_eq!(gateway.request("DELETE", "/metrics/job/early", "").0, 202);
    assert!(gateway.groups().contains(&"late{instance=\"\",job=\"late\"} 1".to_owned()));
}

/// Once the disk works, all of it is safe: also what was pushed meanwhile.
fn mends(folder: &Path, gateway: Process) {
    until("health", || gateway.request("GET", "/-/healthy", "").0 == 200);
    assert_eq!(gateway.value(&metric("healthy")), Some(1.0));
    assert_eq!(gateway.put("/metrics/job/later", "later 1\n"), 200);
    let groups = gateway.groups();
    assert!(!groups.iter().any(|line| line.starts_with("early")));
    drop(gateway);
    assert_eq!(start(folder, &[]).groups(), groups);
}

#[test]
fn a_full_disk_turns_the_health_and_not_the_data() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path(), &[]);
    assert_eq!(gateway.put("/metrics/job/early", "early 1\n"), 200);
    // A limit on the size of files is a full disk without a disk: no log and no snapshot can grow beyond it.
    let limit = |bytes: &str| {
        let (set, said) =
            peers::run("prlimit", &["--pid", &gateway.pid(), &format!("--fsize={bytes}:")], b"");
        assert!(set, "{said}");
    };
    limit("3000");
    push_until_it_breaks(&gateway, "full");
    limit("unlimited");
    mends(folder.path(), gateway);
}

/// As root no right to write can be missing, so the folder is on a disk of its own that is made read-only;
/// others take the right away.
struct ReadOnly<'a>(&'a Path, bool);

impl ReadOnly<'_> {
    fn set(&self, on: bool) {
        let folder = self.0.to_str().unwrap();
        let (done, said) = if self.1 {
            let options = if on { "remount,ro" } else { "remount,rw" };
            // Files that are open for writing keep a disk writable, so those are closed first by the limit below.
            peers::run("mount", &["-o", options, folder], b"")
        } else {
            peers::run("chmod", &[if on { "555" } else { "755" }, folder], b"")
        };
        assert!(done, "{said}");
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        if self.1 {
            peers::run("umount", &["-l", self.0.to_str().unwrap()], b"");
        }
    }
}

#[test]
fn a_read_only_folder_is_served_from_and_mends() {
    let folder = tempfile::tempdir().unwrap();
    let root = rustix::process::geteuid().is_root();
    if root {
        let path = folder.path().to_str().unwrap();
        let (mounted, said) = peers::run("mount", &["-t", "tmpfs", "-o", "size=1m", "tmpfs", path], b"");
        assert!(mounted, "{said}");
    }
    let read_only = ReadOnly(folder.path(), root);
    let gateway = start(folder.path(), &[]);
    for job in ["early", "first"] {
        assert_eq!(gateway.put(&format!("/metrics/job/{job}"), &format!("{job} 1\n")), 200);
    }
    gateway.stop("-TERM");
    read_only.set(true);
    // What is there is read, whatever can be written.
    let gateway = start(folder.path(), &[]);
    assert!(gateway.groups().contains(&"first{instance=\"\",job=\"first\"} 1".to_owned()));
    push_until_it_breaks(&gateway, "read_only");
    read_only.set(false);
    mends(folder.path(), gateway);
}

/// What the log filled is given back by what is deleted: a snapshot takes the place of all logs.
#[test]
fn a_disk_that_the_log_has_filled_mends_once_groups_are_deleted() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let (mounted, said) = peers::run("mount", &["-t", "tmpfs", "-o", "size=1m", "tmpfs", path], b"");
    assert!(mounted, "{said}");
    let mount = ReadOnly(folder.path(), true);
    let gateway = start(folder.path(), &[]);
    let wide = |job: usize| {
        let body: String = (0..2000).map(|at| format!("m{job}{{i=\"{at}\"}} 1\n")).collect();
        gateway.put(&format!("/metrics/job/b{job}"), &body)
    };
    let filled = (0..20).take_while(|job| wide(*job) == 200).count();
    assert!((1..19).contains(&filled), "{filled} were kept");
    for job in 0..20 {
        assert_eq!(gateway.request("DELETE", &format!("/metrics/job/b{job}"), "").0, 202);
    }
    until("health", || gateway.request("GET", "/-/healthy", "").0 == 200);
    assert_eq!(gateway.put("/metrics/job/later", "later 1\n"), 200);
    drop(gateway);
    let groups = start(folder.path(), &[]).groups();
    assert!(!groups.iter().any(|line| line.starts_with('m')), "deleted groups came back");
    assert!(groups.iter().any(|line| line.starts_with("later")));
    drop(mount);
}

#[test]
fn files_that_somebody_takes_away_are_missed_and_written_anew() {
    let kinds: [fn(&Path); 4] = [
        |folder| {
            for file in std::fs::read_dir(folder).unwrap() {
                std::fs::remove_file(file.unwrap().path()).unwrap();
            }
        },
        |folder| std::fs::remove_file(folder.join("groups")).unwrap(),
        |folder| std::fs::rename(folder, folder.with_extension("moved")).unwrap(),
        |folder| std::fs::remove_dir_all(folder).unwrap(),
    ];
    for (kind, take_away) in kinds.into_iter().enumerate() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("kept");
        std::fs::create_dir(&folder).unwrap();
        let gateway = start(&folder, &[]);
        assert_eq!(gateway.put("/metrics/job/first", "first 1\n"), 200);
        gateway.stop("-TERM");
        let gateway = start(&folder, &[]);
        assert_eq!(gateway.put("/metrics/job/early", "early 1\n"), 200);
        take_away(&folder);
        assert_eq!(gateway.put("/metrics/job/late", "late 1\n"), 202, "kind {kind}");
        if kind < 2 {
            mends_with(&folder, gateway, "early");
            continue;
        }
        let (healthy, said) = gateway.request("GET", "/-/healthy", "");
        assert!(healthy == 503, "{said}");
        std::fs::create_dir(&folder).unwrap();
        mends_with(&folder, gateway, "early");
    }
}

/// Once it is well, all of it is kept.
fn mends_with(folder: &Path, gateway: Process, name: &str) {
    until("health", || gateway.request("GET", "/-/healthy", "").0 == 200);
    let groups = gateway.groups();
    assert!(groups.iter().any(|line| line.starts_with(name)));
    drop(gateway);
    assert_eq!(start(folder, &[]).groups(), groups);
}

#[test]
fn a_lock_that_somebody_removed_lets_no_second_gateway_in() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path(), &[]);
    assert_eq!(gateway.put("/metrics/job/one", "a 1\n"), 200);
    std::fs::remove_file(folder.path().join("groups.lock")).unwrap();
    let (status, said) = super::broken::refused(&folder.path().join("groups"));
    assert!(status == Some(1) && said.contains("in use by another gateway"), "{said}");
}

#[test]
fn a_disk_with_no_room_is_a_full_one() {
    if !rustix::process::geteuid().is_root() {
        // Only root may mount one; the limit above has the same code path.
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let (mounted, said) = peers::run("mount", &["-t", "tmpfs", "-o", "size=64k", "tmpfs", path], b"");
    assert!(mounted, "{said}");
    let mount = ReadOnly(folder.path(), true);
    let gateway = start(folder.path(), &[]);
    assert_eq!(gateway.put("/metrics/job/early", "early 1\n"), 200);
    push_until_it_breaks(&gateway, "full");
    let (grown, said) = peers::run("mount", &["-o", "remount,size=4m", path], b"");
    assert!(grown, "{said}");
    mends(folder.path(), gateway);
    drop(mount);
}
