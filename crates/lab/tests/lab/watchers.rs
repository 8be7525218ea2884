//! Who watches: each way sees its instances, and gateways come back as what they are.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lab::compare::path::Path;
use lab::compare::scenario::{Network, Times};
use lab::compare::stage::Stage;
use lab::compare::watchers::{Part, Target, Watchers};
use lab::process::{Log, Process};
use lab::programs::Program;

use super::started::gone;
use super::{binary, eventually};

const TIMES: Times = Times { scrape: 0.5, push: 1.0, lookback: 60.0, lifetime: 30.0, rate: 1.0 };
const PUSHES: [Path; 4] = [Path::PushOurs, Path::PushExec, Path::PushReal, Path::PushRealFile];

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// Asks until the query has this value; none: until it returns nothing.
async fn comes(watchers: &Watchers, path: Path, query: &str, value: Option<f64>) {
    let asked = watchers.prometheus(path).unwrap();
    let mut last = None;
    let coming = async {
        let mut polls = tokio::time::interval(Duration::from_millis(50));
        loop {
            polls.tick().await;
            last = asked.query(query).await.unwrap().first().map(|point| point.value);
            if last == value {
                return;
            }
        }
    };
    let outcome = tokio::time::timeout(Duration::from_secs(40), coming).await;
    assert!(outcome.is_ok(), "{path:?}: {query} never was {value:?}, but {last:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_sees_the_instance_and_gateways_forget_or_keep_what_they_were_told() {
    let (log, folder) = (Log::default(), tempfile::tempdir().unwrap());
    let stage = Stage::build("test", Network::Plain, false).unwrap();
    // Any port is free there; the loopback's pods have their addresses to themselves, too.
    let address = SocketAddr::from((stage.pod_address(0), 8_000));
    let targets = [
        Target { address, instance: "pod-0".to_owned() },
        Target { address: SocketAddr::from((stage.pod_address(1), 8_000)), instance: "pod-1".to_owned() },
    ];
    let flags = ["--listen".to_owned(), address.to_string()];
    let program = stage.site(Program::new(&binary("pushpull-api"), flags));
    let _api = Process::start("api", &program, &log).unwrap();

    let mut watchers =
        Watchers::start(&stage, &TIMES, &Path::ALL, &targets, folder.path(), &log).await.unwrap();
    watchers.wait_up().await.unwrap();
    watchers.born("pod-0").unwrap();
    let parts = |watchers: &Watchers, part| -> BTreeMap<Path, Vec<u32>> {
        Path::ALL.into_iter().map(|path| (path, watchers.pids(path, part))).collect()
    };
    let servers = parts(&watchers, Part::Prometheus);
    let gateways = parts(&watchers, Part::Gateway);
    for path in Path::ALL {
        assert_eq!(servers[&path].len(), 1, "{servers:?}");
        assert_eq!(gateways[&path].len(), usize::from(path.has_gateway()), "{gateways:?}");
        assert_eq!(watchers.receiver_address(path).is_some(), !path.pulls());
        // It is the program itself, not what wraps it.
        let name = std::fs::read_to_string(format!("/proc/{}/comm", servers[&path][0])).unwrap();
        assert!(name.starts_with("prom"), "{name}");
    }

    // Written by an agent, which waits in vain for what is killed below, and goes on when it is back.
    let to = watchers.receiver_address(Path::RemoteWrite).unwrap();
    let settings = folder.path().join("agent.toml");
    let text = format!(
        "interval = \"500ms\"\n[identity]\njob = \"api\"\ninstance = \"pod-0\"\n[host]\nenabled = false\n\
         [[scrape]]\nurl = \"http://{address}/metrics\"\n[[remote_write]]\nurl = \"http://{to}/api/v1/write\"\n\
         [pull]\nlisten = \"{}:0\"\n",
        address.ip()
    );
    std::fs::write(&settings, text).unwrap();
    let flags = ["--config".to_owned(), settings.display().to_string()];
    let program = stage.site(Program::new(&binary("pushpull-agent"), flags));
    let _agent = Process::start("agent", &program, &log).unwrap();
    let written = "up{job=\"api\",instance=\"pod-0\"}";
    comes(&watchers, Path::RemoteWrite, written, Some(1.0)).await;

    // Pushed, and seen under the instance's own name.
    let client = service::client::builder(Duration::from_secs(2), Duration::from_secs(5), false);
    let client = client.no_proxy().build().unwrap();
    for path in PUSHES {
        let gateway = watchers.receiver_address(path).unwrap();
        let url = format!("http://{gateway}/metrics/job/api/instance/pod-0");
        let answer = client.put(url).body("pushed_total 7\n").send().await.unwrap();
        assert!(answer.status().is_success(), "{path:?} {}", answer.status());
    }
    let pushed = "pushed_total{job=\"api\",instance=\"pod-0\"}";
    for path in PUSHES {
        comes(&watchers, path, pushed, Some(7.0)).await;
    }
    // What was pushed less than a second ago is not in the file yet.
    let kept = folder.path().join(Path::PushRealFile.name()).join("groups");
    tokio::task::block_in_place(|| eventually("the Pushgateway's file", || kept.exists()));
    watchers.check().await.unwrap();
    let at = now();
    watchers.kill_receivers().await;
    assert!(watchers.pids(Path::RemoteWrite, Part::Prometheus).is_empty());
    assert!(PUSHES.iter().all(|path| watchers.pids(*path, Part::Gateway).is_empty()));
    for path in PUSHES {
        comes(&watchers, path, "up{job=\"gateway\"}", Some(0.0)).await;
    }
    watchers.start_receivers().await.unwrap();
    assert_ne!(parts(&watchers, Part::Gateway), gateways);
    assert_ne!(watchers.pids(Path::RemoteWrite, Part::Prometheus), servers[&Path::RemoteWrite]);
    // What was scraped before its outage and within it is there.
    let before = format!("sum(count_over_time({written}[1m] @ {at:.3})) > bool 0");
    comes(&watchers, Path::RemoteWrite, &before, Some(1.0)).await;
    let gaps = format!("count_over_time({written}[2s] @ {:.3} ) > bool 2", at + 2.0);
    comes(&watchers, Path::RemoteWrite, &gaps, Some(1.0)).await;
    for path in PUSHES {
        comes(&watchers, path, "up{job=\"gateway\"}", Some(1.0)).await;
        let value = (path == Path::PushRealFile).then_some(7.0);
        comes(&watchers, path, pushed, value).await;
    }

    // Pulled: by who knew it at once, by the other once it was found.
    comes(&watchers, Path::PullStatic, "up{job=\"api\",instance=\"pod-0\"}", Some(1.0)).await;
    comes(&watchers, Path::PullStatic, "up{job=\"api\",instance=\"pod-1\"}", Some(0.0)).await;
    comes(&watchers, Path::PullDiscovered, "up{job=\"api\",instance=\"pod-0\"}", Some(1.0)).await;
    comes(&watchers, Path::PullDiscovered, "count(up{instance!=\"pod-0\"} == 1)", None).await;
    let asked = watchers.prometheus(Path::PullStatic).unwrap();
    let series = asked.samples("up{instance=\"pod-0\"}[20m]", now()).await.unwrap();
    assert_eq!(series.len(), 1, "{series:?}");
    assert!(series[0].samples.is_sorted_by(|one, next| one.0 < next.0) && series[0].samples.len() > 3);
    let (time, value) = *series[0].samples.last().unwrap();
    assert_eq!(
        asked.query_at("up{instance=\"pod-0\"}", time).await.unwrap()[0].value.to_bits(),
        value.to_bits()
    );
    let steps = asked.range("up{instance=\"pod-0\"}", time - 1.0, time, 0.5).await.unwrap();
    assert_eq!(steps[0].samples.len(), 3, "{steps:?}");
    assert!(asked.samples("up{", now()).await.unwrap_err().to_string().contains("parse error"));

    if let Some(wire) = stage.wire().unwrap() {
        let none: Vec<_> = Path::ALL.into_iter().filter(|path| wire[path].bytes == 0).collect();
        assert!(none.is_empty(), "nothing counted for {none:?} in {wire:?}");
    }
    watchers.died("pod-0").unwrap();
    let ids =
        parts(&watchers, Part::Prometheus).into_values().chain(parts(&watchers, Part::Gateway).into_values());
    let ids: Vec<_> = ids.flatten().map(|id| (id, String::new())).collect();
    assert_eq!(ids.len(), Path::ALL.len() + PUSHES.len());
    watchers.stop().await;
    assert!(gone(&ids), "{ids:?}");
}
