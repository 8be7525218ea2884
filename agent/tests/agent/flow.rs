//! From targets to gateways and pulls: what is sent, how, and when.

use std::sync::Arc;
use std::time::Duration;

use exposition::{GroupingKey, Limits, Page};

use super::doubles::{Double, answer};
use super::process::{eventually, start};

pub(crate) fn settings(targets: &[&Double], gateways: &[&Double], interval: &str) -> String {
    let mut text = format!(
        "interval = \"{interval}\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[host]\nenabled = false\n"
    );
    for target in targets {
        text.push_str(&format!("[[scrape]]\nurl = \"{}/metrics\"\ntimeout = \"{interval}\"\n", target.url));
    }
    for gateway in gateways {
        text.push_str(&format!("[[push]]\nurl = \"{}/\"\ntimeout = \"1s\"\n", gateway.url));
    }
    text
}

#[test]
fn the_first_push_comes_at_once_as_a_put_of_the_group() {
    let target = Double::page("# TYPE c counter\nc{job=\"own\",instance=\"x\",l=\"1\"} 5 1500\n");
    let gateway = Double::gateway();
    // An interval far longer than the test: what arrives was not waited for.
    let agent = start(
        &settings(&[&target], &[&gateway], "1h")
            .replace("timeout = \"1h\"", "timeout = \"10s\"")
            .replace("timeout = \"1s\"", "timeout = \"1s\"\nttl = \"3h\""),
    );
    eventually("both groups", || gateway.seen().len() >= 2);
    let put = &gateway.seen_of("PUT /metrics/job/j/instance/i?ttl=10800")[0];
    assert!(put.head.to_lowercase().contains("content-encoding: gzip"), "{}", put.head);
    // Labels of the key and timestamps are left out; the target's own job is kept beside them.
    assert!(
        put.body.contains("c{l=\"1\",exported_job=\"own\"")
            || put.body.contains("c{exported_job=\"own\",exported_instance=\"x\",l=\"1\"} 5\n"),
        "{}",
        put.body
    );
    assert!(put.body.contains("up 1\n") && put.body.contains("scrape_samples_scraped 1\n"), "{}", put.body);
    assert!(Page::parse_pushed(put.body.clone(), &Limits::NONE).is_ok());
    assert_eq!(gateway.seen_of("PUT /metrics/job/pushpull-agent/instance/i").len(), 1);
    assert_eq!(agent.value("up{job=\"j\",instance=\"i\"}"), Some(1.0));
}

#[test]
fn a_scrape_asks_as_prometheus_does() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let _agent = start(&settings(&[&target], &[&gateway], "5s"));
    eventually("a scrape", || !target.seen().is_empty());
    let head = target.seen()[0].head.to_lowercase();
    for part in [
        "get /metrics",
        "accept: text/plain;version=0.0.4;q=",
        "x-prometheus-scrape-timeout-seconds: 5",
        "user-agent: pushpull/",
        "accept-encoding: gzip",
    ] {
        assert!(head.contains(part), "{part} in {head}");
    }
}

#[test]
fn a_slow_gateway_gets_one_push_at_a_time_and_delays_nobody() {
    let target = Double::page("a 1\n");
    let slow = Double::new(|_, stream| {
        std::thread::park_timeout(Duration::from_millis(700));
        answer(stream, "200 OK", "", b"");
    });
    let quick = Double::gateway();
    let _agent = start(&settings(&[&target], &[&slow, &quick], "100ms"));
    eventually("pushes to both", || quick.seen().len() > 20 && slow.seen().len() >= 3);
    assert!(slow.seen().iter().all(|request| request.at_once == 1), "pushes piled up");
}

#[test]
fn retry_after_is_kept() {
    let target = Double::page("a 1\n");
    let began = std::time::Instant::now();
    let times = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&times);
    let gateway = Double::new(move |request, stream| {
        let mut times = kept.lock().unwrap();
        let asked_for = request.line.contains("/job/j/");
        if asked_for {
            times.push(began.elapsed());
        }
        if asked_for && times.len() == 1 {
            answer(stream, "503 Service Unavailable", "retry-after: 2\r\n", b"busy");
        } else {
            answer(stream, "200 OK", "", b"");
        }
    });
    let agent = start(&settings(&[&target], &[&gateway], "200ms"));
    eventually("the second try", || times.lock().unwrap().len() >= 2);
    let times = times.lock().unwrap().clone();
    assert!(times[1].checked_sub(times[0]).unwrap() >= Duration::from_secs(2), "{times:?}");
    assert!(
        agent.log().contains("push failed, trying again: 503 Service Unavailable: busy"),
        "{}",
        agent.log()
    );
}

/// A source that only notes when it is read.
struct Clock(tokio::sync::mpsc::UnboundedSender<tokio::time::Instant>);

impl agent::sources::Source for Clock {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn collect(&mut self) -> agent::sources::Collecting<'_> {
        let now = tokio::time::Instant::now();
        Box::pin(async move {
            let _ = self.0.send(now);
            // Reading takes time, which must not add up.
            tokio::time::sleep(Duration::from_millis(130)).await;
            agent::snapshot::Snapshot::new(
                "clock",
                "job/clock".parse::<GroupingKey>().unwrap(),
                std::time::SystemTime::now(),
                Vec::new(),
            )
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_intervals_do_not_drift() {
    let (sender, mut times) = tokio::sync::mpsc::unbounded_channel();
    let stop = tokio_util::sync::CancellationToken::new();
    let pull = Arc::new(agent::sinks::pull::Pull::new(1));
    let (second, token) = (Duration::from_secs(1), stop.clone());
    let (_nobody, changes) = tokio::sync::mpsc::channel(1);
    let run = tokio::spawn(async move {
        let times = agent::pipeline::Times { interval: second, grace: second, seed: 0 };
        let (hurry, nowhere) = (agent::pipeline::Hurry::none(), agent::pipeline::Ways::default());
        agent::pipeline::run(
            times,
            vec![Box::new(Clock(sender))],
            changes,
            &hurry,
            pull,
            (nowhere, Vec::new()),
            token,
        )
        .await
    });
    // The first reading comes at once, those after it at the source's own moments.
    times.recv().await.unwrap();
    let first = times.recv().await.unwrap();
    let mut last = first;
    for _ in 0..100 {
        last = times.recv().await.unwrap();
    }
    let drift = (last - first).as_secs_f64() / 100.0 - 1.0;
    assert!(drift.abs() < 0.01, "{drift}");
    stop.cancel();
    assert_eq!(run.await.unwrap(), Vec::new());
}
