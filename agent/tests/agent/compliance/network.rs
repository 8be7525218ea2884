//! Networks and receivers that break.

use super::super::process::{eventually, start};
use super::super::strict::{Answer, Mode, Strict};
use super::site::{TEXT, Target, arrived, receiver, same, samples, settings};

const SERIES: [&str; 2] = ["c{instance=\"i1\",job=\"j\"}", "up{instance=\"i1\",job=\"j\"}"];

/// The public list's error handling, 1.0 Introduction ("reliably propagate samples … without loss"): whatever
/// breaks is retried, nothing is lost, and nothing overtakes it.
#[test]
fn broken_connections_and_answers_lose_nothing() {
    let rows = [
        ("reset before the body", Answer::ResetBeforeBody),
        ("reset in the body", Answer::ResetInBody),
        ("reset after the body", Answer::ResetAfterBody),
        ("answer cut off", Answer::CutOff),
        ("no answer that is one", Answer::Garbage),
        ("no answer at all", Answer::Hangs),
        ("a connection closed after its answer", Answer::Closes),
        ("a status of no class", Answer::Status(599)),
    ];
    let target = Target::new(TEXT, "# TYPE c counter\nc 1\n");
    let control = Strict::new(Mode::Both);
    let mut tables = vec![target.table("i1", ""), receiver(&control, "")];
    let mut all = Vec::new();
    for (of, answer) in rows {
        // What does not answer is given up soon, what answers late is not.
        let patience = if answer == Answer::Hangs { "timeout = \"500ms\"" } else { "timeout = \"10s\"" };
        for protocol in ["protocol = \"1.0\"", "protocol = \"2.0\""] {
            let strict = Strict::new(Mode::Both).then([answer.clone(), answer.clone()]);
            tables.push(receiver(&strict, &format!("{protocol}\n{patience}")));
            all.push((format!("{of}, {protocol}"), strict));
        }
    }
    let mut agent = start(&settings("200ms", &tables));
    arrived(&all, SERIES[0], 3);
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    for (of, strict) in &all {
        strict.clean(of);
        assert!(strict.owed().is_empty(), "{of}: {:?}", strict.owed());
        same(of, strict, &control, &SERIES);
    }
}

/// 1.0 Out of Scope (Persistence): samples are buffered in an outage; the public list: refused connections.
#[test]
fn an_outage_leaves_no_gap() {
    let target = Target::new(TEXT, "# TYPE c counter\nc 1\n");
    let (control, lost) = (Strict::new(Mode::Both), Strict::new(Mode::Both));
    let first = Strict::new(Mode::Both);
    first.down(true);
    let tables = [&control, &lost, &first].map(|strict| receiver(strict, ""));
    let mut agent =
        start(&settings("100ms", &[target.table("i1", "").replace("200ms", "100ms"), tables.concat()]));
    eventually("a beginning", || samples(&lost, SERIES[0]).len() >= 2);
    lost.down(true);
    let before = samples(&control, SERIES[0]).len();
    eventually("twenty scrapes without it", || samples(&control, SERIES[0]).len() >= before + 20);
    lost.down(false);
    first.down(false);
    eventually("what waited", || {
        let all = samples(&control, SERIES[0]).len();
        samples(&lost, SERIES[0]).len() + 3 >= all && samples(&first, SERIES[0]).len() + 3 >= all
    });
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    for (of, strict) in [("away in between", &lost), ("away at the start", &first)] {
        strict.clean(of);
        same(of, strict, &control, &SERIES);
    }
}
