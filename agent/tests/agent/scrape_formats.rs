//! What a target is asked for, and what becomes of a page in each format.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use super::compliance::site::{Target, receiver, samples};
use super::doubles::Double;
use super::peers;
use super::process::{eventually, run, start};
use super::strict::{Mode, Series, Strict};

const TEXT_FIRST: &str = "[\"PrometheusText0.0.4\", \"OpenMetricsText1.0.0\", \"OpenMetricsText0.0.1\"]";
const OPENMETRICS_FIRST: &str =
    "[\"OpenMetricsText1.0.0\", \"OpenMetricsText0.0.1\", \"PrometheusText0.0.4\"]";
const RECEIVER: &str = "[[remote_write]]\nurl = \"http://a/w\"\n";

#[test]
fn what_is_asked_for_follows_from_where_samples_go() {
    let natives = OPENMETRICS_FIRST.replace('[', "[\"PrometheusProto\", ");
    for (settings, want) in [
        (String::new(), TEXT_FIRST),
        (RECEIVER.to_owned(), OPENMETRICS_FIRST),
        (format!("{RECEIVER}[push]\nurl = \"http://b\"\n"), OPENMETRICS_FIRST),
        (format!("scrape_native_histograms = true\n{RECEIVER}"), &natives),
        (format!("scrape_protocols = [\"PrometheusText0.0.4\"]\n{RECEIVER}"), "[\"PrometheusText0.0.4\"]"),
        (
            format!("{RECEIVER}[scrape]\nurl = \"http://c/m\"\nscrape_protocols = [\"PrometheusProto\"]\n"),
            "[\"PrometheusProto\"]",
        ),
    ] {
        let (code, said) = run(&settings, &["check"], &[]);
        assert_eq!(code, Some(0), "{said}");
        let mut lines = said.lines().filter_map(|line| line.strip_prefix("scrape_protocols = "));
        let last = lines.next_back().map(|line| line.split(" #").next().unwrap_or_default().trim_end());
        assert_eq!(last, Some(want), "{settings}\n{said}");
    }
}

#[test]
fn formats_that_cannot_be_are_told_with_value_and_place() {
    let target = "[scrape]\nurl = \"http://a/m\"\n";
    for (settings, parts) in [
        (
            format!("{target}scrape_protocols = [\"OpenMetrics\"]\n"),
            [
                "agent.toml:3:",
                "unknown variant `OpenMetrics`, expected one of `PrometheusProto`, `OpenMetricsText1.0.0`",
            ],
        ),
        (
            "scrape_protocols = [\"text\"]\n".to_owned(),
            ["agent.toml:1:", "scrape_protocols[0]: unknown variant `text`, expected one of"],
        ),
        (
            format!("{target}scrape_protocols = []\n"),
            ["agent.toml:3:", "scrape[0].scrape_protocols: expected at least one format"],
        ),
        (
            "scrape_protocols = [\"PrometheusProto\", \"PrometheusProto\"]\n".to_owned(),
            ["agent.toml:1:", " scrape_protocols: PrometheusProto stands in it twice"],
        ),
        (
            format!(
                "{target}scrape_native_histograms = true\nscrape_protocols = [\"PrometheusText0.0.4\"]\n"
            ),
            [
                "agent.toml:3:",
                "scrape[0].scrape_native_histograms: needs PrometheusProto among scrape_protocols",
            ],
        ),
    ] {
        let (code, said) = run(&settings, &["check"], &[]);
        assert_eq!(code, Some(2), "{settings}{said}");
        for part in parts {
            assert!(said.contains(part), "{part}\nin\n{said}");
        }
    }
}

