//! Requests with headers and raw bodies to our gateway and to the real one: protobuf, packed bodies, content
//! types, what scrapes ask for, the API's routes.

use std::io::Write;

use exposition::protobuf::model::{
    Bucket, Counter, Histogram, LabelPair, Metric, MetricFamily, Quantile, Summary, Value,
};

use super::peers;
use super::raw::{PROTOBUF, delimited, gauge, send};
use super::start;
use super::versus_real::same_in_time;

/// Method, path behind `/metrics`, headers, body; and where we differ on purpose, our status and why.
pub(crate) type Row =
    (&'static str, &'static str, Vec<(&'static str, &'static str)>, Vec<u8>, Option<(u16, &'static str)>);

const GZIP: (&str, &str) = ("Content-Encoding", "gzip");
const NEWER: &str = "1.5.1 knows neither another case nor snappy; newer versions do, as ours";
const BREAKS: &str = "the real one takes it, and its scrape is broken or empty";

fn family(name: &str, kind: i32, metric: Vec<Metric>) -> MetricFamily {
    MetricFamily { name: Some(name.to_owned()), r#type: Some(kind), metric, ..MetricFamily::default() }
}

fn labelled(labels: &[(&str, &str)]) -> Metric {
    let label = labels.iter().map(|(name, value)| LabelPair::new(name, value)).collect();
    Metric { label, gauge: Some(Value { value: Some(1.0) }), ..Metric::default() }
}

fn histogram(bounds: &[(f64, u64)], count: u64) -> Metric {
    let bucket = |(bound, count): &(f64, u64)| Bucket {
        upper_bound: Some(*bound),
        cumulative_count: Some(*count),
        ..Bucket::default()
    };
    let histogram = Histogram {
        sample_count: Some(count),
        sample_sum: Some(1.5e7),
        bucket: bounds.iter().map(bucket).collect(),
        ..Histogram::default()
    };
    Metric { histogram: Some(Box::new(histogram)), ..Metric::default() }
}

fn summary(quantiles: &[(f64, f64)]) -> Metric {
    let quantile =
        |(quantile, value): &(f64, f64)| Quantile { quantile: Some(*quantile), value: Some(*value) };
    let summary = Summary {
        sample_count: Some(3),
        sample_sum: Some(4.0),
        quantile: quantiles.iter().map(quantile).collect(),
        created_timestamp: None,
    };
    Metric { summary: Some(summary), ..Metric::default() }
}

fn snappy(bytes: &[u8]) -> Vec<u8> {
    let mut packer = snap::write::FrameEncoder::new(Vec::new());
    packer.write_all(bytes).unwrap();
    packer.into_inner().unwrap()
}

pub(crate) fn rows() -> Vec<Row> {
    let gzip = service::negotiate::gzip;
    let type_of = |value| ("Content-Type", value);
    let counter =
        Metric { counter: Some(Counter { value: Some(2.0), ..Counter::default() }), ..Metric::default() };
    let untyped = Metric { untyped: Some(Value { value: Some(f64::NAN) }), ..Metric::default() };
    let stamped = Metric { timestamp_ms: Some(5), ..labelled(&[]) };
    let with_help = MetricFamily { help: Some("a\nb \\".to_owned()), ..gauge("helped", 1.0) };
    let nothing = || (1..1).map(|_| ("", "")).collect::<Vec<_>>();
    let pb = || vec![PROTOBUF];
    let one = |family: MetricFamily| delimited(&[family]);
    let text = || b"a 1\n".to_vec();
    vec![
        ("PUT", "/job/pb", pb(), one(gauge("p", 1e6)), None),
        ("POST", "/job/pb", pb(), delimited(&[gauge("p", 2.0), gauge("q", 3.0)]), None),
        ("PUT", "/job/pb", pb(), vec![], None),
        ("POST", "/job/pb", pb(), delimited(&[gauge("p", 4.0), gauge("p", 5.0)]), None),
        ("PUT", "/job/pb", pb(), one(family("c", 0, vec![counter.clone()])), None),
        (
            "PUT",
            "/job/pb",
            pb(),
            one(MetricFamily { r#type: None, ..family("c", 0, vec![counter.clone()]) }),
            None,
        ),
        ("PUT", "/job/pb", pb(), one(family("u", 3, vec![untyped])), None),
        ("PUT", "/job/pb", pb(), one(with_help), None),
        ("PUT", "/job/pb", pb(), one(family("h", 4, vec![histogram(&[(0.5, 1), (1e7, 2)], 3)])), None),
        (
            "PUT",
            "/job/pb",
            pb(),
            one(family("h", 4, vec![histogram(&[(1.0, 1), (f64::INFINITY, 2)], 2)])),
            None,
        ),
        ("PUT", "/job/pb", pb(), one(family("h", 4, vec![histogram(&[], 2)])), None),
        ("PUT", "/job/pb", pb(), one(family("s", 2, vec![summary(&[(0.5, 1.0), (0.99, 1e-7)])])), None),
        ("PUT", "/job/pb", pb(), one(family("s", 2, vec![summary(&[])])), None),
        (
            "PUT",
            "/job/pb/a/b",
            pb(),
            one(family("l", 1, vec![labelled(&[("z", "1"), ("a", "body"), ("job", "body")])])),
            None,
        ),
        ("PUT", "/job/pb", pb(), one(family("l", 1, vec![labelled(&[("instance", "own")])])), None),
        ("PUT", "/job/pb", pb(), one(family("l", 1, vec![labelled(&[("e", "")])])), None),
        ("PUT", "/job/pb", pb(), one(family("l", 1, vec![labelled(&[("e", "a\"b\\c\nd")])])), None),
        (
            "PUT",
            "/job/pb",
            pb(),
            one(family("l", 1, vec![labelled(&[("x", "1")]), labelled(&[("x", "2")])])),
            None,
        ),
        ("PUT", "/job/pbad1", pb(), one(family("l", 1, vec![labelled(&[]), labelled(&[])])), None),
        ("PUT", "/job/pbad2", pb(), one(family("l2", 1, vec![stamped])), None),
        ("PUT", "/job/pbad3", pb(), one(family("l3", 1, vec![labelled(&[("__x", "1")])])), None),
        ("PUT", "/job/pbad4", pb(), one(family("l4", 1, vec![labelled(&[("a-b", "1")])])), None),
        ("PUT", "/job/pbad5", pb(), one(family("l5", 1, vec![labelled(&[("a", "1"), ("a", "2")])])), None),
        ("PUT", "/job/pbad6", pb(), one(family("l6", 1, vec![counter])), None),
        ("PUT", "/job/pbad7", pb(), text(), None),
        ("PUT", "/job/pbad9", pb(), vec![0xff; 12], None),
        ("PUT", "/job/pname", pb(), one(gauge("", 1.0)), Some((400, BREAKS))),
        ("DELETE", "/job/pname", nothing(), vec![], None),
        ("PUT", "/job/pname", pb(), one(gauge("a b", 1.0)), Some((400, BREAKS))),
        ("DELETE", "/job/pname", nothing(), vec![], None),
        ("PUT", "/job/pname", pb(), one(gauge("a 1\nforged", 1.0)), Some((400, BREAKS))),
        ("DELETE", "/job/pname", nothing(), vec![], None),
        (
            "PUT",
            "/job/ple",
            pb(),
            one(family("d", 4, vec![histogram(&[(1.0, 1), (1.0, 2)], 2)])),
            Some((400, BREAKS)),
        ),
        ("DELETE", "/job/ple", nothing(), vec![], None),
        ("PUT", "/job/half", vec![type_of("application/vnd.google.protobuf")], one(gauge("x", 1.0)), None),
        (
            "PUT",
            "/job/half",
            vec![type_of("application/vnd.google.protobuf; encoding=delimited")],
            one(gauge("x", 1.0)),
            None,
        ),
        (
            "PUT",
            "/job/half",
            vec![type_of(
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text",
            )],
            one(gauge("x", 1.0)),
            None,
        ),
        (
            "PUT",
            "/job/half",
            vec![type_of(
                "Application/Vnd.Google.Protobuf;Encoding=\"delimited\";proto=\"io.prometheus.client.MetricFamily\"",
            )],
            one(gauge("x", 1.0)),
            None,
        ),
        ("PUT", "/job/ct", vec![type_of("application/x-www-form-urlencoded")], text(), None),
        ("PUT", "/job/ct", vec![type_of("application/json")], text(), None),
        ("PUT", "/job/ct", vec![type_of("nonsense;;=")], text(), None),
        ("PUT", "/job/ct", vec![type_of("application/openmetrics-text")], text(), None),
        (
            "PUT",
            "/job/om",
            vec![type_of("application/openmetrics-text")],
            b"# TYPE i info\ni_info 1\n# EOF\n".to_vec(),
            Some((200, "the real one reads OpenMetrics as text, which has no info")),
        ),
        ("DELETE", "/job/om", nothing(), vec![], None),
        ("PUT", "/job/zip", vec![GZIP], gzip(b"z 1\n"), None),
        ("PUT", "/job/zip", vec![GZIP], [gzip(b"z 1\n"), gzip(b"y 2\n")].concat(), None),
        ("PUT", "/job/zip", vec![GZIP, PROTOBUF], gzip(&one(gauge("z", 3.0))), None),
        ("PUT", "/job/zip", vec![GZIP], text(), None),
        ("PUT", "/job/zip", vec![("Content-Encoding", "identity")], text(), None),
        ("PUT", "/job/zip", vec![("Content-Encoding", "br")], text(), None),
        ("PUT", "/job/zip", vec![("Content-Encoding", "GZIP")], gzip(b"z 1\n"), Some((200, NEWER))),
        ("PUT", "/job/zip", vec![GZIP], gzip(b""), None),
        ("PUT", "/job/snap", vec![("Content-Encoding", "snappy")], snappy(b"n 1\n"), Some((200, NEWER))),
        ("DELETE", "/job/snap", nothing(), vec![], None),
    ]
}

#[test]
fn raw_requests_get_the_same_answers_and_the_same_scrape() {
    let ours = start(&[]);
    let real = peers::pushgateway();
    let mut differences = false;
    for (number, (method, path, headers, body, difference)) in rows().into_iter().enumerate() {
        let path = format!("/metrics{path}");
        let [we, they] = [&ours, &real].map(|peer| {
            send(peer.port, method, &path, &headers, &body)
                .unwrap_or_else(|| panic!("row {number}: {method} {path}: no answer from {}", peer.port))
        });
        let row = format!(
            "row {number}: {method} {path} {headers:?}\nours {} {}\nreal {} {}",
            we.status,
            we.text(),
            they.status,
            they.text()
        );
        if let Some((status, why)) = difference {
            assert_eq!(we.status, status, "{row}");
            assert_ne!(they.status, status, "no longer a difference ({why}): {row}");
            differences = true;
            continue;
        }
        assert_eq!(we.status, they.status, "{row}");
        same_in_time(&ours, &real, &row);
    }
    assert!(differences);
}

/// The content type that a scrape gets, without what only newer versions say.
#[test]
fn scrapes_are_answered_in_the_format_of_the_real_one() {
    let ours = start(&[]);
    let real = peers::pushgateway();
    let protobuf = exposition::protobuf::CONTENT_TYPE;
    for accept in [
        "",
        "*/*",
        "text/html",
        "text/plain;version=0.0.4",
        protobuf,
        "application/vnd.google.protobuf",
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3",
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    ] {
        for encoding in ["", "gzip", "identity", "deflate"] {
            let headers = [("Accept", accept), ("Accept-Encoding", encoding)];
            let [we, they] = [&ours, &real].map(|peer| {
                let answer = send(peer.port, "GET", "/metrics", &headers, b"").unwrap();
                let header = |name: &str| {
                    let mut lines = answer.head.lines().filter_map(|line| line.split_once(": "));
                    let value = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
                    value.map_or("", |(_, value)| value).replace("; escaping=underscores", "")
                };
                (answer.status, header("content-type"), header("content-encoding"))
            });
            assert_eq!(we, they, "{accept:?} {encoding:?}");
        }
    }
}
