//! A thousand reloads while sources are read and pushed: no gap, no duplicate, and nothing that grows.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::doubles::{Double, answer};
use super::flow::settings;
use super::process::{Agent, eventually, start};

const RELOADS: usize = 1_000;
const INTERVAL: Duration = Duration::from_millis(500);

/// A target that counts how often it was read: no two of its pages are alike.
fn counting() -> Double {
    let count = AtomicU64::new(0);
    Double::new(move |_, stream| {
        let body = format!("c {}\n", count.fetch_add(1, Ordering::SeqCst) + 1);
        answer(stream, "200 OK", "content-type: text/plain\r\n", body.as_bytes());
    })
}

fn open_files(agent: &Agent) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", agent.pid())).unwrap().count()
}

#[test]
fn a_thousand_reloads_under_load() {
    let (steady, changing) = (counting(), counting());
    let times = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (kept, host) = (Arc::clone(&times), steady.url.trim_start_matches("http://").replace(':', "%3A"));
    let group = format!("PUT /metrics/job/j/instance/{host}");
    let gateway = Double::new(move |request, stream| {
        if request.line.starts_with(&group) {
            let value = request.body.lines().find_map(|line| line.strip_prefix("c ")).map(str::to_owned);
            kept.lock().unwrap().push((Instant::now(), value));
        }
        answer(stream, "200 OK", "", b"");
    });
    let other = Double::gateway();
    // Four settings in turn: a source with other labels, an endpoint that comes and goes, another life.
    let base = |gateways: &[&Double]| {
        settings(&[&steady, &changing], gateways, "500ms").replace("timeout = \"1s\"", "timeout = \"10s\"")
    };
    let second = format!("url = \"{}/metrics\"\n", changing.url);
    let texts = [
        base(&[&gateway]),
        base(&[&gateway]).replace(&second, &format!("{second}honor_labels = true\n")),
        base(&[&gateway, &other]),
        base(&[&gateway, &other]).replace("timeout = \"10s\"", "timeout = \"10s\"\nlinger = \"20s\""),
    ];
    let agent = start(&texts[0]);
    eventually("the first push", || !times.lock().unwrap().is_empty());
    let mut early = (0, 0);
    for at in 1..=RELOADS {
        agent.rewrite(&texts[at % texts.len()]);
        let (status, said) = agent.reload();
        assert_eq!(status, 200, "{said}");
        if at == RELOADS / 10 {
            early = (open_files(&agent), agent.resident());
        }
    }
    let ended = Instant::now();
    eventually("a push after the last", || times.lock().unwrap().last().is_some_and(|last| last.0 > ended));

    let times = times.lock().unwrap().clone();
    // On a busy machine a reading may take longer than its interval, and has then no value.
    let values: Vec<_> = times.iter().filter_map(|(_, value)| value.clone()).collect();
    let apart: BTreeSet<_> = values.iter().collect();
    assert_eq!(apart.len(), values.len(), "a reading was pushed twice: {values:?}");
    assert!(values.len() * 10 >= times.len() * 9, "{} of {} had a value", values.len(), times.len());
    // The last reading may be on its way; one that a busy machine could not send in time is counted.
    let superseded =
        format!("pushpull_agent_dropped_total{{endpoint=\"{}\",reason=\"superseded\"", gateway.url);
    let (read, dropped) = (steady.seen().len() as f64, agent.value(&superseded).unwrap());
    assert!(read <= times.len() as f64 + dropped + 1.0, "{read} readings, {dropped} dropped, {times:?}");
    // Its own moments are half a second apart, and one that is late by less is none left out.
    let took = times.last().unwrap().0.duration_since(times[0].0);
    let due = took.as_millis() / INTERVAL.as_millis();
    let seen = u128::try_from(times.len()).unwrap();
    assert!(seen + 1 >= due && seen <= due + 3, "{seen} pushes in {took:?}, where {due} were due");

    // Nothing of what came and went stays: connections, memory, series.
    eventually("as many files as before", || open_files(&agent) <= early.0 + 4);
    let grown = agent.resident().saturating_sub(early.1);
    assert!(grown < 4 << 10, "resident memory grew by {grown} KiB over 900 reloads");
    let (page, series) =
        (agent.metrics(), format!("pushpull_agent_sent_total{{endpoint=\"{}\"", gateway.url));
    assert_eq!(page.lines().filter(|line| line.starts_with(&series)).count(), 1, "{page}");
}