#[test]
fn targets_are_asked_as_prometheus_asks_them() {
    let (target, strict) = (Double::page("a 1\n"), Strict::new(Mode::Both));
    let accept = |more: &str| {
        let before = target.seen().len();
        let settings = format!(
            "interval = \"200ms\"\n{more}\n[host]\nenabled = false\n[scrape]\nurl = \"{}/m\"\ntimeout = \"200ms\"\n",
            target.url
        );
        let _agent = start(&settings);
        eventually("a scrape", || target.seen().len() > before);
        let head = target.seen().last().unwrap().head.clone();
        let accept =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("accept: ").map(str::to_owned));
        accept.unwrap()
    };
    let gateway = Double::gateway();
    let said = accept(&format!("push = [{{ url = \"{}\" }}]", gateway.url));
    assert!(said.starts_with("text/plain;version=0.0.4;q=0.5,application/openmetrics-text"), "{said}");
    let said = accept(&format!("push = []\nremote_write = [{{ url = \"{}\" }}]", strict.url));
    assert_eq!(
        said,
        "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,\
         text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    );
}

const APP: &str = r"
from prometheus_client import *
from prometheus_client.exposition import start_http_server
registry = CollectorRegistry()
Counter('jobs', 'Jobs.', ['kind'], registry=registry).labels('a').inc(3, {'trace_id': 'abc'})
Gauge('memory', 'Memory.', unit='bytes', registry=registry).set(1.5e9)
Histogram('wait_seconds', 'Waits.', registry=registry, buckets=(0.5, 1, 2.5)).observe(0.7, {'trace_id': 'def'})
Summary('size', 'Sizes.', registry=registry).observe(7)
Info('build', 'What it is.', registry=registry).info({'version': '1', 'text': 'a\nb'})
Enum('state', 'How it goes.', registry=registry, states=['good', 'bad']).state('good')
server, thread = start_http_server(0, '127.0.0.1', registry)
print(server.server_port, flush=True)
thread.join()
";

/// The agent's folder is one below the workspace, not two.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/peers/venv/bin/python3");

/// An app with Python's client, and its port.
struct App(Child, u16);

