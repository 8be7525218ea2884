//! New counters begin at 0, so that what a short job counted is an increase.

mod formats;

use std::time::{Duration, Instant, SystemTime};

use exposition::{GroupingKey, Limits};
use gateway::groups::{Groups, Method, Moment};
use gateway::policy::Manner;
use gateway::push::prepare;

use super::watched::{self, pause};
use super::{lines, peers, scrape, start};

struct Clock {
    groups: Groups,
    start: Moment,
}

impl Clock {
    fn new() -> Self {
        let start = Moment { wall: SystemTime::now(), steady: Instant::now() };
        Self { groups: Groups::new([].into(), 10), start }
    }

    fn at(&self, seconds: u64) -> Moment {
        Moment { steady: self.start.steady + Duration::from_secs(seconds), ..self.start }
    }

    fn push(&mut self, at: u64, method: Method, body: &str, life: Option<u64>) {
        let push = prepare(body.to_owned().into(), &key(), &Limits::NONE).unwrap();
        let life = life.map(Duration::from_secs);
        let manner = Manner { life, origin: Some(Duration::from_secs(10)), ..Manner::default() };
        self.groups.push_as(method, &key(), push, &manner, self.at(at)).unwrap();
    }

    /// The values that a scrape shows, in the order of the names and lines.
    fn shown(&self, at: u64) -> String {
        let now = self.at(at).steady;
        let mut values = Vec::new();
        for family in self.groups.families() {
            for (_, held) in family.held() {
                let text = String::from_utf8(held.lines_at(now).to_vec()).unwrap();
                values.extend(text.lines().map(|line| line.rsplit(' ').next().unwrap().to_owned()));
            }
        }
        values.join(" ")
    }
}

fn key() -> GroupingKey {
    GroupingKey::new("j", [("instance", "i")]).unwrap()
}

#[test]
fn what_counts_reads_0_for_its_time_and_gauges_are_as_they_are() {
    let mut clock = Clock::new();
    let body = "# TYPE a counter\na 5\n# TYPE b gauge\nb 6\n# TYPE c histogram\nc_bucket{le=\"+Inf\"} 7\nc_sum 8\nc_count 9\n\
                # TYPE d summary\nd{quantile=\"0.5\"} 1\nd_sum 2\nd_count 3\ne 4\nf_total 5\n";
    clock.push(0, Method::Put, body, None);
    assert_eq!(clock.shown(0), "0 6 0 0 0 1 0 0 4 0");
    assert_eq!(clock.shown(9), "0 6 0 0 0 1 0 0 4 0");
    assert_eq!(clock.shown(10), "5 6 7 8 9 1 2 3 4 5");
}

#[test]
fn each_series_has_its_own_time_and_none_falls_back() {
    let mut clock = Clock::new();
    clock.push(0, Method::Put, "# TYPE a counter\na{x=\"1\"} 5\n", None);
    // A newer value waits for the first one's time, and no longer.
    clock.push(6, Method::Put, "# TYPE a counter\na{x=\"1\"} 6\na{x=\"2\"} 1\n", None);
    assert_eq!(
        (clock.shown(9), clock.shown(10), clock.shown(15), clock.shown(16)),
        four("0 0", "6 0", "6 0", "6 1")
    );
    clock.push(20, Method::Post, "# TYPE a counter\na{x=\"1\"} 7\na{x=\"2\"} 2\n", None);
    assert_eq!(clock.shown(20), "7 2");
    // However many join one after the other, each is shown within two such times.
    for joined in 1..=12 {
        let body: String = (0..joined).map(|number| format!("y_total{{n=\"{number}\"}} 1\n")).collect();
        clock.push(20 + joined, Method::Put, &body, None);
    }
    assert!(clock.shown(32).starts_with("1 1 "), "{}", clock.shown(32));
    assert_eq!(clock.shown(42), ["1"; 12].join(" "));
    // A family that was gone is new.
    clock.push(50, Method::Put, "", None);
    clock.push(51, Method::Put, "# TYPE a counter\na{x=\"1\"} 9\n", None);
    assert_eq!(clock.shown(51), "0");
}

fn four(a: &str, b: &str, c: &str, d: &str) -> (String, String, String, String) {
    (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned())
}

