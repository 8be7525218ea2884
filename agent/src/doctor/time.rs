//! Whether something keeps this machine's clock right.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use crate::probe::Finding;

const WHAT: &str = "time synchronisation";
const LONGEST: Duration = Duration::from_secs(3);

/// What systemd says, whose word covers chrony and ntpd, too; what a container cannot know is no failure.
pub(super) async fn check() -> Finding {
    // systemd.time-wait-sync(8)
    if Path::new("/run/systemd/timesync/synchronized").exists() {
        return Finding::ok(WHAT, "systemd-timesyncd has set the clock");
    }
    let asked = Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .kill_on_drop(true)
        .output();
    let said = match tokio::time::timeout(LONGEST, asked).await {
        Ok(Ok(output)) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => String::new(),
    };
    match said.as_str() {
        "yes" => Finding::ok(WHAT, "the kernel's clock is synchronised"),
        "no" => Finding::warn(
            WHAT,
            "nothing keeps this machine's clock right",
            "run chrony or systemd-timesyncd: TLS, lifetimes of groups and graphs go by the clock",
        ),
        _ => Finding::ok(WHAT, "nobody here can say, as in a container; see the clock against each gateway"),
    }
}
