//! A reload: all of it or nothing, and what did not change does not notice.

use super::doubles::{Double, answer};
use super::flow::settings;
use super::peers;
use super::process::{Agent, eventually, start};

const WORKED: &str = "pushpull_agent_config_last_reload_successful";

/// The agent's metrics, all sources read for it.
pub(crate) fn now(agent: &Agent) -> String {
    peers::request(agent.port, "POST", "/-/flush", b"");
    agent.metrics()
}

#[test]
fn what_did_not_change_is_not_read_again_and_what_is_new_is_read_at_once() {
    let (one, two) = (Double::page("a 1\n"), Double::page("b 1\n"));
    let (near, far) = (Double::gateway(), Double::gateway());
    let hour = |targets: &[&Double], gateways: &[&Double]| {
        settings(targets, gateways, "1h").replace("timeout = \"1h\"", "timeout = \"9s\"")
    };
    // Two targets from the start, or the first one's instance would be another.
    let agent = start(&hour(&[&one, &Double::page("c 1\n")], &[&near]));
    eventually("the first pushes", || near.seen_of("PUT ").len() >= 3);

    agent.rewrite(&hour(&[&one, &two], &[&near, &far]));
    let (status, said) = agent.reload();
    assert_eq!(status, 200, "{said}");
    for part in ["sources that go on as before: 2\n", "gone source: ", "new source: ", "new endpoint: "] {
        assert!(said.contains(part), "{part} in {said}");
    }
    // The gone group is told to be down, with the linger as its life; the new one comes without waiting.
    let host = |double: &Double| double.url.trim_start_matches("http://").replace(':', "%3A");
    let group = |double: &Double| format!("PUT /metrics/job/j/instance/{}", host(double));
    eventually("the new source at both", || {
        [&near, &far].iter().all(|gateway| gateway.seen_of(&group(&two)).len() == 1)
    });
    eventually("the end of the gone one", || {
        near.seen_of("PUT ").iter().any(|put| put.line.ends_with("?ttl=30") && put.body.contains("up 0\n"))
    });
    assert_eq!(one.seen().len(), 1, "it was read out of turn");
    assert_eq!(near.seen_of(&group(&one)).len(), 1, "it was pushed out of turn");
    // What was known before is news to an endpoint that is new.
    eventually("the old source at the new endpoint", || far.seen_of(&group(&one)).len() == 1);
    assert!(!agent.metrics().contains("c{"), "the gone source is still shown");

    assert!(now(&agent).contains(&far.url));
    agent.rewrite(&hour(&[&one, &two], &[&near]));
    assert_eq!(agent.reload().0, 200);
    eventually("no series of the gone endpoint", || !now(&agent).contains(&far.url));
}

#[test]
fn a_bad_file_changes_nothing_and_all_its_mistakes_are_told() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let good = settings(&[&target], &[&gateway], "100ms");
    let agent = start(&good);
    assert_eq!(agent.value(WORKED), Some(1.0));
    agent.rewrite(&good.replace("interval = \"100ms\"", "interval = \"0s\"\nintervall = 1"));
    let (status, said) = agent.reload();
    assert_eq!(status, 400, "{said}");
    for part in ["agent.toml:1:1: interval: expected", "agent.toml:2:1: unknown key `intervall`"] {
        assert!(said.contains(part), "{part} in {said}");
        eventually("the mistake in the log", || agent.log().contains(part));
    }
    let before = gateway.seen().len();
    eventually("pushes as before", || gateway.seen().len() > before + 10);
    eventually("the failure among the metrics", || agent.value(WORKED) == Some(0.0));

    agent.rewrite(&good);
    assert_eq!(agent.reload().0, 200);
    eventually("the success among the metrics", || agent.value(WORKED) == Some(1.0));
}

#[test]
fn a_hangup_reloads_and_does_not_stop() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let text = settings(&[&target], &[&gateway], "100ms");
    let mut agent = start(&text);
    eventually("a push", || !gateway.seen_of("PUT /metrics/job/j/").is_empty());
    agent.rewrite(&text.replace("job = \"j\"", "job = \"k\""));
    agent.signal("-HUP");
    eventually("the new group", || !gateway.seen_of("PUT /metrics/job/k/").is_empty());
    eventually("the old one's end", || {
        gateway.seen_of("PUT /metrics/job/j/").last().is_some_and(|put| put.line.ends_with("?ttl=30"))
    });
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
}

