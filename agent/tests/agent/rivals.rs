//! Two agents that push one group find each other; one that is restarted finds nobody.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use gateway::settings::Settings as GatewaySettings;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::doubles::Double;
use super::ending::real_pushgateway;
use super::peers;
use super::process::{Agent, eventually, start};

/// Our gateway, until it is dropped.
pub(crate) struct Ours {
    pub(crate) port: u16,
    _stop: DropGuard,
}

pub(crate) fn our_gateway() -> Ours {
    let stop = CancellationToken::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    listener.set_nonblocking(true).unwrap();
    let token = stop.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            gateway::run(listener, GatewaySettings::parse_from(["gateway"]), token).await.unwrap();
        });
    });
    Ours { port, _stop: stop.drop_guard() }
}

const INTERVAL: Duration = Duration::from_secs(2);

fn agent(target: &Double, gateway: u16, instance: &str, interval: Duration) -> Agent {
    start(&format!(
        "interval = \"{}s\"\n[identity]\njob = \"j\"\ninstance = \"{instance}\"\n[host]\nenabled = false\n\
         [scrape]\nurl = \"{}/metrics\"\ntimeout = \"1s\"\n[push]\nurl = \"http://127.0.0.1:{gateway}\"\n\
         on_shutdown = \"keep\"\n",
        interval.as_secs(),
        target.url,
    ))
}

fn conflicts(agent: &Agent) -> f64 {
    agent.value("pushpull_agent_conflicting_groups{").unwrap_or_default()
}

/// How many pushes it took of each of both.
fn find_each_other(gateway: u16) -> [f64; 2] {
    let target = Double::page("a 1\n");
    let first = agent(&target, gateway, "i", INTERVAL);
    let alone = agent(&target, gateway, "k", INTERVAL);
    eventually("a push", || first.value("pushpull_agent_sent_total{").is_some_and(|sent| sent >= 2.0));
    let second = agent(&target, gateway, "i", INTERVAL);
    let before = first.value("pushpull_agent_sent_total{").unwrap();
    let said = "WARN another agent pushes this group, too, and each takes the other's values away: \
                give one of them another identity.instance, or another job";
    // That of the page, and the agents' own.
    let told = |agent: &Agent| agent.log().matches(said).count();
    let log = |agent: &Agent| agent.log();
    let end = Instant::now() + Duration::from_secs(18);
    while told(&first) < 2 || told(&second) < 2 {
        // Who did not find whom says more than that the time is over.
        assert!(
            Instant::now() < end,
            "{gateway}\n{}\n{}\n{}",
            log(&first),
            log(&second),
            peers::request(gateway, "GET", "/metrics", b"")
                .unwrap()
                .1
                .lines()
                .filter(|line| line.contains("pusher_id{"))
                .collect::<Vec<_>>()
                .join("\n")
        );
        std::thread::park_timeout(Duration::from_millis(10));
    }
    let sent = |agent: &Agent| agent.value("pushpull_agent_sent_total{").unwrap_or_default();
    let pushed = [sent(&first) - before, sent(&second)];
    eventually("their metrics", || conflicts(&first) >= 2.0 && conflicts(&second) >= 2.0);
    for agent in [&first, &second] {
        assert_eq!(told(agent), 2, "{}", agent.log());
        let series = "pushpull_agent_group_conflict{";
        assert!(agent.metrics().lines().any(|line| {
            line.starts_with(series) && line.contains("group=\"job/j/instance/i\"") && line.ends_with(" 1")
        }));
    }
    let port = second.port;
    let page = move || peers::request(port, "GET", "/", b"").unwrap().1;
    eventually("it on the page", || {
        page().contains("another agent pushes 2 of its groups, too: job/j/instance/i, ")
    });
    assert!(conflicts(&alone) < 1.0, "{}", alone.log());
    pushed
}

#[test]
fn two_that_push_one_group_find_each_other_at_ours_and_at_the_real_one() {
    let (ours, real) = (our_gateway(), real_pushgateway());
    // At the real one it depends on who looks when, so there is no bound but that of the test.
    let at_the_real_one = std::thread::spawn(move || {
        let real = real;
        find_each_other(real.port)
    });
    // Two groups each, and two intervals: the second agent pushes each once more, when it starts.
    let [first, second] = find_each_other(ours.port);
    assert!(first <= 4.0 && second <= 6.0, "{first} {second}");
    at_the_real_one.join().unwrap();
}

#[test]
fn a_restart_is_no_conflict() {
    let (ours, real) = (our_gateway(), real_pushgateway());
    let target = Arc::new(Double::page("a 1\n"));
    let ways: Vec<_> = [ours.port, real.port]
        .into_iter()
        .map(|gateway| {
            let target = Arc::clone(&target);
            std::thread::spawn(move || {
                for _ in 0..2 {
                    let mut agent = agent(&target, gateway, "i", Duration::from_secs(1));
                    eventually("pushes", || {
                        agent.value("pushpull_agent_sent_total{").is_some_and(|sent| sent >= 4.0)
                    });
                    assert!(conflicts(&agent) < 1.0, "{}", agent.log());
                    agent.terminate();
                    assert_eq!(agent.wait(), Some(0));
                    assert!(!agent.log().contains("another agent"), "{}", agent.log());
                }
            })
        })
        .collect();
    for way in ways {
        way.join().unwrap();
    }
}
