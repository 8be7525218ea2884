//! An app that stops answering and counts on: what it writes on its way out is what arrives.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::doubles::Double;
use super::exec::{self, APP, free_port, last_value};
use super::peers;
use super::process::{Agent, eventually, start};

struct App {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn app(port: u16, file: &str) -> App {
    let command = ["-c", APP, &port.to_string(), file];
    let arguments = command.iter().filter(|argument| !argument.is_empty());
    let mut child =
        Command::new("python3").args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    App { child, lines }
}

impl App {
    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    fn last_word(&mut self) -> u64 {
        let mut lines = self.lines.by_ref().map_while(Result::ok);
        lines.find_map(|line| line.strip_prefix("final ")?.parse().ok()).unwrap()
    }
}

fn sidecar(gateway: &Double, port: u16, file: &str) -> Agent {
    let file = if file.is_empty() { String::new() } else { format!("exit_file = \"{file}\"\n") };
    start(&format!(
        "interval = \"1h\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"http://127.0.0.1:{port}/metrics\"\ntimeout = \"5s\"\n{file}\
         [shutdown]\ngrace = \"6s\"\n[push]\nurl = \"{}\"\nttl = \"3h\"\n",
        gateway.url
    ))
}

#[test]
fn the_last_value_of_an_app_that_stops_beside_its_agent_arrives() {
    // The app hears of it before, with, or after its agent: within the ten milliseconds that it lives.
    for (app_first, apart) in [(true, 0), (false, 0), (true, 5), (false, 9), (true, 12)] {
        let (gateway, port, folder) = (Double::gateway(), free_port(), tempfile::tempdir().unwrap());
        let file = folder.path().join("exit.prom");
        let mut app = app(port, file.to_str().unwrap());
        let mut agent = sidecar(&gateway, port, file.to_str().unwrap());
        eventually("the first value", || last_value(&gateway).is_some());
        let wait = || std::thread::park_timeout(Duration::from_millis(apart));
        if app_first {
            app.signal("-TERM");
            wait();
            agent.terminate();
        } else {
            agent.terminate();
            wait();
            app.signal("-TERM");
        }
        assert_eq!(agent.wait(), Some(0), "{}", agent.log());
        let last = app.last_word();
        let put = gateway.seen_of("PUT /metrics/job/j/instance/i").pop().unwrap();
        assert_eq!(last_value(&gateway), Some(last), "{apart} {}\n{}", put.body, agent.log());
        assert!(put.body.contains("up 0\n") && put.body.matches("c ").count() == 2, "{}", put.body);
    }
}

#[test]
fn the_last_value_of_an_app_under_its_agent_arrives_though_it_answers_no_more() {
    for signal in ["-TERM", "-INT"] {
        let (gateway, port, folder) = (Double::gateway(), free_port(), tempfile::tempdir().unwrap());
        let file = folder.path().join("exit.prom").to_str().unwrap().to_owned();
        let command = ["python3", "-c", APP, &port.to_string(), &file];
        let mut run = exec::with(&gateway, port, &format!("exit_file = \"{file}\"\n"), &command);
        eventually("the first value", || last_value(&gateway).is_some());
        run.signal(signal);
        assert_eq!(run.end(), Some(7), "{}", run.said());
        assert_eq!(last_value(&gateway), Some(run.last_word()), "{}", run.said());
    }
}

#[test]
fn an_app_that_was_stopped_flushed_and_ended_has_left_its_last_value() {
    // The order of a preStop hook.
    let (gateway, port) = (Double::gateway(), free_port());
    let mut app = app(port, "");
    let agent = sidecar(&gateway, port, "");
    eventually("the first value", || last_value(&gateway).is_some());
    app.signal("-USR1");
    assert_eq!(app.lines.next().unwrap().unwrap(), "stopped");
    assert_eq!(peers::request(agent.port, "POST", "/-/flush", b"").unwrap().0, 200);
    app.signal("-TERM");
    assert_eq!(last_value(&gateway), Some(app.last_word()), "{}", agent.log());
}

#[test]
fn the_file_of_an_app_that_is_over_before_its_agent_looks_arrives() {
    for _ in 0..5 {
        let (gateway, folder) = (Double::gateway(), tempfile::tempdir().unwrap());
        let file = folder.path().join("exit.prom").to_str().unwrap().to_owned();
        let script = format!("printf 'c 7\\n' > {file}.tmp && mv {file}.tmp {file}");
        let more = format!("exit_file = \"{file}\"\n");
        let mut run = exec::with(&gateway, free_port(), &more, &["sh", "-c", &script]);
        assert_eq!(run.end(), Some(0), "{}", run.said());
        assert_eq!(last_value(&gateway), Some(7), "{}", run.said());
    }
}

#[test]
fn a_file_of_an_earlier_run_is_not_the_last_word_of_this_one() {
    let (gateway, port, folder) = (Double::gateway(), free_port(), tempfile::tempdir().unwrap());
    let file = folder.path().join("exit.prom");
    std::fs::write(&file, "c 99\n").unwrap();
    let hour_ago = std::time::SystemTime::now() - Duration::from_hours(1);
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(hour_ago).unwrap();
    let agent = sidecar(&gateway, port, file.to_str().unwrap());
    let puts = || gateway.seen_of("PUT /metrics/job/j/instance/i");
    eventually("a push of a target that is down", || !puts().is_empty());
    assert_eq!(last_value(&gateway), None, "{}", agent.log());
    // Written now it is the news of an app that the agent never saw answering.
    std::fs::write(&file, "c 7\n").unwrap();
    assert_eq!(peers::request(agent.port, "POST", "/-/flush", b"").unwrap().0, 200);
    assert_eq!(last_value(&gateway), Some(7), "{}", agent.log());
    // One that cannot be read is named.
    std::fs::write(&file, "c 7 1700000000000\n").unwrap();
    assert_eq!(peers::request(agent.port, "POST", "/-/flush", b"").unwrap().0, 200);
    eventually("why", || agent.log().contains("has timestamps, as that of c: expected none in a file"));
    assert_eq!(last_value(&gateway), None, "{}", agent.log());
}
