//! What is refused since it is there already, what is refused on and on, and how often that is said.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::doubles::{Double, answer};
use super::process::{Agent, eventually, start};
use super::remote_write::{counting, settings, taken};

/// Samples that were refused, by reason.
fn failed(agent: &Agent) -> Vec<(String, f64)> {
    let page = agent.metrics();
    let lines = page.lines().filter(|line| line.contains("remote_write_samples_failed_total{"));
    let parts = lines.filter_map(|line| {
        let reason = line.split("reason=\"").nth(1)?.split('"').next()?;
        Some((reason.to_owned(), line.rsplit(' ').next()?.parse().ok()?))
    });
    parts.filter(|(_, samples)| *samples > 0.0).collect()
}

/// A receiver of 1.0 that has what it was sent first, though it never answered: the sender waits for nothing else.
fn has(first: impl Fn(&mut std::net::TcpStream) + Send + Sync + 'static) -> Double {
    let asked = AtomicUsize::new(0);
    Double::new(move |_, stream| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => first(stream),
        _ => answer(stream, "400 Bad Request", "", b"out of order sample"),
    })
}

/// One try after the lost answer, and none for a while after all was refused.
const SLOW: &str = "protocol = \"1.0\"\nmetadata_interval = \"1h\"\nmin_backoff = \"10s\"\n\
    write_relabel_configs = [{ source_labels = [\"job\"], regex = \"pushpull-agent\", action = \"drop\" }]";

/// It was all there, which took few requests to find out; `new`: samples that may have been read since then, which
/// this receiver refuses, too.
fn was_there(agent: &Agent, receiver: &Double, before: usize, new: f64) {
    eventually("what was refused", || failed(agent).iter().any(|(reason, _)| reason == "sent_again"));
    let (failed, asked) = (failed(agent), receiver.seen().len() - before);
    for (reason, samples) in &failed {
        match reason.as_str() {
            "sent_again" => assert!(*samples > 2.0, "{failed:?}"),
            _ => assert!(reason == "400" && *samples <= new, "{failed:?}"),
        }
    }
    assert!(asked <= 12, "{asked} requests");
}

#[test]
fn what_was_taken_without_an_answer_is_no_loss_and_is_not_searched_for() {
    let (target, _) = counting();
    let receiver = has(|_| {});
    let agent = start(
        &settings(&target, &format!("{}/w", receiver.url), SLOW)
            .replace("max_backoff = \"500ms\"", "max_backoff = \"10s\""),
    );
    was_there(&agent, &receiver, 1, 0.0);
    let seen = receiver.seen();
    assert_eq!(seen[0].body, seen[1].body);
}

#[test]
fn what_was_under_way_when_the_agent_was_killed_is_no_loss() {
    let (target, folder) = (counting().0, tempfile::tempdir().unwrap());
    let receiver = has(|stream| {
        // Until the sender is gone.
        let _ = std::io::copy(stream, &mut std::io::sink());
    });
    let more = format!("{SLOW}\nspool = {{ dir = \"{}\" }}", folder.path().join("spool").display());
    let text = settings(&target, &format!("{}/w", receiver.url), &more).replace("\"500ms\"", "\"10s\"");
    let mut agent = start(&text);
    eventually("a request", || !receiver.seen().is_empty());
    agent.signal("-KILL");
    agent.wait();
    let agent = start(&text);
    // The first page of the new process may be there before anything is sent: two samples, and five of the agent's.
    was_there(&agent, &receiver, 1, 7.0);
}

#[test]
fn what_is_said_on_and_on_is_told_once_shortly_and_without_secrets() {
    let (target, _) = counting();
    for (status, headers) in [
        ("503 Service Unavailable", ""),
        ("400 Bad Request", ""),
        ("200 OK", "x-prometheus-remote-write-samples-written: 0\r\n"),
    ] {
        let count = AtomicUsize::new(0);
        let receiver = Double::new(move |_, stream| {
            let number = count.fetch_add(1, Ordering::SeqCst);
            let words = format!("request {number} of s3cr3t-token: {}", "x".repeat(9_000));
            answer(stream, status, headers, words.as_bytes());
        });
        let more = "min_backoff = \"10ms\"\nheaders = { X-Key = \"s3cr3t-token\" }";
        let agent =
            start(&settings(&target, &format!("{}/w", receiver.url), more).replace("\"500ms\"", "\"50ms\""));
        eventually("many requests", || receiver.seen().len() > 15);
        let is_told = |line: &&str| line.contains("write failed") || line.contains("refused for good");
        // It may come after the requests that led to it.
        eventually("a word of it", || agent.log().lines().any(|line| is_told(&line)));
        let log = agent.log();
        let told: Vec<&str> = log.lines().filter(is_told).collect();
        assert_eq!(told.len(), 1, "{status}: {log}");
        assert!(told.iter().all(|line| line.len() < 1_000), "{status}: {told:#?}");
        assert!(!log.contains("s3cr3t") && !log.contains("arrive again"), "{status}: {log}");
    }
}

