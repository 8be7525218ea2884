//! Pushes of some jobs are added to what is stored: for lambdas and forked workers.

use std::time::{Duration, Instant, SystemTime};

use exposition::{GroupingKey, Limits};
use gateway::groups::{Conflict, Groups, Method, Moment, Most, REMEMBERED};
use gateway::policy::{Add, Aggregate, Gauges, Manner};
use gateway::push::prepare;

use super::{exchange, lines, peers, scrape, start, watched};

const RULES: &str =
    "[[job]]\nmatch = \"lambda-.*\"\norigin = \"2s\"\naggregate = { key_without = [\"instance\"] }\n";

fn key() -> GroupingKey {
    GroupingKey::new("j", [("instance", "i")]).unwrap()
}

fn add(groups: &mut Groups, how: &Aggregate, once: Option<u64>, body: &str) -> Result<(), Conflict> {
    let push = prepare(body.to_owned().into(), &key(), &Limits::NONE).unwrap();
    let manner = Manner { aggregate: Some(how.clone().into()), once, ..Manner::default() };
    let now = Moment { wall: SystemTime::now(), steady: Instant::now() };
    groups.push_as(Method::Put, &key(), push, &manner, now)
}

/// The stored lines, without the labels of the group.
fn stored(groups: &Groups) -> String {
    let held = groups.families().flat_map(|family| {
        family.held().map(|(_, held)| held.lines_at(Instant::now()).to_vec()).collect::<Vec<_>>()
    });
    let text: String = held.map(|lines| String::from_utf8(lines).unwrap()).collect();
    let text =
        text.replace("instance=\"i\",job=\"j\"", "").replace("{}", "").replace("{,", "{").replace(",}", "}");
    text.lines().collect::<Vec<_>>().join(";")
}

#[test]
fn each_type_is_added_by_its_rule() {
    let sums = Aggregate::default();
    let gauges = |gauges| Aggregate { gauges, ..Aggregate::default() };
    let last = Aggregate { counters: Add::Last, ..Aggregate::default() };
    let histogram =
        "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3.5\nh_count 2\n";
    let summary = "# TYPE s summary\ns{quantile=\"0.5\"} 9\ns_sum 3\ns_count 2\n";
    for (how, first, second, want) in [
        (&sums, "# TYPE a counter\na 1\n", "# TYPE a counter\na 2\n", "a 3"),
        (&last, "# TYPE a counter\na 5\n", "# TYPE a counter\na 2\n", "a 2"),
        (&sums, "# TYPE a gauge\na 5\n", "# TYPE a gauge\na 2\n", "a 2"),
        (&gauges(Gauges::Sum), "# TYPE a gauge\na 5\n", "# TYPE a gauge\na -2\n", "a 3"),
        (&gauges(Gauges::Min), "# TYPE a gauge\na 5\n", "# TYPE a gauge\na 2\n", "a 2"),
        (&gauges(Gauges::Max), "# TYPE a gauge\na 5\n", "# TYPE a gauge\na 7\n", "a 7"),
        (&sums, "# TYPE a gauge\na 5\n", "# TYPE a gauge\na NaN\n", "a NaN"),
        (&sums, "a 5\n", "a 2\n", "a 2"),
        (
            &sums,
            "# TYPE a counter\na{x=\"1\",y=\"2\"} 1\n",
            "# TYPE a counter\na{y=\"2\",x=\"1\"} 2\n",
            "a{x=\"1\",y=\"2\"} 3",
        ),
        (&sums, "# TYPE a counter\na 1\n", "# TYPE b counter\nb 2\n", "a 1;b 2"),
        (&sums, histogram, histogram, "h_bucket{le=\"1\"} 2;h_bucket{le=\"+Inf\"} 4;h_sum 7;h_count 4"),
        (&sums, summary, summary, "s_sum 6;s_count 4"),
    ] {
        let mut groups = Groups::new([].into(), 10);
        add(&mut groups, how, None, first).unwrap();
        add(&mut groups, how, None, second).unwrap();
        let found = stored(&groups);
        // The group's labels stand before or behind those of the series.
        assert_eq!(found.replace(",}", "}").replace("{,", "{"), want, "{first}{second}");
    }
}

