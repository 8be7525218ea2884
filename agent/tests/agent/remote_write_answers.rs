//! What becomes of a receiver's answers: what is said to it, when it is asked again, and by whom.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::doubles::{Double, answer};
use super::process::{eventually, run, start};
use super::remote_write::{counting, settings, taken};
use super::status::now;

/// A receiver of 1.0 that answers so to its first requests of that version, and takes the others.
fn receiver(first: &'static [(&'static str, &'static str)]) -> Double {
    let asked = AtomicUsize::new(0);
    Double::new(move |request, stream| {
        if request.head.contains("io.prometheus.write.v2") {
            return answer(stream, "415 Unsupported Media Type", "", b"1.0 only");
        }
        match first.get(asked.fetch_add(1, Ordering::SeqCst)) {
            Some((status, headers)) => answer(stream, status, headers, b"not now\n  verbatim"),
            None => answer(stream, "204 No Content", "", b""),
        }
    })
}

fn writes(receiver: &Double) -> Vec<super::doubles::Request> {
    receiver.seen().into_iter().filter(|request| !request.head.contains("write.v2")).collect()
}

#[test]
fn headers_of_the_settings_go_along_and_those_of_remote_write_stay() {
    let ((target, _), receiver) = (counting(), receiver(&[]));
    let more = "headers = { X-Scope-OrgID = \"team-a\" }\nusername = \"u\"\npassword = \"p\"";
    let agent = start(&settings(&target, &format!("{}/api/v1/push", receiver.url), more));
    eventually("samples", || taken(&agent) > 0.0);
    let seen = receiver.seen();
    let (first, second) = (&seen[0], &writes(&receiver)[0]);
    for request in [first, second] {
        assert_eq!(request.line, "POST /api/v1/push");
        for header in [
            "x-scope-orgid: team-a",
            "user-agent: pushpull/",
            "content-encoding: snappy",
            "authorization: Basic dTpw",
        ] {
            assert!(request.head.contains(header), "{header}\nin\n{}", request.head);
        }
    }
    assert!(first.head.contains("x-prometheus-remote-write-version: 2.0.0"), "{}", first.head);
    assert!(second.head.contains("x-prometheus-remote-write-version: 0.1.0"), "{}", second.head);
    assert!(second.head.contains("content-type: application/x-protobuf\r\n"), "{}", second.head);
    assert_eq!(now(&agent)["receivers"][0]["protocol"], "1.0");
    for (name, said) in [
        ("Content-Type", "cannot be set"),
        ("user-agent", "cannot be set"),
        ("Authorization", "set username"),
    ] {
        let more = format!("headers = {{ {name} = \"x\" }}");
        let (code, words) =
            run(&settings(&target, "http://127.0.0.1:1/api/v1/write", &more), &["check"], &[]);
        assert!(code == Some(2) && words.contains(said), "{words}");
    }
}

#[test]
fn what_may_pass_is_sent_again_and_not_earlier_than_asked() {
    for (first, least, more, said) in [
        (&[("503 Service Unavailable", "retry-after: 2\r\n")][..], 2, "", ""),
        (&[("429 Too Many Requests", "retry-after: 1\r\n")][..], 1, "", ""),
        (
            &[("429 Too Many Requests", "retry-after: 7200\r\n")][..],
            1,
            "max_retry_after = \"1s\"",
            "it asks for no request within 2h, and max_retry_after is 1s",
        ),
        (&[("500 Internal Server Error", ""), ("502 Bad Gateway", "")][..], 0, "", ""),
    ] {
        let ((target, _), receiver) = (counting(), receiver(first));
        let agent = start(&settings(&target, &format!("{}/w", receiver.url), more));
        eventually("samples", || taken(&agent) > 0.0);
        let writes = writes(&receiver);
        assert!(writes[1].at - writes[0].at >= Duration::from_secs(least), "{first:?}");
        // The same samples, byte for byte.
        assert_eq!(writes[0].body, writes[1].body, "{first:?}");
        assert!(
            agent.log().contains("not now\\n  verbatim") || agent.log().contains("not now\n  verbatim"),
            "{}",
            agent.log()
        );
        assert!(agent.log().contains("writes arrive again"), "{}", agent.log());
        assert!(agent.log().contains(said), "{said}\nin\n{}", agent.log());
    }
}

#[test]
fn what_is_refused_for_good_is_counted_and_not_sent_again() {
    let ((target, _), receiver) = (counting(), receiver(&[("404 Not Found", "")]));
    let agent = start(&settings(&target, &format!("{}/w", receiver.url), ""));
    eventually("samples", || taken(&agent) > 0.0);
    let writes = writes(&receiver);
    assert_ne!(writes[0].body, writes[1].body);
    let failed = agent
        .metrics()
        .lines()
        .any(|line| line.contains("samples_failed_total") && line.contains("404") && !line.ends_with(" 0"));
    assert!(failed, "{}", agent.metrics());
}

#[test]
fn whoever_is_not_let_in_waits_until_the_token_in_its_file_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "old\n").unwrap();
    let (target, _) = counting();
    let receiver = Double::new(|request, stream| {
        let may = request.head.contains("authorization: Bearer new\r\n");
        answer(
            stream,
            if may { "204 No Content" } else { "401 Unauthorized" },
            "x-prometheus-remote-write-samples-written: 9999\r\n",
            b"who are you?",
        );
    });
    let more = format!("bearer_token_file = \"{}\"", file.display());
    let agent = start(&settings(&target, &format!("{}/w", receiver.url), &more));
    eventually("that it is held", || now(&agent)["receivers"][0]["state"] == "held");
    let waiting = || agent.value("pushpull_agent_remote_write_samples_pending").unwrap_or_default();
    eventually("samples that wait", || waiting() > 10.0);
    assert_eq!(receiver.seen().len(), 1);
    assert!(agent.log().contains("into the file "), "{}", agent.log());
    std::fs::write(&file, "new\n").unwrap();
    eventually("that all arrive", || taken(&agent) > 10.0 && now(&agent)["receivers"][0]["state"] == "ok");
    assert_eq!(now(&agent)["receivers"][0]["protocol"], "2.0");
}

#[test]
fn receivers_come_change_and_go_with_the_settings() {
    let ((target, _), one, two) = (counting(), receiver(&[]), receiver(&[]));
    let urls = [format!("{}/one", one.url), format!("{}/two", two.url)];
    let agent = start(&settings(&target, &urls[0], ""));
    eventually("samples", || taken(&agent) > 0.0);
    let both = settings(&target, &urls[0], &format!("[[remote_write]]\nurl = \"{}\"", urls[1]));
    agent.rewrite(&both);
    let (code, said) = agent.reload();
    assert!(code == 200 && said.contains(&format!("new receiver: {}", urls[1])), "{said}");
    eventually("the second", || !writes(&two).is_empty());
    agent.rewrite(&both.replace("max_backoff", "external_labels = { site = \"x\" }\nmax_backoff"));
    let (code, said) = agent.reload();
    assert!(code == 200 && said.contains(&format!("changed receiver: {}", urls[0])), "{said}");
    agent.rewrite(&settings(&target, &urls[1], ""));
    let (code, said) = agent.reload();
    assert!(code == 200 && said.contains(&format!("gone receiver: {}", urls[0])), "{said}");
    eventually("the end of its series", || !agent.metrics().contains(&urls[0]));
    let page = super::peers::request(agent.port, "GET", "/", b"").unwrap().1;
    assert!(page.contains("Receivers") && page.contains(&urls[1]), "{page}");
}
