//! Gateways that refuse: told once in the gateway's words, counted, and the rest goes on.

use super::doubles::{Double, answer};
use super::peers;
use super::process::{eventually, start};

#[test]
fn a_refusal_is_told_once_in_the_gateways_words_and_other_groups_go_on() {
    let target = Double::page("a 1\n");
    let gateway = Double::new(|request, stream| {
        if request.line.contains("/job/j/") {
            answer(stream, "400 Bad Request", "", b"pushed metrics are invalid: a collides\nwith b");
        } else {
            answer(stream, "200 OK", "", b"");
        }
    });
    let settings = format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"{}/metrics\"\ntimeout = \"200ms\"\n[push]\nurl = \"{}\"\n",
        target.url, gateway.url
    );
    let agent = start(&settings);
    eventually("more pushes of both", || {
        gateway.seen_of("PUT /metrics/job/j/").len() > 3
            && gateway.seen_of("PUT /metrics/job/pushpull-agent").len() > 3
    });
    let log = agent.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("push refused")).collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(
        told[0].contains("400 Bad Request: pushed metrics are invalid: a collides with b"),
        "{}",
        told[0]
    );
    assert!(told[0].contains("job/j/instance/i"), "{}", told[0]);
    let series = format!("pushpull_agent_refused_total{{endpoint=\"{}\",reason=\"400\"", gateway.url);
    assert!(agent.value(&series).is_some_and(|count| count > 2.0), "{}", agent.metrics());
}

#[test]
fn the_real_pushgateways_refusal_is_told_too() {
    let real =
        |port| vec![format!("--web.listen-address=127.0.0.1:{port}"), "--persistence.file=".to_owned()];
    let gateway = peers::start("prometheus-pushgateway", real, "/-/ready");
    let (status, _) =
        peers::request(gateway.port, "PUT", "/metrics/job/other", b"# TYPE a gauge\na 1\n").unwrap();
    assert_eq!(status, 200);
    let target = Double::page("# TYPE a counter\na 1\n");
    let settings = format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\n[scrape]\nurl = \"{}/metrics\"\ntimeout = \"200ms\"\n\
         [push]\nurl = \"http://127.0.0.1:{}\"\n",
        target.url, gateway.port
    );
    let agent = start(&settings);
    eventually("the refusal", || agent.log().contains("push refused"));
    assert!(agent.log().contains("inconsistent"), "{}", agent.log());
    // The host and the agent itself are groups of their own, which it takes.
    let page = || peers::request(gateway.port, "GET", "/metrics", b"").unwrap().1;
    eventually("the other groups", || {
        page().contains("node_uname_info{") && page().contains("pushpull_agent_sent_total{")
    });
}
