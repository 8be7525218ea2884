//! The demo as a newcomer runs it: it shows the counter moving, and leaves nothing behind.

use std::time::{Duration, Instant};

use super::eventually;
use super::started::{gone, signal, start};

#[test]
fn the_counter_moves_and_an_interrupt_ends_everything_in_time() {
    let mut demo = start(&["demo", "--ports", "auto", "--interval", "1", "--rate", "20"]);
    demo.wait_for("Everything is running. Ctrl-C stops it all.");
    for path in ["pull", "push", "fallback"] {
        eventually(&format!("path {path} in Prometheus\n{}", demo.said()), || {
            demo.said()
                .lines()
                .any(|line| line.contains("| prometheus ") && line.contains(&format!("{path} ")))
        });
    }
    let counts = |said: &str| -> Vec<u64> {
        let part = |line: &str| line.split_once("| gateway ")?.1.split(' ').next()?.parse().ok();
        said.lines().filter_map(part).collect()
    };
    eventually("a moving counter", || counts(&demo.said()).last() > counts(&demo.said()).first());
    let children = demo.children();
    assert_eq!(children.len(), 4, "{children:?}");
    let began = Instant::now();
    demo.signal("-INT");
    assert_eq!(demo.end(), Some(0), "{}", demo.said());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(gone(&children), "{children:?}");
    demo.wait_for("| the agent's last push has arrived\n");
    demo.wait_for("| all stopped\n");
    let said = demo.said();
    let of_lab =
        said.lines().filter(|line| line.starts_with("lab ") && !line.contains("| app_requests_total: "));
    let widest = of_lab.map(|line| line.chars().count()).max();
    assert!(widest < Some(100), "{said}");
}

#[test]
fn a_child_that_dies_is_named_with_how_and_the_rest_is_stopped() {
    let mut demo = start(&["demo", "--ports", "auto", "--interval", "1", "--without-prometheus"]);
    demo.wait_for("Everything is running");
    let children = demo.children();
    let gateway = children.iter().find(|(_, name)| name.starts_with("pushpull-gatewa")).unwrap();
    signal(gateway.0, "-KILL");
    assert_eq!(demo.end(), Some(1), "{}", demo.said());
    demo.wait_for("pushpull-lab: gateway was killed (SIGKILL); its last lines:\n    ");
    let said = demo.said();
    let at_once = said.find("| gateway was killed (SIGKILL): stopping everything\n").unwrap();
    assert!(at_once < said.find("| all stopped\n").unwrap(), "{said}");
    eventually("the others' end", || gone(&children));
}

#[test]
fn children_end_even_when_the_lab_is_killed() {
    let mut demo = start(&["demo", "--ports", "auto", "--interval", "1", "--without-prometheus"]);
    demo.wait_for("Everything is running");
    let children = demo.children();
    assert_eq!(children.len(), 3, "{children:?}");
    demo.signal("-KILL");
    demo.end();
    eventually("their end", || gone(&children));
}

#[test]
fn what_the_agent_could_not_send_is_told_and_is_a_failure() {
    let mut demo = start(&["demo", "--ports", "auto", "--interval", "1", "--without-prometheus"]);
    demo.wait_for("Everything is running");
    let children = demo.children();
    let gateway = children.iter().find(|(_, name)| name.starts_with("pushpull-gatewa")).unwrap();
    signal(gateway.0, "-STOP");
    let began = Instant::now();
    demo.signal("-TERM");
    assert_eq!(demo.end(), Some(1), "{}", demo.said());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    demo.wait_for("pushpull-lab: agent did not finish (exit status: 1): its last lines say why; gateway had to be killed");
    demo.wait_for("shutdown.grace ran out");
    assert!(gone(&children), "{children:?}");
}

#[test]
fn an_agent_that_does_not_end_is_killed_and_named() {
    let mut demo = start(&["demo", "--ports", "auto", "--interval", "1", "--without-prometheus"]);
    demo.wait_for("Everything is running");
    let children = demo.children();
    let agent = children.iter().find(|(_, name)| name == "pushpull-agent").unwrap();
    signal(agent.0, "-STOP");
    // A closed terminal hangs up.
    demo.signal("-HUP");
    assert_eq!(demo.end(), Some(1), "{}", demo.said());
    demo.wait_for("pushpull-lab: agent had to be killed\n");
    assert!(gone(&children), "{children:?}");
}

#[test]
fn a_second_signal_ends_at_once_and_the_children_are_ended_by_the_kernel() {
    let mut demo = start(&["demo", "--ports", "auto", "--interval", "1", "--without-prometheus"]);
    demo.wait_for("Everything is running");
    let children = demo.children();
    let agent = children.iter().find(|(_, name)| name == "pushpull-agent").unwrap();
    signal(agent.0, "-STOP");
    demo.signal("-INT");
    demo.wait_for("| stopping everything, the agent first\n");
    demo.signal("-INT");
    assert_eq!(demo.end(), Some(1), "{}", demo.said());
    demo.wait_for("SIGINT came again: ended before everything was finished\n");
    signal(agent.0, "-CONT");
    eventually("their end", || gone(&children));
}

#[test]
fn taken_ports_are_named_with_their_owner_before_anything_is_started() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let offset = (port - 8000).to_string();
    let mut demo = start(&["demo", "--port-offset", &offset]);
    assert_eq!(demo.end(), Some(1));
    demo.wait_for(&format!("    {port} for api: by "));
    demo.wait_for(&format!("(pid {})\n", std::process::id()));
    demo.wait_for("free ones with --ports auto; through make: ARGS=\"--ports auto\"");
    assert!(!demo.said().contains("listening"), "{}", demo.said());
}

#[test]
fn prometheus_port_is_in_nobodys_way_where_prometheus_takes_no_part() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let offset = (taken.local_addr().unwrap().port() - 9090).to_string();
    let arguments = ["demo", "--interval", "1", "--port-offset", &offset];
    let mut demo = start(&arguments);
    assert_eq!(demo.end(), Some(1));
    demo.wait_for("; without Prometheus: --without-prometheus");
    let mut demo = start(&[&arguments[..], &["--without-prometheus"]].concat());
    demo.wait_for("Everything is running");
    demo.signal("-TERM");
    assert_eq!(demo.end(), Some(0), "{}", demo.said());
}
