//! Groups that nobody pushes any more: ours ends them by itself, from a real Pushgateway they are reaped.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::doubles::{Double, answer};
use super::peers::{self, Peer};
use super::process::{Agent, eventually, run, start, start_as};
use super::rivals::our_gateway;

fn reap(url: &str, more: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let settings = format!("[push]\nurl = \"{url}\"\n{more}\n[host]\nenabled = false\n");
    run(&settings, &[&["reap"], arguments].concat(), &[])
}

fn page(port: u16) -> String {
    peers::request(port, "GET", "/metrics", b"").unwrap().1
}

fn put(gateway: &Peer, path: &str) {
    assert_eq!(peers::request(gateway.port, "PUT", path, b"a 1\n").unwrap().0, 200);
}

fn url(gateway: &Peer) -> String {
    format!("http://127.0.0.1:{}", gateway.port)
}

#[test]
fn of_fifty_agents_that_end_or_are_killed_no_group_is_left() {
    let (ours, real, target) = (our_gateway(), peers::pushgateway(), Double::page("a 1\n"));
    let agent = |instance: String| {
        let ways = [ours.port, real.port].map(|port| {
            let last = "ttl = \"4s\"\nlinger = \"1s\"\nconflict_read = \"0B\"";
            format!("[[push]]\nurl = \"http://127.0.0.1:{port}\"\n{last}\n")
        });
        start(&format!(
            "interval = \"1s\"\n[identity]\njob = \"j\"\ninstance = \"{instance}\"\n[host]\nenabled = false\n\
             [scrape]\nurl = \"{}/metrics\"\ntimeout = \"1s\"\n{}",
            target.url,
            ways.concat()
        ))
    };
    let living: Vec<Agent> = (0..5).map(|at| agent(format!("living-{at}"))).collect();
    let mut dying: Vec<Agent> = (0..50).map(|at| agent(format!("dying-{at}"))).collect();
    let groups = |port: u16, whose: &str| {
        let page = page(port);
        let times = page.lines().filter(|line| line.starts_with("push_time_seconds{"));
        times.filter(|line| line.contains(whose)).count()
    };
    eventually("both groups of each", || {
        [ours.port, real.port]
            .iter()
            .all(|port| groups(*port, "living-") == 10 && groups(*port, "dying-") == 100)
    });
    let killed = dying.split_off(25);
    for agent in &dying {
        agent.terminate();
    }
    drop(killed);
    for agent in &mut dying {
        assert_eq!(agent.wait(), Some(0), "{}", agent.log());
    }
    eventually("the end of the dead at ours", || groups(ours.port, "dying-") == 0);
    assert_eq!(groups(ours.port, "living-"), 10);
    assert_eq!(groups(real.port, "dying-"), 100, "a real one keeps them for ever");
    eventually("the end of the dead at the real one", || {
        let (code, said) = reap(&url(&real), "", &["--older-than", "4s", "--yes"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(!said.contains("deleted http") || !said.contains("living-"), "{said}");
        groups(real.port, "dying-") == 0
    });
    assert_eq!(groups(real.port, "living-"), 10);
    drop(living);
}

#[test]
fn without_yes_it_says_what_it_would_delete_and_filters_hold() {
    let gateway = peers::pushgateway();
    let old = [
        "/metrics/job/a/env/test",
        "/metrics/job/a/env/prod",
        "/metrics/job/b",
        "/metrics/job@base64/YS9i/instance/i",
    ];
    for path in old {
        put(&gateway, path);
    }
    let url = url(&gateway);
    let all = || reap(&url, "", &["--older-than", "1s"]);
    eventually("all are old", || all().1.contains("4 of 4 groups of "));
    let (code, said) = all();
    assert_eq!(code, Some(0), "{said}");
    for path in old {
        assert!(said.contains(&format!("would delete {url}{path}: pushed ")), "{path} in {said}");
    }
    assert!(
        said.contains("ago, lives 1s\n") && said.contains("nothing was deleted, which takes --yes"),
        "{said}"
    );
    let lives = "[reap]\nolder_than = \"1h\"\njobs = { b = \"1s\" }";
    for (settings, arguments, wanted) in [
        ("", &["--older-than", "1s", "--job", "a*", "--match", "env=test"][..], &old[..1]),
        ("", &["--older-than", "1s", "--job", "a/*"], &old[3..]),
        ("", &["--older-than", "1h"], &[]),
        (lives, &[], &old[2..3]),
    ] {
        let (code, said) = reap(&url, settings, arguments);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(said.matches("would delete").count(), wanted.len(), "{arguments:?} {said}");
        assert!(wanted.iter().all(|path| said.contains(&format!("{url}{path}: "))), "{arguments:?} {said}");
    }
    assert_eq!(page(gateway.port).matches("\npush_time_seconds{").count(), 4);
    let (code, said) = reap(&url, lives, &["--yes"]);
    assert_eq!((code, page(gateway.port).contains("job=\"b\"")), (Some(0), false), "{said}");
    assert_eq!(page(gateway.port).matches("\npush_time_seconds{").count(), 3);
}

#[test]
fn a_group_that_is_pushed_again_before_its_turn_is_spared() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let lists = AtomicUsize::new(0);
    let gateway = Double::new(move |request, stream| {
        if request.line.starts_with("DELETE") {
            // So long that the listing is not fresh any more.
            std::thread::park_timeout(Duration::from_millis(1200));
            return answer(stream, "202 Accepted", "", b"");
        }
        let again = if lists.fetch_add(1, Ordering::SeqCst) == 0 { now - 3600 } else { now };
        let page = format!(
            "push_time_seconds{{instance=\"\",job=\"a\"}} {}\npush_time_seconds{{instance=\"i\",job=\"b\"}} {again}\n",
            now - 3600
        );
        answer(stream, "200 OK", "", page.as_bytes());
    });
    let (code, said) =
        reap(&gateway.url, "username = \"u\"\npassword = \"p\"", &["--older-than", "5m", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains(&format!("spared {}/metrics/job/b/instance/i: pushed again just now", gateway.url)),
        "{said}"
    );
    assert_eq!(gateway.seen_of("DELETE /metrics/job/b").len(), 0, "{:?}", gateway.seen());
    assert_eq!(
        gateway.seen_of("DELETE /metrics/job/a").len(),
        2,
        "without an instance, and with an empty one"
    );
    assert!(
        gateway
            .seen()
            .iter()
            .all(|request| request.head.to_lowercase().contains("authorization: basic dtpw"))
    );
}

#[test]
fn what_goes_wrong_is_told_and_the_exit_code_says_so() {
    let gateway = Double::new(|_, stream| answer(stream, "401 Unauthorized", "", b"who?"));
    let (code, said) = reap(&gateway.url, "", &["--older-than", "5m"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("groups cannot be listed: answers 401 Unauthorized, expected 200"), "{said}");
    let (code, said) = reap(&gateway.url, "", &[]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("how old? give --older-than 5m, or set reap.older_than or reap.jobs"), "{said}");
    let (code, said) = reap(&gateway.url, "[reap]\nolder_than = \"0s\"\njobs = { \"a[\" = \"1h\" }", &[]);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("agent.toml:4:1: reap.older_than: expected a duration from 1s to 100years, got 0s"),
        "{said}"
    );
    assert!(said.contains("expected a job or a pattern such as batch-*, got \"a[\""), "{said}");
}

#[test]
fn watching_it_goes_on_and_says_of_itself() {
    let gateway = peers::pushgateway();
    put(&gateway, "/metrics/job/a");
    let settings = format!("interval = \"300ms\"\n[push]\nurl = \"{}\"\n", url(&gateway));
    let mut reaper = start_as(&settings, &["reap", "--watch", "--yes", "--older-than", "1s"], &[]);
    eventually("the end of the group", || !page(gateway.port).contains("job=\"a\""));
    put(&gateway, "/metrics/job/b");
    eventually("the end of a later one", || !page(gateway.port).contains("job=\"b\""));
    eventually("its count", || {
        reaper.value("pushpull_reap_deleted_total{").is_some_and(|deleted| deleted >= 2.0)
            && reaper.value("pushpull_reap_last_success_timestamp_seconds{").is_some_and(|time| time > 1e9)
    });
    reaper.terminate();
    assert_eq!(reaper.wait(), Some(0), "{}", reaper.log());
}

#[test]
fn where_no_gateway_is_pushed_to_there_is_none_to_reap() {
    let settings = "[[remote_write]]\nurl = \"http://127.0.0.1:1/api/v1/write\"\n";
    let (code, said) = super::process::run(settings, &["reap", "--older-than", "5m"], &[]);
    assert!(code == Some(2) && said.contains("there is no gateway to reap"), "{said}");
}
