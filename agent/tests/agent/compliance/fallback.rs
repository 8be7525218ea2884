//! Which protocol is spoken, where nobody set it.

use super::super::process::{eventually, start};
use super::super::strict::{Answer, Kind, Mode, Seen, Strict};
use super::site::{TEXT, Target, arrived, receiver, same, samples, settings};

const SERIES: [&str; 2] = ["c{instance=\"i1\",job=\"j\"}", "up{instance=\"i1\",job=\"j\"}"];

/// What was tried, each once in a row.
fn kinds(seen: &[Seen]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = seen.iter().map(|seen| seen.kind).collect();
    kinds.dedup();
    kinds
}

/// 2.0 Unsupported Request Content, 2.x vs 1.x Compatibility, Required `Written` Response Headers: on 415, on
/// the 400 of 1.x receivers, and on a success without counts, the same samples are sent in another protocol,
/// with its headers; the choice is kept; nothing is lost.
#[test]
fn every_kind_of_receiver_gets_all_samples_in_what_it_understands() {
    let target = Target::new(TEXT, "# TYPE c counter\nc 1\n");
    let control = Strict::new(Mode::Both);
    let mut tables = vec![target.table("i1", ""), receiver(&control, "")];
    let (mut all, mut modes) = (Vec::new(), Vec::new());
    for mode in Mode::ALL {
        let strict = Strict::new(mode);
        tables.push(receiver(&strict, "protocol = \"auto\""));
        modes.push(mode);
        all.push((format!("{mode:?}"), strict));
    }
    let mut agent = start(&settings("200ms", &tables));
    arrived(&all, SERIES[0], 5);
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    for ((of, strict), mode) in all.iter().zip(modes) {
        let seen = strict.seen();
        strict.clean(of);
        assert!(strict.owed().is_empty(), "{of}: {:?}", strict.owed());
        same(of, strict, &control, &SERIES);
        let (kinds, best) = (
            kinds(&seen),
            match mode {
                Mode::Both | Mode::V2 => Kind::V2,
                Mode::VictoriaMetrics => Kind::Zstd,
                Mode::V1 | Mode::V1By400 | Mode::IgnoresType => Kind::V1,
            },
        );
        assert_eq!(kinds.last(), Some(&best), "{of}: {kinds:?}");
        // Each protocol once at the most: the choice is remembered.
        assert!(kinds.len() <= 3, "{of}: {kinds:?}");
        if best == Kind::V2 {
            assert_eq!(kinds, [Kind::V2], "{of}: 2.0 SHOULD be used when possible");
        }
    }
}

/// 2.0 Required `Written` Response Headers: MUST NOT conclude anything from what 1.0 is answered; and a setting
/// is a setting: no other protocol is tried.
#[test]
fn a_protocol_that_was_set_is_kept() {
    let target = Target::new(TEXT, "c 1\n");
    let rows = [
        ("1.0", Kind::V1, Strict::new(Mode::Both)),
        ("zstd", Kind::Zstd, Strict::new(Mode::VictoriaMetrics)),
        ("2.0", Kind::V2, Strict::new(Mode::V2)),
    ];
    let mut tables = vec![target.table("i1", "")];
    tables.extend(rows.iter().map(|(name, _, strict)| receiver(strict, &format!("protocol = \"{name}\""))));
    let _agent = start(&settings("200ms", &tables));
    eventually("three samples each", || {
        rows.iter().all(|(.., strict)| samples(strict, SERIES[0]).len() >= 3)
    });
    for (name, kind, strict) in &rows {
        strict.clean(name);
        assert_eq!(kinds(&strict.seen()), [*kind], "{name}");
    }
}

/// 2.0 Retries & Backoff: an error for now says nothing of the protocol: no fallback on 5xx, 429 and resets.
#[test]
fn errors_for_now_are_no_reason_for_another_protocol() {
    let target = Target::new(TEXT, "c 1\n");
    let answers = [Answer::Status(503), Answer::Status(429), Answer::ResetAfterBody, Answer::Status(500)];
    let strict = Strict::new(Mode::Both).then(answers);
    let _agent =
        start(&settings("200ms", &[target.table("i1", ""), receiver(&strict, "protocol = \"auto\"")]));
    eventually("three samples", || samples(&strict, SERIES[0]).len() >= 3);
    assert_eq!(kinds(&strict.seen()), [Kind::V2]);
    strict.clean("errors for now");
    assert!(strict.owed().is_empty(), "{:?}", strict.owed());
}

/// A proxy's refusal of 2.0, by 400 or 415, does not send the samples of a receiver of 2.0 only down to 1.0 for
/// good: its 415 to 1.0 says nothing of them. Where no protocol is taken they wait, and requests are paced.
#[test]
fn a_415_says_nothing_of_samples_where_the_protocol_is_found_out() {
    let target = Target::new(TEXT, "c 1\n");
    let control = Strict::new(Mode::Both);
    let rows = [
        ("one 400", vec![Answer::Status(400)]),
        ("one 415", vec![Answer::Status(415)]),
        ("one 415 later", vec![Answer::Usual, Answer::Usual, Answer::Status(415)]),
        ("none is taken for a while", vec![Answer::Status(415); 9]),
    ];
    let mut tables = vec![target.table("i1", ""), receiver(&control, "")];
    let mut all = Vec::new();
    for (of, answers) in rows {
        let strict = Strict::new(Mode::V2).then(answers);
        tables.push(receiver(&strict, "protocol = \"auto\""));
        all.push((of.to_owned(), strict));
    }
    let mut agent = start(&settings("200ms", &tables));
    arrived(&all, SERIES[0], 5);
    let metrics = agent.metrics();
    let failed =
        metrics.lines().filter(|line| line.contains("samples_failed_total{") && !line.ends_with(" 0"));
    assert_eq!(failed.collect::<Vec<_>>(), Vec::<&str>::new());
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    for (of, strict) in &all {
        assert_eq!(kinds(&strict.seen()).last(), Some(&Kind::V2), "{of}");
        same(of, strict, &control, &SERIES);
    }
}
