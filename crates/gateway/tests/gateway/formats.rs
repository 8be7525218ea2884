//! What comes in as protobuf or OpenMetrics, and what goes out as such.

use std::io::Write;

use exposition::protobuf::model::{
    Bucket, BucketSpan, Counter, Exemplar, Histogram, LabelPair, Metric, MetricFamily, Timestamp,
};
use exposition::protobuf::{self, decode};
use exposition::{Limits, Page};

use super::raw::{PROTOBUF, delimited, gauge, send, wait_for, watcher};
use super::{lines, peers, scrape, start};

/// A native histogram.
pub(crate) fn native() -> MetricFamily {
    let span = |offset, length| BucketSpan { offset: Some(offset), length: Some(length) };
    let histogram = Histogram {
        sample_count: Some(8),
        sample_sum: Some(18.5),
        schema: Some(0),
        zero_threshold: Some(1e-9),
        zero_count: Some(1),
        positive_span: vec![span(0, 2), span(1, 1)],
        positive_delta: vec![2, 1, -1],
        ..Histogram::default()
    };
    let metric = Metric { histogram: Some(Box::new(histogram)), ..Metric::default() };
    MetricFamily {
        name: Some("nh".to_owned()),
        help: Some("native".to_owned()),
        r#type: Some(4),
        metric: vec![metric],
        unit: None,
    }
}

pub(crate) fn counter(name: &str) -> MetricFamily {
    let exemplar = Exemplar {
        label: vec![LabelPair::new("trace_id", "abc")],
        value: Some(1.0),
        timestamp: Timestamp::of(1.5e9),
    };
    let counter =
        Counter { value: Some(3.0), exemplar: Some(exemplar), created_timestamp: Timestamp::of(1.25e9) };
    let metric = Metric { counter: Some(counter), ..Metric::default() };
    MetricFamily {
        name: Some(name.to_owned()),
        r#type: Some(0),
        metric: vec![metric],
        ..MetricFamily::default()
    }
}

#[test]
fn prometheus_gets_a_native_histogram_that_was_pushed() {
    let gateway = start(&[]);
    let body = delimited(&[native(), counter("c_total")]);
    let answer = send(gateway.port, "PUT", "/metrics/job/n/a/b", &[PROTOBUF], &body).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page = scrape(&gateway);
    let labels = "a=\"b\",instance=\"\",job=\"n\"";
    assert_eq!(
        lines(&page, "nh"),
        [
            format!("nh_bucket{{{labels},le=\"+Inf\"}} 8"),
            format!("nh_sum{{{labels}}} 18.5"),
            format!("nh_count{{{labels}}} 8"),
        ]
    );
    let folder = tempfile::tempdir().unwrap();
    let prometheus = watcher(folder.path(), &gateway, &["--enable-feature=native-histograms"]);
    wait_for(&prometheus, "histogram_count(nh{job=\"n\",a=\"b\"})", "8");
    wait_for(&prometheus, "histogram_sum(nh)", "18.5");
    wait_for(&prometheus, "histogram_quantile(1, nh)", "8");
    wait_for(&prometheus, "c_total{job=\"n\"}", "3");
    wait_for(&prometheus, "up{job=\"gateway\"}", "1");
}

#[test]
fn a_native_histogram_that_would_break_the_scrape_is_refused() {
    let gateway = start(&[]);
    for (reason, spoil) in [
        ("need 3 buckets, have 2", (|it| _ = it.positive_delta.pop()) as fn(&mut Histogram)),
        ("below 0", |it| it.positive_delta[2] = -9),
        ("expected a schema", |it| it.schema = Some(99)),
        ("but the count is 7", |it| it.sample_count = Some(7)),
    ] {
        let mut family = native();
        spoil(family.metric[0].histogram.as_mut().unwrap());
        let answer = send(gateway.port, "PUT", "/metrics/job/n", &[PROTOBUF], &delimited(&[family])).unwrap();
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains(reason), "{reason}: {}", answer.text());
    }
}

