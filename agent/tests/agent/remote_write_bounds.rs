//! Bounds of a receiver and of its spool: what is too large for one, and what is given up by the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::doubles::{Double, answer};
use super::process::{eventually, run, start};
use super::remote_write::settings;
use super::status::now;

#[test]
fn requests_that_were_too_large_become_smaller_and_grow_again() {
    let value = |at: usize| format!("{:x}{:x}", at * 2_654_435_761, at * 40_503 + 17);
    let page: String = (1..=400).map(|at| format!("f{{at=\"{}\"}} {at}\n", value(at))).collect();
    let target = Double::page(&page);
    let length = |request: &super::doubles::Request| -> usize {
        let head = request.head.to_lowercase();
        head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap()
    };
    let limit = Arc::new(AtomicUsize::new(usize::MAX));
    let most = Arc::clone(&limit);
    let receiver = Double::new(move |request, stream| {
        let status = if length(request) > most.load(Ordering::SeqCst) {
            "413 Payload Too Large"
        } else {
            "204 No Content"
        };
        answer(stream, status, "", b"");
    });
    let more = "protocol = \"1.0\"\nmax_samples_per_send = 400";
    let agent = start(&settings(&target, &format!("{}/w", receiver.url), more));
    let lengths = || receiver.seen().iter().map(length).collect::<Vec<_>>();
    eventually("whole requests", || lengths().len() >= 8);
    let (before, most) = (lengths().len(), lengths().into_iter().max().unwrap() * 3 / 4);
    limit.store(most, Ordering::SeqCst);
    eventually("one that is too large now", || lengths()[before..].iter().any(|length| *length > most));
    let refused = before + lengths()[before..].iter().position(|length| *length > most).unwrap();
    let large =
        |lengths: &[usize]| lengths.iter().copied().filter(|length| *length <= most).max().unwrap_or(0);
    eventually("a few of half its size", || lengths().len() > refused + 6);
    let half = large(&lengths()[refused..refused + 6]);
    eventually("larger ones", || large(&lengths()[refused..]) > half + half / 10);
    let lengths = lengths();
    let first = lengths[refused];
    let again = lengths[refused + 1..].iter().filter(|length| **length >= first).count();
    assert_eq!(again, 0, "what was refused is not tried again so soon: {lengths:?}");
    let failed = "pushpull_agent_remote_write_samples_failed_total{endpoint";
    assert_eq!(agent.value(failed), Some(0.0), "{}", agent.log());
    let seen = now(&agent)["receivers"][0].clone();
    assert!(seen["samples_per_request"].as_u64().is_some_and(|most| most < 400), "{seen}");
}

#[test]
fn what_a_receiver_suffers_from_can_be_read() {
    let lines: String = (0..300_u64).map(|at| format!("f{{at=\"{:x}\"}} 1\n", at * 2_654_435_761)).collect();
    let target = Double::page(&lines);
    let away = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = settings(&target, &format!("http://{away}/w"), "spool = { max_bytes = \"64KiB\" }");
    let agent = start(&text);
    let seen = || now(&agent)["receivers"][0].clone();
    eventually("a spool that is full", || seen()["dropped_by_reason"]["bytes"].as_f64().is_some());
    eventually("a wait", || seen()["next_try_in_seconds"].is_number());
    let seen = seen();
    assert_eq!((seen["state"].as_str(), seen["protocol"].is_null()), (Some("retrying"), true), "{seen}");
    assert!(seen["last_error"].as_str().unwrap().contains("Connection refused"), "{seen}");
    for number in ["waiting", "spool_bytes", "oldest_time_seconds"] {
        assert!(seen[number].as_f64().unwrap() > 0.0, "{number}: {seen}");
    }
    let page = super::peers::request(agent.port, "GET", "/", b"").unwrap().1;
    assert!(page.contains("dropped (bytes ") && page.contains("Connection refused"), "{page}");
    let (code, said) =
        run(&format!("{text}\n[pull]\nlisten = \"127.0.0.1:{}\"\n", agent.port), &["doctor"], &[]);
    assert_eq!(code, Some(1), "{said}");
    for part in [
        " samples wait — its line below says why",
        "the spool was full: raise spool.max_bytes",
        "nothing listens there",
    ] {
        assert!(said.contains(part), "{part}\nin\n{said}");
    }
}