#[test]
fn what_cannot_be_added_is_refused_and_changes_nothing() {
    let bounds = "# TYPE h histogram\nh_bucket{le=\"2\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n";
    for (first, second, why) in [
        ("# TYPE a counter\na 1\n", "# TYPE a counter\na -1\n", "is -1, which cannot be added to a counter"),
        (
            "# TYPE a counter\na 1\n",
            "# TYPE a counter\na NaN\n",
            "is NaN, which cannot be added to a counter",
        ),
        ("# TYPE a gauge\na 1\n", "# TYPE a gauge\na NaN\n", "is NaN, which cannot be added to a gauge"),
        (
            "# TYPE a counter\na 1.7e308\n",
            "# TYPE a counter\na 1.7e308\n",
            "would be inf, which nothing could be added to any more",
        ),
        (
            "# TYPE a counter\na 1\n",
            "# TYPE a gauge\na 1\n",
            "has type gauge, but what it is added to has type counter",
        ),
        (
            "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n",
            bounds,
            "has the bounds +Inf, 2, but is stored with +Inf, 1",
        ),
    ] {
        let mut groups = Groups::new([].into(), 10);
        let how = Aggregate { gauges: Gauges::Min, ..Aggregate::default() };
        add(&mut groups, &how, None, first).unwrap();
        let before = stored(&groups);
        let Err(Conflict::Inconsistent(said)) = add(&mut groups, &how, None, second) else {
            panic!("{second} was taken");
        };
        assert!(said.contains(why), "{said}");
        assert_eq!(stored(&groups), before);
    }
}

/// The bytes of all groups, one by one.
fn stored_bytes(groups: &Groups) -> usize {
    groups.iter().map(|group| group.bytes).sum()
}

#[test]
fn what_is_remembered_counts_in_what_is_held() {
    let most = Most { bytes: 600, ..Most::default() };
    let mut groups = Groups::new([].into(), 10).bounded(most);
    let how = Aggregate::default();
    let mut taken = 0;
    let refused = loop {
        match add(&mut groups, &how, Some(taken), "# TYPE a counter\na 1\n") {
            Ok(()) => taken += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, Conflict::Full { limit: 600, .. }), "{refused:?}");
    assert!((5..=11).contains(&taken), "{taken} keys of 40 bytes in 600");
    add(&mut groups, &how, None, "# TYPE a counter\na 1\n").unwrap();
}

#[test]
fn a_push_that_comes_again_is_added_once_while_it_is_remembered() {
    let mut groups = Groups::new([].into(), 10);
    let one = "# TYPE a counter\na 1\n";
    let how = Aggregate::default();
    for once in [Some(1), Some(1), Some(2), None, None] {
        add(&mut groups, &how, once, one).unwrap();
    }
    assert_eq!(stored(&groups), "a 4");
    for other in 0..REMEMBERED as u64 {
        add(&mut groups, &how, Some(10 + other), "").unwrap();
    }
    add(&mut groups, &how, Some(1), one).unwrap();
    assert_eq!(stored(&groups), "a 5");
    let text = stored_bytes(&groups) - groups.bytes();
    assert_eq!(text, 0, "groups and the whole count the same");
    groups.delete(&key());
    assert_eq!(groups.bytes(), 0, "what is remembered ends with its group");
    add(&mut groups, &how, Some(1), one).unwrap();
    assert_eq!(stored(&groups), "a 1", "another group has had no push");
}

#[test]
fn a_name_for_a_push_counts_only_where_pushes_are_added_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, RULES).unwrap();
    let gateway = start(&[&format!("--config.file={}", file.display())]);
    for (job, key, want) in [("plain", 256, 200), ("lambda-a", 255, 200), ("lambda-a", 256, 400)] {
        let key = "k".repeat(key);
        let sent = format!(
            "PUT /metrics/job/{job} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nIdempotency-Key: {key}\r\n\
             Content-Length: 4\r\n\r\na 1\n"
        );
        let answer = exchange(&gateway, sent.as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {want}")), "{job} {answer}");
    }
}