#[test]
fn scrapes_get_what_they_ask_for() {
    let gateway = start(&[]);
    let body = delimited(&[native(), counter("c_total"), counter("odd")]);
    assert_eq!(send(gateway.port, "PUT", "/metrics/job/n", &[PROTOBUF], &body).unwrap().status, 200);
    assert_eq!(
        send(gateway.port, "PUT", "/metrics/job/t", &[], b"# TYPE c_total counter\nc_total 7\nu 1\n")
            .unwrap()
            .status,
        200
    );
    let get = |accept: &str| send(gateway.port, "GET", "/metrics", &[("Accept", accept)], b"").unwrap();
    let text = get("*/*");
    assert!(
        text.head.contains("content-type: text/plain; version=0.0.4; charset=utf-8; escaping=underscores"),
        "{}",
        text.head
    );
    let answer = get(protobuf::CONTENT_TYPE);
    assert!(answer.head.contains(protobuf::CONTENT_TYPE), "{}", answer.head);
    let families = decode(&answer.body, &Limits::NONE).unwrap();
    // Both formats show the same series.
    let again = protobuf::page(&families, usize::MAX).unwrap();
    let series = |page: &Page| {
        let own = page.samples().filter(|it| it.label("job").is_some());
        let mut all: Vec<_> = own
            .map(|it| {
                let mut labels: Vec<_> =
                    it.labels().map(|it| (it.name.to_owned(), it.value.into_owned())).collect();
                labels.sort();
                (it.name().to_owned(), labels, it.value().to_bits())
            })
            .collect();
        all.sort();
        all
    };
    let page = Page::parse(text.body, &Limits::NONE).unwrap();
    assert_eq!(series(&again), series(&page));
    let c = families.iter().find(|family| family.name() == "c_total").unwrap();
    let created: Vec<_> =
        c.metric.iter().map(|it| it.counter.as_ref().unwrap().created_timestamp.unwrap().unix()).collect();
    assert_eq!(created[0].to_bits(), 1.25e9_f64.to_bits());
    assert!(created[1] > 1.7e9, "no time of the first push: {created:?}");
    let answer = get("application/openmetrics-text; version=1.0.0");
    assert!(
        answer.head.contains("content-type: application/openmetrics-text; version=1.0.0"),
        "{}",
        answer.head
    );
    let text = answer.text();
    for line in [
        "# TYPE c counter",
        "c_total{instance=\"\",job=\"n\"} 3 # {trace_id=\"abc\"} 1 1500000000",
        "c_created{instance=\"\",job=\"n\"} 1250000000",
        "# TYPE odd unknown",
        "nh_bucket{instance=\"\",job=\"n\",le=\"+Inf\"} 8",
        "# EOF",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is not in\n{text}");
    }
    python_reads(&answer.body);
}

fn python_reads(page: &[u8]) {
    let python = peers::PYTHON;
    let script = "import sys\nfrom prometheus_client.openmetrics import parser\nfor family in parser.text_string_to_metric_families(sys.stdin.buffer.read().decode()): pass\n";
    let (success, printed) = peers::run(python, &["-c", script], page);
    assert!(success, "{printed}\n{}", String::from_utf8_lossy(page));
}

const PYTHON: &str = "
import sys
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, push_to_gateway
registry = CollectorRegistry()
Counter('c', 'A counter.', ['x'], registry=registry).labels('y').inc(3)
Gauge('g', 'A \"gauge\".', registry=registry).set(2)
Histogram('h', 'A histogram.', registry=registry).observe(0.2)
Summary('s', 'A summary.', registry=registry).observe(1)
push_to_gateway('127.0.0.1:' + sys.argv[1], job='python', registry=registry)
";

/// Python's client pushes `c_created` as a family of its own; in OpenMetrics it is a part of `c`.
#[test]
fn openmetrics_is_read_by_python_and_by_prometheus_where_it_is_on() {
    let gateway = start(&["--web.openmetrics"]);
    let python = peers::PYTHON;
    let (success, printed) = peers::run(python, &["-c", PYTHON, &gateway.port.to_string()], b"");
    assert!(success, "{printed}");
    let more = b"# TYPE plain counter\nplain 5\n# TYPE stem gauge\nstem 1\n# TYPE stem_total counter\nstem_total 2\nu{a=\"b\"} 1\n\
                 # TYPE mark_total counter\nmark_total 6\n# TYPE mark_created gauge\nmark_created{of=\"x\"} 7\n";
    assert_eq!(send(gateway.port, "PUT", "/metrics/job/more", &[], more).unwrap().status, 200);
    let answer =
        send(gateway.port, "GET", "/metrics", &[("Accept", "application/openmetrics-text")], b"").unwrap();
    python_reads(&answer.body);
    let text = answer.text();
    assert!(text.contains("# TYPE c counter\n") && !text.contains("# TYPE c_created"), "{text}");
    let folder = tempfile::tempdir().unwrap();
    let prometheus = watcher(folder.path(), &gateway, &[]);
    for (series, value) in [
        ("c_total", "3"),
        ("plain", "5"),
        ("stem_total", "2"),
        ("h_count", "1"),
        ("s_sum", "1"),
        ("u", "1"),
        ("mark_total", "6"),
    ] {
        wait_for(&prometheus, series, value);
    }
    wait_for(&prometheus, "up{job=\"gateway\"}", "1");
}

