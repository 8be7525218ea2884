//! The lab as a process of its own: what it says, what it starts, how it ends.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::{binary, eventually};

pub(super) struct Lab {
    child: Child,
    said: Arc<Mutex<String>>,
    /// Its temporary files; a lab that is killed cannot remove them itself.
    _folder: TempDir,
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) fn start(arguments: &[&str]) -> Lab {
    // The lab finds the other binaries beside itself.
    binary("pushpull-api");
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(binary("pushpull-lab"))
        .args(arguments)
        .env("TMPDIR", folder.path())
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
    Lab { child, said, _folder: folder }
}

impl Lab {
    pub(super) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(super) fn wait_for(&self, part: &str) {
        eventually(&format!("{part}\nin\n{}", self.said()), || self.said().contains(part));
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    pub(super) fn end(&mut self) -> Option<i32> {
        let mut code = None;
        eventually("the lab's end", || {
            code = self.child.try_wait().unwrap().map(|status| status.code());
            code.is_some()
        });
        code.flatten()
    }

    /// The processes that it started.
    pub(super) fn children(&self) -> Vec<(u32, String)> {
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

pub(super) fn signal(id: u32, name: &str) {
    assert!(Command::new("kill").args([name, &id.to_string()]).status().unwrap().success());
}

pub(super) fn gone(children: &[(u32, String)]) -> bool {
    children.iter().all(|(id, _)| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // A zombie is gone, and only waits to be counted by its parent.
        stat.is_empty() || stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
    })
}