#[test]
fn why_a_push_was_refused_stands_with_the_group_that_it_was_to_be_added_to() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, RULES).unwrap();
    let gateway = start(&[&format!("--config.file={}", file.display())]);
    let put = |body: &[u8]| {
        peers::request(gateway.port, "PUT", "/metrics/job/lambda-a/instance/i", body).unwrap().0
    };
    assert_eq!(put(b"a 1\n"), 200);
    assert_eq!(put(b"a 1 5\n"), 400);
    let groups = peers::request(gateway.port, "GET", "/api/v1/groups", b"").unwrap().1;
    assert!(groups.contains("\"path\":\"/metrics/job/lambda-a\""), "{groups}");
    assert!(groups.contains("must not have timestamps"), "{groups}");
}

#[test]
fn a_hundred_lambdas_at_once_are_summed_exactly_as_prometheus_would() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    std::fs::write(&file, RULES).unwrap();
    let ours = start(&[&format!("--config.file={}", file.display())]);
    let real = peers::pushgateway();
    let prometheus = watched::prometheus(folder.path(), &[("ours", &ours), ("real", &real)]);
    watched::until(&prometheus, "sum(up)", 2.0);
    std::thread::scope(|scope| {
        for lambda in 0..100_u32 {
            let (ours, real) = (&ours, &real);
            scope.spawn(move || {
                let (fast, slow) = (lambda % 7, lambda % 3);
                let body = format!(
                    "# TYPE events_total counter\nevents_total {}\n# TYPE h histogram\nh_bucket{{le=\"0.1\"}} {fast}\n\
                     h_bucket{{le=\"1\"}} {}\nh_bucket{{le=\"+Inf\"}} {}\nh_sum {}\nh_count {}\n",
                    lambda + 1, fast + slow, fast + slow + 1, fast, fast + slow + 1
                );
                // The client of the first one got no answer, and sent again.
                for _ in 0..if lambda == 0 { 2 } else { 1 } {
                    let sent = format!(
                        "POST /metrics/job/lambda-a/instance/{lambda} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
                         Idempotency-Key: {lambda}\r\nContent-Length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    let answer = exchange(ours, sent.as_bytes());
                    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                }
                let path = format!("/metrics/job/lambda-a/instance/{lambda}");
                assert_eq!(peers::request(real.port, "POST", &path, body.as_bytes()).unwrap().0, 200);
            });
        }
    });
    for (by, groups) in [("ours", 1.0), ("real", 100.0)] {
        watched::until(&prometheus, &format!("sum(events_total{{by=\"{by}\"}})"), 5050.0);
        watched::until(&prometheus, &format!("count(push_time_seconds{{by=\"{by}\"}})"), groups);
    }
    let quantile = |by: &str| {
        let query = format!("histogram_quantile(0.7, sum by (le) (h_bucket{{by=\"{by}\"}}))");
        watched::value(&prometheus, &query).unwrap()
    };
    assert!((quantile("ours") - quantile("real")).abs() < 1e-12);
    // What was counted before the first scrape is an increase: it began at 0.
    let increase = watched::value(&prometheus, "increase(events_total{by=\"ours\"}[1m])").unwrap();
    assert!(increase >= 5050.0 * 0.95, "{increase}");
    // A lambda that tidies up behind itself takes nothing of the others away.
    peers::request(ours.port, "DELETE", "/metrics/job/lambda-a/instance/7", b"");
    assert_eq!(lines(&scrape(&ours), "events_total"), ["events_total{instance=\"\",job=\"lambda-a\"} 5050"]);
    peers::request(ours.port, "DELETE", "/metrics/job/lambda-a", b"");
    let end = Instant::now() + Duration::from_secs(10);
    while !lines(&scrape(&ours), "events_total").is_empty() {
        assert!(Instant::now() < end, "the deleted group is still there");
        watched::pause(Duration::from_millis(10));
    }
}
