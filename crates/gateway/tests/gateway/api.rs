//! `/api/v1/metrics` beside the real one's.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::peers::{self, Peer};
use super::raw::{PROTOBUF, delimited, gauge, send};
use super::start;

const TEXT: &str = "# HELP h hh\n# TYPE h histogram\nh_bucket{x=\"1\",le=\"0.5\"} 1\nh_bucket{x=\"1\",le=\"1e7\"} 1234567\nh_bucket{x=\"1\",le=\"+Inf\"} 1234567\nh_sum{x=\"1\"} 1e21\nh_count{x=\"1\"} 1234567\n# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 2\ns_count 2\n# TYPE c counter\nc 1234567\nu{y=\"b\"} NaN\nu{y=\"c\"} -Inf\n# TYPE g gauge\ng 0.00001\n";

/// The groups by their keys, without what two gateways cannot have in common.
fn groups(peer: &Peer) -> Vec<Value> {
    let answer = send(peer.port, "GET", "/api/v1/metrics", &[], b"").unwrap();
    assert_eq!(answer.status, 200);
    for header in [
        "access-control-allow-origin: *",
        "content-type: application/json",
        "cache-control: no-cache, no-store",
    ] {
        assert!(answer.head.to_ascii_lowercase().contains(header), "{}", answer.head);
    }
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(answer["status"], "success");
    let mut groups = answer["data"].as_array().unwrap().clone();
    for group in &mut groups {
        // Ours alone: a group that only failures made ends.
        if group["last_push_successful"] == false {
            group.as_object_mut().unwrap().remove("push_expires_time_seconds");
        }
        for (name, family) in group.as_object_mut().unwrap() {
            let Some(family) = family.as_object_mut().filter(|_| name != "labels") else { continue };
            let time = family.remove("time_stamp").unwrap();
            assert!(
                time.as_str().unwrap().starts_with("20") && time.as_str().unwrap().ends_with('Z'),
                "{time}"
            );
            if name.starts_with("push_") {
                let value = &mut family["metrics"][0]["value"];
                *value = (value != "0").into();
            }
        }
    }
    groups.sort_by_key(|group| group["labels"].to_string());
    groups
}

#[test]
fn groups_are_shown_as_the_real_one_shows_them() {
    let ours = start(&[]);
    let real =
        |port| vec![format!("--web.listen-address=127.0.0.1:{port}"), "--persistence.file=".to_owned()];
    let real = peers::start("prometheus-pushgateway", real, "/-/ready");
    assert_eq!(groups(&ours), groups(&real), "no groups");
    for (method, path, headers, body) in [
        ("PUT", "/job/j/a/b", None, TEXT.as_bytes().to_vec()),
        ("PUT", "/job/stamped", None, b"x 1 5\n".to_vec()),
        ("POST", "/job/empty/instance/i", None, vec![]),
        ("PUT", "/job/p", Some(PROTOBUF), delimited(&[gauge("pb", 2.5), gauge("pc", 1e6)])),
        ("POST", "/job/p", Some(PROTOBUF), delimited(&[gauge("pb", 3.0)])),
        ("PUT", "/job/d", None, b"d 1\n".to_vec()),
        ("DELETE", "/job/d", None, vec![]),
    ] {
        let headers: Vec<_> = headers.into_iter().collect();
        let path = format!("/metrics{path}");
        let [we, they] = [&ours, &real].map(|peer| send(peer.port, method, &path, &headers, &body).unwrap());
        assert_eq!((we.status, we.status == 400), (they.status, path.ends_with("/stamped")), "{path}");
    }
    // The real one deletes later.
    let end = Instant::now() + Duration::from_secs(5);
    while groups(&ours) != groups(&real) {
        assert!(
            Instant::now() < end,
            "ours {:#}\nreal {:#}",
            Value::from(groups(&ours)),
            Value::from(groups(&real))
        );
    }
}

#[test]
fn no_metric_takes_the_place_of_a_groups_labels() {
    let ours = start(&[]);
    let body = b"labels{x=\"y\"} 1\nlast_push_successful 0\n";
    send(ours.port, "PUT", "/metrics/job/j?ttl=60", &[], body).unwrap();
    let groups = groups(&ours);
    assert_eq!(groups[0]["labels"], serde_json::json!({ "job": "j" }));
    assert_eq!(groups[0]["last_push_successful"], true);
    assert_eq!(groups[0]["metric labels"]["metrics"][0]["labels"]["x"], "y");
    assert_eq!(groups[0]["push_expires_time_seconds"]["metrics"][0]["value"], true);
}
