//! What processes use: CPU time and resident memory, from `/proc`, also of those that have ended.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::param::{clock_ticks_per_second, page_size};

use super::path::Path;

/// What a process has used until now.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Seconds of CPU, user and system, of all its threads.
    pub cpu: f64,
    /// Resident bytes; 0 of one that has ended.
    pub memory: f64,
    /// Whether it has ended, and only waits to be counted by its parent.
    pub ended: bool,
}

/// Reads it from `/proc/PID/stat`; none where there is no such process.
pub fn usage(pid: u32) -> Option<Usage> {
    parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse(stat: &str) -> Option<Usage> {
    // The name may hold spaces and brackets; what comes after the last bracket has neither.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |place: usize| fields.get(place)?.parse::<f64>().ok();
    let cpu = (number(11)? + number(12)?) / clock_ticks_per_second() as f64;
    let ended = matches!(*fields.first()?, "Z" | "X");
    Some(Usage { cpu, memory: number(21)?.max(0.0) * page_size() as f64, ended })
}

/// Whose process it is: its part, and the way that it works for.
type Whose = (&'static str, Option<Path>);

/// All processes of a run.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    processes: Vec<Process>,
    /// Whether the time that counts is over.
    over: bool,
}

#[derive(Debug)]
struct Process {
    whose: Whose,
    pid: u32,
    /// CPU time when counting began.
    before: f64,
    last: Usage,
}

impl Meter {
    /// One more process, which was just started.
    pub fn add(&self, part: &'static str, path: Option<Path>, pid: u32) {
        let process = Process { whose: (part, path), pid, before: 0.0, last: Usage::default() };
        self.inner().processes.push(process);
    }

    /// The processes of this part are these now; those that are new are added, those missing have ended.
    pub fn are(&self, part: &'static str, path: Path, pids: &[u32]) {
        let known: Vec<u32> = {
            let mut inner = self.inner();
            let own = |process: &&mut Process| process.whose == (part, Some(path)) && !process.last.ended;
            for process in inner.processes.iter_mut().filter(own) {
                process.last.ended = !pids.contains(&process.pid);
            }
            inner.processes.iter().filter(|process| !process.last.ended).map(|process| process.pid).collect()
        };
        for &pid in pids.iter().filter(|pid| !known.contains(pid)) {
            self.add(part, Some(path), pid);
        }
    }

    /// Reads all that live.
    pub fn sample(&self) {
        let mut inner = self.inner();
        if inner.over {
            return;
        }
        for process in inner.processes.iter_mut().filter(|process| !process.last.ended) {
            process.read();
        }
    }

    /// Reads one that is a zombie or about to be: nobody can read it after its parent has counted it.
    pub fn last(&self, pid: u32) {
        let mut inner = self.inner();
        let over = inner.over;
        let own = |process: &&mut Process| process.pid == pid && !process.last.ended && !over;
        if let Some(process) = inner.processes.iter_mut().find(own) {
            process.read();
            process.last.ended = true;
        }
    }

    /// What is counted begins now.
    pub fn begin(&self) {
        self.sample();
        for process in &mut self.inner().processes {
            process.before = process.last.cpu;
        }
    }

    /// It ends now: CPU seconds since the beginning and bytes at the end, by whose they are.
    pub fn end(&self) -> BTreeMap<Whose, (f64, f64)> {
        self.sample();
        let mut inner = self.inner();
        inner.over = true;
        let mut sums = BTreeMap::new();
        for process in &inner.processes {
            let sum: &mut (f64, f64) = sums.entry(process.whose).or_default();
            sum.0 += process.last.cpu - process.before;
            sum.1 += if process.last.ended { 0.0 } else { process.last.memory };
        }
        sums
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Process {
    fn read(&mut self) {
        // What is gone used what it had used when it was last seen.
        match usage(self.pid) {
            Some(usage) if usage.cpu >= self.last.cpu => self.last = usage,
            _ => self.last.ended = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_proc_is_read_whatever_the_name_is() {
        let ticks = clock_ticks_per_second() as f64;
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 500 0 3 0 150 50 0 0 20 0 3 0 9 10000 7 184";
        let usage = parse(stat).unwrap();
        assert_eq!(usage, Usage { cpu: 200.0 / ticks, memory: 7.0 * page_size() as f64, ended: false });
        assert!(parse(&stat.replace(" S ", " Z ")).unwrap().ended);
        assert_eq!(parse("42 (short) S 1 2"), None);
    }

    #[test]
    fn what_a_process_used_stays_when_it_is_gone() {
        let meter = Meter::default();
        let mut child = std::process::Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        meter.add("app", None, child.id());
        meter.begin();
        let busy = || usage(child.id()).is_some_and(|usage| usage.cpu >= 0.05);
        while !busy() {
            std::thread::yield_now();
        }
        meter.sample();
        child.kill().unwrap();
        child.wait().unwrap();
        meter.last(child.id());
        let sums = meter.end();
        let (cpu, memory) = sums[&("app", None)];
        assert!(cpu >= 0.05 && memory == 0.0, "{cpu} {memory}");
    }

    #[test]
    fn a_part_that_is_started_again_counts_twice() {
        let meter = Meter::default();
        let own = std::process::id();
        meter.are("gateway", Path::PushOurs, &[own]);
        meter.are("gateway", Path::PushOurs, &[]);
        meter.are("gateway", Path::PushOurs, &[own]);
        meter.are("gateway", Path::PushOurs, &[own]);
        assert_eq!(meter.inner().processes.len(), 2);
        assert!(meter.end()[&("gateway", Some(Path::PushOurs))].1 > 0.0);
    }
}
