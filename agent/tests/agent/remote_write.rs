//! Remote write to real receivers: no sample is lost, whatever ends in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::doubles::{Double, answer};
use super::peers;
use super::process::{Agent, eventually, run, start};
use super::receivers::{Kind, Receiver};

/// A target whose counter says how often it was scraped.
pub(crate) fn counting() -> (Double, Arc<AtomicU32>) {
    let count = Arc::new(AtomicU32::new(0));
    let scrapes = Arc::clone(&count);
    let target = Double::new(move |_, stream| {
        let count = scrapes.fetch_add(1, Ordering::SeqCst) + 1;
        let page = format!("# HELP c_total Scrapes.\n# TYPE c_total counter\nc_total {count}\n");
        answer(stream, "200 OK", "content-type: text/plain; version=0.0.4\r\n", page.as_bytes());
    });
    (target, count)
}

pub(crate) fn settings(target: &Double, url: &str, more: &str) -> String {
    format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"{}/metrics\"\ntimeout = \"200ms\"\n\
         [[remote_write]]\nurl = \"{url}\"\nbatch_deadline = \"100ms\"\nmax_backoff = \"500ms\"\n{more}\n",
        target.url
    )
}

pub(crate) fn taken(agent: &Agent) -> f64 {
    agent.value("pushpull_agent_remote_write_samples_total").unwrap_or_default()
}

fn values(receiver: &Receiver) -> Vec<u32> {
    let samples = receiver.samples("c_total");
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of scrapes")]
    samples.into_iter().filter(|(_, value)| value.is_finite()).map(|(_, value)| value as u32).collect()
}

/// Stops the receiver, kills the agent, starts both again: everything that was scraped is there, in order.
fn nothing_is_lost(kind: Kind, protocol: &str) {
    let (target, count) = counting();
    let mut receiver = Receiver::new(kind);
    let folder = tempfile::tempdir().unwrap();
    let spool = format!("spool = {{ dir = \"{}\" }}", folder.path().join("spool").display());
    let settings = settings(&target, &receiver.url(), &spool);
    let agent = start(&settings);
    eventually("the first samples", || values(&receiver).len() > 2);
    eventually("the protocol", || agent.log().contains(&format!("remote write {protocol} is spoken")));
    receiver.down();
    let down = count.load(Ordering::SeqCst);
    eventually("an outage", || count.load(Ordering::SeqCst) >= down + 5);
    let killed = count.load(Ordering::SeqCst);
    agent.signal("-KILL");
    drop(agent);
    let agent = start(&settings);
    eventually("more of it", || count.load(Ordering::SeqCst) >= killed + 5);
    let until = count.load(Ordering::SeqCst) - 1;
    receiver.up();
    eventually("all that was scraped", || values(&receiver).contains(&until));
    let values = values(&receiver);
    assert!(values.is_sorted(), "{values:?}");
    // What was being scraped when the agent was killed never reached its spool.
    let lost: Vec<u32> = (1..=until).filter(|value| !values.contains(value)).collect();
    assert!(
        lost.iter().all(|value| (killed..=killed + 1).contains(value)),
        "{lost:?} of {killed}: {values:?}"
    );
    assert_eq!(agent.value("pushpull_agent_remote_write_samples_failed_total"), Some(0.0));
    let (code, said) = peers::request(agent.port, "POST", "/-/flush", b"").unwrap();
    assert_eq!((code, said.as_str()), (200, "OK\n"), "{}", agent.log());
}

#[test]
fn a_prometheus_that_was_away_gets_all_of_it_though_the_agent_was_killed() {
    nothing_is_lost(Kind::Prometheus, "1.0");
}

#[test]
fn a_victoria_metrics_that_was_away_gets_all_of_it_though_the_agent_was_killed() {
    nothing_is_lost(Kind::Victoria, "1.0");
}

