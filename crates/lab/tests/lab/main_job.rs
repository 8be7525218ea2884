//! The main job, end to end on real parts: one counter, three ways into a real Prometheus.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::peers::{self, Peer};
use super::{binary, eventually};

fn start(name: &str, arguments: impl Fn(u16) -> Vec<String>) -> Peer {
    peers::start(binary(name).to_str().unwrap(), arguments, "/-/ready")
}

fn api() -> Peer {
    start("pushpull-api", |port| vec!["--listen".to_owned(), format!("127.0.0.1:{port}")])
}

fn our_gateway() -> Peer {
    start("pushpull-gateway", |port| vec![format!("--web.listen-address=127.0.0.1:{port}")])
}

/// The agent, its process apart so that it can be asked to end.
struct Agent {
    child: Child,
    port: u16,
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn agent(folder: &Path, api: &Peer, gateways: &[&Peer], on_shutdown: &str) -> Agent {
    let mut settings = format!(
        "interval = \"500ms\"\n[identity]\njob = \"api\"\ninstance = \"one\"\n\
         [[scrape]]\nurl = \"http://127.0.0.1:{}/metrics\"\ntimeout = \"500ms\"\n",
        api.port
    );
    for gateway in gateways {
        settings.push_str(&format!(
            "[[push]]\nurl = \"http://127.0.0.1:{}\"\non_shutdown = \"{on_shutdown}\"\nlinger = \"3s\"\n",
            gateway.port
        ));
    }
    let file = folder.join("agent.toml");
    std::fs::write(&file, settings).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new(binary("pushpull-agent"))
        .args(["--config", file.to_str().unwrap(), "--listen", &format!("127.0.0.1:{port}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let agent = Agent { child, port };
    eventually("the agent", || {
        peers::request(port, "GET", "/-/ready", b"").is_some_and(|(status, _)| status == 200)
    });
    agent
}

impl Agent {
    fn terminate(&mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let mut code = None;
        eventually("the agent's end", || {
            code = self.child.try_wait().unwrap().map(|status| status.code());
            code.is_some()
        });
        code.flatten()
    }
}

/// A real Prometheus with a job for each of these: name, port, `honor_labels`.
fn prometheus(folder: &Path, jobs: &[(&str, u16, bool)]) -> Peer {
    let mut config = "global: {scrape_interval: 1s}\nscrape_configs:\n".to_owned();
    for (path, port, honor) in jobs {
        config.push_str(&format!(
            "- {{job_name: {path}, honor_labels: {honor}, static_configs: [{{targets: ['127.0.0.1:{port}'], labels: {{path: {path}}}}}]}}\n"
        ));
    }
    let file = folder.join("prometheus.yml");
    std::fs::write(&file, config).unwrap();
    let arguments = |port| {
        vec![
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", folder.join(format!("data-{port}")).display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ]
    };
    peers::start("prometheus", arguments, "/-/ready")
}

fn query(prometheus: &Peer, query: &str) -> Vec<(String, f64)> {
    ask(prometheus.port, query)
}

/// Values of an instant query by the label `path`.
pub(super) fn ask(port: u16, query: &str) -> Vec<(String, f64)> {
    let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let path = format!("/api/v1/query?query={encoded}");
    let (_, body) = peers::request(port, "GET", &path, b"").unwrap();
    let answer: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
    let result = answer["data"]["result"].as_array().cloned().unwrap_or_default();
    let point = |point: &Value| {
        let path = point["metric"]["path"].as_str().unwrap_or_default().to_owned();
        (path, point["value"][1].as_str().unwrap().parse().unwrap())
    };
    let mut points: Vec<_> = result.iter().map(point).collect();
    points.sort_by(|left: &(String, f64), right| left.0.cmp(&right.0));
    points
}

fn greet(api: &Peer, times: usize) {
    for _ in 0..times {
        assert_eq!(peers::request(api.port, "GET", "/", b"").unwrap().0, 200);
    }
}

const COUNTER: &str = "app_requests_total";

#[test]
fn one_counter_arrives_by_pull_by_push_and_by_the_fallback() {
    let folder = tempfile::tempdir().unwrap();
    let (api, ours, real) = (api(), our_gateway(), peers::pushgateway());
    let agent = agent(folder.path(), &api, &[&ours, &real], "keep");
    let jobs = [
        ("fallback", agent.port, true),
        ("pull", api.port, false),
        ("push-ours", ours.port, true),
        ("push-real", real.port, true),
    ];
    let prometheus = prometheus(folder.path(), &jobs);
    greet(&api, 7);
    let want: Vec<_> = jobs.iter().map(|(path, ..)| ((*path).to_owned(), 7.0)).collect();
    eventually("the same value by all paths", || query(&prometheus, COUNTER) == want);
    // Pushed and pulled alike carry the agent's identity, not the gateway's.
    let ours_too = format!("{COUNTER}{{job=\"api\",instance=\"one\"}}");
    assert_eq!(query(&prometheus, &ours_too).len(), 3);
    // Prometheus refuses nothing that any of them shows.
    eventually("all scrapes up", || {
        query(&prometheus, "count(up{job!~\"api|node|pushpull-agent\"} == 1) == 4").len() == 1
    });
    eventually("the host by push", || query(&prometheus, "node_load1{job=\"node\"}").len() == 3);

    // Both gateways go: the fallback and the pull go on.
    drop((ours, real));
    greet(&api, 2);
    eventually("the new value by fallback and pull", || {
        let points = query(&prometheus, COUNTER);
        let of = |path: &str| points.iter().find(|point| point.0 == path).map(|point| point.1);
        of("fallback") == Some(9.0) && of("pull") == Some(9.0)
    });
}

#[test]
fn the_last_value_is_there_after_the_agents_end() {
    for gateway in [our_gateway(), peers::pushgateway()] {
        let folder = tempfile::tempdir().unwrap();
        let api = api();
        let mut agent = agent(folder.path(), &api, &[&gateway], "keep");
        let prometheus = prometheus(folder.path(), &[("push", gateway.port, true)]);
        greet(&api, 3);
        assert_eq!(agent.terminate(), Some(0));
        eventually("the last value", || query(&prometheus, COUNTER) == [("push".to_owned(), 3.0)]);
    }
}

#[test]
fn groups_are_gone_after_the_end_where_that_was_asked_for_and_their_last_value_was_seen() {
    for gateway in [our_gateway(), peers::pushgateway()] {
        let folder = tempfile::tempdir().unwrap();
        let api = api();
        let mut agent = agent(folder.path(), &api, &[&gateway], "delete");
        let prometheus = prometheus(folder.path(), &[("push", gateway.port, true)]);
        eventually("a first scrape", || query(&prometheus, COUNTER).len() == 1);
        greet(&api, 5);
        assert_eq!(agent.terminate(), Some(0));
        let seen = format!("max_over_time({COUNTER}[1m])");
        assert_eq!(query(&prometheus, &seen), [("push".to_owned(), 5.0)]);
        eventually("its end", || query(&prometheus, COUNTER).is_empty());
        let (_, page) = peers::request(gateway.port, "GET", "/metrics", b"").unwrap();
        assert!(!page.contains("job=\"api\"") && !page.contains("job=\"node\""), "{page}");
    }
}
