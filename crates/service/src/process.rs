//! The `process_*` metrics of the client libraries, and the build of the program.
//!
//! The `prometheus` crate's own collector counts CPU time in whole seconds, which shows nothing
//! of a program that uses one percent. Help texts are the client libraries' own: a gateway that
//! holds several programs' metrics shows one help text a name.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Counter, Gauge, Metric, MetricFamily, MetricType};
use prometheus::{GaugeVec, Opts};

const CPU: &str = "process_cpu_seconds_total";
const CPU_HELP: &str = "Total user and system CPU time spent in seconds.";
/// Clock ticks a second in `/proc`: fixed by the Linux ABI (`USER_HZ`).
const TICKS: f64 = 100.0;
/// Bytes of a page of memory on every platform that we build for.
const PAGE: f64 = 4096.0;

/// Reads `/proc/self` at each scrape. Elsewhere than on Linux it exposes nothing.
#[derive(Debug)]
pub struct ProcessCollector(Desc);

/// The collector of this process.
pub fn collector() -> Result<Box<dyn Collector>, prometheus::Error> {
    // A registry tells collectors apart by what they describe, so one name stands for all.
    let desc = Desc::new(CPU.to_owned(), CPU_HELP.to_owned(), Vec::new(), HashMap::new())?;
    Ok(Box::new(ProcessCollector(desc)))
}

/// `pushpull_build_info{program,version} 1`.
pub fn build_info(program: &str) -> Result<Box<dyn Collector>, prometheus::Error> {
    let options = Opts::new("pushpull_build_info", "Which program this is, and its version; always 1.");
    let info = GaugeVec::new(options, &["program", "version"])?;
    info.with_label_values(&[program, env!("CARGO_PKG_VERSION")]).set(1.0);
    Ok(Box::new(info))
}

impl Collector for ProcessCollector {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let Some(stat) = Stat::read() else { return Vec::new() };
        let mut families = vec![
            family(CPU, CPU_HELP, MetricType::COUNTER, stat.cpu_seconds),
            family(
                "process_resident_memory_bytes",
                "Resident memory size in bytes.",
                MetricType::GAUGE,
                stat.resident,
            ),
            family(
                "process_virtual_memory_bytes",
                "Virtual memory size in bytes.",
                MetricType::GAUGE,
                stat.virtual_memory,
            ),
            family(
                "process_threads",
                "Number of OS threads in the process.",
                MetricType::GAUGE,
                stat.threads,
            ),
        ];
        if let Some(start) = stat.start {
            let help = "Start time of the process since unix epoch in seconds.";
            families.push(family("process_start_time_seconds", help, MetricType::GAUGE, start));
        }
        if let Ok(entries) = std::fs::read_dir("/proc/self/fd") {
            // One of them is the look itself.
            let open = entries.count().saturating_sub(1) as f64;
            families.push(family(
                "process_open_fds",
                "Number of open file descriptors.",
                MetricType::GAUGE,
                open,
            ));
        }
        if let Some(most) = limit("Max address space") {
            let help = "Maximum amount of virtual memory available in bytes.";
            families.push(family("process_virtual_memory_max_bytes", help, MetricType::GAUGE, most));
        }
        if let Some(most) = limit("Max open files") {
            let help = "Maximum number of open file descriptors.";
            families.push(family("process_max_fds", help, MetricType::GAUGE, most));
        }
        families
    }
}

/// CPU time of this process so far.
pub fn cpu_time() -> Option<Duration> {
    Stat::read().map(|stat| Duration::from_secs_f64(stat.cpu_seconds))
}

/// Resident memory of this process in bytes.
pub fn resident_bytes() -> Option<f64> {
    Stat::read().map(|stat| stat.resident)
}

struct Stat {
    cpu_seconds: f64,
    threads: f64,
    virtual_memory: f64,
    resident: f64,
    start: Option<f64>,
}

impl Stat {
    /// `proc_pid_stat(5)`: fields are counted behind the last `)`, since a name may hold anything.
    fn read() -> Option<Self> {
        let text = std::fs::read_to_string("/proc/self/stat").ok()?;
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        // Field 3 of the manual is the first one here.
        let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        Some(Self {
            cpu_seconds: (field(14)? + field(15)?) / TICKS,
            threads: field(20)?,
            virtual_memory: field(23)?,
            resident: field(24)? * PAGE,
            start: boot_time().zip(field(22)).map(|(boot, ticks)| boot + ticks / TICKS),
        })
    }
}

fn boot_time() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("btime "));
    // A clock that stands before 1970 tells nothing.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs_f64();
    line?.trim().parse::<f64>().ok().filter(|boot| *boot <= now)
}

/// The soft limit of this name.
fn limit(name: &str) -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    match line.split_whitespace().next()? {
        // As the client libraries show it: the largest number of 64 bits.
        "unlimited" => Some(u64::MAX as f64),
        number => number.parse().ok(),
    }
}

fn family(name: &str, help: &str, kind: MetricType, value: f64) -> MetricFamily {
    let mut metric = Metric::default();
    if kind == MetricType::COUNTER {
        let mut counter = Counter::default();
        counter.set_value(value);
        metric.set_counter(counter);
    } else {
        let mut gauge = Gauge::default();
        gauge.set_value(value);
        metric.set_gauge(gauge);
    }
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(vec![metric]);
    family
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_moves_in_less_than_whole_seconds() {
        let of_page = || {
            let families = collector().unwrap().collect();
            let cpu = families.iter().find(|family| family.name() == CPU).unwrap();
            cpu.get_metric()[0].get_counter().value()
        };
        let before = of_page();
        let mut after = before;
        // Works until the kernel has counted some of it.
        while after <= before {
            after = of_page();
        }
        assert!(after - before < 0.5, "from {before} to {after} in one step");
        assert!(cpu_time().unwrap().as_secs_f64() >= after);
    }
}