#[test]
fn one_wrong_series_among_good_ones_is_told_once() {
    let (target, _) = counting();
    let bad = Arc::new(AtomicUsize::new(0));
    let refused = Arc::clone(&bad);
    // The name of the counter stands in the block as it is, where it is sent, and nothing before it ends alike.
    let receiver = Double::new(move |request, stream| {
        if request.body.contains("c_total") {
            refused.fetch_add(1, Ordering::SeqCst);
            return answer(stream, "400 Bad Request", "", b"no such name");
        }
        answer(stream, "204 No Content", "", b"");
    });
    let more = SLOW.replace("\"10s\"", "\"10ms\"");
    let agent = start(&settings(&target, &format!("{}/w", receiver.url), &more));
    eventually("refusals", || bad.load(Ordering::SeqCst) > 12);
    eventually("good ones", || taken(&agent) > 10.0);
    let log = agent.log();
    assert_eq!(log.matches("refused for good").count(), 1, "{log}");
    assert!(!log.contains("arrive again"), "{log}");
}

#[test]
fn a_receiver_that_refuses_everything_is_asked_seldom() {
    let page: String = (0..64).map(|at| format!("m{{at=\"{at}\"}} 1\n")).collect();
    let target = Double::page(&page);
    for status in ["400 Bad Request", "413 Payload Too Large"] {
        let receiver = Double::new(move |_, stream| answer(stream, status, "", b"no"));
        let more = "protocol = \"1.0\"\nmetadata_interval = \"1h\"\nmin_backoff = \"10ms\"";
        let agent = start(&settings(&target, &format!("{}/w", receiver.url), more));
        let lost = || failed(&agent).iter().map(|(_, samples)| *samples).sum::<f64>();
        eventually("the first scrape", || lost() > 64.0);
        let (before, asked) = (lost(), receiver.seen().len());
        eventually("ten more scrapes", || lost() - before > 640.0);
        let asked = receiver.seen().len() - asked;
        assert!(asked <= 50, "{status}: {asked} requests for {} samples", lost() - before);
    }
}

#[test]
fn help_texts_that_hang_do_not_hold_up_samples_for_long() {
    let (target, _) = counting();
    let asked = AtomicUsize::new(0);
    let receiver = Double::new(move |_, stream| {
        // The second is the one with help texts.
        if asked.fetch_add(1, Ordering::SeqCst) == 1 {
            let _ = std::io::copy(stream, &mut std::io::sink());
            return;
        }
        answer(stream, "204 No Content", "", b"");
    });
    let agent =
        start(&settings(&target, &format!("{}/w", receiver.url), "protocol = \"1.0\"\ntimeout = \"1m\""));
    eventually("samples behind them", || receiver.seen().len() > 4);
    let seen = receiver.seen();
    assert!(seen[2].at - seen[1].at < Duration::from_secs(20), "{}", agent.log());
}

#[test]
fn a_spool_that_another_receiver_took_over_is_not_left_undone() {
    let ((target, _), folder) = (counting(), tempfile::tempdir().unwrap());
    let away = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let receiver = Double::new(|_, stream| answer(stream, "204 No Content", "", b""));
    let spool = format!("protocol = \"1.0\"\nspool = {{ dir = \"{}\" }}", folder.path().display());
    let mut agent = start(&settings(&target, &format!("http://{away}/w"), &spool));
    let waiting = || agent.value("pushpull_agent_remote_write_samples_pending").unwrap_or_default();
    eventually("samples that wait", || waiting() > 5.0);
    agent.rewrite(&settings(&target, "http://127.0.0.1:1/w", "protocol = \"1.0\""));
    assert_eq!(agent.reload().0, 200);
    eventually("that it is gone", || agent.log().contains("left undone at a receiver that is gone"));
    agent.rewrite(&settings(&target, &format!("{}/w", receiver.url), &spool));
    eventually("the spool", || agent.reload().0 == 200);
    eventually("what had waited", || taken(&agent) > 5.0);
    agent.terminate();
    agent.wait();
    let log = agent.log();
    let left: Vec<&str> = log.lines().filter(|line| line.contains("left undone:")).collect();
    assert!(left.iter().all(|line| !line.contains(&away.to_string())), "{left:?}");
}

#[test]
fn a_spool_is_no_file() {
    let (target, file) = (counting().0, tempfile::NamedTempFile::new().unwrap());
    let more = format!("spool = {{ dir = \"{}\" }}", file.path().display());
    let (code, said) =
        super::process::run(&settings(&target, "http://127.0.0.1:1/w", &more), &["check"], &[]);
    assert!(code == Some(2) && said.contains("expected a directory, got the file"), "{said}");
}

#[test]
fn a_refusal_whose_words_break_off_stays_one() {
    let (target, _) = counting();
    let receiver = Double::new(|_, stream| {
        let _ =
            stream.write_all(b"HTTP/1.1 422 Unprocessable Entity\r\ncontent-length: 100\r\n\r\nnot these");
        // Until the sender is gone.
        let _ = std::io::copy(stream, &mut std::io::sink());
    });
    let more = "protocol = \"1.0\"\ntimeout = \"300ms\"";
    let agent = start(&settings(&target, &format!("{}/w", receiver.url), more));
    eventually("what was refused", || !failed(&agent).is_empty());
    assert!(failed(&agent).iter().all(|(reason, _)| reason == "422"), "{:?}", failed(&agent));
    eventually("its words", || agent.log().contains("not these"));
    let retried = |line: &&str| line.contains("remote_write_retries_total{") && !line.ends_with(" 0");
    let page = agent.metrics();
    assert_eq!(page.lines().find(retried), None, "{}", agent.log());
}
