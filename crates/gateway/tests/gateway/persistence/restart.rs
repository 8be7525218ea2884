//! What is the same after a restart, however it came about.

use std::time::{SystemTime, UNIX_EPOCH};

use exposition::Limits;
use exposition::protobuf::decode;

use super::process::start;
use crate::formats::native;
use crate::raw::{PROTOBUF, delimited, send};

const PUSHED: &str = "# HELP h a \\\\ \\n b\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 0.5\nh_count 1\n\
    # TYPE s summary\ns{quantile=\"0.5\"} 2\n# TYPE c_total counter\nc_total{a=\"\\\"\\\\\\n\"} 3\nu 4\n";

#[test]
fn groups_times_and_deadlines_outlive_every_kind_of_end() {
    let folder = tempfile::tempdir().unwrap();
    for (fsync, end) in [("always", "-KILL"), ("interval", "-TERM"), ("never", "quit"), ("always", "-INT")] {
        let flags = [&*format!("--persistence.fsync={fsync}"), "--persistence.interval=50ms"];
        let gateway = start(folder.path(), &flags);
        assert_eq!(gateway.put("/metrics/job/j/a@base64/Yi9j?ttl=1h", PUSHED), 200);
        assert_eq!(gateway.request("POST", "/metrics/job/j/a@base64/Yi9j?ttl=1h", "u 5\n").0, 200);
        assert_eq!(gateway.put("/metrics/job/short?ttl=0.001", "x 1\n"), 200);
        assert_eq!(gateway.put("/metrics/job/gone", "x 1\n"), 200);
        assert_eq!(gateway.put("/metrics/job/failed", "c_total{job=\"failed\"} 1 1\n"), 400);
        assert_eq!(gateway.request("DELETE", "/metrics/job/gone", "").0, 202);
        let expires = "push_expires_time_seconds{a=\"b/c\",instance=\"\",job=\"j\"}";
        let (groups, deadline) = (gateway.groups(), gateway.value(expires).unwrap());
        assert!(
            groups
                .iter()
                .any(|line| line.starts_with("push_failure_time_seconds{instance=\"\",job=\"failed\"}"))
        );
        match end {
            // The deletion was acknowledged, and all before it with it.
            "-KILL" => drop(gateway),
            "quit" => {
                assert_eq!(gateway.put("/-/quit", ""), 200);
                gateway.ended();
            }
            signal => {
                gateway.stop(signal);
            }
        }
        let after = start(folder.path(), &flags);
        assert_eq!(after.groups(), groups, "{fsync} {end}");
        let off = (after.value(expires).unwrap() - deadline).abs();
        assert!(off < 0.05, "the deadline moved by {off} s");
        assert_eq!(after.put("/api/v1/admin/wipe", ""), 202);
        after.stop("-TERM");
        assert!(start(folder.path(), &flags).groups().is_empty(), "{fsync} {end}");
    }
}

#[test]
fn zeros_outlive_a_kill_and_so_does_a_deletion_that_waits_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path(), &[]);
    let path = "/metrics/job/j?origin=1h";
    assert_eq!(gateway.put(path, "a_total{x=\"1\"} 5\na_total{x=\"2\"} 6\n# TYPE g gauge\ng 7\n"), 200);
    let shown = |gateway: &super::process::Process| {
        let families = gateway.groups().into_iter().filter(|line| !line.starts_with("push_"));
        families.map(|line| line.replace("instance=\"\",job=\"j\"", "")).collect::<Vec<_>>()
    };
    let zeros = ["a_total{x=\"1\",} 0", "a_total{x=\"2\",} 0", "g{} 7"];
    assert_eq!(shown(&gateway), zeros);
    drop(gateway);
    let gateway = start(folder.path(), &[]);
    assert_eq!(shown(&gateway), zeros, "a value that was never seen at 0 is no increase");
    assert_eq!(gateway.request("DELETE", path, "").0, 202);
    assert_eq!(shown(&gateway), zeros, "the values would never be seen");
    drop(gateway);
    let gateway = start(folder.path(), &[]);
    assert_eq!(shown(&gateway), zeros);
    assert_eq!(gateway.request("POST", "/metrics/job/j", "b 1\n").0, 200);
    assert_eq!(shown(&gateway), ["b{} 1"], "what was deleted is there again");
}

#[test]
fn what_text_cannot_say_outlives_a_kill_and_a_clean_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = start(folder.path(), &[]);
    let body = delimited(&[native()]);
    let answer = send(gateway.port, "PUT", "/metrics/job/j", &[PROTOBUF], &body).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let whole = |port| {
        let accept = ("Accept", exposition::protobuf::CONTENT_TYPE);
        let page = send(port, "GET", "/metrics", &[accept], b"").unwrap().body;
        let families = decode(&page, &Limits::NONE).unwrap();
        families.into_iter().find(|family| family.name() == "nh").unwrap()
    };
    let (text, before) = (gateway.groups(), whole(gateway.port));
    let histogram = before.metric[0].histogram.as_ref().unwrap();
    assert_eq!((histogram.schema, &histogram.positive_delta[..]), (Some(0), &[2, 1, -1][..]));
    // When it began: for all that anybody knows, with its first push.
    assert!(histogram.created_timestamp.is_some() && text.iter().any(|line| line.starts_with("nh_count")));
    for end in ["-KILL", "-TERM"] {
        if end == "-KILL" {
            drop(gateway);
        } else {
            gateway.stop(end);
        }
        gateway = start(folder.path(), &[]);
        assert_eq!(gateway.groups(), text, "{end}");
        assert_eq!(whole(gateway.port), before, "{end}");
    }
}

#[test]
fn a_clean_end_leaves_one_file_and_a_second_gateway_is_told_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path(), &[]);
    assert_eq!(gateway.put("/metrics/job/j", "a 1\n"), 200);
    let path = folder.path().join("groups");
    let second = std::process::Command::new(env!("CARGO_BIN_EXE_pushpull-gateway"))
        .args(["--web.listen-address=127.0.0.1:0", &format!("--persistence.file={}", path.display())])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success() && said.contains("is in use by another gateway"), "{said}");
    gateway.stop("-TERM");
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["groups", "groups.lock"]);
}

#[test]
fn a_path_that_cannot_be_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    for (given, said) in [
        (format!("{path}/none/groups"), "expected the path of a file in a folder that is there"),
        (path, "is a folder, expected the path of a file in it"),
    ] {
        let flag = format!("--persistence.file={given}");
        let gateway = env!("CARGO_BIN_EXE_pushpull-gateway");
        let output =
            std::process::Command::new(gateway).args(["--web.listen-address=127.0.0.1:0", &flag]).output();
        let output = output.unwrap();
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && printed.contains(said) && printed.contains(&given), "{printed}");
    }
}

#[test]
fn what_the_disk_confirmed_is_a_metric() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path(), &[]);
    let name = |name: &str| format!("pushpull_gateway_persistence_{name}");
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    assert_eq!(gateway.put("/metrics/job/j", "a 1\n"), 200);
    assert!(gateway.value(&name("last_success_timestamp_seconds")).unwrap() >= before);
    assert!(gateway.value(&name("log_bytes")).unwrap() > 0.0);
    assert_eq!(gateway.value(&name("healthy")), Some(1.0));
    assert_eq!(gateway.value(&name("errors_total{reason=\"full\"}")), Some(0.0));
}
