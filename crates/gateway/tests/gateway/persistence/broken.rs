//! Files that are torn, damaged, missing or not ours.

use std::path::{Path, PathBuf};

use super::process::{Process, start};
use crate::peers;

fn names(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// The one log that is there.
fn log(folder: &Path) -> PathBuf {
    let logs: Vec<_> = names(folder).into_iter().filter(|name| name.starts_with("groups.log-")).collect();
    assert_eq!(logs.len(), 1, "{logs:?}");
    folder.join(&logs[0])
}

/// The one file that was set aside.
fn aside(folder: &Path) -> PathBuf {
    let aside: Vec<_> = names(folder).into_iter().filter(|name| name.contains(".broken-")).collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    folder.join(&aside[0])
}

fn held(gateway: &Process) -> Vec<String> {
    gateway.groups().into_iter().filter(|line| line.starts_with("a{")).collect()
}

/// Three groups in the snapshot, or all three in the log.
fn three(folder: &Path, in_snapshot: bool) {
    let gateway = start(folder, &[]);
    for job in ["one", "two", "three"] {
        assert_eq!(gateway.put(&format!("/metrics/job/{job}"), "a 1\n"), 200);
    }
    if in_snapshot {
        gateway.stop("-TERM");
    }
}

fn flip(path: &Path, at: usize) -> Vec<u8> {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 4;
    std::fs::write(path, &bytes).unwrap();
    bytes
}

fn find(path: &Path, text: &str) -> usize {
    let bytes = std::fs::read(path).unwrap();
    bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap()
}

#[test]
fn damage_costs_one_group_and_the_file_is_set_aside() {
    for in_snapshot in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        three(folder.path(), in_snapshot);
        let path = if in_snapshot { folder.path().join("groups") } else { log(folder.path()) };
        let damaged = flip(&path, find(&path, "two"));
        let gateway = start(folder.path(), &[]);
        assert_eq!(held(&gateway), ["one", "three"].map(|job| format!("a{{instance=\"\",job=\"{job}\"}} 1")));
        while gateway.value("pushpull_gateway_persistence_snapshots_total") != Some(1.0) {}
        let kept = aside(folder.path());
        assert_eq!(std::fs::read(&kept).unwrap(), damaged);
        let said = gateway.said();
        assert!(said.contains("are damaged") && said.contains(&kept.display().to_string()), "{said}");
        // From now on all is well, and what was set aside stays.
        drop(gateway);
        let gateway = start(folder.path(), &[]);
        assert_eq!((held(&gateway).len(), gateway.said().contains("damaged")), (2, false));
        assert_eq!(aside(folder.path()), kept);
    }
}

#[test]
fn a_torn_end_of_the_log_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    three(folder.path(), false);
    let path = log(folder.path());
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
    let gateway = start(folder.path(), &[]);
    assert_eq!(held(&gateway).len(), 2);
    assert!(gateway.said().contains("was cut off"), "{}", gateway.said());
    while gateway.value("pushpull_gateway_persistence_snapshots_total") != Some(1.0) {}
    assert!(!names(folder.path()).iter().any(|name| name.contains(".broken-")));
}

#[test]
fn a_file_that_is_not_ours_is_set_aside_with_a_word() {
    for (contents, word) in [
        (&b"just some text that somebody keeps here"[..], "it is no file of this gateway"),
        (b"", "its head is missing"),
        (b"pushpull-gateway snapshot 2\nfrom the future", "it has version 2"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("groups");
        std::fs::write(&path, contents).unwrap();
        let gateway = start(folder.path(), &[]);
        assert_eq!(gateway.put("/metrics/job/one", "a 1\n"), 200);
        let said = gateway.stop("-TERM");
        assert!(said.contains(word), "{said}");
        assert_eq!(std::fs::read(aside(folder.path())).unwrap(), contents);
        assert_eq!(held(&start(folder.path(), &[])).len(), 1);
    }
}

#[test]
fn the_file_of_the_real_one_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("groups");
    let real = peers::start(
        "prometheus-pushgateway",
        |port| {
            vec![
                format!("--web.listen-address=127.0.0.1:{port}"),
                format!("--persistence.file={}", path.display()),
                "--persistence.interval=1ms".to_owned(),
            ]
        },
        "/-/ready",
    );
    while !path.exists() {
        assert_eq!(peers::request(real.port, "PUT", "/metrics/job/j", b"a 1\n").unwrap().0, 200);
    }
    drop(real);
    let theirs = std::fs::read(&path).unwrap();
    let (status, said) = refused(&path);
    assert_eq!(status, Some(2));
    assert!(said.contains("was written by Prometheus' Pushgateway"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), theirs, "it may be needed to go back");
}

/// How a gateway that must not start ends, and what it says.
pub(super) fn refused(path: &Path) -> (Option<i32>, String) {
    let ended = std::process::Command::new(env!("CARGO_BIN_EXE_pushpull-gateway"))
        .args(["--web.listen-address=127.0.0.1:0", &format!("--persistence.file={}", path.display())])
        .output()
        .unwrap();
    assert!(ended.stdout.is_empty(), "it says that it listens: {:?}", String::from_utf8_lossy(&ended.stdout));
    (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
}

#[test]
fn pipes_and_devices_are_no_files_and_are_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["groups", "groups.lock", "groups.log-7"] {
        let pipe = folder.path().join(name);
        let _ = std::fs::remove_file(&pipe);
        assert!(peers::run("mkfifo", &[pipe.to_str().unwrap()], b"").0);
        let (status, said) = refused(&folder.path().join("groups"));
        assert!(status == Some(2) && said.contains(name) && said.contains("expected a file"), "{said}");
        std::fs::remove_file(pipe).unwrap();
    }
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("groups")).unwrap();
    assert_eq!(refused(&folder.path().join("groups")).0, Some(2));
}

#[test]
fn a_file_in_use_is_told_before_anybody_is_told_to_push() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path(), &[]);
    let (status, said) = refused(&folder.path().join("groups"));
    assert!(status == Some(1) && said.contains("in use by another gateway"), "{said}");
    // Nor is there room for another one behind the largest of all logs.
    drop(gateway);
    std::fs::write(folder.path().join(format!("groups.log-{}", u64::MAX)), "").unwrap();
    assert_eq!(start(folder.path(), &[]).put("/metrics/job/one", "a 1\n"), 200);
}

#[test]
fn a_snapshot_that_somebody_removed_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    three(folder.path(), true);
    let gateway = start(folder.path(), &[]);
    assert_eq!(gateway.put("/metrics/job/four", "a 1\n"), 200);
    drop(gateway);
    std::fs::remove_file(folder.path().join("groups")).unwrap();
    let gateway = start(folder.path(), &[]);
    assert_eq!(held(&gateway).len(), 1);
    assert!(gateway.stop("-TERM").contains("goes on from is missing"));
}
