//! Requests with headers and bodies of any bytes, and what a real Prometheus made of a gateway.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use exposition::protobuf::model::{Metric, MetricFamily, Value};
use exposition::protobuf::{self, encode};
use serde_json::Value as Json;

use super::peers::{self, Peer};

/// The headers of delimited protobuf.
pub(crate) const PROTOBUF: (&str, &str) = ("Content-Type", protobuf::CONTENT_TYPE);

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One exchange; none where the server hangs up without an answer.
pub(crate) fn send(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_mins(1))).ok()?;
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.0\r\nHost: a\r\nContent-Length: {length}\r\n{more}\r\n");
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head, body: answer[end + 4..].to_vec() })
}

/// Families, each behind its length.
pub(crate) fn delimited(families: &[MetricFamily]) -> Vec<u8> {
    let mut out = Vec::new();
    for family in families {
        encode(family, &mut out);
    }
    out
}

/// A family of one gauge without labels.
pub(crate) fn gauge(name: &str, value: f64) -> MetricFamily {
    let value = Some(Value { value: Some(value) });
    MetricFamily {
        name: Some(name.to_owned()),
        r#type: Some(1),
        metric: vec![Metric { gauge: value, ..Metric::default() }],
        ..MetricFamily::default()
    }
}

/// A Prometheus that scrapes this gateway five times a second.
pub(crate) fn watcher(folder: &Path, gateway: &Peer, flags: &[&str]) -> Peer {
    let config = format!(
        "global: {{scrape_interval: 200ms}}\nscrape_configs:\n- job_name: gateway\n  honor_labels: true\n  static_configs:\n  - targets: ['127.0.0.1:{}']\n",
        gateway.port
    );
    let file = folder.join("prometheus.yml");
    std::fs::write(&file, config).unwrap();
    let arguments = |port| {
        let mut arguments = vec![
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ];
        arguments.extend(flags.iter().map(|flag| (*flag).to_owned()));
        arguments
    };
    peers::start("prometheus", arguments, "/-/ready")
}

/// The results of an instant query.
pub(crate) fn query(prometheus: &Peer, expression: &str) -> Vec<Json> {
    let escaped: String = expression.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let (_, body) =
        peers::request(prometheus.port, "GET", &format!("/api/v1/query?query={escaped}"), b"").unwrap();
    let answer: Json = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
    answer["data"]["result"].as_array().unwrap_or_else(|| panic!("{expression}: {body}")).clone()
}

/// Waits until the query has one result of this value.
pub(crate) fn wait_for(prometheus: &Peer, expression: &str, value: &str) {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let found = query(prometheus, expression);
        if found.len() == 1 && found[0]["value"][1] == value {
            return;
        }
        assert!(Instant::now() < end, "{expression}: expected {value}, got {found:?}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// The gateway as a target, once it was scraped twice from now on.
pub(crate) fn scraped_again(prometheus: &Peer) -> Json {
    let target = || {
        let (_, body) = peers::request(prometheus.port, "GET", "/api/v1/targets?state=active", b"").unwrap();
        let answer: Json = serde_json::from_str(&body).unwrap();
        answer["data"]["activeTargets"][0].clone()
    };
    let (end, mut seen, mut last) = (Instant::now() + Duration::from_secs(20), 0, target());
    while seen < 2 {
        assert!(Instant::now() < end, "no scrape came: {last}");
        std::thread::park_timeout(Duration::from_millis(50));
        let now = target();
        if now["lastScrape"] != last["lastScrape"] {
            (seen, last) = (seen + 1, now);
        }
    }
    last
}
