//! The targets of a list: they are those of Prometheus, and a thousand of them are scraped on time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use exposition::GroupingKey;
use serde_json::{Value, json};

use super::doubles::{Double, answer};
use super::lists::{settings, write};
use super::peers;
use super::process::{Agent, eventually, start};

/// Labels, and the URL that is scraped.
type Targets = BTreeSet<(BTreeMap<String, String>, String)>;

#[test]
fn targets_and_their_labels_are_those_of_prometheus() {
    let list = json!([
        {"targets": ["127.0.0.1:1", "127.0.0.2"], "labels": {"env": "prod", "__meta_x": "y", "empty": ""}},
        {"targets": ["127.0.0.3:3"], "labels": {"job": "own", "instance": "named"}},
        {"targets": ["127.0.0.4:4"], "labels": {"__metrics_path__": "/deep/path", "__param_a": "2", "__param_module": "x y"}},
        {"targets": ["127.0.0.5"], "labels": {"__scheme__": "https"}},
        {"targets": ["[::1]:6", "127.0.0.1:1"], "labels": {"env": "prod"}},
        {"targets": ["with/slash"]},
        {"targets": [], "labels": {"a": "b"}},
    ]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.json");
    write(&file, &list.to_string());
    let config = format!(
        "scrape_configs: [{{job_name: j, params: {{a: ['1']}}, file_sd_configs: [{{files: ['{}']}}]}}]",
        file.display()
    );
    let prometheus = peers::prometheus(folder.path(), &config);
    let mut theirs = Targets::new();
    eventually("targets of Prometheus", || {
        let (_, body) = peers::request(prometheus.port, "GET", "/api/v1/targets?state=active", b"").unwrap();
        let answer: Value = serde_json::from_str(&body).unwrap();
        let of = |target: &Value| {
            let url = target["scrapeUrl"].as_str().unwrap().replace(":80/", "/").replace(":443/", "/");
            (serde_json::from_value(target["labels"].clone()).unwrap(), url)
        };
        theirs = answer["data"]["activeTargets"].as_array().unwrap().iter().map(of).collect();
        !theirs.is_empty()
    });
    let agent = start(&settings("file", &file.display().to_string(), "300ms", &Double::gateway()));
    let mut ours = Targets::new();
    eventually("as many of ours", || {
        ours = targets(&agent);
        ours.len() >= theirs.len()
    });
    // What the status page shows of a query are stars.
    let starred = |(labels, url): (_, String)| {
        (labels, url.replace("a=1", "a=***").replace("a=2", "a=***").replace("x+y", "***"))
    };
    assert_eq!(ours, theirs.into_iter().map(starred).collect());
}

fn targets(agent: &Agent) -> Targets {
    let (_, body) = peers::request(agent.port, "GET", "/api/v1/status", b"").unwrap();
    let status: Value = serde_json::from_str(&body).unwrap();
    let of = |target: &Value| {
        let key: GroupingKey = target["group"].as_str().unwrap().parse().unwrap();
        let labels = key.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        (labels, target["name"].as_str().unwrap().to_owned())
    };
    let all = status["targets"].as_array().unwrap();
    all.iter().filter(|target| target["name"].as_str().unwrap().starts_with("http")).map(of).collect()
}

#[test]
fn one_of_a_thousand_targets_that_hangs_delays_none() {
    const INTERVAL: Duration = Duration::from_secs(3);
    let scrapes: Arc<Mutex<BTreeMap<String, Vec<Instant>>>> = Arc::default();
    let kept = Arc::clone(&scrapes);
    let target = Double::on(TcpListener::bind("0.0.0.0:0").unwrap(), move |request, stream| {
        let host = request.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned();
        let hangs = host.starts_with("127.0.3.7:");
        kept.lock().unwrap().entry(host).or_default().push(request.at);
        if hangs {
            std::thread::park_timeout(Duration::from_mins(1));
        }
        answer(stream, "200 OK", "content-type: text/plain\r\n", b"a 1\n");
    });
    let port = target.url.rsplit(':').next().unwrap().to_owned();
    // All of 127.0.0.0/8 is this machine.
    let addresses: Vec<String> =
        (0..1_000).map(|at| format!("127.0.{}.{}:{port}", at / 250, at % 250 + 1)).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.json");
    write(&file, &json!([{"targets": addresses}]).to_string());
    let groups: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let kept = Arc::clone(&groups);
    let gateway = Double::new(move |request, stream| {
        kept.lock().unwrap().insert(request.line.clone());
        answer(stream, "200 OK", "", b"");
    });
    let agent = start(&settings("file", &file.display().to_string(), "3s", &gateway));
    eventually("two scrapes of each, and a group of each", || {
        let scrapes = scrapes.lock().unwrap();
        let all = scrapes.len() == 1_000 && scrapes.values().all(|times| times.len() >= 2);
        let groups = groups.lock().unwrap();
        all && groups.iter().filter(|line| line.starts_with("PUT /metrics/job/j/")).count() == 1_000
    });
    let scrapes = scrapes.lock().unwrap();
    assert!(scrapes.keys().any(|host| host.starts_with("127.0.3.7:")));
    // At the second tick after its first reading at the latest, however long the slow one takes.
    let longest = scrapes.values().map(|times| times[1] - times[0]).max().unwrap();
    assert!(longest < INTERVAL * 3 / 2, "{longest:?} between two scrapes");
    assert!(agent.resident() < 60 << 10, "{} KiB", agent.resident());
}