#[test]
fn a_group_outlives_its_zeros_and_its_deletion_by_one_such_time() {
    let mut clock = Clock::new();
    clock.push(0, Method::Put, "a_total 5\n", Some(1));
    assert_eq!(clock.groups.next_deadline(), Some(clock.at(20).steady), "the value would not be seen");
    clock.push(15, Method::Put, "a_total 6\n", Some(60));
    assert_eq!(clock.groups.next_deadline(), Some(clock.at(75).steady));
    clock.groups.leave(&key(), clock.at(16).steady);
    assert_eq!(clock.groups.next_deadline(), Some(clock.at(25).steady), "the last value would not be seen");
    // A push to what was deleted is another group, which begins anew.
    clock.push(17, Method::Put, "a_total 3\n", Some(60));
    assert_eq!((clock.shown(17).as_str(), clock.shown(27).as_str()), ("0", "3"));
    clock.groups.leave(&key(), clock.at(18).steady);
    assert_eq!(clock.groups.expire(clock.at(36).steady), 0);
    assert_eq!(clock.groups.expire(clock.at(37).steady), 1);
    // Without an origin, a deletion is at once.
    let plain = prepare("b 1\n".into(), &key(), &Limits::NONE).unwrap();
    clock.groups.push(Method::Put, &key(), plain, None, clock.at(40)).unwrap();
    clock.groups.leave(&key(), clock.at(40).steady);
    assert_eq!(clock.groups.len(), 0);
}

#[test]
fn a_refused_push_ends_no_group_that_waits_for_its_scrape() {
    let mut clock = Clock::new();
    let other = GroupingKey::new("other", [("instance", "i")]).unwrap();
    let gauge = prepare("# TYPE b_total gauge\nb_total 1\n".into(), &other, &Limits::NONE).unwrap();
    clock.groups.push(Method::Put, &other, gauge, None, clock.at(0)).unwrap();
    clock.push(0, Method::Put, "# TYPE a_total counter\na_total 5\n", None);
    clock.groups.leave(&key(), clock.at(11).steady);
    for method in [Method::Put, Method::Post] {
        let wrong = "# TYPE b_total counter\nb_total 1\n";
        let wrong = prepare(wrong.into(), &key(), &Limits::NONE).unwrap();
        clock.groups.push(method, &key(), wrong, None, clock.at(12)).unwrap_err();
    }
    assert_eq!(clock.shown(12), "5 1", "the deleted group waits until it was scraped");
    // Its own series and types are no contradiction, and nothing of it goes on.
    let next = prepare("# TYPE a_total gauge\na_total 7\n".into(), &key(), &Limits::NONE).unwrap();
    clock.groups.push(Method::Post, &key(), next, None, clock.at(13)).unwrap();
    assert_eq!((clock.shown(13).as_str(), clock.groups.next_deadline()), ("7 1", None));
}

#[test]
fn a_restart_changes_none_of_it() {
    let mut clock = Clock::new();
    clock.push(0, Method::Put, "a_total 5\n# TYPE g gauge\ng 1\n", Some(1));
    clock.push(4, Method::Post, "b_total 6\n", Some(1));
    // The next process begins at 6; its steady clock is another one, and it had no clock while it was down.
    let kept = clock.groups.keep(&key(), None, Moment { wall: clock.start.wall, ..clock.at(4) }).unwrap();
    let mut after = Clock::new();
    let at = Moment { wall: clock.start.wall + Duration::from_secs(2), ..after.at(6) };
    assert!(after.groups.restore(kept, at).is_empty());
    assert_eq!((after.shown(9), after.shown(10)), ("0 0 1".to_owned(), "5 0 1".to_owned()));
    assert_eq!((after.shown(13), after.shown(14)), ("5 0 1".to_owned(), "5 6 1".to_owned()));
    assert_eq!(after.groups.next_deadline(), Some(after.at(24).steady));
    // A newer value waits for the first one's time, and the deletion for the last value.
    after.push(12, Method::Post, "b_total 7\n", None);
    assert_eq!((after.shown(13), after.shown(14)), ("5 0 1".to_owned(), "5 7 1".to_owned()));
    after.groups.leave(&key(), after.at(13).steady);
    assert_eq!(
        after.groups.next_deadline(),
        Some(after.at(24).steady),
        "shown at 14, and as long as the zeros"
    );
    // So does a deletion that was before a restart: what is pushed then is another group.
    let kept = after.groups.keep(&key(), None, Moment { wall: clock.start.wall, ..after.at(13) }).unwrap();
    let mut last = Clock::new();
    last.groups.restore(kept, Moment { wall: clock.start.wall, ..last.at(13) });
    last.push(15, Method::Post, "c_total 1\n", None);
    assert_eq!((last.shown(15), last.shown(25)), ("0".to_owned(), "1".to_owned()));
}

