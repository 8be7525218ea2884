//! Markers while the agent lives.

use exposition::remote_write::STALE;

use super::super::process::{eventually, start};
use super::super::strict::{Mode, Point, Strict};
use super::run::now;
use super::site::{TEXT, Target, markers, receiver, samples, settings};

const UP: &str = "up{instance=\"i1\",job=\"j\"}";

fn of(name: &str) -> String {
    format!("{name}{{instance=\"i1\",job=\"j\"}}")
}

/// The times at which a series has samples of this value.
fn times(strict: &Strict, series: &str, value: f64) -> Vec<i64> {
    samples(strict, series)
        .into_iter()
        .filter(|(_, bits)| *bits == value.to_bits())
        .map(|(at, _)| at)
        .collect()
}

/// 1.0 and 2.0 Stale Markers: MUST be sent when a series leaves the page, when a scrape fails and when the target
/// goes; the exact bits, once, with the time of the scrape that showed it; none for explicit timestamps (2.0
/// Samples); a series that returns is sent again.
#[test]
fn a_marker_ends_a_series_once_and_at_the_time_of_the_scrape_that_showed_it() {
    let first = |more: &str| format!("# TYPE a counter\na 1\nb{{}} 2\nexplicit 3 {}\n{more}", now() - 1000);
    let target = Target::new(TEXT, &first("leaves 4\n"));
    let stays = Target::new(TEXT, "s 1\n");
    let receivers = ["1.0", "2.0"].map(|protocol| (protocol, Strict::new(Mode::Both)));
    let mut tables: Vec<String> = receivers
        .iter()
        .map(|(protocol, strict)| receiver(strict, &format!("protocol = \"{protocol}\"")))
        .collect();
    tables.push(stays.table("i2", ""));
    let with = [tables.clone(), vec![target.table("i1", "")]].concat();
    let agent = start(&settings("200ms", &with));
    let at_all = |what: &str, holds: &dyn Fn(&Strict) -> bool| {
        eventually(what, || receivers.iter().all(|(_, strict)| holds(strict)));
    };
    at_all("the first samples", &|strict| samples(strict, &of("leaves")).len() >= 2);

    target.shows(&first(""));
    at_all("a marker of what left", &|strict| {
        strict.taken(&of("leaves")).last().is_some_and(Point::is_marker)
    });
    at_all("what stays goes on", &|strict| {
        let end = strict.taken(&of("leaves")).last().unwrap().at;
        samples(strict, &of("a")).iter().filter(|(at, _)| *at > end).count() >= 2
    });
    target.answers("500 Down");
    at_all("markers of all", &|strict| {
        ["a", "b"].iter().all(|name| strict.taken(&of(name)).last().is_some_and(Point::is_marker))
    });
    let scrapes = target.scrapes();
    eventually("it stays down", || target.scrapes() >= scrapes + 3);
    target.answers("200 OK");
    at_all("their return", &|strict| !strict.taken(&of("a")).last().unwrap().is_marker());
    agent.rewrite(&settings("200ms", &tables));
    let (status, said) = agent.reload();
    assert_eq!(status, 200, "{said}");
    at_all("the end of the target with all that was said of it", &|strict| {
        ["a", "up", "scrape_duration_seconds", "scrape_samples_scraped"]
            .iter()
            .all(|name| strict.taken(&of(name)).last().is_some_and(Point::is_marker))
    });
    at_all("the other target goes on", &|strict| {
        let end = strict.taken(UP).last().unwrap().at;
        samples(strict, "s{instance=\"i2\",job=\"j\"}").iter().any(|(at, _)| *at > end)
    });

    for (protocol, strict) in &receivers {
        strict.clean(protocol);
        let left = markers(strict, &of("leaves"));
        // A scrape that was late for its time is down as well, and has markers of its own.
        let scrapes: Vec<i64> = samples(strict, UP).iter().map(|(at, _)| *at).collect();
        assert!(left.iter().all(|end| scrapes.contains(&end.at)), "{protocol}: {left:?} of {scrapes:?}");
        for name in ["a", "b"] {
            let (ends, down) = (markers(strict, &of(name)), times(strict, UP, 0.0));
            let (last, failed) = ends.split_last().unwrap();
            assert!(failed.iter().all(|end| down.contains(&end.at)), "{protocol}: {name}: {ends:?} {down:?}");
            assert_eq!(last.at, strict.taken(UP).last().unwrap().at, "{protocol}: {name}: with the target");
        }
        assert!(markers(strict, &of("explicit")).is_empty(), "{protocol}: explicit timestamps have none");
        let ends = markers(strict, "s{instance=\"i2\",job=\"j\"}");
        let down = times(strict, "up{instance=\"i2\",job=\"j\"}", 0.0);
        assert!(ends.iter().all(|end| down.contains(&end.at)), "{protocol}: the other target: {ends:?}");
        let bits = markers(strict, &of("a"))[0].bits;
        assert_eq!(bits, STALE, "{protocol}");
    }
}

/// 1.0 Out of Scope ("up"), Prometheus: 0 where the page could not be had, and nothing of that page.
#[test]
fn a_page_that_does_not_parse_is_down_and_nothing_of_it_is_sent() {
    let target = Target::new(TEXT, "a 1\n");
    let strict = Strict::new(Mode::Both);
    let _agent = start(&settings("200ms", &[target.table("i1", ""), receiver(&strict, "")]));
    eventually("a sample", || samples(&strict, &of("a")).len() >= 2);
    target.shows("fresh 1\na 2\nthis is {no page\n");
    eventually("its end", || {
        strict.taken(&of("a")).last().is_some_and(Point::is_marker) && times(&strict, UP, 0.0).len() >= 2
    });
    let scraped = of("scrape_samples_scraped");
    assert_eq!(samples(&strict, &scraped).last().map(|(_, bits)| *bits), Some(0.0_f64.to_bits()));
    assert!(strict.names("fresh").is_empty() && times(&strict, &of("a"), 2.0).is_empty());
    target.shows("");
    let down = times(&strict, UP, 0.0).len();
    eventually("an empty page is up", || {
        times(&strict, UP, 1.0).last() > times(&strict, UP, 0.0).get(down - 1)
    });
    strict.clean("down");
    assert!(target.scrapes() > 4);
}
