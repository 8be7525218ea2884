//! Memory and swap: every line of `/proc/meminfo`, elsewhere what sysinfo knows.

use exposition::{Kind, PageBuilder};
use sysinfo::System;

use super::{Machine, gauge};

pub(super) fn collect(machine: &mut Machine, page: &mut PageBuilder) -> Result<(), String> {
    if machine.system.is_none() {
        machine.system = System::new().ok();
    }
    if let Some(system) = &mut machine.system {
        system.refresh_memory();
        let total = system.total_memory() as f64;
        let used = total - system.available_memory() as f64;
        let swap = system.total_swap() as f64;
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        gauge(page, "host_memory_usage_ratio", "Share of memory that is not available.", share(used, total));
        let used = system.used_swap() as f64;
        gauge(page, "host_swap_usage_ratio", "Share of swap in use.", share(used, swap));
    }
    let Ok(meminfo) = machine.read("meminfo") else {
        let system = machine.system.as_ref().ok_or("neither /proc/meminfo nor sysinfo tell")?;
        let known = [
            ("MemTotal", system.total_memory()),
            ("MemAvailable", system.available_memory()),
            ("MemFree", system.free_memory()),
            ("SwapTotal", system.total_swap()),
            ("SwapFree", system.free_swap()),
        ];
        for (field, bytes) in known {
            field_gauge(page, &format!("{field}_bytes"), field, bytes as f64);
        }
        return Ok(());
    };
    for line in meminfo.lines() {
        let Some((field, rest)) = line.split_once(':') else { continue };
        let mut words = rest.split_whitespace();
        let number = words.next().unwrap_or_default();
        let number: f64 =
            number.parse().map_err(|_| format!("meminfo: expected a number, got \"{number}\""))?;
        // `Active(anon)` is `Active_anon`, as node_exporter has it.
        let name = field.replace('(', "_").replace(')', "");
        match words.next() {
            Some(_) => field_gauge(page, &format!("{name}_bytes"), field, number * 1024.0),
            None => field_gauge(page, &name, field, number),
        }
    }
    Ok(())
}

fn field_gauge(page: &mut PageBuilder, name: &str, field: &str, value: f64) {
    let name = format!("node_memory_{name}");
    page.family(&name, &format!("Memory information field {field}."), Kind::Gauge);
    page.sample(&name, &[], value);
}
