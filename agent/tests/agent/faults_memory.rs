//! 32 MiB for the whole process, and targets that want more: it stays alive, and what is good arrives.

use std::path::PathBuf;

use super::doubles::{Double, answer};
use super::process::{eventually, may_mount, start_in};

const LIMIT: u64 = 32 << 20;

/// A control group with this limit, of either version, as long as the test runs.
struct Group(PathBuf);

impl Drop for Group {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

impl Group {
    fn new() -> Option<Self> {
        let name = format!("pushpull-test-{}", std::process::id());
        ["memory/memory.limit_in_bytes", "memory.max"].iter().find_map(|path| {
            let (version, limit) = path.rsplit_once('/').unwrap_or(("", path));
            let group = Self(PathBuf::from("/sys/fs/cgroup").join(version).join(&name));
            std::fs::create_dir(&group.0).ok()?;
            std::fs::write(group.0.join(limit), LIMIT.to_string()).ok()?;
            Some(group)
        })
    }
}

#[test]
fn thirty_two_mebibytes_are_enough_whatever_targets_send() {
    let Some(group) = may_mount().then(Group::new).flatten() else {
        return eprintln!("skipped: needs root and control groups for memory");
    };
    let (good, gateway) = (Double::page("good 1\n"), Double::gateway());
    let mut settings = format!(
        "interval = \"500ms\"\n[identity]\njob = \"j\"\n[[push]]\nurl = \"{}\"\n\
         [[scrape]]\nurl = \"{}/metrics\"\ninstance = \"good\"\n",
        gateway.url, good.url
    );
    let series: String = (0..1_000_000).map(|at| format!("bad_{{n=\"{at}\"}} 1\n")).collect();
    let bombs = [vec![b'\n'; 40 << 20], vec![b'#'; 40 << 20], series.into_bytes()];
    let bad: Vec<Double> = bombs
        .iter()
        .map(|text| {
            let packed = service::negotiate::gzip(text);
            Double::new(move |_, stream| {
                let headers = "content-type: text/plain\r\ncontent-encoding: gzip\r\n";
                answer(stream, "200 OK", headers, &packed);
            })
        })
        .collect();
    for (at, double) in bad.iter().enumerate() {
        settings.push_str(&format!("[[scrape]]\nurl = \"{}/metrics\"\ninstance = \"bad{at}\"\n", double.url));
    }
    let script = format!("echo $$ >{}/cgroup.procs; exec \"$@\"", group.0.display());
    let mut agent = start_in(&script, &settings, &[]);
    let groups = std::fs::read_to_string(format!("/proc/{}/cgroup", agent.pid())).unwrap();
    assert!(groups.contains("pushpull-test-"), "{groups}");
    for double in &bad {
        let series = format!(
            "pushpull_agent_collection_failures_total{{reason=\"page_limit\",source=\"{}/metrics\"",
            double.url
        );
        eventually("bombs", || agent.value(&series).is_some_and(|count| count >= 5.0));
    }
    let pushed = || {
        let puts = gateway.seen_of("PUT /metrics/job/j/instance/good");
        puts.iter().filter(|put| put.body.contains("good 1\n")).count()
    };
    let before = pushed();
    eventually("good pages", || pushed() > before + 3);
    let resident = agent.value("process_resident_memory_bytes{").unwrap();
    assert!(resident < LIMIT as f64, "{resident}");
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
}
