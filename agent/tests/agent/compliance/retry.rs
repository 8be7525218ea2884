//! What is sent again after an answer, and what is not.

use super::super::doubles::Double;
use super::super::process::{Agent, eventually, start};
use super::super::strict::{Answer, Mode, Rule, Strict};
use super::site::{TEXT, Target, arrived, receiver, same, samples, settings};

const SERIES: [&str; 2] = ["c{instance=\"i1\",job=\"j\"}", "up{instance=\"i1\",job=\"j\"}"];

/// Each receiver with its answers to the first requests, and a control that has always been well; ends when each
/// took what came after its answers, and the agent has ended with all that it had.
fn through(rows: &[(String, Vec<Answer>, &str)]) -> (Vec<(String, Strict)>, Strict, String) {
    let target = Target::new(TEXT, "# TYPE c counter\nc 1\n");
    let control = Strict::new(Mode::Both);
    let mut tables = vec![target.table("i1", ""), receiver(&control, "")];
    let mut all = Vec::new();
    for (of, answers, more) in rows {
        let strict = Strict::new(Mode::Both).then(answers.clone());
        tables.push(receiver(&strict, more));
        all.push((of.clone(), strict));
    }
    let mut agent: Agent = start(&settings("200ms", &tables));
    arrived(&all, SERIES[0], 3);
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    (all, control, agent.log())
}

/// 1.0 and 2.0 Retries & Backoff: MUST retry on 5xx; MAY on 429, and does. A retry has the same samples, nothing
/// is lost, and nothing overtakes it.
#[test]
fn refusals_for_now_are_retried_until_they_are_taken() {
    let mut rows = Vec::new();
    for status in [500, 502, 503, 504, 599, 429, 408] {
        for protocol in ["protocol = \"1.0\"", "protocol = \"2.0\""] {
            let answers =
                vec![Answer::Status(status), Answer::body(status, "not now"), Answer::Status(status)];
            rows.push((format!("{status} {protocol}"), answers, protocol));
        }
    }
    let (all, control, _) = through(&rows);
    for ((_, answers, _), (of, strict)) in rows.iter().zip(&all) {
        strict.clean(of);
        assert!(strict.owed().is_empty(), "{of}: {:?}", strict.owed());
        same(of, strict, &control, &SERIES);
        let refused = strict.seen().iter().filter(|seen| seen.status != 204).count();
        assert_eq!(refused, answers.len(), "{of}");
    }
}

/// 1.0 and 2.0 Retries & Backoff: MUST NOT retry on 4xx but 429; the sender goes on with what comes after it.
#[test]
fn refusals_for_good_are_not_retried_and_hold_nothing_up() {
    let mut rows = Vec::new();
    for status in [400, 404, 405, 409, 413, 422, 451] {
        for protocol in ["protocol = \"1.0\"", "protocol = \"2.0\""] {
            let answers = vec![Answer::body(status, "never"), Answer::body(status, "never")];
            rows.push((format!("{status} {protocol}"), answers, protocol));
        }
    }
    let (all, control, _) = through(&rows);
    for (of, strict) in &all {
        // The receiver names a request that comes a second time.
        strict.clean(of);
        let (taken, well) = (samples(strict, SERIES[0]), samples(&control, SERIES[0]));
        assert!(taken.iter().all(|sample| well.contains(sample)), "{of}");
        assert!(taken.last() == well.last(), "{of}: what comes later arrives");
    }
}

/// 2.0 Partial Write: a 400 says that some were written; it is never retried, whatever is counted.
#[test]
fn partial_writes_are_not_retried() {
    let counts = "x-prometheus-remote-write-samples-written: 3\r\n".to_owned();
    let answers = vec![Answer::Says(400, counts, "2 samples are too old".to_owned())];
    let rows = [("partial".to_owned(), answers, "")];
    let (all, ..) = through(&rows);
    let again = all[0].1.violations().iter().any(|found| found.rule == Rule::RefusedResent);
    assert!(!again, "{:?}", all[0].1.violations());
    let refused = all[0].1.seen().iter().filter(|seen| seen.status == 400).count();
    assert_eq!(refused, 1);
}

/// 1.0 Labels, 2.0 Response: SHOULD log the error as it is, and MUST NOT try to interpret it.
#[test]
fn errors_are_logged_as_they_are() {
    let said = "err-mimir-max-series: too many [series] for tenant t1, 42% over <limit>";
    let rows = [("told".to_owned(), vec![Answer::body(422, said)], "")];
    let (_, _, log) = through(&rows);
    assert!(log.contains(said), "{log}");
}

/// 1.0 Retries & Backoff: progress is made while one receiver answers nothing but errors.
#[test]
fn one_receiver_does_not_hold_up_another() {
    let target = Double::page("c 1\n");
    let (ill, well) = (Strict::new(Mode::Both), Strict::new(Mode::Both));
    ill.always(Answer::Status(503));
    let scrape =
        format!("[[scrape]]\nurl = \"{}/metrics\"\ninstance = \"i1\"\ntimeout = \"200ms\"\n", target.url);
    let agent = start(&settings("200ms", &[scrape, receiver(&ill, ""), receiver(&well, "")]));
    eventually("samples at the one that is well", || samples(&well, SERIES[0]).len() >= 5);
    assert!(ill.seen().len() > 1, "{}", agent.log());
    well.clean("well");
    ill.clean("ill");
}

/// 1.0 and 2.0 Retries & Backoff: MUST NOT retry on 4xx. Where that is bent, for whoever is not let in (decision
/// 0097), it is no hammering: one request, and the samples wait.
#[test]
fn whoever_is_not_let_in_asks_once_and_waits() {
    let target = Target::new(TEXT, "c 1\n");
    let (well, all) = (Strict::new(Mode::Both), [401, 403].map(|status| (status, Strict::new(Mode::Both))));
    let mut tables = vec![target.table("i1", ""), receiver(&well, "")];
    for (status, strict) in &all {
        strict.always(Answer::body(*status, "who are you"));
        tables.push(receiver(strict, "shards = { min = 1, max = 1 }"));
    }
    let agent = start(&settings("200ms", &tables));
    eventually("many scrapes", || samples(&well, SERIES[0]).len() >= 8);
    for (status, strict) in &all {
        assert_eq!(strict.seen().len(), 1, "{status}: {}", agent.log());
    }
}
