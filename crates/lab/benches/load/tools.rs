//! Our load generator and its peers: how each is called, and where its figures are.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::server::Server;

const OHA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/peers/bin/oha");

#[derive(Clone, Copy)]
pub(crate) enum Tool {
    Ours,
    Oha,
    Wrk,
}

/// What is asked; without a rate, as fast as it goes.
pub(crate) struct Run {
    pub(crate) rate: Option<u32>,
    pub(crate) connections: u32,
    pub(crate) seconds: u32,
    /// With oha's own correction of latencies.
    pub(crate) corrected: bool,
}

/// What a tool says; times in milliseconds.
pub(crate) struct Got {
    pub(crate) rate: f64,
    pub(crate) p99: f64,
    pub(crate) mean: f64,
    pub(crate) cpu_us: Option<f64>,
    pub(crate) late_ms: Option<f64>,
}

/// Says how to install what is missing.
pub(crate) fn check() -> Result<(), String> {
    let found = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let mut missing = Vec::new();
    if !found("wrk") {
        missing.push("wrk is missing: sudo apt-get install wrk");
    }
    if !Path::new(OHA).is_file() {
        missing.push("oha is missing: cargo install oha --locked --root target/peers");
    }
    if !found("taskset") {
        missing.push("taskset is missing: sudo apt-get install util-linux");
    }
    if missing.is_empty() { Ok(()) } else { Err(missing.join("\n")) }
}

impl Tool {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "pushpull-lab",
            Self::Oha => "oha",
            Self::Wrk => "wrk",
        }
    }

    pub(crate) fn run(self, server: &Server, ask: &Run) -> Got {
        let Run { connections, seconds, .. } = ask;
        let url = if ask.rate.is_some() { format!("{}pace", server.url) } else { server.url.clone() };
        match self {
            Self::Ours => {
                let rate = ask.rate.unwrap_or(0);
                let arguments = format!(
                    "load --json --rate {rate} --concurrent {connections} --duration {seconds} --url {url}"
                );
                ours(&json(env!("CARGO_BIN_EXE_pushpull-lab"), &arguments))
            }
            Self::Oha => {
                let rate = ask.rate.map_or_else(String::new, |rate| format!("-q {rate} "));
                let corrected = if ask.corrected { "--latency-correction " } else { "" };
                let arguments = format!(
                    "--no-tui --output-format json {rate}{corrected}-c {connections} -z {seconds}s {url}"
                );
                let said = json(OHA, &arguments);
                let number = |part: &Value| part.as_f64().unwrap();
                Got {
                    rate: number(&said["summary"]["requestsPerSec"]),
                    p99: number(&said["latencyPercentiles"]["p99"]) * 1e3,
                    mean: number(&said["summary"]["average"]) * 1e3,
                    cpu_us: None,
                    late_ms: None,
                }
            }
            Self::Wrk => wrk(&pinned("wrk", &format!("-t1 -c{connections} -d{seconds}s --latency {url}"))),
        }
    }
}

fn ours(said: &Value) -> Got {
    let number = |part: &Value| part.as_f64().unwrap();
    assert_eq!(said["errors"], 0, "{said}");
    let latency = &said["latency_seconds"];
    Got {
        rate: number(&said["achieved_rate"]),
        p99: number(&latency["p99"]) * 1e3,
        mean: number(&latency["mean"]) * 1e3,
        cpu_us: Some(number(&said["cpu_seconds"]) / number(&said["requests"]) * 1e6),
        late_ms: Some(number(&said["lateness_seconds"]["p99"]) * 1e3),
    }
}

/// `Latency 0.90ms …`, `99% 177.10ms`, `Requests/sec: 85000.10`.
fn wrk(said: &str) -> Got {
    let word = |name: &str| {
        let line = said.lines().find(|line| line.trim_start().starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)).unwrap_or_else(|| panic!("no {name} in {said}"))
    };
    let time = |name: &str| humantime::parse_duration(&whole(word(name))).unwrap().as_secs_f64() * 1e3;
    let rate = word("Requests/sec:").parse().unwrap();
    Got { rate, p99: time("99%"), mean: time("Latency "), cpu_us: None, late_ms: None }
}

/// `1.25ms` as nanoseconds, since the parser takes no fractions.
fn whole(time: &str) -> String {
    let (number, unit) = time.split_at(time.find(|letter: char| letter.is_alphabetic()).unwrap());
    let nanos = match unit {
        "us" => 1e3,
        "ms" => 1e6,
        _ => 1e9,
    };
    format!("{:.0}ns", number.parse::<f64>().unwrap() * nanos)
}

fn json(program: &str, arguments: &str) -> Value {
    let said = pinned(program, arguments);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{program} {arguments}: {error}: {said}"))
}

/// Runs on the first processor.
fn pinned(program: &str, arguments: &str) -> String {
    let mut command = Command::new("taskset");
    let output = command.args(["-c", "0", program]).args(arguments.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
