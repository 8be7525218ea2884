//! A result as text and as CSV.

use std::time::Duration;

use super::summary::{Summary, values};

/// What is known before it starts.
pub fn heading(summary: &Summary) -> String {
    let plan = &summary.plan;
    let how = if plan.open() {
        format!("open loop, {}/s", plan.rate)
    } else {
        "closed loop, as fast as answers come".to_owned()
    };
    let mut ends: Vec<String> =
        plan.duration.map(|time| format!("{} s", time.as_secs_f64())).into_iter().collect();
    ends.extend(plan.requests.map(|requests| format!("{requests} requests")));
    let mut text =
        format!("load on {}: {how}, {} connection(s), {}", summary.url, plan.concurrent, ends.join(" or "));
    if let Some((name, scale)) = summary.scenario {
        text.push_str(&format!("\nscenario {name}"));
        if scale < 1.0 {
            let whole = plan.duration.map_or(0.0, |time| time.as_secs_f64() / scale);
            text.push_str(&format!(": shortened by --scale {scale}, from {whole:.0} s"));
        }
    }
    text + "\n"
}

/// The result for a reader.
pub fn text(summary: &Summary) -> String {
    let tally = &summary.tally;
    let mut text = String::from("\n");
    let mut row = |name: &str, value: String| text.push_str(&format!("{name:<10} {value}\n"));
    if summary.interrupted {
        row(
            "stopped",
            format!("by a signal after {:.1} s: the result is partial", summary.elapsed.as_secs_f64()),
        );
    }
    let achieved = summary.achieved_rate();
    row(
        "rate",
        match (summary.plan.open(), summary.reached()) {
            (false, _) => {
                format!("{achieved:.1}/s (closed loop: the rate is the server's, and waits are not seen)")
            }
            (true, true) => format!("{achieved:.1}/s of {}/s asked", summary.plan.rate),
            (true, false) => {
                let share = achieved / summary.plan.rate * 100.0;
                format!("{achieved:.1}/s of {}/s asked: NOT REACHED ({share:.1} %)", summary.plan.rate)
            }
        },
    );
    let success = summary.success().map_or_else(|| "-".to_owned(), |share| format!("{:.2} %", share * 100.0));
    row(
        "requests",
        format!(
            "{}: {} ok, {} errors, {} not sent, {} unfinished; success {success}",
            tally.over(),
            tally.ok,
            tally.errors(),
            summary.not_sent(),
            summary.unfinished()
        ),
    );
    let list = |pairs: Vec<(String, u64)>| -> String {
        let shown: Vec<String> = pairs.into_iter().map(|(name, count)| format!("{name}: {count}")).collect();
        if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
    };
    row("status", list(tally.status.iter().map(|(status, count)| (status.to_string(), *count)).collect()));
    row("errors", list(tally.wrong.iter().map(|(kind, count)| (kind.name().to_owned(), *count)).collect()));
    let since = if summary.plan.open() { "planned start" } else { "start" };
    for (name, times) in
        [("latency", &tally.latency), ("answer in", &tally.service), ("own delay", &tally.lateness)]
    {
        row(name, values(times).map_or_else(|| "-".to_owned(), |values| line(&values)));
    }
    text.push_str(&format!(
        "           ms; latency is from the {since}, with the wait for a connection ({} waited)\n",
        tally.queued
    ));
    for remark in summary.remarks() {
        text.push_str(&format!("note       {remark}\n"));
    }
    text
}

fn line(values: &[(&str, Duration)]) -> String {
    let shown: Vec<String> = values
        .iter()
        .map(|(name, time)| {
            let name = if *name == "p999" { "p99.9" } else { name };
            format!("{name} {:.3}", time.as_secs_f64() * 1e3)
        })
        .collect();
    shown.join("  ")
}

/// A row for each second of the plan: what became of the requests that were meant to start in it.
pub fn csv(summary: &Summary) -> String {
    let mut text = String::from("second,ok,errors,mean_seconds,max_seconds\n");
    for (number, second) in summary.tally.seconds.iter().enumerate() {
        let count = second.ok + second.errors;
        let mean = if count == 0 { 0.0 } else { second.sum.as_secs_f64() / count as f64 };
        let max = second.max.as_secs_f64();
        text.push_str(&format!("{number},{},{},{mean:.6},{max:.6}\n", second.ok, second.errors));
    }
    text
}