#[test]
fn a_changed_endpoint_keeps_its_groups_and_is_asked_as_the_new_settings_say() {
    let target = Double::page("a 1\n");
    let gateway = Double::new(|request, stream| {
        if request.head.to_lowercase().contains("authorization: bearer right") {
            answer(stream, "200 OK", "", b"");
        } else {
            answer(stream, "503 Service Unavailable", "retry-after: 300\r\n", b"");
        }
    });
    let text = |token: &str, then: &str| {
        let own = "[shutdown]\ngrace = \"5s\"\n";
        settings(&[&target], &[&gateway], "1h")
            .replace("timeout = \"1h\"", "timeout = \"9s\"")
            .replace("timeout = \"1s\"", &format!("timeout = \"1s\"\nbearer_token = \"{token}\"\n{then}"))
            + own
    };
    let mut agent = start(&text("wrong", ""));
    eventually("a refusal", || gateway.seen().len() >= 2);
    // Five minutes were asked for; who is asked with another token has not asked for them.
    agent.rewrite(&text("right", "on_shutdown = \"delete\"\nlinger = \"10ms\""));
    let (status, said) = agent.reload();
    assert!(status == 200 && said.contains("changed endpoint: "), "{said}");
    let waiting = format!("pushpull_agent_waiting_snapshots{{endpoint=\"{}\"", gateway.url);
    eventually("all pushed", || agent.value(&waiting) == Some(0.0));
    assert_eq!(target.seen().len(), 1, "it was read out of turn");
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    assert_eq!(gateway.seen_of("DELETE ").len(), 2);
}

#[test]
fn the_listener_moves_and_an_address_that_is_taken_changes_nothing() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let text = settings(&[&target], &[&gateway], "1h").replace("timeout = \"1h\"", "timeout = \"9s\"");
    let taken = std::net::TcpListener::bind("127.0.0.2:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut agent = start(&text);
    agent.rewrite_whole(&format!("{text}\n[pull]\nlisten = \"{address}\"\n"));
    let (status, said) = agent.reload();
    assert_eq!(status, 400);
    assert!(said.starts_with(&format!("pull.listen: cannot listen on {address}: ")), "{said}");
    agent.rewrite_whole(&format!("{text}\n[pull]\nlisten = \"127.0.0.3:0\"\n"));
    let (status, said) = agent.reload();
    assert_eq!(status, 200, "the answer comes by the old way: {said}");
    let moved = said.lines().find_map(|line| line.strip_prefix("answering at http://127.0.0.3:"));
    let port: u16 = moved.unwrap().parse().unwrap();
    eventually("nobody at the old place", || {
        std::net::TcpStream::connect(("127.0.0.1", agent.port)).is_err()
    });
    assert!(std::net::TcpStream::connect(("127.0.0.3", port)).is_ok());
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
}

#[test]
fn a_file_of_settings_that_hangs_holds_up_nobodys_end() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let mut agent = start(&settings(&[&target], &[&gateway], "100ms"));
    eventually("a push", || !gateway.seen_of("PUT /metrics/job/j/").is_empty());
    let file = agent.folder().join("agent.toml");
    std::fs::remove_file(&file).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    agent.signal("-HUP");
    // Opened only once the agent has opened it, too; it waits for what is never written.
    let _writer = std::fs::File::options().write(true).open(&file).unwrap();
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
}

#[test]
fn another_interval_and_another_grace_are_named() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let text = settings(&[&target], &[&gateway], "5s");
    let agent = start(&text);
    agent.rewrite(&format!(
        "{}[shutdown]\ngrace = \"20s\"\n",
        text.replace("interval = \"5s\"", "interval = \"6s\"")
    ));
    let (status, said) = agent.reload();
    assert!(
        status == 200 && said.contains("interval: 6s, it was 5s\nshutdown.grace: 20s, it was 10s\n"),
        "{said}"
    );
}
