//! The article's background thread: the process' and the system's figures, each second.
//!
//! Percentages are of 100, as the article's are. `app_cpu_percent` is of one core since the last
//! collection; the article makes a new `psutil.Process` each time and so always shows 0.

use std::time::{Duration, Instant};

use anyhow::Context;
use prometheus::{Gauge, Registry};
use service::instruments::registered;
use service::process;
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const INTERVAL: Duration = Duration::from_secs(1);

struct Gauges {
    cpu: Gauge,
    memory: Gauge,
    memory_percent: Gauge,
    system_cpu: Gauge,
    system_memory: Gauge,
    disk_used: Gauge,
    disk_free: Gauge,
    disk_total: Gauge,
    disk_used_percent: Gauge,
    disk_free_percent: Gauge,
}

/// Collects once and then each second until `stop`.
///
/// CPU usage is of the time between two looks: with one look only, the first scrape would show the
/// system's usage since its boot. So this takes a moment.
pub async fn start(registry: &Registry, stop: CancellationToken) -> anyhow::Result<JoinHandle<()>> {
    let gauges = Gauges::new(registry)?;
    let kinds = RefreshKind::nothing()
        .with_cpu(CpuRefreshKind::nothing().with_usage())
        .with_memory(MemoryRefreshKind::nothing().with_ram());
    let mut system = System::new_with_specifics(kinds).context("cannot read the system's figures")?;
    let mut last = (Instant::now(), process::cpu_time());
    system.refresh_cpu_usage();
    tokio::time::sleep(sysinfo::MINIMUM_CPU_UPDATE_INTERVAL).await;
    gauges.collect(&mut system, &mut last);
    Ok(tokio::spawn(async move {
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + INTERVAL, INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = ticks.tick() => gauges.collect(&mut system, &mut last),
                () = stop.cancelled() => return,
            }
        }
    }))
}

impl Gauges {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let gauge = |name: &str, help: &str| registered(registry, Gauge::new(name, help));
        Ok(Self {
            cpu: gauge("app_cpu_percent", "Percentual de uso de CPU pela aplicação")?,
            memory: gauge("app_memory_bytes", "Uso de memória pela aplicação em bytes")?,
            memory_percent: gauge("app_memory_percent", "Percentual de uso de memória pela aplicação")?,
            system_cpu: gauge("system_cpu_percent", "Percentual de uso de CPU do sistema")?,
            system_memory: gauge("system_memory_percent", "Percentual de uso de memória do sistema")?,
            disk_used: gauge("system_disk_usage_bytes", "Uso de disco em bytes")?,
            disk_free: gauge("system_disk_free_bytes", "Espaço em disco livre em bytes")?,
            disk_total: gauge("system_disk_total_bytes", "Espaço total em disco em bytes")?,
            disk_used_percent: gauge("system_disk_usage_percent", "Percentual de uso de disco")?,
            disk_free_percent: gauge("system_disk_free_percent", "Percentual de espaço livre em disco")?,
        })
    }

    fn collect(&self, system: &mut System, last: &mut (Instant, Option<Duration>)) {
        let (now, cpu) = (Instant::now(), process::cpu_time());
        let passed = now.duration_since(last.0).as_secs_f64();
        if let (Some(before), Some(after)) = (last.1, cpu)
            && passed > 0.0
        {
            self.cpu.set(after.saturating_sub(before).as_secs_f64() / passed * 100.0);
        }
        *last = (now, cpu);

        system.refresh_cpu_usage();
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        self.system_cpu.set(f64::from(system.global_cpu_usage()));
        let total = system.total_memory() as f64;
        let percent = |part: f64, whole: f64| if whole > 0.0 { part / whole * 100.0 } else { 0.0 };
        self.system_memory.set(percent(total - system.available_memory() as f64, total));
        let resident = process::resident_bytes().unwrap_or(0.0);
        self.memory.set(resident);
        self.memory_percent.set(percent(resident, total));

        if let Ok(disk) = rustix::fs::statvfs("/") {
            // As psutil counts: what only root may use is neither used nor free.
            let bytes = |blocks: u64| (blocks * disk.f_frsize) as f64;
            let (used, free) = (bytes(disk.f_blocks - disk.f_bfree), bytes(disk.f_bavail));
            self.disk_used.set(used);
            self.disk_free.set(free);
            self.disk_total.set(bytes(disk.f_blocks));
            self.disk_used_percent.set(percent(used, used + free));
            self.disk_free_percent.set(100.0 - percent(used, used + free));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Usage since boot in percent, as `proc_stat(5)` has it.
    fn since_boot() -> f64 {
        let text = std::fs::read_to_string("/proc/stat").unwrap();
        let line = text.lines().next().unwrap();
        let times: Vec<f64> = line.split_whitespace().skip(1).map(|time| time.parse().unwrap()).collect();
        let total: f64 = times[..8].iter().sum();
        (total - times[3] - times[4]) / total * 100.0
    }

    #[tokio::test]
    async fn the_first_cpu_reading_is_of_now_and_not_since_boot() {
        let registry = Registry::new();
        let stop = CancellationToken::new();
        let before = since_boot();
        let running = start(&registry, stop.clone()).await.unwrap();
        let families = registry.gather();
        let of = |name: &str| {
            let family = families.iter().find(|family| family.name() == name).unwrap();
            family.get_metric()[0].get_gauge().value()
        };
        // Over a fifth of a second usage comes in steps of whole ticks: what is since boot does not.
        let (now, after) = (of("system_cpu_percent"), since_boot());
        let near = |boot: f64| (now - boot).abs() < 1e-3;
        assert!(!near(before) && !near(after), "{now} beside {before} and {after}");
        assert!((0.0..=100.0).contains(&now) && of("app_cpu_percent") >= 0.0);
        stop.cancel();
        running.await.unwrap();
    }
}
