//! Other people's readers are the judges: what they take and refuse, we do, and what we write, they read.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::{Duration, Instant};

use exposition::{Limits, Page, encode};
use serde_json::Value;

use super::grammar::ROWS;
use super::peers;

/// Rows on which the Prometheus of Debian 12 differs from the rule that we follow.
fn differs(text: &str) -> bool {
    // Quoted names came with Prometheus 3.
    text.contains("{\"")
}

#[test]
fn prometheus_itself_takes_and_refuses_the_same_pages_and_reads_the_same_series() {
    let pages = serve_rows();
    let folder = tempfile::tempdir().unwrap();
    let mut config = "global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: pages\n  honor_timestamps: false\n  static_configs:\n".to_owned();
    for at in 0..ROWS.len() {
        writeln!(
            config,
            "  - {{targets: ['127.0.0.1:{pages}'], labels: {{__metrics_path__: '/{at}', page: 'p{at}'}}}}"
        )
        .unwrap();
    }
    let prometheus = peers::prometheus(folder.path(), &config);
    let targets = wait_for_all_scrapes(prometheus.port);
    for (at, (text, scraped, ..)) in ROWS.iter().enumerate() {
        if differs(text) {
            continue;
        }
        let page = format!("p{at}");
        let target = targets.iter().find(|target| target["labels"]["page"] == page.as_str()).unwrap();
        assert_eq!(target["health"] == "up", *scraped, "{text:?}: {}", target["lastError"]);
        if *scraped {
            let theirs = series_of(prometheus.port, &page);
            assert_eq!(theirs, our_series(text), "{text:?}");
        }
    }
}

fn serve_rows() -> u16 {
    peers::serve(
        ROWS.iter().map(|(text, ..)| text.as_bytes().to_vec()).collect(),
        "text/plain; version=0.0.4",
    )
}

fn wait_for_all_scrapes(port: u16) -> Vec<Value> {
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        let (_, body) = peers::request(port, "GET", "/api/v1/targets?state=active", b"").unwrap();
        let answer: Value = serde_json::from_str(&body).unwrap();
        let targets = answer["data"]["activeTargets"].as_array().cloned().unwrap_or_default();
        if targets.len() == ROWS.len() && targets.iter().all(|target| target["health"] != "unknown") {
            return targets;
        }
        assert!(Instant::now() < end, "not all pages were scraped: {body}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

type Series = BTreeSet<Vec<(String, String)>>;

fn series_of(port: u16, page: &str) -> Series {
    let query = format!("/api/v1/series?match[]=%7Bpage%3D%22{page}%22%2C__name__!~%22up%7Cscrape_.*%22%7D");
    let (_, body) = peers::request(port, "GET", &query, b"").unwrap();
    let answer: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
    let labels = |series: &Value| {
        let own = series.as_object().unwrap().iter();
        let own = own.filter(|(name, _)| !matches!(name.as_str(), "page" | "job" | "instance"));
        let mut own: Vec<_> =
            own.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        own.sort();
        own
    };
    answer["data"].as_array().unwrap().iter().map(labels).collect()
}

fn our_series(text: &str) -> Series {
    let page = Page::parse(text.to_owned(), &Limits::default()).unwrap();
    let labels = |sample: exposition::Sample<'_>| {
        let own = sample.labels().map(|label| (label.name.to_owned(), label.value.into_owned()));
        // An empty label is no label, to Prometheus.
        let mut own: Vec<_> = own.filter(|(_, value)| !value.is_empty()).collect();
        own.push(("__name__".to_owned(), sample.name().to_owned()));
        own.sort();
        own
    };
    page.samples().map(labels).collect()
}

#[test]
fn the_real_pushgateway_takes_and_refuses_the_same_pushes() {
    let gateway = peers::pushgateway();
    for (at, (text, _, pushed, _)) in ROWS.iter().enumerate() {
        let path = format!("/metrics/job/p{at}");
        let (status, body) = peers::request(gateway.port, "PUT", &path, text.as_bytes()).unwrap();
        if body.contains("timestamps")
            || body.contains("already collected")
            || body.contains("collected metric")
        {
            // Read, and then refused for what it says: the gateway's rules, not the grammar's.
            assert!(pushed, "{text:?}: {status} {body}");
        } else {
            assert_eq!(status == 200, *pushed, "{text:?}: {status} {body}");
        }
        peers::request(gateway.port, "DELETE", &path, b"");
    }
}

fn real_pages() -> [(&'static str, Page); 2] {
    let page = |text: &'static str| Page::parse(text, &Limits::default()).unwrap();
    [
        ("node_exporter", page(include_str!("../../benches/pages/node_exporter.txt"))),
        ("prometheus", page(include_str!("../../benches/pages/prometheus.txt"))),
    ]
}

#[test]
fn promtool_finds_no_fault_in_what_we_write() {
    for (name, page) in real_pages() {
        let labels = [("job", "a/b\"\\\n"), ("instance", "é")];
        let page = page.rewrite(&exposition::Rewrite { labels: &labels, ..Default::default() });
        let (_, printed) = peers::run("promtool", &["check", "metrics"], page.text().as_bytes());
        // Its advice on other people's names is theirs to take; errors would be ours.
        assert!(!printed.contains("error while linting"), "{name}: {printed}");
    }
}

const PYTHON: &str = "
import sys, json
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics
text = sys.stdin.buffer.read().decode()
read = openmetrics if sys.argv[1] == 'openmetrics' else parser
for family in read.text_string_to_metric_families(text):
    for sample in family.samples:
        print(json.dumps([sample.name, sorted(sample.labels.items()), repr(float(sample.value))]))
";

#[test]
fn pythons_client_reads_from_us_what_we_read() {
    let python = peers::PYTHON;
    let rare = Page::parse_openmetrics(super::openmetrics::RARE, &Limits::default()).unwrap();
    for (name, page) in real_pages().into_iter().chain([("rare kinds", rare)]) {
        for format in ["text", "openmetrics"] {
            let mut out = Vec::new();
            if format == "text" {
                encode::text(&page, &mut out);
            } else {
                encode::openmetrics(&page, &mut out);
            }
            let (success, printed) = peers::run(python, &["-c", PYTHON, format], &out);
            assert!(success, "{name} as {format}: {printed}");
            let mut theirs: Vec<(String, usize, u64)> = printed.lines().map(python_sample).collect();
            let mut ours: Vec<_> = page
                .samples()
                .map(|sample| (sample.name().to_owned(), sample.labels().count(), sample.value().to_bits()))
                .collect();
            theirs.sort();
            ours.sort();
            assert_eq!(theirs, ours, "{name} as {format}");
        }
    }
}

fn python_sample(line: &str) -> (String, usize, u64) {
    let sample: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let value: f64 = sample[2].as_str().unwrap().parse().unwrap();
    let bits = if value.is_nan() { 0x7ff8_0000_0000_0001 } else { value.to_bits() };
    (sample[0].as_str().unwrap().to_owned(), sample[1].as_array().unwrap().len(), bits)
}