#[test]
fn a_deletion_that_will_not_wait_says_so() {
    let gateway = start(&[]);
    for (path, left) in [("/metrics/job/j?origin=0", 0), ("/metrics/job/j", 1)] {
        peers::request(gateway.port, "PUT", "/metrics/job/j?origin=60", b"a_total 1\n");
        assert_eq!(lines(&scrape(&gateway), "a_total"), ["a_total{instance=\"\",job=\"j\"} 0"]);
        assert_eq!(peers::request(gateway.port, "DELETE", path, b"").unwrap().0, 202);
        assert_eq!(lines(&scrape(&gateway), "a_total").len(), left, "{path}");
    }
    for bad in ["soon", "-1", "2h"] {
        let path = format!("/metrics/job/j?origin={bad}");
        let (status, said) = peers::request(gateway.port, "PUT", &path, b"a_total 1\n").unwrap();
        assert!(status == 400 && said.contains(&format!("got `{bad}`")), "{status} {said}");
    }
}

/// Events that each job counts.
const EVENTS: u32 = 100;

/// Lives of jobs where Prometheus scrapes each 15 s; here it does so each second, so they are 15 times shorter.
const LIVES: [f64; 4] = [0.5, 2.0, 5.0, 10.0];

/// A job counts its events over its life, and pushes four times; some tidy up behind themselves.
fn job(ports: [u16; 2], life: f64, number: usize) {
    let path = format!("/metrics/job/batch/life/{life}/n/{number}");
    for part in 1..=4 {
        let body = format!("# TYPE events_total counter\nevents_total {}\n", EVENTS / 4 * part);
        for port in ports {
            let path = format!("{path}?origin=3s&ttl=1s");
            assert_eq!(peers::request(port, "PUT", &path, body.as_bytes()).unwrap().0, 200);
        }
        if part < 4 {
            pause(Duration::from_secs_f64(life / 15.0 / 3.0));
        }
    }
    if number % 2 == 1 {
        peers::request(ports[0], "DELETE", &path, b"");
    }
}

#[test]
fn what_short_jobs_counted_is_an_increase_in_each_prometheus() {
    let (ours, real) = (start(&[]), peers::pushgateway());
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let servers = folders
        .each_ref()
        .map(|folder| watched::prometheus(folder.path(), &[("ours", &ours), ("real", &real)]));
    for server in &servers {
        watched::until(server, "sum(up)", 2.0);
    }
    let ports = [ours.port, real.port];
    std::thread::scope(|scope| {
        for (at, life) in LIVES.iter().cycle().take(24).enumerate() {
            scope.spawn(move || job(ports, *life, at / LIVES.len()));
            // All phases of a scrape interval come up.
            pause(Duration::from_millis(90));
        }
    });
    for server in &servers {
        // Each was seen at 0 and with all its events, and is gone.
        let at = |what: &str| {
            format!(
                "count({what}_over_time(events_total{{by=\"ours\"}}[2m]) == {})",
                if what == "min" { 0 } else { EVENTS }
            )
        };
        watched::until(server, &at("max"), 24.0);
        assert_eq!(watched::value(server, &at("min")), Some(24.0));
        for life in LIVES {
            let share = |by: &str| {
                let query = format!("sum(increase(events_total{{by=\"{by}\",life=\"{life}\"}}[2m]))");
                watched::value(server, &query).unwrap_or(0.0) / (6.0 * f64::from(EVENTS))
            };
            let (ours, real) = (share("ours"), share("real"));
            println!(
                "jobs of {life} s, scraped each 15 s: {ours:.2} of their events behind ours, {real:.2} behind the real one"
            );
            assert!(
                ours >= 0.95 && real < ours,
                "jobs of {life} s: {ours} behind ours, {real} behind the real one"
            );
        }
    }
}