impl App {
    fn new() -> Self {
        let mut child = Command::new(PYTHON)
            .args(["-c", APP])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{PYTHON} ({error}): run `make tools`"));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self(child, line.trim().parse().unwrap())
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The settings of an agent between the app and a real gateway.
fn between(app: &App, gateway: u16, more: &str) -> String {
    format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\ninstance = \"i\"\n[host]\nenabled = false\n\
         [[scrape]]\nurl = \"http://127.0.0.1:{}/metrics\"\ninstance = \"i\"\ntimeout = \"200ms\"\n\
         [[push]]\nurl = \"http://127.0.0.1:{gateway}\"\n{more}",
        app.1
    )
}

/// What a page says of the app: sorted lines with their types, without those of whoever read it, and without the
/// `_created` families, which in OpenMetrics are no samples.
fn of_the_app(page: &str) -> Vec<String> {
    let ours = ["jobs", "memory", "wait_seconds", "size", "build", "state"];
    let name = |line: &str| line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ").to_owned();
    let mut lines: Vec<String> = page
        .lines()
        .filter(|line| {
            ours.iter().any(|ours| name(line).starts_with(ours)) && !name(line).contains("_created")
        })
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines
}

#[test]
fn what_is_pushed_and_pulled_of_an_openmetrics_page_is_what_its_text_says() {
    let (app, strict) = (App::new(), Strict::new(Mode::Both));
    let (open, plain) = (peers::pushgateway(), peers::pushgateway());
    let page = |port| peers::request(port, "GET", "/metrics", b"").unwrap().1;
    let first = start(&between(&app, open.port, &receiver(&strict, "")));
    let asks_text = "scrape_protocols = [\"PrometheusText0.0.4\"]\n";
    let second = start(&(asks_text.to_owned() + &between(&app, plain.port, "")));
    eventually("pushes", || [&open, &plain].iter().all(|peer| page(peer.port).contains("jobs_total{")));
    let (pushed, wanted) = (page(open.port), page(plain.port));
    assert!(wanted.contains("jobs_created") && !pushed.contains("jobs_created"), "one came as OpenMetrics");
    assert_eq!(of_the_app(&pushed), of_the_app(&wanted));
    assert_eq!(of_the_app(&first.metrics()), of_the_app(&second.metrics()));
    for line in ["# TYPE jobs_total counter", "# TYPE memory_bytes gauge", "# TYPE build_info gauge"] {
        assert!(pushed.contains(line) && !pushed.contains(" # {"), "{line} in {pushed}");
    }
    for page in [pushed, first.metrics()] {
        let (_, printed) = peers::run("promtool", &["check", "metrics"], page.as_bytes());
        assert!(!printed.contains("error while linting"), "{printed}");
    }
    // What only OpenMetrics says goes where it has a place.
    let jobs = "jobs_total{instance=\"i\",job=\"j\",kind=\"a\"}";
    eventually("samples", || samples(&strict, jobs).len() > 2);
    assert!(strict.taken(jobs).iter().all(|point| point.start > 0), "{:?}", strict.taken(jobs));
    let all: Vec<Series> = strict.seen().into_iter().flat_map(|seen| seen.message.series).collect();
    for (name, trace) in [("jobs_total", "abc"), ("wait_seconds_bucket", "def")] {
        let named = all.iter().filter(|series| series.label("__name__") == Some(name));
        let sent: Vec<_> = named.flat_map(|series| &series.exemplars).collect();
        // Once, however often it was read.
        assert_eq!(sent.len(), 1, "{name}: {sent:?}");
        assert_eq!(sent[0].labels, [("trace_id".to_owned(), trace.to_owned())], "{name}");
    }
    strict.clean("an app with exemplars");
}

#[test]
fn series_that_stay_are_pushed_alike_while_exemplars_and_times_change() {
    let page = |trace: &str, time: &str| {
        format!("# TYPE a counter\na_total{{x=\"1\"}} 1{time} # {{t=\"{trace}\"}} 0.5\n# EOF\n")
    };
    let target = Target::new("application/openmetrics-text; version=1.0.0", &page("x", ""));
    let (gateway, strict) = (Double::gateway(), Strict::new(Mode::Both));
    let _agent = start(&format!(
        "interval = \"200ms\"\n[identity]\njob = \"j\"\n[host]\nenabled = false\n{}[[push]]\nurl = \"{}\"\n{}",
        target.table("i", ""),
        gateway.url,
        receiver(&strict, "")
    ));
    let series = "a_total{instance=\"i\",job=\"j\",x=\"1\"}";
    let traces = || {
        let all: Vec<Series> = strict.seen().into_iter().flat_map(|seen| seen.message.series).collect();
        let exemplars = all.iter().flat_map(|series| &series.exemplars);
        exemplars.map(|it| it.labels[0].1.clone()).collect::<Vec<_>>()
    };
    eventually("the first exemplar", || traces() == ["x"]);
    target.shows(&page("y", ""));
    eventually("another exemplar", || traces() == ["x", "y"]);
    // One with a time of its own comes once, and no marker ends it.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed() + 60;
    target.shows(&page("z", &format!(" {now}")));
    eventually("a sample of that time", || strict.taken(series).iter().any(|point| point.at == now * 1000));
    let scrapes = target.scrapes();
    eventually("more scrapes", || target.scrapes() > scrapes + 3);
    assert_eq!(strict.taken(series).iter().filter(|point| point.at >= now * 1000).count(), 1);
    assert_eq!(traces(), ["x", "y", "z"]);
    let bodies = gateway.seen_of("PUT /metrics/job/j/instance/i");
    assert!(bodies.len() > 3);
    for body in bodies {
        assert!(
            body.body.contains("\na_total{x=\"1\"} 1.0\n") || body.body.contains("\na_total{x=\"1\"} 1\n"),
            "{}",
            body.body
        );
    }
    strict.clean("exemplars that change");
}
