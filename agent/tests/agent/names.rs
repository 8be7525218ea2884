//! A gateway whose name leads elsewhere: asked for again at each new connection. Needs root, for a hosts file of its own.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::process::eventually;

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Takes one push a connection; how many so far.
fn count(listener: TcpListener) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    count
}

#[test]
fn a_name_is_asked_for_again_at_each_new_connection() {
    let may = Command::new("unshare").args(["-m", "true"]).stderr(Stdio::null()).status();
    if !may.is_ok_and(|status| status.success()) {
        return eprintln!("skipped: needs root");
    }
    let before = TcpListener::bind("127.0.0.2:0").unwrap();
    let port = before.local_addr().unwrap().port();
    let after = TcpListener::bind(("127.0.0.3", port)).unwrap();
    let (before, after) = (count(before), count(after));
    let folder = tempfile::tempdir().unwrap();
    let (hosts, settings) = (folder.path().join("hosts"), folder.path().join("agent.toml"));
    std::fs::write(&hosts, "127.0.0.2 gateway.test\n").unwrap();
    let text = format!(
        "interval = \"200ms\"\nscrape = []\n[host]\nenabled = false\n[pull]\nlisten = \"127.0.0.1:0\"\n\
         [push]\nurl = \"http://gateway.test:{port}\"\n"
    );
    std::fs::write(&settings, text).unwrap();
    let script = "mount --bind \"$0\" /etc/hosts && exec \"$1\" --config \"$2\"";
    let agent = Command::new("unshare")
        .args(["-m", "sh", "-c", script])
        .args([hosts.as_path(), env!("CARGO_BIN_EXE_pushpull-agent").as_ref(), settings.as_path()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _agent = Ended(agent.unwrap());
    eventually("pushes to the first", || before.load(Ordering::SeqCst) > 1);
    assert_eq!(after.load(Ordering::SeqCst), 0);
    std::fs::write(&hosts, "127.0.0.3 gateway.test\n").unwrap();
    eventually("pushes to the second", || after.load(Ordering::SeqCst) > 1);
}
