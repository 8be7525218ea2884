//! `once`: for cron and batch jobs.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

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

#[test]
fn once_fails_where_a_receiver_refuses_its_samples_for_good() {
    let receiver = Double::new(|_, stream| answer(stream, "404 Not Found", "", b"where?"));
    let text = settings(&counter().0, "http://x", "").replace("[push]\nurl = \"http://x\"\nttl = \"3h\"", "");
    let text = format!("{text}\n[[remote_write]]\nurl = \"{}/api/v1/write\"\n", receiver.url);
    let (code, said) = run(&text, &["once"], &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("left undone: ") && said.contains(" of the last samples for good"), "{said}");
}

#[test]
fn once_tries_a_gateway_that_cannot_be_reached_until_the_grace_is_over() {
    // A handshake that breaks off is no connection.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (tries, url) = (Arc::new(AtomicU32::new(0)), format!("https://{}", listener.local_addr().unwrap()));
    let count = Arc::clone(&tries);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            drop(stream);
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let (code, said) =
        run(&settings(&counter().0, &url, "[push.tls_config]\ninsecure_skip_verify = true"), &["once"], &[]);
    assert_eq!(code, Some(1), "{said}");
    // Waits of half a second and then of a second at the most leave room for six in five seconds.
    assert!(tries.load(Ordering::SeqCst) >= 6, "{} {said}", tries.load(Ordering::SeqCst));
}
