//! Groups end when their time has come: whole, exactly, counted from the last good push.

use std::time::{Duration, Instant, SystemTime};

use exposition::{GroupingKey, Limits};
use gateway::groups::{Groups, Method, Moment};
use gateway::push::prepare;

use super::{lines, peers, scrape, start};

fn key(job: &str) -> GroupingKey {
    GroupingKey::new(job, [("instance", "i")]).unwrap()
}

fn push(groups: &mut Groups, job: &str, body: &'static str, life: Option<u64>, now: Moment) {
    let push = prepare(body.into(), &key(job), &Limits::NONE).unwrap();
    groups.push(Method::Post, &key(job), push, life.map(Duration::from_secs), now).unwrap();
}

#[test]
fn a_life_counts_from_the_last_good_push_and_ends_the_whole_group() {
    let mut groups = Groups::new([].into(), 10);
    let start = Moment { wall: SystemTime::now(), steady: Instant::now() };
    let at = |seconds| Moment { steady: start.steady + Duration::from_secs(seconds), ..start };
    push(&mut groups, "j", "a 1\nb 2\n", Some(10), start);
    // An empty push renews; twice at one instant is no different from once.
    push(&mut groups, "j", "", Some(10), at(5));
    push(&mut groups, "j", "", Some(10), at(5));
    assert_eq!(groups.expire(at(14).steady), 0);
    groups.fail(&key("j"), Duration::from_secs(100), at(14));
    assert_eq!(groups.next_deadline(), Some(at(15).steady), "a failed push renewed it");
    assert_eq!(groups.expire(at(15).steady), 1);
    assert_eq!((groups.len(), groups.series(), groups.families().count()), (0, 0, 0));
    // What a failed push made ends, too.
    groups.fail(&key("f"), Duration::from_secs(100), at(20));
    assert_eq!(groups.expire(at(119).steady), 0);
    assert_eq!(groups.expire(at(120).steady), 1);
    // The last good push says it all: without a life, the group stays.
    push(&mut groups, "k", "a 1\n", Some(10), at(200));
    push(&mut groups, "k", "a 1\n", None, at(201));
    assert_eq!(groups.expire(at(100_000).steady), 0);
}

#[test]
fn a_group_is_gone_from_the_scrape_in_time() {
    let gateway = start(&["--ttl.default=100s"]);
    let (status, _) = peers::request(gateway.port, "PUT", "/metrics/job/j?ttl=0.3", b"a 1\n").unwrap();
    let pushed = Instant::now();
    assert_eq!(status, 200);
    peers::request(gateway.port, "PUT", "/metrics/job/k", b"a 1\n");
    let first = scrape(&gateway);
    assert_eq!(lines(&first, "push_expires_time_seconds").len(), 2);
    let of_k = |page: &str| {
        let all = lines(page, "push_expires_time_seconds").join("\n");
        all.lines().find(|line| line.contains("job=\"k\"")).map(str::to_owned)
    };
    assert!(of_k(&first).is_some());
    assert_eq!(of_k(&first), of_k(&scrape(&gateway)));
    while lines(&scrape(&gateway), "a{").len() == 2 {
        assert!(pushed.elapsed() < Duration::from_secs(10), "still there");
    }
    assert!(pushed.elapsed() >= Duration::from_millis(280), "gone after {:?}", pushed.elapsed());
    let page = scrape(&gateway);
    assert_eq!(lines(&page, "push_time_seconds").len(), 1);
    assert_eq!(lines(&page, "pushpull_gateway_expired"), ["pushpull_gateway_expired_groups_total 1"]);
}

#[test]
fn a_life_that_is_none_is_refused_with_its_value() {
    let gateway = start(&[]);
    for bad in ["soon", "-1s", "0", "", "1e99"] {
        let path = format!("/metrics/job/j?ttl={bad}");
        let (status, said) = peers::request(gateway.port, "PUT", &path, b"a 1\n").unwrap();
        assert_eq!(status, 400, "{bad}");
        assert!(said.contains(&format!("got `{bad}`")), "{said}");
    }
    assert!(lines(&scrape(&gateway), "push_time_seconds").is_empty());
}
