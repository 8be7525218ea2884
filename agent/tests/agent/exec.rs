//! The agent as its app's parent: signals, exit codes, and the app's very last values.

use std::process::{Child, Command, Stdio};

use super::doubles::Double;
use super::peers;
use super::process::eventually;

pub(crate) const APP: &str = include_str!("app.py");

pub(crate) struct Run {
    child: Child,
    said: std::sync::Arc<std::sync::Mutex<String>>,
    _folder: tempfile::TempDir,
}

impl Drop for Run {
    fn drop(&mut self) {
        // An app outlives an agent that is killed, and many of these would run for ever.
        if let Ok(None) = self.child.try_wait()
            && let app = self.app()
            && !app.is_empty()
        {
            let _ = Command::new("kill").args(["-KILL", &app]).status();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn exec(gateway: &Double, port: u16, command: &[&str]) -> Run {
    with(gateway, port, "", command)
}

/// With more settings of the target.
pub(crate) fn with(gateway: &Double, port: u16, scrape: &str, command: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.toml");
    let settings = format!(
        "interval = \"1h\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"http://127.0.0.1:{port}/metrics\"\ntimeout = \"5s\"\n{scrape}[shutdown]\ngrace = \"5s\"\n\
         [push]\nurl = \"{}\"\nttl = \"3h\"\n[pull]\nlisten = \"127.0.0.1:0\"\n",
        gateway.url
    );
    std::fs::write(&file, settings).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_pushpull-agent"))
        .args(["exec", "--config", file.to_str().unwrap(), "--"])
        .args(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let streams: [Box<dyn std::io::Read + Send>; 2] =
        [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
    for stream in streams {
        let said = std::sync::Arc::clone(&said);
        std::thread::spawn(move || {
            let lines = std::io::BufRead::lines(std::io::BufReader::new(stream));
            for line in lines.map_while(Result::ok) {
                said.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
    }
    Run { child, said, _folder: folder }
}

impl Run {
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// The process of the app.
    pub(crate) fn app(&self) -> String {
        let children = format!("/proc/{0}/task/{0}/children", self.child.id());
        std::fs::read_to_string(children).unwrap().trim().to_owned()
    }

    pub(crate) fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        eventually(what, || condition(self));
    }

    /// Where it answers pulls, as it says itself.
    fn port(&self) -> u16 {
        let said = self.said();
        let url = said.lines().find_map(|line| line.strip_prefix("listening on ")).unwrap();
        url.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// What the app said that its counter was at its end.
    pub(crate) fn last_word(&self) -> u64 {
        eventually("its last words", || self.said().contains("final "));
        let said = self.said();
        said.lines().find_map(|line| line.strip_prefix("final ")?.parse().ok()).unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    pub(crate) fn end(&mut self) -> Option<i32> {
        let mut code = None;
        eventually("the end", || {
            code = self.child.try_wait().unwrap().map(|status| status.code());
            code.is_some()
        });
        code.flatten()
    }
}

pub(crate) fn last_value(gateway: &Double) -> Option<u64> {
    let body = gateway.seen_of("PUT /metrics/job/j/instance/i").pop()?.body;
    body.lines().find_map(|line| line.strip_prefix("c ")?.parse().ok())
}

#[test]
fn an_app_that_is_gone_ten_milliseconds_after_its_signal_leaves_its_last_value() {
    // A machine that has no time for the app has none for a look at it: then it is another try. Once it may
    // have had time for the app alone.
    let mut spare = 1;
    for signal in ["-TERM", "-INT", "-TERM", "-TERM", "-INT"] {
        let (mut tries, mut again) = (0, true);
        while again {
            let (gateway, port) = (Double::gateway(), free_port());
            let mut run = exec(&gateway, port, &["python3", "-c", APP, &port.to_string()]);
            eventually("the first value, an hour before the next tick", || last_value(&gateway).is_some());
            run.signal(signal);
            assert_eq!(run.end(), Some(7), "{}", run.said());
            let (last, pushed) = (run.last_word(), last_value(&gateway));
            tries += 1;
            let is_missed = pushed != Some(last);
            let was_late = run.said().contains("late\n");
            again = is_missed && tries < 10 && (was_late || spare > 0);
            spare -= u32::from(again && !was_late);
            assert!(again || pushed == Some(last), "{pushed:?} of {last} in try {tries}: {}", run.said());
        }
    }
}

#[test]
fn an_app_that_ends_by_itself_or_is_killed_leaves_what_was_seen_last() {
    let (gateway, port) = (Double::gateway(), free_port());
    let mut run = exec(&gateway, port, &["python3", "-c", APP, &port.to_string()]);
    eventually("the first value", || last_value(&gateway).is_some());
    let first = last_value(&gateway).unwrap();
    // A look is a quarter of a second away, so some values come that no push has brought.
    let app = run.app();
    let seen = || {
        let page = peers::request(run.port(), "GET", "/metrics", b"").unwrap().1;
        page.lines().find_map(|line| line.strip_prefix("c{")?.rsplit(' ').next()?.parse::<u64>().ok())
    };
    eventually("a look that no push has brought", || seen().is_some_and(|value| value >= first + 100));
    assert!(Command::new("kill").args(["-KILL", &app]).status().unwrap().success());
    assert_eq!(run.end(), Some(128 + 9), "{}", run.said());
    let last = gateway.seen_of("PUT /metrics/job/j/instance/i").pop().unwrap();
    assert!(last.line.ends_with("?ttl=30") && last.body.contains("up 0\n"), "{last:?}");
    assert!(last_value(&gateway).unwrap() >= first + 100, "{first} {}", last.body);
}

#[test]
fn exit_codes_are_passed_through_as_shells_have_them() {
    let gateway = Double::gateway();
    for (command, code) in [
        (&["sh", "-c", "exit 3"][..], 3),
        (&["true"], 0),
        (&["sh", "-c", "kill -SEGV $$"], 128 + 11),
        (&["/nowhere/app"], 127),
        (&["/etc/passwd"], 126),
    ] {
        let mut run = exec(&gateway, free_port(), command);
        assert_eq!(run.end(), Some(code), "{command:?}: {}", run.said());
    }
}

#[test]
fn the_apps_output_is_its_own_and_a_port_that_is_taken_does_not_keep_it_from_starting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    let gateway = Double::gateway();
    for (listen, part) in [("127.0.0.1:0", ""), (at.as_str(), "the app is started all the same")] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        let settings = format!(
            "scrape = []\n[host]\nenabled = false\n[push]\nurl = \"{}\"\n[pull]\nlisten = \"{listen}\"\n",
            gateway.url
        );
        std::fs::write(&file, settings).unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_pushpull-agent"))
            .args(["exec", "--config", file.to_str().unwrap(), "--", "sh", "-c", "echo mine; exit 6"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!((run.status.code(), &run.stdout[..]), (Some(6), &b"mine\n"[..]), "{said}");
        assert!(said.contains("listening on http://127.0.0.1:") && said.contains(part), "{said}");
    }
}

#[test]
fn signals_that_say_something_to_apps_are_passed_on() {
    let gateway = Double::gateway();
    for signal in ["HUP", "QUIT", "USR1", "USR2", "WINCH", "ALRM"] {
        let app = format!("trap 'exit 9' {signal}; echo ready; while :; do sleep 0.01; done");
        let mut run = exec(&gateway, free_port(), &["sh", "-c", &app]);
        eventually("the app", || run.said().contains("ready"));
        run.signal(&format!("-{signal}"));
        assert_eq!(run.end(), Some(9), "{signal}: {}", run.said());
    }
}

#[test]
fn an_app_that_reads_its_settings_again_is_not_looked_at_as_if_it_ended() {
    let (gateway, target) = (Double::gateway(), Double::page("c 1\n"));
    let port = target.url.rsplit(':').next().unwrap().parse().unwrap();
    let app = "trap 'echo again' HUP; echo ready; while :; do sleep 0.01; done";
    let run = exec(&gateway, port, &["sh", "-c", app]);
    eventually("the app", || run.said().contains("ready"));
    let gap = || {
        let seen = target.seen();
        let [.., before, last] = &seen[..] else { return 0 };
        last.at.duration_since(before.at).as_millis()
    };
    eventually("a look now and then", || gap() >= 200);
    run.signal("-HUP");
    eventually("many looks", || run.said().contains("again") && gap() < 100);
    eventually("a look now and then again", || gap() >= 200);
}

#[test]
fn an_app_goes_on_while_no_gateway_is_there_and_its_code_is_the_last_word() {
    let gateway = Double::new(|_, stream| drop(stream.shutdown(std::net::Shutdown::Both)));
    let mut run = exec(&gateway, free_port(), &["sh", "-c", "exit 4"]);
    assert_eq!(run.end(), Some(4));
    eventually("what was left", || run.said().contains("left undone"));
}

#[test]
fn as_process_1_it_buries_orphans_and_passes_signals_on() {
    let unshare = ["--pid", "--fork", "--mount-proc", "--kill-child"];
    if !Command::new("unshare").args(unshare).arg("true").status().is_ok_and(|status| status.success()) {
        println!("skipped: needs root, to be process 1 of a namespace");
        return;
    }
    let (gateway, folder) = (Double::gateway(), tempfile::tempdir().unwrap());
    let file = folder.path().join("agent.toml");
    let settings = format!(
        "interval = \"1h\"\n[host]\nenabled = false\n[scrape]\nurl = \"http://127.0.0.1:{}/metrics\"\n\
         [push]\nurl = \"{}\"\n[pull]\nlisten = \"127.0.0.1:0\"\n",
        free_port(),
        gateway.url
    );
    std::fs::write(&file, settings).unwrap();
    // An orphan is born and ends; once it is buried, /proc has no zombie and the app ends.
    let app = "(sh -c 'sleep 0.2 & exit 0'); \
               until ! grep -q '^State:.Z' /proc/[0-9]*/status 2>/dev/null && ! pgrep -x sleep >/dev/null; \
               do :; done; exit 5";
    let mut child = Command::new("unshare")
        .args(unshare)
        .arg(env!("CARGO_BIN_EXE_pushpull-agent"))
        .args(["exec", "--config", file.to_str().unwrap(), "--", "sh", "-c", app])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut code = None;
    eventually("the end of process 1", || {
        code = child.try_wait().unwrap().map(|status| status.code());
        code.is_some()
    });
    assert_eq!(code.flatten(), Some(5));
}
