//! Origins of what came as OpenMetrics or protobuf: zeros in each format, and the same beginnings all the time.

use std::io::Write;
use std::time::{Duration, Instant};

use exposition::Limits;
use exposition::protobuf::decode;
use exposition::protobuf::model::{MetricFamily, Timestamp};

use crate::formats::{counter, native};
use crate::peers::Peer;
use crate::raw::{PROTOBUF, delimited, send, wait_for, watcher};
use crate::watched::pause;
use crate::{lines, scrape, start};

const OPENMETRICS: (&str, &str) = ("Content-Type", "application/openmetrics-text; version=1.0.0");

/// What is pushed as OpenMetrics, and of each of its series what a scrape shows at first and in the end.
const BODY: &str = "# TYPE c_seconds counter\n# UNIT c_seconds seconds\nc_seconds_total 4 # {id=\"1\"} 2\nc_seconds_created 1000\n\
    # TYPE h histogram\nh_bucket{le=\"1.0\"} 2 # {id=\"2\"} 0.5\nh_bucket{le=\"+Inf\"} 3\nh_sum 5\nh_count 3\nh_created 2000.5\n\
    # TYPE s summary\ns{quantile=\"0.5\"} 7\ns_sum 9\ns_count 2\ns_created 3000\n# TYPE g gauge\ng 6\n# EOF\n";
const SHOWN: [(&str, &str, &str, &str); 12] = [
    ("c_seconds_total", "", "0", "4 # {id=\"1\"} 2"),
    ("c_seconds_created", "", "1000", "1000"),
    ("h_bucket", ",le=\"1.0\"", "0", "2 # {id=\"2\"} 0.5"),
    ("h_bucket", ",le=\"+Inf\"", "0", "3"),
    ("h_sum", "", "0", "5"),
    ("h_count", "", "0", "3"),
    ("h_created", "", "2000.5", "2000.5"),
    ("s", ",quantile=\"0.5\"", "7", "7"),
    ("s_sum", "", "0", "9"),
    ("s_count", "", "0", "2"),
    ("s_created", "", "3000", "3000"),
    ("g", "", "6", "6"),
];

fn get(gateway: &Peer, accept: &str) -> Vec<u8> {
    let answer = send(gateway.port, "GET", "/metrics", &[("Accept", accept)], b"").unwrap();
    assert_eq!(answer.status, 200);
    answer.body
}

fn openmetrics(gateway: &Peer) -> String {
    String::from_utf8(get(gateway, OPENMETRICS.1)).unwrap()
}

fn put(gateway: &Peer, path: &str, headers: &[(&str, &str)], body: &[u8]) {
    let answer = send(gateway.port, "PUT", path, headers, body).unwrap();
    assert_eq!(answer.status, 200, "{path} {headers:?}: {}", answer.text());
}

#[test]
fn openmetrics_reads_0_with_its_beginnings_and_then_what_was_pushed() {
    let gateway = start(&[]);
    for (job, origin) in [("zeros", "1h"), ("values", "0")] {
        put(&gateway, &format!("/metrics/job/{job}?origin={origin}"), &[OPENMETRICS], BODY.as_bytes());
    }
    let page = openmetrics(&gateway);
    assert_eq!(page.matches("# UNIT c_seconds seconds\n").count(), 1, "{page}");
    for (name, bound, zero, value) in SHOWN {
        for (job, want) in [("zeros", zero), ("values", value)] {
            let want = format!("{name}{{instance=\"\",job=\"{job}\"{bound}}} {want}");
            assert!(page.lines().any(|line| line == want), "{want} is not in\n{page}");
        }
    }
    let text = scrape(&gateway);
    assert_eq!(
        lines(&text, "c_seconds_total"),
        ["c_seconds_total{instance=\"\",job=\"zeros\"} 0", "c_seconds_total{instance=\"\",job=\"values\"} 4"]
    );
    // Whoever looks while the zeros end sees the one or the other, and never another beginning.
    put(&gateway, "/metrics/job/both?origin=300ms", &[OPENMETRICS], BODY.as_bytes());
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let page = openmetrics(&gateway);
        let line = |name: &str| lines(&page, &format!("{name}{{instance=\"\",job=\"both\"}}"))[0].to_owned();
        assert!(line("c_seconds_created").ends_with(" 1000"), "{page}");
        let total = line("c_seconds_total");
        if total.ends_with(" 4 # {id=\"1\"} 2") {
            break;
        }
        assert!(total.ends_with(" 0") && Instant::now() < end, "{total}");
        pause(Duration::from_millis(10));
    }
}

