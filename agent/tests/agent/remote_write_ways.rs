//! The ways of remote write that only show under load or at the end: shards that change, what comes first after
//! an outage, a run of one collection.

use std::time::Duration;

use super::compliance::site::{Target, receiver, samples, settings};
use super::process::{eventually, run, start};
use super::receivers::{Kind, Receiver};
use super::remote_write::{counting, settings as usual};
use super::strict::{Answer, Mode, Strict};

const TEXT: &str = "text/plain; version=0.0.4";

#[test]
fn series_keep_their_order_when_the_number_of_shards_changes() {
    let lines: String = (0..200).map(|at| format!("f{{at=\"{at}\"}} {at}\n")).collect();
    let (target, strict) = (Target::new(TEXT, &lines), Strict::new(Mode::Both));
    strict.always(Answer::Usual.after(Duration::from_millis(40)));
    let with = |shards: &str| {
        let more = format!("max_samples_per_send = 50\nshards = {shards}");
        settings("200ms", &[target.table("i1", ""), receiver(&strict, &more)])
    };
    let mut agent = start(&with("{ min = 1, max = 1 }"));
    let shards = || agent.value("pushpull_agent_remote_write_shards");
    let enough = |least: usize| {
        let names = strict.names("f");
        names.len() == 200 && names.iter().all(|name| samples(&strict, name).len() >= least)
    };
    eventually("samples of one shard", || enough(2) && shards() == Some(1.0));
    for (settings, count) in [("{ min = 4, max = 4 }", 4.0), ("{ min = 2, max = 2 }", 2.0)] {
        agent.rewrite(&with(settings));
        assert_eq!(agent.reload().0, 200);
        eventually("other shards", || shards() == Some(count));
        let before = strict.names("f").iter().map(|name| samples(&strict, name).len()).max().unwrap();
        eventually("samples of theirs", || enough(before + 2));
    }
    agent.terminate();
    assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    strict.clean("shards that change");
    assert!(strict.owed().is_empty(), "{:?}", strict.owed());
}

#[test]
fn a_receiver_that_asks_to_be_left_alone_is_left_alone_by_all_shards() {
    let lines: String = (0..200).map(|at| format!("f{{at=\"{at}\"}} {at}\n")).collect();
    let target = Target::new(TEXT, &lines);
    let strict = Strict::new(Mode::Both).then([Answer::retry_after(429, "2")]);
    let more = "max_samples_per_send = 20\nshards = { min = 4, max = 4 }";
    let _agent = start(&settings("200ms", &[target.table("i1", ""), receiver(&strict, more)]));
    let all = || {
        (0..200)
            .all(|at| !samples(&strict, &format!("f{{at=\"{at}\",instance=\"i1\",job=\"j\"}}")).is_empty())
    };
    eventually("all series", all);
    let seen = strict.seen();
    let refused = seen.iter().find(|seen| seen.status == 429).unwrap().at;
    let after = seen.iter().map(|seen| seen.at.saturating_duration_since(refused));
    // What was under way when it said so comes all the same.
    let early: Vec<Duration> =
        after.filter(|after| (Duration::from_millis(300)..Duration::from_secs(2)).contains(after)).collect();
    assert!(early.is_empty(), "{early:?}");
    strict.clean("four shards and one Retry-After");
}

#[test]
fn what_comes_in_goes_first_after_an_outage_where_that_is_set() {
    for (drain, newest_first) in [("in_order", false), ("newest_first", true)] {
        let (target, strict) = (Target::new(TEXT, "f 1\n"), Strict::new(Mode::Both));
        let more = format!("max_samples_per_send = 1\nmax_backoff = \"50ms\"\ndrain = \"{drain}\"");
        let agent = start(&settings("200ms", &[target.table("i1", ""), receiver(&strict, &more)]));
        let taken = || samples(&strict, "f{instance=\"i1\",job=\"j\"}");
        eventually("a sample", || !taken().is_empty());
        strict.down(true);
        let waiting = || agent.value("pushpull_agent_remote_write_samples_pending").unwrap_or_default();
        eventually("an outage", || waiting() > 40.0);
        // So slow that something new comes in before what waited is gone.
        strict.always(Answer::Usual.after(Duration::from_millis(30)));
        strict.down(false);
        let back = || {
            let seen = strict.seen();
            seen.iter()
                .filter_map(|seen| seen.message.series.first()?.points.first())
                .map(|point| point.at)
                .collect::<Vec<_>>()
        };
        let told = back().len();
        eventually("thirty more", || back().len() > told + 30);
        strict.always(Answer::Usual);
        eventually("all of it", || waiting() < 10.0);
        let after = &back()[told..];
        assert_eq!(!after.is_sorted(), newest_first, "{drain}: {after:?}");
    }
}

