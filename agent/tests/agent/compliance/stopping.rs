//! The end of the agent.

use std::time::{Duration, Instant};

use super::super::process::{eventually, start};
use super::super::strict::{Answer, Mode, Strict};
use super::site::{TEXT, Target, markers, receiver, samples, settings};

const SERIES: &str = "c{instance=\"i1\",job=\"j\"}";

/// 1.0 and 2.0 Stale Markers: at the end where it is for good, none where the agent comes back; either way the
/// last value arrives, in order, and the agent ends in time.
#[test]
fn the_last_value_arrives_and_markers_where_they_were_asked_for() {
    let target = Target::new(TEXT, "# TYPE c counter\nc 1\n");
    let rows = [("stale", "1.0"), ("stale", "2.0"), ("keep", "1.0"), ("keep", "2.0")];
    let all = rows.map(|_| Strict::new(Mode::Both));
    let mut tables = vec![target.table("i1", "")];
    for ((ending, protocol), strict) in rows.iter().zip(&all) {
        tables.push(receiver(strict, &format!("protocol = \"{protocol}\"\non_shutdown = \"{ending}\"")));
    }
    // An hour before the next scrape: only the end can bring the last value.
    let mut agent = start(&settings("1h", &tables));
    eventually("the first value", || all.iter().all(|strict| samples(strict, SERIES).len() == 1));
    target.shows("# TYPE c counter\nc 42\n");
    let asked = Instant::now();
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    for ((ending, protocol), strict) in rows.iter().zip(&all) {
        let (of, taken) = (format!("{ending} {protocol}"), samples(strict, SERIES));
        strict.clean(&of);
        assert_eq!(taken.last().map(|(_, bits)| *bits), Some(42.0_f64.to_bits()), "{of}");
        for name in strict.names("") {
            let ends = markers(strict, &name).len();
            assert_eq!(ends, usize::from(*ending == "stale"), "{of}: {name}");
            let last = strict.taken(&name).last().is_some_and(super::super::strict::Point::is_marker);
            assert_eq!(last, *ending == "stale", "{of}: {name}: the marker is the last");
        }
    }
}

/// Ours: what is refused for now is tried again up to the grace, and a receiver that is gone does not keep the
/// agent beyond it.
#[test]
fn the_end_retries_and_does_not_wait_for_ever() {
    let target = Target::new(TEXT, "c 1\n");
    let (slow, gone) = (Strict::new(Mode::Both), Strict::new(Mode::Both));
    let tables = [target.table("i1", ""), receiver(&slow, ""), receiver(&gone, "")];
    let mut agent = start(&settings("1h", &tables).replace("grace = \"5s\"", "grace = \"2s\""));
    eventually("the first value", || [&slow, &gone].iter().all(|strict| samples(strict, SERIES).len() == 1));
    slow.always(Answer::Usual);
    slow.clone().then([Answer::Status(503), Answer::Status(503)]);
    gone.down(true);
    target.shows("c 2\n");
    let asked = Instant::now();
    agent.terminate();
    agent.wait();
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}: {}", asked.elapsed(), agent.log());
    assert_eq!(samples(&slow, SERIES).last().map(|(_, bits)| *bits), Some(2.0_f64.to_bits()));
    slow.clean("refused at the end");
    assert!(agent.log().contains(&gone.url), "what is left is told: {}", agent.log());
}
