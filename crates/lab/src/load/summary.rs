//! What a run was asked for and what it achieved, in numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::plan::Plan;
use super::tally::Tally;

/// A rate below this share of the asked one was not reached.
const REACHED: f64 = 0.995;
/// Own lateness above which latencies are no longer the server's alone.
const LATE: Duration = Duration::from_millis(1);

/// A run that is over.
#[derive(Debug)]
pub struct Summary {
    /// What was asked.
    pub plan: Plan,
    /// What was counted.
    pub tally: Tally,
    /// The scenario's name and the share of its time.
    pub scenario: Option<(&'static str, f64)>,
    /// Where it went.
    pub url: String,
    /// From the beginning to the end of the last request.
    pub elapsed: Duration,
    /// CPU time of this process.
    pub cpu: Duration,
    /// Threads that sent.
    pub threads: usize,
    /// Whether a signal cut it short.
    pub interrupted: bool,
}

impl Summary {
    /// Before anything is sent.
    pub fn before(plan: Plan, url: String, threads: usize) -> Self {
        let (elapsed, cpu) = (Duration::ZERO, Duration::ZERO);
        let tally = Tally::default();
        Self { plan, tally, scenario: None, url, elapsed, cpu, threads, interrupted: false }
    }

    /// Requests a second that were really sent (open loop) or answered (closed loop).
    pub fn achieved_rate(&self) -> f64 {
        let Tally { started, last_start, last_end, .. } = self.tally;
        if self.plan.open() {
            let length = self.plan.length().unwrap_or(Duration::MAX);
            let planned = if self.interrupted { length.min(self.elapsed) } else { length };
            // Those that had to wait were sent after the plan's end: that time counts, too. And n requests
            // take n gaps, not one less.
            let time = planned.max(last_start).max(self.plan.start_of(started).unwrap_or_default());
            ratio(started as f64, time.as_secs_f64()).unwrap_or(0.0)
        } else {
            ratio(self.tally.over() as f64, last_end.as_secs_f64()).unwrap_or(0.0)
        }
    }

    /// Whether the asked rate was reached; a closed loop asks for none.
    pub fn reached(&self) -> bool {
        !self.plan.open() || (self.achieved_rate() >= self.plan.rate * REACHED && self.not_sent() == 0)
    }

    /// Requests whose time had come, and that could not be started before the end.
    pub fn not_sent(&self) -> u64 {
        if self.plan.open() {
            self.plan.total().unwrap_or(u64::MAX).min(self.due()).saturating_sub(self.tally.started)
        } else {
            0
        }
    }

    fn due(&self) -> u64 {
        // A signal may come between a request's time and its start.
        let grace = if self.interrupted { LATE } else { Duration::ZERO };
        self.plan.due(self.elapsed.saturating_sub(grace).max(self.tally.last_start))
    }

    /// Requests that were under way when a signal came.
    pub fn unfinished(&self) -> u64 {
        self.tally.started - self.tally.over()
    }

    /// Good answers among all whose time had come; none without such.
    pub fn success(&self) -> Option<f64> {
        ratio(self.tally.ok as f64, (self.tally.over() + self.not_sent()) as f64)
    }

    /// The latency that this share of requests did not exceed; those not sent are slower than any.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let recorded = self.tally.latency.len() as f64;
        let all = recorded + self.not_sent() as f64;
        let within = ratio((share * all).ceil(), recorded)?;
        Some(if within > 1.0 { Duration::MAX } else { quantile(&self.tally.latency, within) })
    }

    /// The share of its threads' time that this process has computed.
    pub fn cpu_share(&self) -> f64 {
        ratio(self.cpu.as_secs_f64(), self.elapsed.as_secs_f64() * self.threads as f64).unwrap_or(0.0)
    }

