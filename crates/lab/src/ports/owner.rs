//! Who listens on a port, as far as the kernel tells us.

use std::fs;

/// `by prometheus (pid 12)`; of another user's program only the user can be seen.
pub(super) fn of(port: u16) -> String {
    let Some((user, socket)) = listener(port) else { return "by another program".to_owned() };
    if let Some((pid, name)) = holder(&socket) {
        return format!("by {name} (pid {pid})");
    }
    let user = name(&user).unwrap_or(user);
    format!("by a program of the user {user}; a service of Debian's ends with `sudo systemctl disable --now`")
}

/// User and socket number of whoever listens on it.
fn listener(port: u16) -> Option<(String, String)> {
    const LISTENING: &str = "0A";
    let end = format!(":{port:04X}");
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = fs::read_to_string(table).unwrap_or_default();
        for line in text.lines() {
            // Number, local address, remote address, state, queues, timer, retries, user, timeout, inode.
            let fields: Vec<&str> = line.split_whitespace().collect();
            if let [_, local, _, LISTENING, _, _, _, user, _, inode, ..] = fields[..]
                && local.ends_with(&end)
            {
                return Some((user.to_owned(), format!("socket:[{inode}]")));
            }
        }
    }
    None
}

/// The process that holds a socket.
fn holder(socket: &str) -> Option<(u32, String)> {
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let mut files = fs::read_dir(entry.path().join("fd")).ok()?.flatten();
        files.any(|file| fs::read_link(file.path()).is_ok_and(|to| to.as_os_str() == socket)).then_some(())?;
        // The kernel's own name is cut after 15 characters.
        let program = fs::read_link(entry.path().join("exe")).ok()?;
        Some((pid, program.file_name()?.to_string_lossy().into_owned()))
    })
}

fn name(user: &str) -> Option<String> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == user).then(|| name.to_owned())
    })
}
