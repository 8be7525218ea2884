//! `exec` under the job control of a real shell: Ctrl-Z, fg, bg, and who has the terminal.

use std::process::{Command, Stdio};

use super::doubles::Double;
use super::exec::{free_port, with};

/// Types into an interactive bash on a terminal of its own.
const TYPIST: &str = include_str!("job_control.py");

/// An app that says when it goes on.
const STOPPED: &str = r#"
import signal
signal.signal(signal.SIGCONT, lambda *_: print("continued", flush=True))
print("ready", flush=True)
while True:
    signal.pause()
"#;

#[test]
fn agent_and_app_are_one_job_of_an_interactive_shell() {
    let (gateway, folder) = (Double::gateway(), tempfile::tempdir().unwrap());
    let file = folder.path().join("agent.toml");
    let settings = format!(
        "interval = \"1h\"\n[host]\nenabled = false\n[scrape]\nurl = \"http://127.0.0.1:{}/metrics\"\n\
         [push]\nurl = \"{}\"\nttl = \"3h\"\n[pull]\nlisten = \"127.0.0.1:0\"\n[log]\nlevel = \"off\"\n",
        free_port(),
        gateway.url
    );
    std::fs::write(&file, settings).unwrap();
    let typed = Command::new("python3")
        .args(["-c", TYPIST, env!("CARGO_BIN_EXE_pushpull-agent")])
        .arg(&file)
        .stdin(Stdio::null())
        .output()
        .expect("python3 and bash type: apt-get install python3 bash");
    let said = String::from_utf8_lossy(&typed.stdout);
    assert!(typed.status.success(), "{said}{}", String::from_utf8_lossy(&typed.stderr));
}

#[test]
fn without_a_terminal_a_stop_is_passed_on_and_a_stopped_app_does_not_stop_the_agent() {
    let (gateway, port) = (Double::gateway(), free_port());
    let mut run = with(&gateway, port, "", &["python3", "-c", STOPPED]);
    run.until("the app", |run| run.said().contains("ready"));
    let app = run.app();
    let state = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next())
    };
    // Somebody stops the app alone: the agent goes on and says that it does not answer.
    assert!(Command::new("kill").args(["-STOP", &app]).status().unwrap().success());
    run.until("a stopped app", |_| state(&app) == Some('T'));
    assert_ne!(state(&run.pid()), Some('T'));
    run.signal("-CONT");
    run.until("the app again", |run| run.said().contains("continued"));
    run.signal("-TSTP");
    run.until("a stopped app", |_| state(&app) == Some('T'));
    run.signal("-CONT");
    run.until("the app goes on", |run| run.said().matches("continued").count() >= 2);
    run.signal("-TERM");
    assert_eq!(run.end(), Some(128 + 15), "{}", run.said());
}
