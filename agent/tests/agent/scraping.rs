//! What becomes of a page between the target and the gateway.

use std::time::{SystemTime, UNIX_EPOCH};

use super::doubles::Double;
use super::process::{Agent, eventually, start};

fn scraping(page: &str) -> (Agent, Double) {
    let (target, gateway) = (Double::page(page), Double::gateway());
    let agent = start(&format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"{}/metrics\"\ntimeout = \"200ms\"\n[push]\nurl = \"{}\"\n",
        target.url, gateway.url
    ));
    eventually("pushes", || gateway.seen_of("PUT /metrics/job/j").len() > 2);
    (agent, gateway)
}

/// What is logged once and counted each time.
fn left_out(agent: &Agent, reason: &str, told: &str) {
    let series = format!("pushpull_agent_dropped_samples_total{{reason=\"{reason}\"");
    eventually("the count", || agent.value(&series).is_some_and(|count| count > 1.0));
    let log = agent.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("samples are left out")).collect();
    assert_eq!(lines.len(), 1, "once, not each interval: {log}");
    assert!(lines[0].contains(told) && lines[0].contains("target=\"http://"), "{told}\nin\n{}", lines[0]);
}

#[test]
fn of_two_series_alike_the_first_is_kept_and_counted() {
    let (agent, gateway) = scraping("a{x=\"1\"} 1\na{x=\"1\"} 2\nb 3\n");
    let body = &gateway.seen_of("PUT /metrics/job/j")[0].body;
    assert!(body.contains("a{x=\"1\"} 1\n") && !body.contains("} 2\n"), "{body}");
    assert!(
        body.contains("scrape_samples_scraped 3\n")
            && body.contains("scrape_samples_post_metric_relabeling 3\n"),
        "{body}"
    );
    left_out(&agent, "duplicate", "a{x=\"1\",job=\"j\",instance=\"i\"} stands on the page already");
}

#[test]
fn a_targets_own_up_gives_way_only_where_it_is_the_same_series() {
    let (agent, gateway) = scraping("up 7\nup{replica=\"2\"} 8\nscrape_duration_seconds{of=\"it\"} 9\n");
    let body = &gateway.seen_of("PUT /metrics/job/j")[0].body;
    for line in ["up 1\n", "up{replica=\"2\"} 8\n", "scrape_duration_seconds{of=\"it\"} 9\n"] {
        assert!(body.contains(line), "{line} in {body}");
    }
    assert!(!body.contains("up 7"), "{body}");
    left_out(&agent, "synthetic", "up{job=\"j\",instance=\"i\"} is what the agent itself says of a scrape");
}

#[test]
fn samples_from_the_future_are_left_out() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let (near, far) = (now + 300_000, now + 3_600_000);
    let (agent, gateway) = scraping(&format!("near 1 {near}\nfar 2 {far}\n"));
    let body = &gateway.seen_of("PUT /metrics/job/j")[0].body;
    assert!(body.contains("near 1\n") && !body.contains("far"), "{body}");
    left_out(&agent, "future", "far{job=\"j\",instance=\"i\"} has a timestamp more than 10 minutes ahead");
}

#[test]
fn counters_are_there_before_anything_failed() {
    let (agent, gateway) = scraping("a 1\n");
    let page = agent.metrics();
    let (endpoint, source) = (format!("endpoint=\"{}\"", gateway.url), "source=\"http://");
    for (name, label, reason) in [
        ("refused_total", endpoint.as_str(), "400"),
        ("retried_total", &endpoint, "connect"),
        ("retried_total", &endpoint, "503"),
        ("dropped_total", &endpoint, "superseded"),
        ("collection_failures_total", source, "timeout"),
        ("dropped_samples_total", source, "duplicate"),
    ] {
        let reason = format!("reason=\"{reason}\"");
        let found = page.lines().any(|line| {
            let named = line.starts_with(&format!("pushpull_agent_{name}{{"));
            named && line.contains(label) && line.contains(&reason) && line.ends_with(" 0")
        });
        assert!(found, "{name} {label} {reason} in\n{page}");
    }
}

#[test]
fn one_page_under_two_jobs_is_two_targets() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let scrape = |job: &str| {
        let url = &target.url;
        format!(
            "[[scrape]]\nurl = \"{url}/m?t=hunter2\"\ntimeout = \"200ms\"\njob = \"{job}\"\ninstance = \"i\"\n"
        )
    };
    let agent = start(&format!(
        "interval = \"200ms\"\n[host]\nenabled = false\n{}{}[[push]]\nurl = \"{}\"\n",
        scrape("one"),
        scrape("two"),
        gateway.url
    ));
    for job in ["one", "two"] {
        let series = format!("a{{job=\"{job}\",instance=\"i\"}}");
        eventually("both by pull", || agent.value(&series) == Some(1.0));
        let source = format!("source=\"{}/m?t=*** as job/{job}/instance/i\"", target.url);
        let counted =
            |line: &str| line.starts_with("pushpull_agent_collections_total{") && line.contains(&source);
        eventually("its count", || agent.metrics().lines().any(counted));
    }
    eventually("readiness", || {
        super::peers::request(agent.port, "GET", "/-/ready", b"").is_some_and(|(status, _)| status == 200)
    });
}