#[test]
fn the_last_values_arrive_and_the_series_end_when_the_agent_is_told_to() {
    let (target, count) = counting();
    let receiver = Receiver::new(Kind::Prometheus);
    let mut agent = start(&settings(&target, &receiver.url(), "on_shutdown = \"stale\""));
    eventually("the first samples", || receiver.now("c_total").is_some());
    let page = agent.metrics();
    assert!(page.contains("pushpull_agent_remote_write_busy_seconds_total{"), "{page}");
    let (good, printed) = peers::run("promtool", &["check", "metrics"], page.as_bytes());
    assert!(good, "{printed}\n{page}");
    let seen = ["/", "/api/v1/status"].map(|path| peers::request(agent.port, "GET", path, b"").unwrap().1);
    assert!(!seen[0].contains("-0 ") && !seen[0].contains(">Endpoints<"), "{}", seen[0]);
    assert!(!seen[1].contains("-0.0"), "{}", seen[1]);
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    let last = count.load(Ordering::SeqCst);
    assert_eq!(values(&receiver).last(), Some(&last));
    for series in ["c_total", "up", "scrape_samples_scraped"] {
        assert_eq!(receiver.now(series), None, "{series}");
        assert!(!receiver.samples(series).is_empty(), "{series}");
    }
}

#[test]
fn what_a_receiver_that_is_away_did_not_take_is_told_and_kept() {
    let (target, _) = counting();
    let mut receiver = Receiver::new(Kind::Prometheus);
    receiver.down();
    let folder = tempfile::tempdir().unwrap();
    for (spool, said) in [
        (format!("spool = {{ dir = \"{}\" }}", folder.path().join("s").display()), "stay in the spool"),
        (String::new(), "which are lost: set spool.dir"),
    ] {
        let more = format!("{spool}\n[shutdown]\ngrace = \"2s\"");
        let mut agent = start(&settings(&target, &receiver.url(), &more));
        eventually("samples that wait", || {
            agent.value("pushpull_agent_remote_write_samples_pending").is_some_and(|waiting| waiting > 5.0)
        });
        agent.terminate();
        assert_eq!(agent.wait(), Some(1));
        assert!(agent.log().contains(said), "{said}\nin\n{}", agent.log());
    }
}

#[test]
fn one_sample_that_is_refused_takes_no_good_one_with_it() {
    let receiver = Receiver::new(Kind::Prometheus);
    let lines: String = (0..300).map(|at| format!("good{{at=\"{at}\"}} {at}\n")).collect();
    // A time that is too long ago for any receiver.
    let target = Double::page(&format!("{lines}bad 1 1000\n{}", lines.replace("good", "fine")));
    let agent = start(&settings(&target, &receiver.url(), ""));
    let count = |name: &str| receiver.now(&format!("count({name})"));
    eventually("all good ones", || count("good") == Some(300.0) && count("fine") == Some(300.0));
    let failed = "pushpull_agent_remote_write_samples_failed_total{endpoint=";
    eventually("the bad one", || {
        agent
            .metrics()
            .lines()
            .any(|line| line.starts_with(failed) && line.contains("400") && !line.ends_with(" 0"))
    });
    let log = agent.log();
    assert_eq!(log.matches("samples are refused for good").count(), 1, "{log}");
    assert!(log.contains("out of bounds"), "the receiver's own words: {log}");
    assert_eq!(receiver.now("bad"), None);
}

#[test]
fn a_spool_that_cannot_be_opened_is_told_before_anything_else() {
    let (target, receiver) = (Double::page("c 1\n"), Receiver::new(Kind::Prometheus));
    let held = tempfile::tempdir().unwrap();
    let spool = |dir: &str| format!("spool = {{ dir = \"{dir}\" }}\n[pull]\nlisten = \"127.0.0.1:0\"\n");
    let at = held.path().join("s");
    let _other =
        start(&settings(&target, &receiver.url(), &format!("spool = {{ dir = \"{}\" }}", at.display())));
    for (dir, code, start, look) in [
        ("/proc/x", 2, "cannot be opened: ", "fail  spool /proc/x — it cannot be opened: "),
        (at.to_str().unwrap(), 1, "is in use by another agent", " — an agent that runs has it — "),
    ] {
        let settings = settings(&target, &receiver.url(), &spool(dir));
        let (found, said) = run(&settings, &[], &[]);
        assert_eq!(found, Some(code), "{said}");
        assert!(said.contains(start) && !said.contains("listening on"), "{said}");
        let (_, said) = run(&settings, &["check", "--live"], &[]);
        assert!(said.contains(look), "{said}");
    }
}