#[test]
fn a_native_histogram_begins_as_an_empty_one_for_prometheus() {
    let gateway = start(&[]);
    let mut histogram = native();
    histogram.metric[0].histogram.as_mut().unwrap().created_timestamp = Timestamp::of(1.25e9);
    let body = delimited(&[histogram, counter("c_total")]);
    let folder = tempfile::tempdir().unwrap();
    let prometheus = watcher(folder.path(), &gateway, &["--enable-feature=native-histograms"]);
    wait_for(&prometheus, "up{job=\"gateway\"}", "1");
    // From now on scrapes are 200 ms apart, so they see both.
    for (job, origin) in [("zeros", "1h"), ("values", "0"), ("both", "2s")] {
        put(&gateway, &format!("/metrics/job/{job}?origin={origin}"), &[PROTOBUF], &body);
    }
    for (expression, value) in [
        ("histogram_count(nh{job=\"zeros\"})", "0"),
        ("c_total{job=\"zeros\"}", "0"),
        ("histogram_count(nh{job=\"values\"})", "8"),
        ("histogram_count(nh{job=\"both\"})", "8"),
        ("min_over_time(histogram_count(nh{job=\"both\"})[1m:200ms])", "0"),
        ("min_over_time(c_total{job=\"both\"}[1m])", "0"),
        ("sum(histogram_count(increase(nh{job=\"both\"}[1m])) > bool 0)", "1"),
    ] {
        wait_for(&prometheus, expression, value);
    }
    let families = decode(&get(&gateway, PROTOBUF.1), &Limits::NONE).unwrap();
    let family = |name: &str| families.iter().find(|family| family.name() == name).unwrap();
    let began = |family: &MetricFamily| -> Vec<f64> {
        family.metric.iter().map(|metric| metric.began().unwrap().unix()).collect()
    };
    assert_eq!((began(family("nh")), began(family("c_total"))), (vec![1.25e9; 3], vec![1.25e9; 3]));
    let zeros = family("nh").metric[0].histogram.as_ref().unwrap();
    assert_eq!((zeros.schema, zeros.zero_threshold, zeros.zero_count), (Some(0), Some(1e-9), Some(0)));
    assert!(family("c_total").metric[0].counter.as_ref().unwrap().exemplar.is_none());
}

/// Of a family with a series that is new, the others stay as they are.
#[test]
fn a_series_that_joins_hides_nothing_of_the_others() {
    let gateway = start(&[]);
    let put = |origin: &str, families: &[MetricFamily]| {
        put(&gateway, &format!("/metrics/job/j?origin={origin}"), &[PROTOBUF], &delimited(families));
    };
    put("0", &[native()]);
    let mut both = native();
    let mut joined = both.metric[0].clone();
    joined.label.push(exposition::protobuf::model::LabelPair::new("x", "new"));
    both.metric.push(joined);
    put("1h", &[both]);
    let families = decode(&get(&gateway, PROTOBUF.1), &Limits::NONE).unwrap();
    let family = families.iter().find(|family| family.name() == "nh").unwrap();
    let shown: Vec<_> = family
        .metric
        .iter()
        .map(|metric| {
            let histogram = metric.histogram.as_ref().unwrap();
            (metric.label.len(), histogram.sample_count, histogram.positive_delta.len())
        })
        .collect();
    assert_eq!(shown, [(2, Some(8), 3), (3, Some(0), 0)]);
}

#[test]
fn the_query_wins_over_the_header_and_the_header_over_the_job() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"[[job]]\nmatch = \"batch-.*\"\norigin = \"1h\"\n").unwrap();
    let gateway = start(&[&format!("--config.file={}", file.path().display())]);
    let protobuf = delimited(&[counter("c_total")]);
    let bodies = [
        ("text", None, &b"# TYPE c_total counter\nc_total 3\n"[..]),
        ("openmetrics", Some(OPENMETRICS), b"# TYPE c counter\nc_total 3\nc_created 1000\n# EOF\n"),
        ("protobuf", Some(PROTOBUF), &protobuf),
    ];
    // Job, query, headers, and what is shown.
    let rows: [(&str, &str, &[&str], &str); 10] = [
        ("batch-1", "", &[], "0"),
        ("batch-1", "", &["0"], "3"),
        ("batch-1", "?origin=0", &["1h"], "3"),
        ("batch-1", "?origin=30m", &["0"], "0"),
        ("batch-1", "?ttl=1h", &[], "0"),
        ("other", "", &[], "3"),
        ("other", "", &["1h"], "0"),
        ("other", "?origin=1h", &["0"], "0"),
        // Of what stands twice the last one counts.
        ("other", "?origin=1h&origin=0", &["1h"], "3"),
        ("other", "", &["0", "1h"], "0"),
    ];
    for (language, kind, body) in bodies {
        for (row, (job, query, asked, want)) in rows.into_iter().enumerate() {
            let mut headers: Vec<(&str, &str)> =
                asked.iter().map(|value| ("X-Pushpull-Origin", *value)).collect();
            headers.extend(kind);
            put(
                &gateway,
                &format!("/metrics/job/{job}/language/{language}/row/{row}{query}"),
                &headers,
                body,
            );
            let page = scrape(&gateway);
            let row = format!("row=\"{row}\"");
            let shown: Vec<_> = lines(&page, "c_total")
                .into_iter()
                .filter(|line| line.contains(&row) && line.contains(language))
                .collect();
            assert_eq!(shown.len(), 1, "{page}");
            assert!(shown[0].ends_with(&format!("}} {want}")), "{query} {asked:?}: {}", shown[0]);
        }
    }
    let bad = [("X-Pushpull-Origin", "2h")];
    let answer = send(gateway.port, "PUT", "/metrics/job/j", &bad, b"a 1\n").unwrap();
    assert!(answer.status == 400 && answer.text().contains("got `2h`"), "{}", answer.text());
}
