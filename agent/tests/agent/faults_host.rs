//! Faults of the host: no space, nothing to write to, a clock that jumps, a process that stands still, no
//! file descriptors, little memory. The real thing wherever it can be had; `docs/faults.md` says where not.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use super::doubles::{Double, answer};
use super::faults::causes;
use super::process::{Agent, eventually, may_mount, start, start_in, start_with};

fn settings(target: &Double, gateway: &Double) -> String {
    format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[[scrape]]\nurl = \"{}/metrics\"\n\
         [push]\nurl = \"{}\"\n",
        target.url, gateway.url
    )
}

const NO_HOST: &str = "[host]\nenabled = false\n";

fn pushes(gateway: &Double) -> usize {
    gateway.seen_of("PUT /metrics/job/j/").len()
}

fn more_pushes(what: &str, gateway: &Double) {
    let before = pushes(gateway);
    eventually(what, || pushes(gateway) > before + 3);
}

fn within(agent: &Agent, command: &str) -> bool {
    let pid = agent.pid().to_string();
    let arguments = ["-t", &pid, "-m", "sh", "-c", command];
    Command::new("nsenter").args(arguments).stderr(Stdio::null()).status().unwrap().success()
}

#[test]
fn a_disk_that_is_full_or_read_only() {
    if !may_mount() {
        return eprintln!("skipped: needs root");
    }
    let folder = tempfile::tempdir().unwrap();
    let (procfs, disk) = (folder.path().join("proc"), folder.path().join("disk"));
    std::fs::create_dir_all(procfs.join("1")).unwrap();
    std::fs::create_dir(&disk).unwrap();
    let (procfs, disk) = (procfs.display(), disk.display());
    std::fs::write(format!("{procfs}/1/mounts"), format!("disk {disk} tmpfs rw 0 0\n")).unwrap();
    let mount = format!("mount -t tmpfs -o size=64k disk {disk}; cd {disk}; export TMPDIR={disk}");
    for (fault, series, wrong, over) in [
        // Its log is on that disk, too.
        (
            "head -c 60k /dev/zero >fill; head -c 60k /dev/zero >>log || exec \"$@\" 2>>log",
            "avail_bytes",
            0.0,
            "rm fill",
        ),
        ("mount -o remount,ro .; exec \"$@\"", "readonly", 1.0, "mount -o remount,rw ."),
    ] {
        let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
        let host = format!("[host]\nprocfs = \"{procfs}\"\ncollectors = [\"filesystem\"]\n");
        let agent = start_in(&format!("{mount}; {fault}"), &(settings(&target, &gateway) + &host), &[]);
        let series = format!("node_filesystem_{series}{{");
        eventually("what names it", || agent.value(&series) == Some(wrong));
        assert!(!within(&agent, &format!("echo x >>{disk}/more")), "there is space: {fault}");
        more_pushes("pushes all the same", &gateway);
        assert!(within(&agent, &format!("cd {disk} && {over}")));
        eventually("the end of it", || agent.value(&series).is_some_and(|value| (value - wrong).abs() > 0.5));
        more_pushes("pushes after it", &gateway);
        assert_eq!(causes(&agent, &gateway.url), [""; 0]);
    }
}

#[test]
fn a_clock_that_jumps_by_twenty_minutes() {
    let folder = tempfile::tempdir().unwrap();
    let (library, offset) = (folder.path().join("clock.so"), folder.path().join("offset"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/agent/clock.c");
    let made = Command::new("cc").args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).arg(source).status();
    assert!(made.is_ok_and(|status| status.success()), "cc is needed, as for Rust's own linking");
    // By renaming: it is read at any time.
    let jump = |seconds: i32| {
        std::fs::write(folder.path().join("new"), seconds.to_string()).unwrap();
        std::fs::rename(folder.path().join("new"), &offset).unwrap();
    };
    jump(0);
    let target = Double::page("a 1\n");
    let gateway = Double::new(|_, stream| {
        let date = httpdate::fmt_http_date(SystemTime::now());
        answer(stream, "200 OK", &format!("date: {date}\r\n"), b"");
    });
    let env = [("LD_PRELOAD", library.to_str().unwrap()), ("CLOCK_OFFSET_FILE", offset.to_str().unwrap())];
    let agent = start_with(&(settings(&target, &gateway) + NO_HOST), &env);
    let skew = || agent.value("pushpull_agent_clock_skew_seconds").unwrap_or(f64::NAN);
    eventually("a right clock", || skew().abs() < 5.0);
    for (seconds, told) in [(1200, "ahead of the endpoint's"), (-1200, ""), (0, "agree again")] {
        let began = Instant::now();
        jump(seconds);
        eventually("the skew", || (skew() - f64::from(seconds)).abs() < 5.0);
        eventually("what is said", || agent.log().contains(told));
        more_pushes("pushes under another clock", &gateway);
        // Five intervals and a busy machine: nothing waits for the clock to come back.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    assert!(causes(&agent, &gateway.url).is_empty() && causes(&agent, &target.url).is_empty());
    let (_, page) = super::peers::request(agent.port, "GET", "/", b"").unwrap();
    assert!(page.contains("agree again"), "{page}");
}

#[test]
fn a_process_that_stands_still() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let agent = start(&(settings(&target, &gateway) + NO_HOST));
    more_pushes("pushes", &gateway);
    agent.signal("-STOP");
    let state = || std::fs::read_to_string(format!("/proc/{}/stat", agent.pid())).unwrap();
    eventually("that it stands", || state().contains(") T "));
    let (stood, before) = (Instant::now(), pushes(&gateway));
    eventually("ten intervals", || stood.elapsed() > Duration::from_secs(2));
    assert!(pushes(&gateway) <= before + 1);
    let went = Instant::now();
    agent.signal("-CONT");
    more_pushes("pushes again", &gateway);
    // What it missed is not made up for in a burst.
    let intervals = went.elapsed().as_millis() / 200;
    let came = gateway.seen_of("PUT /metrics/job/j/").iter().filter(|put| put.at > went).count();
    assert!(came as u128 <= intervals + 3, "{came} pushes in {intervals} intervals");
    assert!(gateway.seen().iter().all(|request| request.at_once <= 2));
}

#[test]
fn no_file_descriptor_left() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let agent = start(&(settings(&target, &gateway) + NO_HOST));
    more_pushes("pushes", &gateway);
    let limit = |number: &str| {
        let (pid, limit) = (agent.pid().to_string(), format!("--nofile={number}:"));
        assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
    };
    // Those that are open stay open; no other can be opened.
    limit("3");
    eventually("what is said", || {
        let log = agent.log();
        let lines = log.lines().filter(|line| line.contains("Too many open files"));
        let about: String = lines.collect();
        about.contains("scrape failed") && about.contains("push failed")
    });
    limit("1024");
    more_pushes("pushes again", &gateway);
    eventually("an answer", || agent.value("up{job=\"j\"") == Some(1.0));
    assert_eq!(causes(&agent, &gateway.url), ["retried_total connect"]);
    assert_eq!(causes(&agent, &format!("{}/metrics", target.url)), ["collection_failures_total connect"]);
}
