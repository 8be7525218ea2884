//! What a success is, and what of it is looked at.

use super::super::process::{eventually, start};
use super::super::strict::{Answer, Mode, Strict};
use super::site::{TEXT, Target, arrived, receiver, same, samples, settings};

const SERIES: &str = "c{instance=\"i1\",job=\"j\"}";

fn counted(samples: usize) -> String {
    format!("x-prometheus-remote-write-samples-written: {samples}\r\n")
}

/// 1.0 and 2.0 Retries & Backoff: MUST NOT retry on 2xx; 2.0 Response: MUST ignore the body; 2.0 Required
/// `Written` Response Headers: what they count is never a reason to send it again.
#[test]
fn any_success_is_one_whatever_it_says() {
    let large = "x".repeat(1 << 20);
    let rows = [
        ("200", Answer::Says(200, counted(6), String::new())),
        ("201", Answer::Says(201, counted(6), String::new())),
        ("202", Answer::Says(202, counted(6), "accepted".to_owned())),
        ("204", Answer::Says(204, counted(6), String::new())),
        ("299", Answer::Says(299, counted(6), String::new())),
        ("an error as text", Answer::Says(200, counted(6), "error: out of order sample".to_owned())),
        ("a large body", Answer::Says(200, counted(6), large)),
        ("none written", Answer::Says(204, counted(0), String::new())),
        ("more written than sent", Answer::Says(204, counted(99_999), String::new())),
        (
            "no number written",
            Answer::Says(204, "x-prometheus-remote-write-samples-written: x\r\n".to_owned(), String::new()),
        ),
        (
            "only exemplars written",
            Answer::Says(204, "x-prometheus-remote-write-exemplars-written: 1\r\n".to_owned(), String::new()),
        ),
        (
            "unknown headers",
            Answer::Says(204, format!("{}x-other: y\r\nserver: z\r\n", counted(6)), String::new()),
        ),
        (
            "another version",
            Answer::Says(
                204,
                format!("{}x-prometheus-remote-write-version: 9.9.9\r\n", counted(6)),
                String::new(),
            ),
        ),
    ];
    let target = Target::new(TEXT, "c 1\n");
    let control = Strict::new(Mode::Both);
    let mut tables = vec![target.table("i1", ""), receiver(&control, "")];
    let mut all = Vec::new();
    for (of, answer) in rows {
        // `auto` would be where a success is mistaken for a refusal.
        let strict = Strict::new(Mode::Both);
        strict.always(answer);
        tables.push(receiver(&strict, "protocol = \"auto\""));
        all.push((of.to_owned(), strict));
    }
    let mut agent = start(&settings("200ms", &tables));
    arrived(&all, SERIES, 4);
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    for (of, strict) in &all {
        // What is sent again after a success is named by the receiver.
        strict.clean(of);
        same(of, strict, &control, &[SERIES]);
        let kinds: std::collections::HashSet<_> = strict.seen().iter().map(|seen| seen.kind).collect();
        assert_eq!(kinds.len(), 1, "{of}: {kinds:?}");
    }
}

/// 2.0 Required `Written` Response Headers: their absence says nothing where 1.0 was sent.
#[test]
fn a_success_without_counts_is_one_in_1_0() {
    let target = Target::new(TEXT, "c 1\n");
    let strict = Strict::new(Mode::V1);
    let mut agent =
        start(&settings("200ms", &[target.table("i1", ""), receiver(&strict, "protocol = \"1.0\"")]));
    eventually("four samples", || samples(&strict, SERIES).len() >= 4);
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    strict.clean("1.0");
}

/// The public list's error handling: a large text of an error is no trouble.
#[test]
fn a_large_error_is_survived() {
    let target = Target::new(TEXT, "c 1\n");
    let large = "y".repeat(4 << 20);
    let strict = Strict::new(Mode::Both).then([Answer::body(500, &large), Answer::body(422, &large)]);
    let agent = start(&settings("200ms", &[target.table("i1", ""), receiver(&strict, "")]));
    eventually("what comes after it", || samples(&strict, SERIES).len() >= 2);
    strict.clean("large errors");
    assert!(agent.log().len() < 1 << 20, "{} bytes of log", agent.log().len());
}