#[test]
fn one_collection_is_written_too_and_no_gateway_is_asked_that_nobody_spoke_of() {
    let (target, _) = counting();
    let receiver = Receiver::new(Kind::Prometheus);
    let settings = usual(&target, &receiver.url(), "on_shutdown = \"stale\"");
    let (code, said) = run(&settings, &["once"], &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("9091"), "{said}");
    // What was read once stays for as long as a series does that nobody ended.
    assert_eq!(receiver.now("c_total"), Some(1.0));
    let (code, said) = run(&settings, &["check", "--live"], &[]);
    assert!(code == Some(0) && said.contains("it takes writes"), "{said}");
    let (code, said) = run(&settings.replace("/api/v1/write", "/api/v1/wrote"), &["check", "--live"], &[]);
    assert!(code == Some(1) && said.contains("see that url is the whole one"), "{said}");
}

#[test]
fn settings_of_receivers_that_cannot_be_are_told_with_their_place() {
    let one = "[[remote_write]]\nurl = \"http://a/w\"\n";
    for (settings, part) in [
        ("[[remote_write]]\n".to_owned(), "missing field `url`"),
        ("[[remote_write]]\nurl = \"http://a\"\n".to_owned(), "remote_write[0].url: has no path"),
        (format!("{one}{one}"), "remote_write[1].url: http://a/w is written to already"),
        (format!("{one}protocol = \"3.0\"\n"), "unknown variant `3.0`"),
        (format!("{one}spool = {{ max_bytes = \"1KiB\" }}\n"), "spool.max_bytes: expected at least 64 KiB"),
        (format!("{one}spool = {{ dir = \"s\", max_bytes = \"64KiB\" }}\n"), "expected at least 1024 KiB"),
        (format!("{one}spool = {{ fsync = \"often\" }}\n"), "expected always, never, or a duration"),
        (format!("{one}shards = {{ min = 4, max = 2 }}\n"), "expected 1 <= min <= max <= 128, got 4 and 2"),
        (format!("{one}max_samples_per_send = 0\n"), "expected a whole number from 1"),
        (format!("{one}min_backoff = \"9s\"\n"), "min_backoff: is longer than max_backoff"),
        (
            format!("{one}max_retry_after = \"0s\"\n"),
            "max_retry_after: expected a duration from 1ms to 1day, got 0s",
        ),
        (format!("{one}external_labels = {{ __a = \"b\" }}\n"), "does not begin with __"),
        (format!("{one}headers = {{ \"a b\" = \"c\" }}\n"), "expected the name of a header"),
        (
            format!("{one}[[remote_write.write_relabel_configs]]\nregex = \"a(\"\n"),
            "remote_write[0].write_relabel_configs[0]: target_label: missing",
        ),
        (
            format!("{one}spool = {{ dir = \"s\" }}\n{}spool = {{ dir = \"s\" }}\n", one.replace("/w", "/v")),
            "remote_write[1].spool.dir: s is another receiver's",
        ),
    ] {
        let (code, said) = run(&settings, &["check"], &[]);
        assert!(code == Some(2) && said.contains(part), "{part}\nin\n{said}");
    }
    let (code, said) = run(&format!("{one}headers = {{ X-Scope-OrgID = \"secret\" }}\n"), &["check"], &[]);
    assert!(code == Some(0) && said.contains("X-Scope-OrgID") && !said.contains("secret"), "{said}");
}
