//! `once`: for cron and batch jobs.

use super::doubles::{Double, answer};
use super::ending::{counter, settings};
use super::process::run;

#[test]
fn once_reads_all_and_pushes_it_and_leaves_it_for_its_ttl() {
    let (target, gateway) = (counter().0, Double::gateway());
    let text = format!("{}\n[pull]\nlisten = \"192.0.2.1:1\"\n", settings(&target, &gateway.url, ""));
    let (code, said) = run(&text, &["once"], &[]);
    assert_eq!(code, Some(0), "{said}");
    let puts = gateway.seen_of("PUT /metrics/job/j/instance/i?ttl=10800");
    assert_eq!(puts.len(), 1, "{:?}", gateway.seen());
    assert!(puts[0].body.contains("c 1\n") && puts[0].body.contains("up 1\n"), "{}", puts[0].body);
    assert_eq!(gateway.seen_of("PUT ").len(), 2, "that and its own metrics: {:?}", gateway.seen());
    assert_eq!(gateway.seen_of("DELETE ").len(), 0);
}

#[test]
fn once_fails_where_nothing_was_pushed() {
    let gateway = Double::new(|_, stream| answer(stream, "400 Bad Request", "", b"no"));
    let (code, said) = run(&settings(&counter().0, &gateway.url, ""), &["once"], &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("refused the last values of 2 groups"), "{said}");
}
