//! A gateway that does not let the agent in: the newest values are held, it is not asked again and again with
//! the same password, and goes on at once with another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::doubles::{Double, answer};
use super::faults::causes;
use super::peers;
use super::process::{Agent, eventually, run, start};
use super::status::{last_error, now};

/// Lets in whoever has this token, and what is not of this job.
fn gateway(token: &'static str, status: &'static str, job: &'static str) -> Double {
    Double::new(move |request, stream| {
        let may = request.head.contains(&format!("authorization: Bearer {token}\r\n"))
            || !request.line.contains(&format!("/job/{job}"));
        answer(stream, if may { "200 OK" } else { status }, "", b"who are you?");
    })
}

fn settings(target: &Double, gateway: &Double, secret: &str) -> String {
    format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"{}/metrics\"\ntimeout = \"200ms\"\n[push]\nurl = \"{}\"\n{secret}\n",
        target.url, gateway.url
    )
}

fn state(agent: &Agent) -> String {
    now(agent)["endpoints"][0]["state"].as_str().unwrap().to_owned()
}

/// So many newer snapshots came while one was held.
fn replaced(agent: &Agent) -> f64 {
    let page = agent.metrics();
    let line = page.lines().find(|line| line.contains("dropped_total{") && line.contains("superseded"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_default()
}

#[test]
fn what_is_kept_out_is_held_and_goes_on_when_the_token_in_its_file_is_changed() {
    for (status, job) in [("401 Unauthorized", ""), ("403 Forbidden", "j/")] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "old\n").unwrap();
        let (target, gateway) = (Double::page("a 1\n"), gateway("new", status, job));
        let secret = format!("bearer_token_file = \"{}\"", file.display());
        let agent = start(&settings(&target, &gateway, &secret));
        let tries = || gateway.seen().iter().filter(|put| put.line.contains("/job/j/")).count();
        // Whichever group is first is asked for all where it is 401.
        let all = || if job.is_empty() { gateway.seen().len() } else { tries() };
        eventually("that it is held", || state(&agent) == "held" && replaced(&agent) >= 5.0);
        assert_eq!(all(), 1, "{status}");
        assert_eq!(causes(&agent, &gateway.url), [format!("refused_total {}", &status[..3])]);
        let said = last_error(&agent, "endpoints", &gateway.url);
        let told = [
            format!("{status}: who are you?"),
            format!("put the right token into the file {}", file.display()),
        ];
        assert!(told.iter().all(|part| said.contains(part)), "{said}");
        assert_eq!(agent.log().matches("push refused").count(), 1, "{}", agent.log());
        let page = peers::request(agent.port, "GET", "/", b"").unwrap().1;
        assert!(page.contains(">held<") && page.contains("next try in"), "{page}");
        let (code, said) = peers::request(agent.port, "POST", "/-/flush?timeout=5m", b"").unwrap();
        assert!(code == 504 && said.contains("does not let the agent in"), "{said}");
        // The same again is no change, and neither is a file that is away for a moment.
        std::fs::write(&file, "old").unwrap();
        std::fs::remove_file(&file).unwrap();
        let before = replaced(&agent);
        eventually("some more intervals", || replaced(&agent) >= before + 10.0);
        assert_eq!(all(), 1, "{status}");
        std::fs::write(&file, "new\n").unwrap();
        eventually("pushes", || tries() >= 4 && state(&agent) == "ok");
        assert!(agent.log().contains("pushes arrive again"), "{}", agent.log());
    }
}

#[test]
fn a_password_in_the_settings_is_tried_at_once_when_it_is_reloaded() {
    let (target, gateway) = (Double::page("a 1\n"), gateway("new", "401 Unauthorized", ""));
    let agent = start(&settings(&target, &gateway, "bearer_token = \"old\""));
    eventually("that it is held", || state(&agent) == "held");
    agent.rewrite(&settings(&target, &gateway, "bearer_token = \"new\""));
    assert_eq!(agent.reload().0, 200);
    eventually("pushes", || state(&agent) == "ok");
}

#[test]
fn what_is_held_is_tried_at_once_when_settings_are_reloaded_that_did_not_change() {
    for how in ["POST", "SIGHUP"] {
        let opened = Arc::new(AtomicBool::new(false));
        let lets = Arc::clone(&opened);
        // The password is right from the start: over there it is made known only later.
        let gateway = Double::new(move |_, stream| {
            let status = if lets.load(Ordering::SeqCst) { "200 OK" } else { "401 Unauthorized" };
            answer(stream, status, "", b"who are you?");
        });
        let target = Double::page("a 1\n");
        let text = settings(&target, &gateway, "bearer_token = \"good\"");
        let write = format!("[[remote_write]]\nurl = \"{}/w\"\n", gateway.url);
        let agent = start(&(text + &write));
        let states = || {
            let now = now(&agent);
            [&now["endpoints"][0]["state"], &now["receivers"][0]["state"]].map(ToString::to_string)
        };
        eventually("that both are held", || states() == ["\"held\"", "\"held\""]);
        opened.store(true, Ordering::SeqCst);
        if how == "POST" {
            assert_eq!(agent.reload().0, 200);
        } else {
            agent.signal("-HUP");
        }
        let reloaded = Instant::now();
        eventually("that both are let in", || states() == ["\"ok\"", "\"ok\""]);
        // By itself it would take a minute.
        assert!(reloaded.elapsed() < Duration::from_secs(30), "{how}");
    }
}

#[test]
fn what_is_held_is_tried_once_more_at_the_end_and_left_with_a_word() {
    let (target, gateway) = (Double::page("a 1\n"), gateway("new", "401 Unauthorized", ""));
    let mut agent = start(&settings(&target, &gateway, ""));
    eventually("that it is held", || state(&agent) == "held");
    assert!(agent.log().contains("set username and password_file"), "{}", agent.log());
    agent.terminate();
    assert_eq!(agent.wait(), Some(1));
    eventually("the word", || agent.log().contains("refused the last values of 2 groups"));
    // One that runs once has no time to wait, either.
    let (code, said) = run(&settings(&target, &gateway, "[shutdown]\ngrace = \"10m\""), &["once"], &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("401 Unauthorized"), "{said}");
}
