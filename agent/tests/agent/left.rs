//! What is left at the end is told, and the exit code says so.

use std::sync::Arc;
use std::time::Duration;

use agent::config::Endpoint;
use agent::intake::Intake;
use agent::pipeline::{self, Hurry, Left, Times, Way, Ways};
use agent::sinks::pull::Pull;
use agent::sinks::{SendError, Sink};
use agent::snapshot::Snapshot;
use agent::sources::Source;
use agent::sources::own::Own;
use agent::stats::Stats;
use tokio_util::sync::CancellationToken;

use super::doubles::{Double, answer};
use super::ending::{counter, settings};
use super::process::{eventually, start};

#[test]
fn a_gateway_that_hangs_does_not_outlast_the_grace() {
    let (target, _) = counter();
    let gateway = Double::new(|_, _| std::thread::park());
    let mut agent =
        start(&settings(&target, &gateway.url, "").replace("grace = \"5s\"", "grace = \"500ms\""));
    eventually("a push", || !gateway.seen().is_empty());
    agent.terminate();
    let told = std::time::Instant::now();
    assert_eq!(agent.wait(), Some(1));
    // The grace, and the end of a process on a busy machine.
    assert!(told.elapsed() < Duration::from_millis(1500), "{:?}", told.elapsed());
    let url = &gateway.url;
    for told in [format!("shutdown.grace ran out before {url} was done"), format!("{url} did not take ")] {
        eventually("what was left", || agent.log().contains(&told));
    }
}

#[test]
fn last_values_that_a_gateway_refuses_are_left_and_told() {
    let (target, _) = counter();
    let gateway = Double::new(|_, stream| answer(stream, "404 Not Found", "", b"where?"));
    let mut agent = start(&settings(&target, &gateway.url, ""));
    eventually("both pushes", || gateway.seen().len() >= 2);
    agent.terminate();
    assert_eq!(agent.wait(), Some(1), "{}", agent.log());
    let told = format!("{} refused the last values of 2 groups", gateway.url);
    eventually("what was left", || agent.log().contains(&told));
    assert!(!agent.log().contains("grace ran out"), "{}", agent.log());
}

#[test]
fn last_samples_that_a_receiver_refuses_are_left_and_told() {
    let (target, _) = counter();
    let receiver = Double::new(|_, stream| answer(stream, "404 Not Found", "", b"where?"));
    let text = settings(&target, "http://x", "").replace("[push]\nurl = \"http://x\"\nttl = \"3h\"", "");
    let mut agent = start(&format!("{text}\n[[remote_write]]\nurl = \"{}/w\"\n", receiver.url));
    eventually("a refusal", || agent.log().contains("refused for good"));
    agent.terminate();
    assert_eq!(agent.wait(), Some(1), "{}", agent.log());
    eventually("what was left", || agent.log().contains(" of the last samples for good"));
}

#[test]
fn groups_that_a_gateway_does_not_delete_are_left_and_told() {
    let (target, _) = counter();
    let gateway = Double::new(|request, stream| {
        let deletes = request.line.starts_with("DELETE");
        answer(stream, if deletes { "500 Internal Server Error" } else { "200 OK" }, "", b"no");
    });
    let mut agent = start(&settings(&target, &gateway.url, "on_shutdown = \"delete\"\nlinger = \"100ms\""));
    eventually("both pushes", || gateway.seen().len() >= 2);
    agent.terminate();
    assert_eq!(agent.wait(), Some(1), "{}", agent.log());
    eventually("what was left", || agent.log().contains(&format!("{} did not delete 2 groups", gateway.url)));
}

#[test]
fn a_gateway_that_is_not_there_at_the_end_does_not_cost_the_whole_grace() {
    let (target, _) = counter();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text =
        settings(&target, &format!("http://{nobody}"), "").replace("grace = \"5s\"", "grace = \"10m\"");
    let mut agent = start(&text);
    agent.terminate();
    assert_eq!(agent.wait(), Some(1), "{}", agent.log());
    eventually("what was left", || agent.log().contains("did not take 2 snapshots"));
}

/// A sink with a mistake in it.
struct Dying;

impl Sink for Dying {
    async fn send(&mut self, _: &Snapshot) -> Result<(), SendError> {
        panic!("as the test wants it")
    }

    fn alter(&mut self, _: &Endpoint) {}

    fn ending(&self) -> Duration {
        Duration::ZERO
    }

    async fn end(&mut self) -> usize {
        0
    }
}

#[tokio::test]
async fn a_sink_that_dies_ends_the_agent_and_is_told() {
    let stats = Arc::new(Stats::new().unwrap());
    let intake = Arc::new(Intake::new("gateway", Arc::clone(&stats)));
    let stop = CancellationToken::new();
    let way = Way::to(Dying, intake, &stop);
    let (_nobody, changes) = tokio::sync::mpsc::channel(1);
    let own: Box<dyn Source> = Box::new(Own::new("job/own".parse().unwrap(), Arc::clone(&stats)));
    let hour = Duration::from_hours(1);
    let times = Times { interval: hour, grace: hour, seed: 0 };
    let pull = Arc::new(Pull::new(1));
    // Nobody stops it.
    let left = pipeline::run(
        times,
        vec![own],
        changes,
        &Hurry::none(),
        pull,
        (Ways::new(vec![way]), Vec::new()),
        stop,
    )
    .await;
    let [Left::Died { whose, why }, Left::Waiting { snapshots, .. }] = left.as_slice() else {
        panic!("{left:?}")
    };
    assert!(whose == "gateway" && why.contains("as the test wants it"), "{left:?}");
    assert!((1..=2).contains(snapshots), "{left:?}");
}
