//! CPU: seconds in each mode from `/proc/stat`, and the share in use, total and by core.

use exposition::{Kind, PageBuilder};

use super::{Machine, gauge};

/// `/proc/stat` counts in 1/100 s on every Linux (`USER_HZ`).
const TICKS: f64 = 100.0;
/// The columns of a `cpu` line (`proc_stat(5)`); guest time is a part of user and nice.
const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];

pub(super) fn collect(machine: &mut Machine, page: &mut PageBuilder) -> Result<(), String> {
    if let Some(system) = &mut machine.system {
        system.refresh_cpu_usage();
        let total = f64::from(system.global_cpu_usage()) / 100.0;
        gauge(page, "host_cpu_usage_ratio", "Share of all CPU time in use since the last reading.", total);
        let name = "host_cpu_core_usage_ratio";
        page.family(name, "Share of a core's time in use since the last reading.", Kind::Gauge);
        for (core, cpu) in system.cpus().iter().enumerate() {
            page.sample(name, &[("cpu", &core.to_string())], f64::from(cpu.usage()) / 100.0);
        }
    }
    let stat = machine.read("stat")?;
    let name = "node_cpu_seconds_total";
    page.family(name, "Seconds the CPUs spent in each mode.", Kind::Counter);
    for line in stat.lines() {
        let mut columns = line.split_whitespace();
        // The line without a number is the sum of the others.
        let core = columns.next().and_then(|name| name.strip_prefix("cpu")).filter(|core| !core.is_empty());
        let Some(core) = core else { continue };
        for (mode, ticks) in MODES.iter().zip(columns) {
            let ticks: f64 =
                ticks.parse().map_err(|_| format!("stat: expected a number, got \"{ticks}\""))?;
            page.sample(name, &[("cpu", core), ("mode", mode)], ticks / TICKS);
        }
    }
    Ok(())
}
