//! The demo as a newcomer runs it: it shows the counter moving, and leaves nothing behind.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{binary, eventually};

struct Demo {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(arguments: &[&str]) -> Demo {
    // The lab finds the other binaries beside itself.
    binary("pushpull-api");
    let mut child = Command::new(binary("pushpull-lab"))
        .arg("demo")
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = Arc::new(Mutex::new(String::new()));
    let streams: [Box<dyn std::io::Read + Send>; 2] =
        [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
    for stream in streams {
        let said = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                said.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
    }
    Demo { child, said }
}

impl Demo {
    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    fn wait_for(&self, part: &str) {
        eventually(&format!("{part}\nin\n{}", self.said()), || self.said().contains(part));
    }

    fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    fn end(&mut self) -> Option<i32> {
        let mut code = None;
        eventually("the demo's end", || {
            code = self.child.try_wait().unwrap().map(|status| status.code());
            code.is_some()
        });
        code.flatten()
    }

    /// The processes that it started.
    fn children(&self) -> Vec<(u32, String)> {
        let parent = self.child.id().to_string();
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        processes
            .filter_map(|entry| {
                let id: u32 = entry.file_name().to_str()?.parse().ok()?;
                let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
                let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
                (rest.split_whitespace().nth(1)? == parent).then(|| (id, name.to_owned()))
            })
            .collect()
    }
}

fn signal(id: u32, name: &str) {
    assert!(Command::new("kill").args([name, &id.to_string()]).status().unwrap().success());
}

fn gone(children: &[(u32, String)]) -> bool {
    children.iter().all(|(id, _)| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // A zombie is gone, and only waits to be counted by its parent.
        stat.is_empty() || stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
    })
}

#[test]
fn the_counter_moves_and_an_interrupt_ends_everything_in_time() {
    let mut demo = start(&["--ports", "auto", "--interval", "1", "--rate", "20"]);
    demo.wait_for("Everything is running. Ctrl-C stops it all.");
    for path in ["pull", "push", "fallback"] {
        eventually(&format!("path {path} in Prometheus\n{}", demo.said()), || {
            demo.said()
                .lines()
                .any(|line| line.contains("| prometheus ") && line.contains(&format!("{path} ")))
        });
    }
    let counts = |said: &str| -> Vec<u64> {
        let part = |line: &str| line.split_once("| gateway ")?.1.split(' ').next()?.parse().ok();
        said.lines().filter_map(part).collect()
    };
    eventually("a moving counter", || counts(&demo.said()).last() > counts(&demo.said()).first());
    let children = demo.children();
    assert_eq!(children.len(), 4, "{children:?}");
    let began = Instant::now();
    demo.signal("-INT");
    assert_eq!(demo.end(), Some(0), "{}", demo.said());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(gone(&children), "{children:?}");
}

#[test]
fn a_child_that_dies_is_named_with_how_and_the_rest_is_stopped() {
    let mut demo = start(&["--ports", "auto", "--interval", "1", "--without-prometheus"]);
    demo.wait_for("Everything is running");
    let children = demo.children();
    let gateway = children.iter().find(|(_, name)| name.starts_with("pushpull-gatewa")).unwrap();
    signal(gateway.0, "-KILL");
    assert_eq!(demo.end(), Some(1), "{}", demo.said());
    demo.wait_for("gateway ended by itself (signal: 9 (SIGKILL)); its last lines:\n    ");
    eventually("the others' end", || gone(&children));
}

#[test]
fn children_end_even_when_the_lab_is_killed() {
    let mut demo = start(&["--ports", "auto", "--interval", "1", "--without-prometheus"]);
    demo.wait_for("Everything is running");
    let children = demo.children();
    assert_eq!(children.len(), 3, "{children:?}");
    demo.signal("-KILL");
    demo.end();
    eventually("their end", || gone(&children));
}

#[test]
fn taken_ports_are_named_before_anything_is_started() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let offset = (port - 8000).to_string();
    let mut demo = start(&["--port-offset", &offset]);
    assert_eq!(demo.end(), Some(1));
    demo.wait_for(&format!("{port} (api)"));
    demo.wait_for("choose others with --port-offset 1000, or free ones with --ports auto");
    assert!(!demo.said().contains("listening"), "{}", demo.said());
}
