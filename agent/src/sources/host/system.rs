//! The system itself: its name, its clock, and since when it runs.

use std::time::{SystemTime, UNIX_EPOCH};

use exposition::{Kind, PageBuilder};
use sysinfo::System;

use super::{Machine, gauge};

pub(super) fn collect(_: &mut Machine, page: &mut PageBuilder) -> Result<(), String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| "the clock stands before 1970")?;
    gauge(page, "node_time_seconds", "System time in seconds since epoch (1970).", now.as_secs_f64());
    let boot = System::boot_time().map_err(|error| error.to_string())?;
    gauge(page, "node_boot_time_seconds", "Node boot time, in unixtime.", boot as f64);
    let uptime = System::uptime().map_err(|error| error.to_string())?;
    gauge(page, "host_uptime_seconds", "Time since the host booted.", uptime as f64);
    let names = rustix::system::uname();
    let text = |name: &std::ffi::CStr| name.to_string_lossy().into_owned();
    let labels = [
        ("domainname", text(names.domainname())),
        ("machine", text(names.machine())),
        ("nodename", text(names.nodename())),
        ("release", text(names.release())),
        ("sysname", text(names.sysname())),
        ("version", text(names.version())),
    ];
    let labels: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let help = "Labeled system information as provided by the uname system call.";
    page.family("node_uname_info", help, Kind::Gauge);
    page.sample("node_uname_info", &labels, 1.0);
    Ok(())
}
