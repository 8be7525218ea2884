//! What ways and measures are called where people read.

/// A way, for a column or a bar.
pub fn path(name: &str) -> &str {
    match name {
        "pull-static" => "pull",
        "pull-discovered" => "pull, discovered",
        "push-ours" => "push, our gateway",
        "push-exec" => "push, agent exec",
        "push-real" => "push, Pushgateway",
        "push-real-file" => "push, Pushgateway + file",
        "remote-write" => "remote write",
        "article-app" => "the article's app",
        "our-api" => "our API",
        "app" => "the API itself",
        other => other,
    }
}

/// A way, for a sentence.
pub fn way(name: &str) -> &str {
    match name {
        "pull-discovered" => "pull with discovery",
        "push-ours" => "push to our gateway",
        "push-exec" => "push by an agent that is the app's parent",
        "push-real" => "push to the Pushgateway",
        "push-real-file" => "push to the Pushgateway with a file",
        other => path(other),
    }
}

/// Several ways, for a sentence; the two gateways are one word where both are among them.
pub fn ways(names: &[&str]) -> String {
    let both = ["push-ours", "push-real"].iter().all(|name| names.contains(name));
    let mut told: Vec<String> = Vec::new();
    for name in names {
        match *name {
            "push-ours" if both => told.push("push to either gateway".to_owned()),
            "push-real" if both => {}
            other => told.push(way(other).to_owned()),
        }
    }
    list(&told)
}

/// A measure where there is little room.
pub fn brief(name: &str) -> String {
    let known = match name {
        "capture_ratio" => "captured",
        "increase_ratio" => "`increase()`",
        "freshness_p50_seconds" => "age",
        "freshness_p95_seconds" => "age, p95",
        "first_sample_p50_seconds" => "first seen after",
        "ghost_p50_seconds" | "ghost_max_seconds" => "shown after death",
        "detection_max_seconds" => "death noticed after",
        "gap_max_seconds" => "gap",
        "backfill_ratio" => "samples of the outage",
        "rate_min_ratio" => "lowest `rate()`",
        "rate_max_ratio" => "highest `rate()`",
        "bytes_per_pod_minute" => "bytes each minute",
        "requests_per_minute" => "requests a minute",
        super::pool::CPU => "CPU a minute",
        _ => return measure(name),
    };
    known.to_owned()
}

/// A measure, for a row.
pub fn measure(name: &str) -> String {
    let known = match name {
        "capture_ratio" => "events captured",
        "seen_ratio" => "instances seen at all",
        "increase_ratio" => "what `increase()` shows",
        "freshness_p50_seconds" => "age of an event as it shows, p50",
        "freshness_p95_seconds" => "age of an event as it shows, p95",
        "never_visible_ratio" => "captured, but never visible in a query",
        "first_sample_p50_seconds" => "birth to first sample, p50",
        "first_sample_max_seconds" => "birth to first sample, longest",
        "ghost_p50_seconds" => "dead and still shown, p50",
        "ghost_max_seconds" => "dead and still shown, longest",
        "detection_p50_seconds" => "death noticed after, p50",
        "detection_max_seconds" => "death noticed after, longest",
        "detection_threshold_seconds" => "age from which an alert is never false",
        "gap_max_seconds" => "longest gap between samples",
        "gap_ratio" => "share of a life without samples",
        "backfill_ratio" => "samples from inside the fault",
        "rate_min_ratio" => "lowest `rate()` around the fault, of the truth",
        "rate_max_ratio" => "highest `rate()` around the fault, of the truth",
        "bytes_per_minute" => "bytes a minute, all instances",
        "bytes_per_pod_minute" => "bytes a minute and instance",
        "requests_per_minute" => "requests a minute, all instances",
        "requested_rate" => "rate asked for",
        "achieved_rate" => "rate sent",
        "success_ratio" => "answered with success",
        "cpu_ratio" => "CPU with, over CPU without",
        "cpu_per_request_seconds" => "CPU for a request",
        "cpu_ratio_of_core" => "CPU, of one core",
        "memory_bytes" => "memory",
        "agent_cpu_seconds_per_minute" => "CPU of the agent, a minute",
        "cpu_per_request_bare_seconds" => "CPU for a request, without instruments",
        "memory_bare_bytes" => "memory, without instruments",
        "api_cpu_ratio" => "CPU of the API with an agent, over without",
        "agent_memory_bytes" => "memory of the agent",
        "scrape_duration_seconds" => "a scrape takes",
        "scrape_duration_max_seconds" => "a scrape takes, at most",
        "up" => "lowest `up`",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let strip = |front: &str, back: &str| name.strip_prefix(front).and_then(|rest| rest.strip_suffix(back));
    if let Some(part) = strip("cpu_", "_seconds_per_minute") {
        return format!("CPU of {}, a minute", program(part));
    }
    if let Some(part) = strip("memory_", "_bytes") {
        return format!("memory of {}", program(part));
    }
    if let Some(which) = strip("latency_", "_added_seconds") {
        return format!("latency added, {which}");
    }
    if let Some(which) = strip("latency_", "_seconds") {
        return format!("latency, {}", if which == "p999" { "p99.9" } else { which });
    }
    let plain = ["_seconds", "_bytes", "_ratio"].iter().find_map(|unit| name.strip_suffix(unit));
    plain.unwrap_or(name).replace('_', " ")
}

/// A part of a way, whose CPU and memory are counted.
pub fn program(part: &str) -> &str {
    match part {
        "app" => "the API",
        "together" => "all but the API",
        "agent" => "the agents",
        "gateway" => "the gateway",
        "prometheus" => "Prometheus",
        other => other,
    }
}

/// The order of measures in tables: what is captured, how old, how it ends, what it costs; medians first.
pub fn place(measure: &str) -> (usize, bool, String) {
    const ORDER: [&str; 18] = [
        "capture_ratio",
        "increase_ratio",
        "seen_ratio",
        "freshness_",
        "never_visible",
        "first_sample",
        "ghost_",
        "detection_p50",
        "detection_max",
        "detection_",
        "gap_",
        "backfill_",
        "rate_",
        "requested_rate",
        "achieved_rate",
        "success_ratio",
        "latency_",
        "bytes_",
    ];
    let place = ORDER.iter().position(|front| measure.starts_with(front)).unwrap_or(ORDER.len());
    (place, !measure.contains("p50"), measure.to_owned())
}

/// `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
