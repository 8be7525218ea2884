//! Targets that come and go with the addresses of a name.

use std::sync::Arc;
use std::time::Duration;

use agent::config::{Endpoint, OnShutdown, Target};
use agent::intake::Intake;
use agent::pipeline::{self, Change, Hurry, Times, Way, Ways};
use agent::sinks::pull::Pull;
use agent::sinks::push::Push;
use agent::sources::Source;
use agent::sources::scrape::Scrape;
use agent::stats::Stats;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::doubles::Double;
use super::process::{eventually, start};

#[test]
fn an_address_of_a_name_is_a_target_with_that_instance() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let url = target.url.replace("127.0.0.1", "localhost");
    let agent = start(&format!(
        "interval = \"300ms\"\n[identity]\njob = \"j\"\n[host]\nenabled = false\n[[scrape]]\nurl = \"{url}/metrics\"\n\
         timeout = \"300ms\"\ndiscovery = \"dns\"\n[[push]]\nurl = \"{}\"\n",
        gateway.url
    ));
    let address = target.url.trim_start_matches("http://").to_owned();
    let path = format!("PUT /metrics/job/j/instance/{}", address.replace(':', "%3A"));
    eventually("a push of the address", || !gateway.seen_of(&path).is_empty());
    // The name stays in the request, for servers that look at it.
    assert!(target.seen()[0].head.contains("host: localhost:"), "{}", target.seen()[0].head);
    assert_eq!(agent.value(&format!("up{{job=\"j\",instance=\"{address}\"}}")), Some(1.0));
}

#[tokio::test]
async fn a_target_that_leaves_has_its_group_ended_as_told() {
    service::crypto::install();
    for (on_shutdown, ttl) in
        [(OnShutdown::Expire, "0.5"), (OnShutdown::Delete, "60"), (OnShutdown::Keep, "60")]
    {
        let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
        let stats = Arc::new(Stats::new().unwrap());
        let source = |name: &str| -> Box<dyn Source> {
            let key = format!("job/{name}").parse().unwrap();
            let target = Target::at(&format!("{}/{name}", target.url));
            Box::new(Scrape::new(&target.url, &target, None, key, Arc::clone(&stats)))
        };
        let linger = Duration::from_millis(500);
        let life = Some(Duration::from_mins(1));
        let endpoint = Endpoint { on_shutdown, linger, ttl: life, ..Endpoint::at(&gateway.url) };
        let intake = Arc::new(Intake::new("gateway", Arc::clone(&stats)));
        let stop = CancellationToken::new();
        let way = Way::to(Push::new(&endpoint, Arc::clone(&stats)), intake, &stop);
        let (sender, changes) = mpsc::channel(1);
        let times = Times { interval: Duration::from_millis(50), grace: Duration::from_secs(5), seed: 0 };
        let pull = Arc::new(Pull::new(1));
        let sources = vec![source("stays")];
        let (ends, hurry) = (stop.clone(), Hurry::none());
        let run = tokio::spawn(async move {
            pipeline::run(times, sources, changes, &hurry, pull, (Ways::new(vec![way]), Vec::new()), ends)
                .await
        });
        let joins = source("leaves");
        let name = joins.name().to_owned();
        sender.send(vec![Change::Join(joins)]).await.unwrap();
        let until = |what, done: Box<dyn Fn() -> bool + Send>| {
            tokio::task::spawn_blocking(move || eventually(what, done))
        };
        let gateway = Arc::new(gateway);
        let seen = Arc::clone(&gateway);
        until("a push", Box::new(move || !seen.seen_of("PUT /metrics/job/leaves").is_empty())).await.unwrap();
        sender.send(vec![Change::gone(name)]).await.unwrap();
        let seen = Arc::clone(&gateway);
        let down = move || seen.seen_of("PUT /metrics/job/leaves").last().unwrap().body.contains("up 0\n");
        until("its end", Box::new(down)).await.unwrap();
        let last = gateway.seen_of("PUT /metrics/job/leaves").pop().unwrap();
        assert!(last.line.ends_with(&format!("?ttl={ttl}")), "{}", last.line);
        let pushes = gateway.seen_of("PUT /metrics/job/leaves").len();
        if on_shutdown == OnShutdown::Delete {
            let seen = Arc::clone(&gateway);
            let deleted = move || !seen.seen_of("DELETE /metrics/job/leaves").is_empty();
            until("its deletion", Box::new(deleted)).await.unwrap();
        }
        let (others, seen) = (gateway.seen_of("PUT /metrics/job/stays").len(), Arc::clone(&gateway));
        let more = move || seen.seen_of("PUT /metrics/job/stays").len() > others + 2;
        until("pushes of the other", Box::new(more)).await.unwrap();
        assert_eq!(gateway.seen_of("PUT /metrics/job/leaves").len(), pushes, "{on_shutdown:?}");
        stop.cancel();
        assert_eq!(run.await.unwrap(), Vec::new());
    }
}
