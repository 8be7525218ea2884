//! How long a sender waits.

use std::time::{Duration, SystemTime};

use super::super::process::{eventually, start};
use super::super::strict::{Answer, Mode, Strict};
use super::site::{TEXT, Target, receiver, samples, settings};

/// Times between the requests of one receiver.
fn waits(strict: &Strict) -> Vec<Duration> {
    let seen = strict.seen();
    seen.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at)).collect()
}

/// 1.0 and 2.0 Retries & Backoff: MUST use a backoff algorithm; the public list: it grows, has an end, and jitter.
#[test]
fn waits_grow_have_an_end_and_are_never_alike() {
    let target = Target::new(TEXT, "c 1\n");
    let all: Vec<Strict> = (0..4).map(|_| Strict::new(Mode::Both)).collect();
    let mut tables = vec![target.table("i1", "")];
    for strict in &all {
        strict.always(Answer::Status(503));
        tables.push(receiver(
            strict,
            "min_backoff = \"50ms\"\nmax_backoff = \"400ms\"\nshards = { min = 1, max = 1 }",
        ));
    }
    let _agent = start(&settings("200ms", &tables));
    eventually("nine requests each", || all.iter().all(|strict| strict.seen().len() >= 9));
    let waits: Vec<Vec<Duration>> = all.iter().map(waits).collect();
    // Jitter may take all of a wait, so the sum over the four is what cannot be small by chance.
    let sum = |from: usize, to: usize| -> Duration { waits.iter().flat_map(|of| &of[from..to]).sum() };
    assert!(sum(4, 8) > Duration::from_millis(400), "sixteen waits of up to 400 ms each: {waits:?}");
    assert!(sum(4, 8) > sum(0, 1) * 2, "they grow: {waits:?}");
    let longest = waits.iter().flatten().max().unwrap();
    assert!(*longest < Duration::from_secs(5), "{waits:?}");
    let first: std::collections::HashSet<u128> = waits.iter().map(|of| of[5].as_millis()).collect();
    assert!(first.len() > 1, "four receivers, one wait: {waits:?}");
}

/// 2.0 Retries & Backoff: MAY handle `Retry-After`; where it does, in seconds and as a date, never earlier.
#[test]
fn retry_after_is_waited_for() {
    let target = Target::new(TEXT, "c 1\n");
    // Dates are whole seconds, so up to one of them is cut off.
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(4));
    let rows = [
        ("429 in seconds", Answer::retry_after(429, "2"), Duration::from_secs(2)),
        ("503 in seconds", Answer::retry_after(503, "2"), Duration::from_secs(2)),
        ("503 as a date", Answer::retry_after(503, &date), Duration::ZERO),
        ("503 as nonsense", Answer::retry_after(503, "soon"), Duration::ZERO),
        ("503 in the past", Answer::retry_after(503, "Sun, 06 Nov 1994 08:49:37 GMT"), Duration::ZERO),
        ("503 at once", Answer::retry_after(503, "0"), Duration::ZERO),
    ];
    let receivers: Vec<Strict> =
        rows.iter().map(|(_, answer, _)| Strict::new(Mode::Both).then([answer.clone()])).collect();
    let mut tables = vec![target.table("i1", "")];
    tables.extend(receivers.iter().map(|strict| receiver(strict, "shards = { min = 1, max = 1 }")));
    let _agent = start(&settings("200ms", &tables));
    eventually("what comes after it", || {
        receivers.iter().all(|strict| samples(strict, "c{instance=\"i1\",job=\"j\"}").len() >= 2)
    });
    let reached = |strict: &Strict| {
        // The wall clock at the second request, by what was scraped then: samples are older than their request.
        let seen = strict.seen();
        SystemTime::now() - seen[1].at.elapsed()
    };
    for ((of, _, least), strict) in rows.iter().zip(&receivers) {
        let wait = waits(strict)[0];
        assert!(wait >= *least, "{of}: {wait:?}");
        strict.clean(of);
        assert!(strict.owed().is_empty(), "{of}: {:?}", strict.owed());
    }
    let asked = httpdate::parse_http_date(&date).unwrap();
    assert!(reached(&receivers[2]) >= asked, "{date}");
    for strict in &receivers[3..] {
        assert!(waits(strict)[0] < Duration::from_secs(2), "{:?}", waits(strict));
    }
}
