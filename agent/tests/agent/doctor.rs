//! `doctor`: in words what is wrong, with the settings, the agent, its machine and those it talks to.

use super::doubles::{Double, answer};
use super::flow::settings;
use super::process::{eventually, run, start};

fn doctor(settings: &str) -> (Option<i32>, String) {
    run(settings, &["doctor"], &[])
}

#[test]
fn wrong_settings_are_a_finding_each() {
    let (code, said) = doctor("interval = \"0s\"\nintervall = 1\n");
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("fail  settings ")).count(), 2, "{said}");
    assert!(
        said.contains("expected a duration from 10ms to 1year, got 0s") && said.contains("agent.toml:1:1"),
        "{said}"
    );
}

#[test]
fn all_is_well_with_an_agent_that_works_and_it_does_not_notice() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let text = settings(&[&target], &[&gateway], "1h").replace("timeout = \"1h\"", "timeout = \"9s\"");
    let agent = start(&text);
    eventually("the first pushes", || gateway.seen_of("PUT ").len() == 2);
    let (code, said) = doctor(&format!("{text}\n[pull]\nlisten = \"127.0.0.1:{}\"\n", agent.port));
    assert_eq!(code, Some(0), "{said}");
    for part in [
        format!(
            "ok    listener 127.0.0.1:{} — an agent answers there, process {} (",
            agent.port,
            agent.pid()
        ),
        "ok    agent — it has nothing to complain of".to_owned(),
        "ok    file descriptors — ".to_owned(),
        "  memory — ".to_owned(),
        "  time synchronisation — ".to_owned(),
        format!("ok    {} — it is there and answers", gateway.url),
    ] {
        assert!(said.contains(&part), "{part} in {said}");
    }
    assert_eq!(gateway.seen_of("PUT ").len(), 2, "doctor pushed");
}

#[test]
fn what_a_running_agent_suffers_from_is_told() {
    let target = Double::new(|_, stream| answer(stream, "500 Internal Server Error", "", b""));
    let gateway = Double::new(|request, stream| {
        let status = if request.line.starts_with("PUT") { "400 Bad Request" } else { "200 OK" };
        answer(stream, status, "", b"");
    });
    let text = settings(&[&target], &[&gateway], "100ms");
    let agent = start(&text);
    agent.rewrite("interval = \"0s\"\n");
    assert_eq!(agent.reload().0, 400);
    eventually("its own failures", || {
        agent.value("pushpull_agent_config_last_reload_successful") == Some(0.0)
            && agent.value("up{job=\"j\"") == Some(0.0)
            && agent.metrics().contains("reason=\"400\"")
    });
    let (code, said) = doctor(&format!("{text}\n[pull]\nlisten = \"127.0.0.1:{}\"\n", agent.port));
    assert_eq!(code, Some(1), "{said}");
    for part in [
        "fail  reload — the last one failed",
        "fail  group j i — the last reading failed",
        &format!("warn  pushes to {} — ", gateway.url),
        "were refused with 400",
        "answers 500 Internal Server Error, expected 200 — the target itself fails",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn who_took_the_address_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let text = settings(&[&Double::page("a 1\n")], &[&Double::gateway()], "5s");
    // Somebody who takes connections and never answers; the listener waits no longer than a scrape.
    let (code, said) = doctor(&format!("{text}\n[pull]\nlisten = \"{listen}\"\n"));
    assert_eq!(code, Some(1), "{said}");
    let who = format!("fail  listener {listen} — taken by process {} (", std::process::id());
    assert!(said.contains(&who) && said.contains("another address with pull.listen"), "{said}");
}

#[test]
fn each_target_of_a_list_needs_a_file_descriptor() {
    let (target, gateway, folder) = (Double::page("a 1\n"), Double::gateway(), tempfile::tempdir().unwrap());
    let host = target.url.trim_start_matches("http://");
    let targets: Vec<String> =
        (0..40).map(|at| format!("{{\"targets\":[\"{host}\"],\"labels\":{{\"n\":\"{at}\"}}}}")).collect();
    let list = folder.path().join("targets.json");
    std::fs::write(&list, format!("[{}]", targets.join(","))).unwrap();
    let (code, said) = doctor(&format!(
        "[host]\nenabled = false\n[scrape]\nurl = \"http://*/metrics\"\ndiscovery = \"file\"\ntargets = \"{}\"\n\
         [push]\nurl = \"{}\"\n[pull]\nlisten = \"127.0.0.1:0\"\n",
        list.display(),
        gateway.url
    ));
    assert!(code.is_some() && said.contains("file descriptors — about 106 are needed"), "{said}");
}
