//! What is the same after a restart, however it came about.

use std::time::{SystemTime, UNIX_EPOCH};

use super::process::start;

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