#[test]
fn openmetrics_that_is_pushed_loses_nothing() {
    let gateway = start(&[]);
    let body = "# TYPE c_seconds counter\n# UNIT c_seconds seconds\n# HELP c_seconds text\nc_seconds_total 4 # {id=\"1\"} 2\nc_seconds_created 1000\n# TYPE i info\ni_info{v=\"1\"} 1\n# TYPE s stateset\ns{s=\"a\"} 1\ns{s=\"b\"} 0\n# TYPE x gaugehistogram\nx_bucket{le=\"1.0\"} 2\nx_bucket{le=\"+Inf\"} 3\nx_gcount 3\nx_gsum 5\n# EOF\n";
    let om = ("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let put = |headers: &[(&str, &str)], body: &str| {
        send(gateway.port, "PUT", "/metrics/job/om", headers, body.as_bytes()).unwrap()
    };
    // By any other name it is text, as for the real one.
    assert_eq!(put(&[], body).status, 400);
    let answer = put(&[om], body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page = scrape(&gateway);
    for line in [
        "# TYPE c_seconds_total counter",
        "# HELP c_seconds_total text",
        "# TYPE i_info gauge",
        "x_sum{instance=\"\",job=\"om\"} 5",
    ] {
        assert!(page.lines().any(|it| it == line), "{line} is not in\n{page}");
    }
    let answer =
        send(gateway.port, "GET", "/metrics", &[("Accept", "application/openmetrics-text")], b"").unwrap();
    python_reads(&answer.body);
    let text = answer.text();
    for line in [
        "# UNIT c_seconds seconds",
        "c_seconds_created{instance=\"\",job=\"om\"} 1000",
        "x_gsum{instance=\"\",job=\"om\"} 5",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} is not in\n{text}");
    }
    assert_eq!(put(&[om], "a 1\n").status, 200, "what is text is taken");
    assert_eq!(put(&[om], "a{\n").status, 400);
    assert_eq!(put(&[om], "a 1 5\n# EOF\n").status, 400, "a timestamp");
}

#[test]
fn packed_bodies_are_unpacked_within_bounds() {
    let gateway = start(&["--limit.unpacked-body=1MiB"]);
    let snap = |bytes: &[u8]| {
        let mut packer = snap::write::FrameEncoder::new(Vec::new());
        packer.write_all(bytes).unwrap();
        packer.into_inner().unwrap()
    };
    let gzip = service::negotiate::gzip;
    let bomb = vec![b'\n'; 2 << 20];
    let joined = [gzip(b"a 1\n"), gzip(b"b 2\n")].concat();
    let protobuf = delimited(&[gauge("a", 1.0)]);
    let mut cut = snap(b"a 1\n");
    cut.truncate(cut.len() - 1);
    let rows: Vec<(&str, Vec<u8>, bool, u16)> = vec![
        ("gzip", joined, false, 200),
        ("GZip", gzip(&protobuf), true, 200),
        ("snappy", snap(b"a 1\n"), false, 200),
        ("Snappy", snap(&protobuf), true, 200),
        ("snappy", vec![], false, 200),
        ("snappy", b"a 1\n".to_vec(), false, 400),
        ("snappy", cut, false, 400),
        ("snappy", snap(&bomb), false, 413),
        ("gzip", gzip(&bomb), false, 413),
        ("gzip", b"a 1\n".to_vec(), false, 400),
        ("br", b"a 1\n".to_vec(), false, 200),
        ("deflate", b"a 1\n".to_vec(), false, 200),
    ];
    for (coding, body, is_protobuf, status) in rows {
        let mut headers = vec![("Content-Encoding", coding)];
        headers.extend(is_protobuf.then_some(PROTOBUF));
        let answer = send(gateway.port, "POST", "/metrics/job/p", &headers, &body).unwrap();
        assert_eq!(answer.status, status, "{coding}: {}", answer.text());
    }
    let page = scrape(&gateway);
    assert_eq!(lines(&page, "b{").len(), 1, "the second member is gone: {page}");
}

#[test]
fn a_protobuf_body_costs_no_more_than_its_limits() {
    let gateway = start(&["--limit.push-series=1000"]);
    // Two bytes each on the wire, and much more in memory.
    let many = |field: u8, count: usize| [field, 0].repeat(count);
    let framed = |inner: Vec<u8>| {
        let family = MetricFamily { metric: vec![], ..gauge("a", 1.0) };
        let mut message = delimited(&[family])[1..].to_vec();
        message.extend(inner);
        let mut length = message.len();
        let mut out = Vec::new();
        while length >= 0x80 {
            out.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        out.push(u8::try_from(length).unwrap());
        [out, message].concat()
    };
    let mut labels = vec![0x22, 0xf0, 0x2e];
    labels.extend(many(0x0a, 3_000));
    for (body, status, reason) in [
        (framed(many(0x22, 1_001)), 413, "1001 samples are over the limit of 1000"),
        (framed(labels), 413, "65 labels in one series are over the limit of 64"),
        (delimited(&[gauge("a", 1.0)])[..3].to_vec(), 400, "cut off"),
        (vec![0xff; 20], 400, "protobuf parsing error"),
        (vec![5, 0x0a, 3, 0xff, 0xfe, 0xfd], 400, "UTF-8"),
    ] {
        let answer = send(gateway.port, "PUT", "/metrics/job/b", &[PROTOBUF], &body).unwrap();
        assert_eq!(answer.status, status, "{reason}: {}", answer.text());
        assert!(answer.text().contains(reason), "{reason}: {}", answer.text());
    }
    let bucket = Bucket { cumulative_count: Some(1), upper_bound: Some(1.0), ..Bucket::default() };
    let mut family = native();
    family.metric[0].histogram.as_mut().unwrap().bucket = vec![bucket; 2];
    let answer = send(gateway.port, "PUT", "/metrics/job/b", &[PROTOBUF], &delimited(&[family])).unwrap();
    assert_eq!(answer.status, 400, "equal bounds");
}
