//! The pushes that bring a real Pushgateway down: here each is refused or harmless, and a real Prometheus
//! goes on scraping.

use exposition::protobuf::model::MetricFamily;

use super::raw::{PROTOBUF, delimited, gauge, query, scraped_again, send, watcher};
use super::start;

type Fault = (&'static str, &'static str, Vec<u8>, bool, u16);

fn faults() -> Vec<Fault> {
    let empty = |name: &str| MetricFamily { metric: vec![], ..gauge(name, 1.0) };
    let failure = b"# TYPE push_failure_time_seconds counter\npush_failure_time_seconds 5\n".to_vec();
    let forged = b"# TYPE push_failure_time_seconds gauge\npush_failure_time_seconds 4242\n".to_vec();
    let le = b"# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n".to_vec();
    let twice = b"# TYPE w histogram\nw_bucket{le=\"1\"} 1\nw_bucket{le=\"1\"} 1\nw_bucket{le=\"+Inf\"} 1\nw_sum 1\nw_count 1\n".to_vec();
    vec![
        ("1 a key that is no UTF-8", "/job/j/l/%FF", b"a 1\n".to_vec(), false, 400),
        ("2 a help text that is no UTF-8", "/job/j", b"# HELP a \xff\na 1\n".to_vec(), false, 400),
        ("3 a grouping label le", "/job/j/le/1", le, false, 400),
        ("4 a family without a name", "/job/j", delimited(&[gauge("", 1.0)]), true, 400),
        ("5 odd characters in a name", "/job/j", delimited(&[gauge("a b", 1.0)]), true, 400),
        ("5 a line break in a name", "/job/j", delimited(&[gauge("a 1\nforged", 1.0)]), true, 400),
        ("6 the failure time as a counter", "/job/only", failure, false, 200),
        ("6 the failure time as a gauge", "/job/forger", forged, false, 200),
        ("7 an empty family", "/job/j", delimited(&[empty("push_failure_time_seconds")]), true, 200),
        ("7 another empty family", "/job/j", delimited(&[empty("empty")]), true, 200),
        ("8 no name at all", "/job/j", b"{} 1\n".to_vec(), false, 400),
        ("9 equal bounds", "/job/j", twice, false, 400),
        ("9 a metric called labels", "/job/api", b"labels 1\nlast_push_successful 1\n".to_vec(), false, 200),
    ]
}

#[test]
fn no_push_brings_the_scrape_down() {
    let gateway = start(&[]);
    let put = |path: &str, headers: &[(&str, &str)], body: &[u8]| {
        send(gateway.port, "PUT", &format!("/metrics{path}"), headers, body).unwrap()
    };
    assert_eq!(put("/job/only", &[], b"good 1\n").status, 200);
    let folder = tempfile::tempdir().unwrap();
    let prometheus = watcher(folder.path(), &gateway, &[]);
    for (name, path, body, protobuf, status) in faults() {
        let headers: &[(&str, &str)] = if protobuf { &[PROTOBUF] } else { &[] };
        let answer = put(path, headers, &body);
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        assert!(status == 200 || !answer.body.is_empty(), "{name}: no reason given");
        assert_eq!(put("/job/new", &[], b"good 2\n").status, 200, "{name}: a new group is refused");
        let target = scraped_again(&prometheus);
        assert_eq!(target["health"], "up", "{name}: {}", target["lastError"]);
        let good = query(&prometheus, "good{job=\"new\"}");
        assert_eq!(good.len(), 1, "{name}: samples are gone");
        let api = send(gateway.port, "GET", "/api/v1/metrics", &[], b"").unwrap();
        let api: serde_json::Value = serde_json::from_slice(&api.body).unwrap();
        let groups = api["data"].as_array().unwrap();
        assert!(groups.iter().all(|group| group["labels"]["job"].is_string()), "{name}: {api}");
        assert_eq!(send(gateway.port, "DELETE", "/metrics/job/new", &[], b"").unwrap().status, 202);
    }
    let page = super::scrape(&gateway);
    assert!(!page.contains("forged") && !page.contains("4242"), "{page}");
}
