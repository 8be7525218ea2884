//! CPU: seconds in each mode from `/proc/stat`, and the share in use, total and by core.

use exposition::{Kind, PageBuilder};

use super::{Machine, gauge};

/// `/proc/stat` counts in 1/100 s on every Linux (`USER_HZ`).
const TICKS: f64 = 100.0;
/// The columns of a `cpu` line (`proc_stat(5)`); guest time is a part of user and nice.
const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
/// Those in which a CPU does nothing.
const IDLE: [usize; 2] = [3, 4];

/// A line of `/proc/stat`: a core, or all of them where it has no number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Times([f64; MODES.len()]);

impl Times {
    /// Share in use since an earlier reading; none where no time has passed.
    fn share(&self, before: &Self) -> Option<f64> {
        // A virtual machine's counters may go back a little.
        let spent = |mode: usize| (self.0[mode] - before.0[mode]).max(0.0);
        let all: f64 = (0..MODES.len()).map(spent).sum();
        let idle: f64 = IDLE.into_iter().map(spent).sum();
        (all > 0.0).then(|| (all - idle) / all)
    }
}

pub(super) fn collect(machine: &mut Machine, page: &mut PageBuilder) -> Result<(), String> {
    let now = read(&machine.read("stat")?)?;
    let name = "node_cpu_seconds_total";
    page.family(name, "Seconds the CPUs spent in each mode.", Kind::Counter);
    for (core, times) in now.iter().filter(|(core, _)| !core.is_empty()) {
        for (mode, ticks) in MODES.iter().zip(times.0) {
            page.sample(name, &[("cpu", core), ("mode", mode)], ticks / TICKS);
        }
    }
    // Of the first reading there is no share: it would be that since the machine was started.
    let before = std::mem::replace(&mut machine.cpu, now);
    let share = |core: &str| {
        let of = |all: &[(String, Times)]| all.iter().find(|(name, _)| name == core).map(|(_, times)| *times);
        of(&machine.cpu)?.share(&of(&before)?)
    };
    if let Some(total) = share("") {
        gauge(page, "host_cpu_usage_ratio", "Share of all CPU time in use since the last reading.", total);
    }
    let name = "host_cpu_core_usage_ratio";
    page.family(name, "Share of a core's time in use since the last reading.", Kind::Gauge);
    for (core, _) in machine.cpu.iter().filter(|(core, _)| !core.is_empty()) {
        if let Some(share) = share(core) {
            page.sample(name, &[("cpu", core)], share);
        }
    }
    Ok(())
}

/// All `cpu` lines by the core's number.
fn read(stat: &str) -> Result<Vec<(String, Times)>, String> {
    let mut all = Vec::new();
    for line in stat.lines() {
        let mut columns = line.split_whitespace();
        let Some(core) = columns.next().and_then(|name| name.strip_prefix("cpu")) else { continue };
        // Old kernels have fewer columns.
        let mut times = [0.0; MODES.len()];
        for (time, ticks) in times.iter_mut().zip(columns) {
            *time = ticks.parse().map_err(|_| format!("stat: expected a number, got \"{ticks}\""))?;
        }
        all.push((core.to_owned(), Times(times)));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use exposition::Page;

    use super::*;

    fn collected(machine: &mut Machine, stat: &str) -> Page {
        std::fs::write(machine.procfs.join("stat"), stat).unwrap();
        let mut page = PageBuilder::new();
        collect(machine, &mut page).unwrap();
        page.finish()
    }

    fn ratios(page: &Page) -> Vec<&str> {
        page.samples()
            .filter(|sample| sample.name().ends_with("_ratio"))
            .map(|sample| sample.line())
            .collect()
    }

    #[test]
    fn shares_are_those_since_the_last_reading_and_none_at_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut machine = Machine::new(folder.path().into(), "/sys".into(), "/".into());
        let page = collected(&mut machine, "cpu  900 0 0 100\ncpu0 900 0 0 100 0 0 0 0 0 0\nintr 5\n");
        assert_eq!(ratios(&page), Vec::<&str>::new());
        assert!(
            page.text().contains("node_cpu_seconds_total{cpu=\"0\",mode=\"user\"} 9\n"),
            "{}",
            page.text()
        );
        let page = collected(&mut machine, "cpu  910 0 15 160 15\ncpu0 910 0 15 160 15\ncpu1 5 0 0 5\n");
        // A core that has just come has no share yet.
        assert_eq!(ratios(&page), ["host_cpu_usage_ratio 0.25", "host_cpu_core_usage_ratio{cpu=\"0\"} 0.25"]);
        // No time has passed: 0/0 is no share.
        let page = collected(&mut machine, "cpu  910 0 15 160 15\ncpu0 910 0 15 160 15\ncpu1 6 0 0 5\n");
        assert_eq!(ratios(&page), ["host_cpu_core_usage_ratio{cpu=\"1\"} 1"]);
    }
}