    /// Why the asked rate was not reached, or what else a reader of the numbers has to know.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let late = quantile(&self.tally.lateness, 0.99);
        let (rate, concurrent) = (self.plan.rate, self.plan.concurrent);
        if !self.reached() {
            let service = self.tally.service.mean() / 1e9;
            let needed = (service * rate).ceil();
            remarks.push(if self.cpu_share() > 0.9 {
                format!(
                    "this machine is too slow for {rate}/s: the load generator computed {:.0} % of the time (--threads)",
                    self.cpu_share() * 100.0
                )
            } else if needed >= concurrent as f64 {
                format!("the connections were all busy: where an answer takes {service:.3} s, {rate}/s need more than {needed}, and there were {concurrent} (--concurrent)")
            } else if late > LATE {
                format!("this machine is too slow for {rate}/s: requests started late though a connection was free, p99 {late:.1?}")
            } else {
                "the server held requests up, and others had to wait for them".to_owned()
            });
        } else if late > LATE {
            remarks.push(format!(
                "the load generator itself was late, p99 {late:.1?}: latencies hold that, too"
            ));
        }
        if self.not_sent() > 0 {
            remarks.push(format!(
                "{} requests found no connection within {} s of the plan's end: latencies are those of the others",
                self.not_sent(),
                self.plan.drain.as_secs_f64()
            ));
        }
        remarks
    }

    /// The one object of `--json`.
    pub fn json(&self) -> Value {
        let tally = &self.tally;
        let status: BTreeMap<_, _> =
            tally.status.iter().map(|(status, count)| (status.to_string(), count)).collect();
        let kinds: BTreeMap<_, _> = tally.wrong.iter().map(|(kind, count)| (kind.name(), count)).collect();
        json!({
            "url": self.url,
            "scenario": self.scenario.map(|(name, _)| name),
            "scale": self.scenario.map(|(_, scale)| scale),
            "loop": if self.plan.open() { "open" } else { "closed" },
            "concurrent": self.plan.concurrent,
            "requested_rate": self.plan.rate,
            "achieved_rate": self.achieved_rate(),
            "reached": self.reached(),
            "planned": self.plan.total(),
            "requests": tally.over(),
            "ok": tally.ok,
            "errors": tally.errors(),
            "not_sent": self.not_sent(),
            "unfinished": self.unfinished(),
            "queued": tally.queued,
            "success": self.success(),
            "status": status,
            "errors_by_kind": kinds,
            "latency_seconds": times(&tally.latency),
            "service_seconds": times(&tally.service),
            "lateness_seconds": times(&tally.lateness),
            "duration_seconds": self.elapsed.as_secs_f64(),
            "cpu_seconds": self.cpu.as_secs_f64(),
            "threads": self.threads,
            "interrupted": self.interrupted,
            "remarks": self.remarks(),
        })
    }
}

/// The values that every result shows, none without requests.
pub fn values(times: &Histogram<u64>) -> Option<[(&'static str, Duration); 7]> {
    (!times.is_empty()).then(|| {
        [
            ("min", Duration::from_nanos(times.min())),
            ("mean", Duration::from_secs_f64(times.mean() / 1e9)),
            ("p50", quantile(times, 0.5)),
            ("p90", quantile(times, 0.9)),
            ("p99", quantile(times, 0.99)),
            ("p999", quantile(times, 0.999)),
            ("max", Duration::from_nanos(times.max())),
        ]
    })
}

fn times(times: &Histogram<u64>) -> Value {
    let none = ["min", "mean", "p50", "p90", "p99", "p999", "max"].map(|name| (name.to_owned(), Value::Null));
    let some = values(times)
        .map(|values| values.map(|(name, time)| (name.to_owned(), Value::from(time.as_secs_f64()))));
    Value::Object(some.unwrap_or(none).into_iter().collect())
}

/// A bucket's upper end may be above the longest time that was measured.
pub fn quantile(times: &Histogram<u64>, share: f64) -> Duration {
    Duration::from_nanos(times.value_at_quantile(share).min(times.max()))
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
