//! Gateways that answer badly: told once, counted, and the rest goes on.

use std::io::Write;

use super::doubles::{Double, answer};
use super::peers;
use super::process::{eventually, start};

/// An agent with the group of a target and its own; the host would be a third.
fn settings(target: &Double, gateway: &Double) -> String {
    format!(
        "interval = \"200ms\"\n[identity]\njob = \"a\"\ninstance = \"i\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"{}/metrics\"\ntimeout = \"200ms\"\n[push]\nurl = \"{}\"\ntimeout = \"5s\"\n",
        target.url, gateway.url
    )
}

#[test]
fn a_group_that_a_gateway_cannot_take_now_holds_back_no_other_nor_their_last_push() {
    let target = Double::page("a 1\n");
    let gateway = Double::new(|request, stream| {
        let busy = request.line.contains("/job/a/");
        let status = if busy { "503 Service Unavailable" } else { "200 OK" };
        answer(stream, status, "retry-after: 3600\r\n", b"busy\n");
    });
    let mut agent = start(&(settings(&target, &gateway) + "linger = \"7s\"\n[shutdown]\ngrace = \"2s\"\n"));
    eventually("pushes of the other", || gateway.seen_of("PUT /metrics/job/pushpull-agent/").len() > 5);
    assert_eq!(gateway.seen_of("PUT /metrics/job/a/").len(), 1, "it asked for an hour");
    let log = agent.log();
    assert_eq!(log.matches("trying again: 503").count(), 1, "{log}");
    agent.terminate();
    assert_eq!(agent.wait(), Some(1));
    let last = |job: &str| {
        gateway
            .seen_of(&format!("PUT /metrics/job/{job}/"))
            .iter()
            .filter(|put| put.line.contains("ttl=7"))
            .count()
    };
    assert_eq!(last("pushpull-agent"), 1);
    // At the end it is tried again within the grace, but not in a storm.
    assert!((1..=10).contains(&last("a")), "{}", last("a"));
    eventually("what was left", || agent.log().contains("did not take 1 snapshots"));
}

#[test]
fn a_group_that_a_gateway_never_takes_keeps_no_other_from_being_deleted() {
    let target = Double::page("a 1\n");
    let gateway = Double::new(|request, stream| {
        let busy = request.line.contains("/job/a/");
        answer(stream, if busy { "503 Service Unavailable" } else { "200 OK" }, "", b"busy\n");
    });
    let end = "on_shutdown = \"delete\"\nlinger = \"500ms\"\n[shutdown]\ngrace = \"3s\"\n";
    let mut agent = start(&(settings(&target, &gateway) + end));
    eventually("a push of the other", || !gateway.seen_of("PUT /metrics/job/pushpull-agent/").is_empty());
    agent.terminate();
    assert_eq!(agent.wait(), Some(1));
    assert_eq!(gateway.seen_of("DELETE /metrics/job/pushpull-agent/").len(), 1);
    eventually("what was left", || agent.log().contains("did not take 1 snapshots"));
}

#[test]
fn a_redirect_is_not_followed_with_what_was_to_be_pushed() {
    let (target, elsewhere) = (Double::page("a 1\n"), Double::gateway());
    let location = format!("location: {}/metrics/job/stolen\r\n", elsewhere.url);
    let gateway = Double::new(move |_, stream| answer(stream, "307 Temporary Redirect", &location, b""));
    let agent = start(&settings(&target, &gateway));
    eventually("refusals", || gateway.seen_of("PUT /metrics/job/a/").len() > 2);
    assert!(agent.log().contains("push refused: 307 Temporary Redirect"), "{}", agent.log());
    assert_eq!(elsewhere.seen().len(), 0);
}

#[test]
fn an_answer_that_breaks_off_is_told_by_its_cause() {
    let target = Double::page("a 1\n");
    let gateway = Double::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200");
    });
    let agent = start(&settings(&target, &gateway));
    eventually("a failed push", || agent.log().contains("push failed"));
    assert!(agent.log().contains("connection closed before message completed"), "{}", agent.log());
}

#[test]
fn series_that_are_one_to_a_gateway_are_left_out_and_the_rest_arrives() {
    let target = Double::page("d{instance=\"1\"} 1\nd{instance=\"2\"} 2\ne 3\n");
    let gateway = peers::pushgateway();
    let agent = start(&format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"{}/metrics\"\ntimeout = \"200ms\"\nhonor_labels = true\n\
         [push]\nurl = \"http://127.0.0.1:{}\"\n",
        target.url, gateway.port
    ));
    eventually("the page", || {
        let page = peers::request(gateway.port, "GET", "/metrics", b"").unwrap().1;
        page.contains("d{instance=\"i\",job=\"j\"} 1\n") && page.contains("e{instance=\"i\",job=\"j\"} 3\n")
    });
    eventually("the count", || {
        agent.value("pushpull_agent_merged_samples_total").is_some_and(|count| count > 2.0)
    });
    assert_eq!(agent.log().matches("left out of pushes: d{").count(), 1, "{}", agent.log());
    // The fallback has both.
    assert_eq!(agent.value("d{instance=\"2\""), Some(2.0), "{}", agent.metrics());
}
