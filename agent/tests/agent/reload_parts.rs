//! What a reload means for each kind of part, and who is told of SIGHUP.

use super::doubles::{Double, answer};
use super::exec::{exec, free_port};
use super::flow::settings;
use super::peers;
use super::process::{eventually, start};
use super::reload::now;

#[test]
fn another_interval_holds_from_now_on_for_sources_that_go_on() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let text = settings(&[&target], &[&gateway], "1h").replace("timeout = \"1h\"\n", "");
    let agent = start(&text);
    eventually("the first pushes", || gateway.seen_of("PUT ").len() >= 2);
    agent.rewrite(&text.replace("interval = \"1h\"", "interval = \"100ms\""));
    let (status, said) = agent.reload();
    assert!(status == 200 && said.contains("sources that go on as before: 1\n"), "{said}");
    let own = "PUT /metrics/job/pushpull-agent/instance/i";
    eventually("the new pace", || gateway.seen_of(own).len() >= 5);
}

#[test]
fn an_endpoint_that_goes_gets_what_waits_for_it() {
    let target = Double::page("a 1\n");
    let slow = Double::new(|_, stream| {
        std::thread::park_timeout(std::time::Duration::from_millis(300));
        answer(stream, "200 OK", "", b"");
    });
    let hour = |gateways: &[&Double]| {
        settings(&[&target], gateways, "1h").replace("timeout = \"1h\"", "timeout = \"9s\"")
    };
    let agent = start(&hour(&[&slow]));
    eventually("the first push", || slow.seen().len() == 1);
    agent.rewrite(&hour(&[&Double::gateway()]));
    let (status, said) = agent.reload();
    assert!(status == 200 && said.contains(&format!("gone endpoint: {}", slow.url)), "{said}");
    eventually("the other group", || slow.seen().len() == 2);
    eventually("no series of it", || !now(&agent).contains(&slow.url));
    assert!(!agent.log().contains("left undone"), "{}", agent.log());
}

#[test]
fn the_addresses_of_a_name_go_on_ended_or_taken_over_as_the_name_does() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let port = target.url.rsplit(':').next().unwrap().to_owned();
    let base = settings(&[], &[&gateway], "1h");
    let named = |more: &str| {
        format!("{base}[[scrape]]\nurl = \"http://localhost:{port}/metrics\"\ndiscovery = \"dns\"\n{more}")
    };
    let agent = start(&named(""));
    let group = format!("PUT /metrics/job/j/instance/127.0.0.1%3A{port}");
    eventually("its group", || gateway.seen_of(&group).len() == 1);
    let reload = |text: &str, pushes: usize| {
        agent.rewrite(text);
        let (status, said) = agent.reload();
        assert_eq!(status, 200, "{said}");
        eventually("its push", || gateway.seen_of(&group).len() == pushes);
        gateway.seen_of(&group).pop().unwrap()
    };
    // Nothing changed, then another limit, then no such target.
    reload(&format!("{}\n# as before\n", named("")), 1);
    let taken_over = reload(&named("[scrape.limits]\nsamples = 10\n"), 2);
    assert!(taken_over.body.contains("up 1\n") && !taken_over.line.ends_with("?ttl=30"), "{taken_over:?}");
    let other = Double::page("b 1\n");
    let ended = reload(&format!("{base}[[scrape]]\nurl = \"{}/metrics\"\n", other.url), 3);
    assert!(ended.body.contains("up 0\n") && ended.line.ends_with("?ttl=30"), "{ended:?}");
    assert_eq!(target.seen().len(), 2);
}

#[test]
fn under_exec_a_hangup_is_the_apps_and_a_post_reloads() {
    let gateway = Double::gateway();
    let app = "trap 'echo app was hung up; exit 3' HUP; while :; do sleep 0.02; done";
    let mut run = exec(&gateway, free_port(), &["sh", "-c", app]);
    let port = || {
        run.said()
            .lines()
            .find_map(|line| line.strip_prefix("listening on ")?.rsplit(':').next()?.parse().ok())
    };
    eventually("the listener", || port().is_some());
    let (status, said) = peers::request(port().unwrap(), "POST", "/-/reload", b"").unwrap();
    assert!(status == 200 && said.contains("sources that go on as before: 2\n"), "{said}");
    run.signal("-HUP");
    assert_eq!(run.end(), Some(3), "{}", run.said());
    eventually("the app's word", || run.said().contains("app was hung up"));
    assert_eq!(run.said().matches("settings reloaded").count(), 1, "{}", run.said());
}
