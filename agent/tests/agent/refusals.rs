//! Pushes that are refused for good: told once in the gateway's words, and nothing old stays as if it were new.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::doubles::{Double, answer};
use super::peers;
use super::process::{eventually, start};

#[test]
fn a_refusal_is_told_once_in_the_gateways_words_and_other_groups_go_on() {
    let target = Double::page("a 1\n");
    let gateway = Double::new(|request, stream| {
        if request.line.contains("/job/j/") {
            // Some explain themselves at length.
            let words =
                format!("pushed metrics are invalid: a collides\nwith b. {}", "Sorry. ".repeat(100_000));
            answer(stream, "400 Bad Request", "", words.as_bytes());
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
fn what_the_real_pushgateway_refuses_by_name_is_left_out_and_the_rest_goes_on() {
    let gateway = peers::pushgateway();
    let (status, _) =
        peers::request(gateway.port, "PUT", "/metrics/job/other", b"# TYPE a gauge\na 1\n").unwrap();
    assert_eq!(status, 200);
    let target = Double::page("# TYPE a counter\na 1\n# TYPE b counter\nb 2\n");
    let settings = format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[scrape]\nurl = \"{}/metrics\"\ntimeout = \"200ms\"\n\
         [push]\nurl = \"http://127.0.0.1:{}\"\n",
        target.url, gateway.port
    );
    let agent = start(&settings);
    eventually("the refusal", || agent.log().contains("left out of pushes for five minutes"));
    assert!(agent.log().contains("inconsistent") && agent.log().contains("family=\"a\""), "{}", agent.log());
    // The host and the agent itself are groups of their own, which it takes.
    let page = || peers::request(gateway.port, "GET", "/metrics", b"").unwrap().1;
    eventually("the other groups", || {
        page().contains("node_uname_info{") && page().contains("pushpull_agent_sent_total{")
    });
    let of_i = |line: &str| page().contains(&format!("\n{line}\n"));
    eventually("the rest of the page", || of_i("b{instance=\"i\",job=\"j\"} 2"));
    assert!(of_i("up{instance=\"i\",job=\"j\"} 1") && !of_i("a{instance=\"i\",job=\"j\"} 1"), "{}", page());
    let series =
        format!("pushpull_agent_quarantined_families{{endpoint=\"http://127.0.0.1:{}\"", gateway.port);
    eventually("the count", || agent.value(&series) == Some(1.0));
    assert_eq!(agent.log().matches("left out of pushes for five").count(), 1, "{}", agent.log());
}

#[test]
fn a_refused_page_leaves_no_old_values_but_the_news_of_it_until_it_is_taken_again() {
    // It names no family, so there is nothing to leave out.
    let gateway = Double::new(|request, stream| {
        let status = if request.body.contains("bad 1") { "400 Bad Request" } else { "200 OK" };
        answer(stream, status, "", b"not like this");
    });
    let has_grown = Arc::new(AtomicBool::new(false));
    let grown = Arc::clone(&has_grown);
    let target = Double::new(move |_, stream| {
        let body = format!("a 1\n{}", if grown.load(Ordering::SeqCst) { "bad 1\n" } else { "" });
        answer(stream, "200 OK", "content-type: text/plain\r\n", body.as_bytes());
    });
    let agent = start(&format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"{}/metrics\"\ntimeout = \"200ms\"\n[push]\nurl = \"{}\"\n",
        target.url, gateway.url
    ));
    // What the gateway holds is what it took last.
    let has = |line: &str| {
        let taken =
            gateway.seen_of("PUT /metrics/job/j/").into_iter().rfind(|put| !put.body.contains("bad 1"));
        taken.is_some_and(|put| put.body.lines().any(|found| found == line))
    };
    let status = "pushpull_agent_page_refused_status";
    eventually("the value", || has("a 1") && has("up 1"));
    has_grown.store(true, Ordering::SeqCst);
    eventually("the news", || has(&format!("{status} 400")));
    assert!(has("up 0") && !has("a 1") && has("scrape_samples_scraped 2"), "{:?}", gateway.seen().last());
    has_grown.store(false, Ordering::SeqCst);
    eventually("the value again", || has("a 1") && has("up 1"));
    eventually("the end of the news", || !has(&format!("{status} 400")) && !has(&format!("{status} 0")));
    assert_eq!(agent.log().matches("push refused").count(), 1, "{}", agent.log());
}
