//! Processes: how many there are, run, or wait.

use exposition::{Kind, PageBuilder};

use super::{Machine, gauge};

/// Line of `/proc/stat`, metric, type, help text.
const FIELDS: [(&str, &str, Kind, &str); 4] = [
    ("procs_running", "node_procs_running", Kind::Gauge, "Number of processes in runnable state."),
    (
        "procs_blocked",
        "node_procs_blocked",
        Kind::Gauge,
        "Number of processes blocked waiting for I/O to complete.",
    ),
    ("processes", "node_forks_total", Kind::Counter, "Total number of forks."),
    ("ctxt", "node_context_switches_total", Kind::Counter, "Total number of context switches."),
];

pub(super) fn collect(machine: &mut Machine, page: &mut PageBuilder) -> Result<(), String> {
    let entries = std::fs::read_dir(&machine.procfs)
        .map_err(|error| format!("{} cannot be read: {error}", machine.procfs.display()))?;
    let is_process = |name: &std::ffi::OsStr| name.as_encoded_bytes().iter().all(u8::is_ascii_digit);
    let count = entries.flatten().filter(|entry| is_process(&entry.file_name())).count();
    gauge(page, "host_processes", "Number of processes.", count as f64);
    let stat = machine.read("stat")?;
    for (line, name, kind, help) in FIELDS {
        let value = stat.lines().find_map(|found| found.strip_prefix(line)?.trim().parse::<f64>().ok());
        let Some(value) = value else { continue };
        page.family(name, help, kind);
        page.sample(name, &[], value);
    }
    Ok(())
}
