//! Who listens where the agent does, or is to.

use std::net::SocketAddr;

use procfs::net::{TcpNetEntry, TcpState};
use procfs::process::{FDTarget, all_processes};

use crate::probe::Finding;

/// A process that listens.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) pid: i32,
    pub(super) name: String,
}

/// Who listens at this address; of other users' processes only root can know.
pub(super) fn owner(listen: SocketAddr) -> Option<Owner> {
    let entries = procfs::net::tcp().into_iter().chain(procfs::net::tcp6()).flatten();
    let same = |entry: &TcpNetEntry| {
        let at = entry.local_address;
        let overlaps = at.ip() == listen.ip() || at.ip().is_unspecified() || listen.ip().is_unspecified();
        entry.state == TcpState::Listen && at.port() == listen.port() && overlaps
    };
    let sockets: Vec<u64> = entries.filter(same).map(|entry| entry.inode).collect();
    if sockets.is_empty() {
        return None;
    }
    all_processes().ok()?.flatten().find_map(|process| {
        let mut files = process.fd().ok()?.flatten();
        files.find(|file| matches!(file.target, FDTarget::Socket(inode) if sockets.contains(&inode)))?;
        Some(Owner { pid: process.pid(), name: process.stat().map(|stat| stat.comm).unwrap_or_default() })
    })
}

/// Whether the agent has its listener, or could.
pub(super) fn check(listen: SocketAddr, runs: bool, owner: Option<&Owner>) -> Finding {
    let what = format!("listener {listen}");
    let who = owner.map(|owner| format!("process {} ({})", owner.pid, owner.name));
    if runs {
        let who = who.map_or_else(String::new, |who| format!(", {who}"));
        return Finding::ok(what, format!("an agent answers there{who}"));
    }
    match std::net::TcpListener::bind(listen) {
        Ok(_) => Finding::warn(what, "no agent runs: nobody listens there", "start the agent"),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let who = who.unwrap_or_else(|| "a process that only root can see".to_owned());
            let then = "stop it, or give the agent another address with pull.listen or --listen";
            Finding::fail(what, format!("taken by {who}, which is no agent that answers"), then)
        }
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            let then = "choose a port above 1023, or give the agent CAP_NET_BIND_SERVICE";
            Finding::fail(what, format!("cannot be listened on: {error}"), then)
        }
        Err(error) => {
            let then = "give an address of this machine as pull.listen, such as 127.0.0.1:9102";
            Finding::fail(what, format!("cannot be listened on: {error}"), then)
        }
    }
}
