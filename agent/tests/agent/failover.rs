//! Several gateways of one endpoint, and the clock that their answers tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::doubles::{Double, answer};
use super::process::{eventually, start};

/// A gateway that can be told to be away, as a proxy says it.
fn away(is_away: &Arc<AtomicBool>) -> Double {
    let is_away = Arc::clone(is_away);
    Double::new(move |_, stream| {
        let status = if is_away.load(Ordering::SeqCst) { "503 Service Unavailable" } else { "200 OK" };
        answer(stream, status, "", b"");
    })
}

#[test]
fn the_first_gateway_that_works_gets_the_pushes_and_the_first_gets_them_back() {
    let is_away = Arc::new(AtomicBool::new(true));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (first, third) = (away(&is_away), Double::gateway());
    let agent = start(&format!(
        "interval = \"200ms\"\nscrape = []\n[host]\nenabled = false\n\
         [push]\nurls = [\"{}\", \"http://{nobody}\", \"{}\"]\nfailback = \"1s\"\n",
        first.url, third.url
    ));
    eventually("pushes to the third", || third.seen_of("PUT ").len() > 3);
    let asked = first.seen().len();
    assert!(asked <= 2, "asked {asked} times within a second");
    let in_use = |url: &str| {
        let series = format!("pushpull_agent_gateway_in_use{{endpoint=\"{}\",gateway=\"{url}\"", first.url);
        agent.value(&series)
    };
    eventually("what is in use", || (in_use(&first.url), in_use(&third.url)) == (Some(0.0), Some(1.0)));
    let page = agent.metrics();
    let mut failed = page.lines().filter(|line| line.starts_with("pushpull_agent_retried_total{"));
    assert!(failed.all(|line| line.ends_with(" 0")), "{page}");
    is_away.store(false, Ordering::SeqCst);
    // Two of them never hold a group for longer than a moment.
    eventually("the deletion of what stayed behind", || !third.seen_of("DELETE /metrics/job/").is_empty());
    let pushes = third.seen_of("PUT ").len();
    let since = first.seen().len();
    eventually("pushes to the first", || first.seen().len() > since + 3);
    assert_eq!(third.seen_of("PUT ").len(), pushes);
    assert_eq!(third.seen_of("DELETE ").len(), 1);
    eventually("what is in use", || (in_use(&first.url), in_use(&third.url)) == (Some(1.0), Some(0.0)));
    let log = agent.log();
    assert_eq!(log.matches("pushing to another gateway").count(), 1, "{log}");
    assert_eq!(log.matches("pushing to the gateway before again").count(), 1, "{log}");
}

#[test]
fn a_clock_that_is_off_is_measured_and_told_once_with_its_direction() {
    let ahead = std::time::SystemTime::now() + std::time::Duration::from_mins(20);
    let date = format!("date: {}\r\n", httpdate::fmt_http_date(ahead));
    let off = Double::new(move |_, stream| answer(stream, "200 OK", &date, b""));
    let right = Double::new(|_, stream| {
        let now = httpdate::fmt_http_date(std::time::SystemTime::now());
        answer(stream, "200 OK", &format!("date: {now}\r\n"), b"");
    });
    let agent = start(&format!(
        "interval = \"200ms\"\nscrape = []\n[host]\nenabled = false\n\
         [[push]]\nurl = \"{}\"\n[[push]]\nurl = \"{}\"\n",
        off.url, right.url
    ));
    eventually("pushes", || off.seen().len() > 3 && right.seen().len() > 3);
    let skew = |double: &Double| {
        agent.value(&format!("pushpull_agent_clock_skew_seconds{{endpoint=\"{}\"", double.url))
    };
    eventually("both", || skew(&off).is_some() && skew(&right).is_some());
    let skew = |double: &Double| skew(double).unwrap();
    assert!((-1205.0..=-1180.0).contains(&skew(&off)), "{}", skew(&off));
    assert!(skew(&right).abs() < 2.0, "{}", skew(&right));
    let log = agent.log();
    assert_eq!(log.matches("the clock here is ").count(), 1, "{log}");
    assert!(log.contains("behind the endpoint's") && log.contains(&off.url), "{log}");
}
