//! The last breath: one more collection, one more push, and then the end that was asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::doubles::{Double, answer};
use super::peers::{self, Peer};
use super::process::{eventually, start};

fn page(gateway: &Peer) -> String {
    peers::request(gateway.port, "GET", "/metrics", b"").unwrap().1
}

/// A target whose counter moves only when the test says so.
pub(crate) fn counter() -> (Double, Arc<AtomicU64>) {
    let value = Arc::new(AtomicU64::new(1));
    let shown = Arc::clone(&value);
    let double = Double::new(move |_, stream| {
        let body = format!("# TYPE c counter\nc {}\n", shown.load(Ordering::SeqCst));
        answer(stream, "200 OK", "content-type: text/plain\r\n", body.as_bytes());
    });
    (double, value)
}

pub(crate) fn settings(target: &Double, gateway: &str, push: &str) -> String {
    format!(
        "interval = \"1h\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"{}/metrics\"\ntimeout = \"5s\"\n[shutdown]\ngrace = \"5s\"\n\
         [push]\nurl = \"{gateway}\"\nttl = \"3h\"\n{push}\n",
        target.url
    )
}

#[test]
fn the_last_value_arrives_and_stays_where_that_was_asked_for() {
    let (target, value) = counter();
    let gateway = peers::pushgateway();
    let mut agent =
        start(&settings(&target, &format!("http://127.0.0.1:{}", gateway.port), "on_shutdown = \"keep\""));
    eventually("the first value", || page(&gateway).contains("c{instance=\"i\",job=\"j\"} 1\n"));
    // An hour before the next collection: only the end can bring this value.
    value.store(42, Ordering::SeqCst);
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    assert!(page(&gateway).contains("c{instance=\"i\",job=\"j\"} 42\n"), "{}", page(&gateway));
}

#[test]
fn groups_are_deleted_after_the_linger_where_that_was_asked_for() {
    let (target, value) = counter();
    let gateway = peers::pushgateway();
    let push = "on_shutdown = \"delete\"\nlinger = \"1s\"";
    let mut agent = start(&settings(&target, &format!("http://127.0.0.1:{}", gateway.port), push));
    eventually("the first value", || page(&gateway).contains("c{instance=\"i\",job=\"j\"} 1\n"));
    value.store(42, Ordering::SeqCst);
    agent.terminate();
    let began = Instant::now();
    eventually("the last value", || page(&gateway).contains("c{instance=\"i\",job=\"j\"} 42\n"));
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    assert!(began.elapsed().as_secs_f64() >= 0.9, "deleted after {:?}", began.elapsed());
    eventually("the end of both groups", || {
        !page(&gateway).contains("job=\"j\"") && !page(&gateway).contains("pushpull-agent")
    });
}

#[test]
fn groups_expire_after_the_linger_where_that_was_asked_for() {
    let (target, value) = counter();
    let gateway = Double::gateway();
    let mut agent = start(&settings(&target, &gateway.url, "linger = \"7s\""));
    eventually("the first value", || gateway.seen_of("PUT /metrics/job/j/instance/i?ttl=10800").len() == 1);
    value.store(42, Ordering::SeqCst);
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    let last = gateway.seen_of("PUT /metrics/job/j/instance/i?ttl=7");
    assert_eq!(last.len(), 1, "{:?}", gateway.seen());
    assert!(last[0].body.contains("c 42\n"), "{}", last[0].body);
}

#[test]
fn a_target_that_hangs_at_the_end_is_told_to_be_down_and_its_last_values_stay() {
    let answers = Arc::new(AtomicU64::new(0));
    let target = Double::new(move |_, stream| {
        if answers.fetch_add(1, Ordering::SeqCst) > 0 {
            std::thread::park();
        }
        answer(stream, "200 OK", "content-type: text/plain\r\n", b"c 1\n");
    });
    let gateway = Double::gateway();
    let text = settings(&target, &gateway.url, "linger = \"7s\"").replace("grace = \"5s\"", "grace = \"2s\"");
    let mut agent = start(&text);
    eventually("the first value", || gateway.seen_of("PUT /metrics/job/j/instance/i?ttl=10800").len() == 1);
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    let last = gateway.seen_of("PUT /metrics/job/j/instance/i?ttl=7");
    assert_eq!(last.len(), 1, "{:?}", gateway.seen());
    assert!(last[0].body.contains("up 0\n") && last[0].body.contains("c 1\n"), "{}", last[0].body);
    assert!(agent.log().contains("timeout: no whole page within 1s"), "{}", agent.log());
}
