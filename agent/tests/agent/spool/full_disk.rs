//! Disks that are full or read-only. Each case runs in a process with a small file system of its own.

use std::fs;
use std::process::Command;

use agent::spool::DropReason;

use super::*;
use crate::process::may_mount;

/// Runs an ignored test of this file with a fresh file system of this size under `SPOOL_DIR`.
fn in_own_disk(test: &str, size: &str) {
    if !may_mount() {
        return eprintln!("skipped: needs root");
    }
    let dir = tempfile::tempdir().unwrap();
    let binary = std::env::current_exe().unwrap();
    let script = format!(
        "mount -t tmpfs -o size={size} spool {0} && mkdir {0}/spool && \
         exec {1} --exact spool::full_disk::{test} --ignored --nocapture",
        dir.path().display(),
        binary.display()
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]);
    let output = command.env("SPOOL_DIR", dir.path().join("spool")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}\n{failed}");
}

fn disk() -> std::path::PathBuf {
    std::env::var_os("SPOOL_DIR").expect("run by the test beside it").into()
}

fn remount(how: &str) {
    let disk = disk().parent().unwrap().to_owned();
    assert!(
        Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(disk).status().unwrap().success()
    );
}

#[test]
fn a_full_disk_costs_nothing_that_memory_can_hold() {
    in_own_disk("full_then_free", "600k");
}

#[test]
#[ignore = "needs a file system of its own: run by the test above"]
fn full_then_free() {
    let dir = disk();
    let spool = open(&dir);
    let ballast = dir.parent().unwrap().join("ballast");
    append(&spool, 0..20);
    let free = 600_000 - du(&dir) - 8192;
    // Somebody else takes the rest, to the last byte.
    drop(fs::write(&ballast, vec![1; usize::try_from(free).unwrap() + 100_000]));
    append(&spool, 20..60);
    let stats = spool.stats();
    assert!(stats.in_memory.records > 0 && stats.trouble.is_some(), "{stats:?}");
    assert!(stats.disk_errors > 0 && stats.dropped == [agent::spool::Amount::default(); 4], "{stats:?}");
    assert_eq!(waiting(&spool), list(0..60), "disk and memory are read as one");
    assert_eq!(deliver(&spool, 10), list(0..10), "delivery goes on meanwhile");
    fs::remove_file(&ballast).unwrap();
    spool.tend(at(5));
    let stats = spool.stats();
    assert_eq!((stats.in_memory.records, stats.trouble), (0, None), "it goes to the disk when that takes it");
    drop(spool);
    assert_eq!(waiting(&open(&dir)), list(10..60));
}

#[test]
fn on_a_disk_that_stays_full_the_oldest_goes_first() {
    in_own_disk("full_for_good", "400k");
}

#[test]
#[ignore = "needs a file system of its own: run by the test above"]
fn full_for_good() {
    let dir = disk();
    let spool = Spool::open(SpoolSettings { memory_bytes: 30_000, ..settings(&dir) }).unwrap();
    for number in 0..2000 {
        append(&spool, [number]);
        assert!(spool.stats().memory_bytes <= 30_000);
    }
    let (left, stats) = (waiting(&spool), spool.stats());
    assert_eq!(left, list(2000 - left.len() as u64..2000), "{stats:?}");
    assert_eq!(stats.dropped(DropReason::Disk).records + left.len() as u64, 2000, "{stats:?}");
    assert!(left.len() > 80, "{} records are left on a disk of 400k", left.len());
    drop(spool);
    let again = waiting(&open(&dir));
    assert!(again.len() > 60 && again.is_sorted(), "{again:?}");
}

#[test]
fn a_read_only_disk_is_still_read() {
    in_own_disk("read_only", "2m");
}

#[test]
#[ignore = "needs a file system of its own: run by the test above"]
fn read_only() {
    let dir = disk();
    append(&open(&dir), 0..30);
    remount("ro");
    let spool = Spool::open(SpoolSettings { memory_bytes: 30_000, ..settings(&dir) }).unwrap();
    assert!(spool.stats().trouble.unwrap().contains("Read-only"));
    assert!(Spool::open(settings(&dir)).unwrap_err().to_string().contains("in use"));
    append(&spool, 30..100);
    let stats = spool.stats();
    assert!(stats.memory_bytes <= 30_000 && stats.in_memory.records > 10, "{stats:?}");
    let left = waiting(&spool);
    assert_eq!(left[..30], list(0..30), "what is safe on the disk is not given up for what is new");
    assert_eq!(left.len() as u64 + stats.dropped(DropReason::Disk).records, 100);
    deliver(&spool, 5);
    assert_eq!(waiting(&spool).first(), Some(&5));
    remount("rw");
    append(&spool, [100]);
    spool.tend(at(5));
    assert_eq!((spool.stats().in_memory.records, spool.stats().trouble), (0, None));
    let left = waiting(&spool);
    drop(spool);
    assert_eq!(waiting(&open(&dir)), left);
}
