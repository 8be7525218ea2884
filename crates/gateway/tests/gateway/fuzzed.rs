//! Whatever is pushed, in whatever order: a scrape is a page that its readers take, in each format.

use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime};

use exposition::protobuf::model::{
    Bucket, BucketSpan, Counter, Histogram, LabelPair, Metric, MetricFamily, Quantile, Summary, Value,
};
use exposition::protobuf::{self, decode};
use exposition::{GroupingKey, Limits, Page};
use gateway::groups::{Groups, Method, Moment};
use gateway::page;
use gateway::policy::Manner;
use gateway::push::{self, Language};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::peers;
use super::raw::delimited;

/// Names that meet each other: suffixes, what no reader takes, what is the gateway's own.
const NAMES: &[&str] = &[
    "a",
    "b",
    "a_total",
    "a_count",
    "a_sum",
    "a_bucket",
    "a_created",
    "b_total",
    "a_info",
    "",
    "a b",
    "é",
    "9a",
    "a\nforged",
    "labels",
    "push_time_seconds",
    "push_failure_time_seconds",
    "a_gsum",
    "x:y",
    "{",
    "__a",
];
const LABELS: &[&str] =
    &["l", "m", "job", "instance", "le", "quantile", "__x", "a-b", "", "é", "l:m", "__name__"];
const VALUES: &[&str] = &["", "1", "+Inf", "0.5", "a\"b", "a\\b", "a\nb", "é", "0.50", "1e0", "NaN"];
const FLOATS: &[f64] = &[0.0, -0.0, 1.0, 0.5, -3.5, 1e9, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];

fn one<T: Clone + std::fmt::Debug + 'static>(list: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(list)
}

fn metric() -> impl Strategy<Value = Metric> {
    let labels = prop::collection::vec((one(LABELS), one(VALUES)), 0..3);
    let bounds = prop::collection::vec((one(FLOATS), 0..5_u64), 0..4);
    let spans = prop::collection::vec((-2..3_i32, 0..3_u32), 0..3);
    let deltas = prop::collection::vec(-1..4_i64, 0..4);
    let stamp = prop::option::weighted(0.02, any::<i64>());
    (labels, 0..6_i32, one(FLOATS), bounds, spans, deltas, any::<bool>(), stamp).prop_map(
        |(labels, kind, float, bounds, spans, deltas, native, timestamp_ms)| {
            let label = labels.iter().map(|(name, value)| LabelPair::new(name, value)).collect();
            let mut metric = Metric { label, timestamp_ms, ..Metric::default() };
            let value = Some(Value { value: Some(float) });
            match kind {
                0 => metric.counter = Some(Counter { value: Some(float), ..Counter::default() }),
                1 => metric.gauge = value,
                2 => {
                    let quantile = |(at, value): &(f64, u64)| Quantile {
                        quantile: Some(*at),
                        value: Some(*value as f64),
                    };
                    metric.summary = Some(Summary {
                        sample_sum: Some(float),
                        quantile: bounds.iter().map(quantile).collect(),
                        ..Summary::default()
                    });
                }
                3 => metric.untyped = value,
                _ => {
                    let bucket = |(bound, count): &(f64, u64)| Bucket {
                        upper_bound: Some(*bound),
                        cumulative_count: Some(*count),
                        ..Bucket::default()
                    };
                    let mut it = Histogram {
                        sample_count: Some(bounds.iter().map(|(_, count)| count).sum()),
                        sample_sum: Some(float),
                        bucket: bounds.iter().map(bucket).collect(),
                        ..Histogram::default()
                    };
                    if native {
                        let span = |(offset, length): &(i32, u32)| BucketSpan {
                            offset: Some(*offset),
                            length: Some(*length),
                        };
                        it.positive_span = spans.iter().map(span).collect();
                        it.positive_delta = deltas;
                        it.zero_threshold = Some(0.0);
                    }
                    metric.histogram = Some(Box::new(it));
                }
            }
            metric
        },
    )
}

/// Mostly metrics of the family's type, so that much is taken.
fn family() -> impl Strategy<Value = MetricFamily> {
    (one(NAMES), 0..6_i32, prop::collection::vec(metric(), 0..3), prop::option::of(one(VALUES))).prop_map(
        |(name, kind, mut metric, help)| {
            let of = |it: &Metric| match kind {
                0 => it.counter.is_some(),
                1 => it.gauge.is_some(),
                2 => it.summary.is_some(),
                3 => it.untyped.is_some(),
                _ => it.histogram.is_some(),
            };
            if metric.iter().any(of) {
                metric.retain(of);
            }
            MetricFamily {
                name: Some(name.to_owned()),
                help: help.map(str::to_owned),
                r#type: Some(kind),
                metric,
                unit: None,
            }
        },
    )
}

type Labels = Vec<(&'static str, &'static str)>;
/// Name, type, labels, value.
type Line = (&'static str, &'static str, Labels, &'static str);

#[derive(Debug, Clone)]
enum Act {
    Protobuf(Vec<MetricFamily>),
    Text(Vec<Line>),
    Delete,
}

fn act() -> impl Strategy<Value = (Act, u8, bool)> {
    let word = one(&["counter", "gauge", "summary", "histogram", "untyped"][..]);
    let labels = prop::collection::vec((one(LABELS), one(VALUES)), 0..3);
    let line = (one(NAMES), word, labels, one(&["1", "NaN", "-2.5", "1e400", "x", "1 5"][..]));
    let act = prop_oneof![
        6 => prop::collection::vec(family(), 1..4).prop_map(Act::Protobuf),
        6 => prop::collection::vec(line, 1..4).prop_map(Act::Text),
        1 => Just(Act::Delete),
    ];
    (act, 0..6_u8, any::<bool>())
}

fn text(lines: &[Line]) -> String {
    let mut text = String::new();
    for (name, kind, labels, value) in lines {
        let labels: Vec<_> = labels
            .iter()
            .map(|(name, value)| {
                let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
                format!("{name}=\"{value}\"")
            })
            .collect();
        text.push_str(&format!("# TYPE {name} {kind}\n{name}{{{}}} {value}\n", labels.join(",")));
    }
    text
}

fn key(number: u8) -> GroupingKey {
    let labels: &[(&str, &str)] = match number {
        0 => &[],
        1 => &[("instance", "")],
        2 => &[("l", "1")],
        3 => &[("le", "1")],
        4 => &[("m", "a\"\\\n")],
        _ => &[("quantile", "0.5")],
    };
    GroupingKey::new("j", labels.iter().copied()).unwrap()
}

/// Says what a reader of scrapes would not take.
fn judge(page: &[u8]) -> Result<(), TestCaseError> {
    let text = String::from_utf8_lossy(page);
    let read = Page::parse_pushed(page.to_vec(), &Limits::NONE);
    let read = read.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
    let mut series = HashSet::new();
    for sample in read.samples() {
        let mut labels: Vec<_> =
            sample.labels().map(|it| (it.name.to_owned(), it.value.into_owned())).collect();
        labels.sort();
        prop_assert!(
            series.insert((sample.name().to_owned(), labels)),
            "{} stands twice in\n{text}",
            sample.line()
        );
    }
    let mut types = HashSet::new();
    for line in text.lines().filter(|line| line.starts_with("# TYPE ")) {
        prop_assert!(types.insert(line.split(' ').nth(2)), "{line} stands twice in\n{text}");
    }
    Ok(())
}

#[test]
fn no_sequence_of_pushes_makes_a_page_that_cannot_be_read() {
    let end = Instant::now() + Duration::from_secs(8);
    let mut runner = TestRunner::new(Config { cases: 256, ..Config::default() });
    let (mut taken, mut pages) = (0_usize, Vec::new());
    let mut sampled = 0_u32;
    let result = {
        let (taken, pages) = (std::cell::RefCell::new(&mut taken), std::cell::RefCell::new(&mut pages));
        let sampled = std::cell::RefCell::new(&mut sampled);
        runner.run(&prop::collection::vec(act(), 1..12), |acts| {
            if Instant::now() > end {
                return Ok(());
            }
            let now = Moment { wall: SystemTime::now(), steady: Instant::now() };
            let mut groups = Groups::new([].into(), 100);
            for (act, number, put) in acts {
                let key = key(number);
                let (language, body) = match act {
                    Act::Protobuf(families) => (Language::Protobuf, delimited(&families)),
                    Act::Text(lines) => (Language::Text, text(&lines).into_bytes()),
                    Act::Delete => {
                        groups.delete(&key);
                        continue;
                    }
                };
                let method = if put { Method::Put } else { Method::Post };
                match push::read(language, body.into(), &key, &Limits::NONE) {
                    Ok(push) => {
                        // Counters that begin at 0 are shown by other lines than were pushed.
                        let origin = (number % 2 == 1).then_some(Duration::from_hours(1));
                        let manner = Manner { origin, ..Manner::default() };
                        let done = groups.push_as(method, &key, push, &manner, now);
                        **taken.borrow_mut() += usize::from(done.is_ok());
                    }
                    Err(_) => groups.fail(&key, Duration::from_mins(1), now),
                }
                let page = page::metrics(&groups, &Page::empty());
                judge(&page)?;
                let own = Page::empty();
                let rich = page::protobuf(&groups, &own);
                let families =
                    decode(&rich, &Limits::NONE).map_err(|it| TestCaseError::fail(it.to_string()))?;
                judge(protobuf::page(&families, usize::MAX).unwrap().text().as_bytes())?;
                let om = page::openmetrics(&groups, &own);
                let shown = String::from_utf8_lossy(&om).into_owned();
                let read = Page::parse_openmetrics(om, &Limits::NONE);
                prop_assert!(read.is_ok(), "{:?}\n{shown}", read.err());
                **sampled.borrow_mut() += 1;
                if sampled.borrow().is_multiple_of(50) && pages.borrow().len() < 20 {
                    pages.borrow_mut().push(page);
                }
            }
            Ok(())
        })
    };
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(taken > 50, "only {taken} pushes were taken: the test tries nothing");
    assert!(!pages.is_empty());
    for page in &pages {
        let text = String::from_utf8_lossy(page);
        let (_, printed) = peers::run("promtool", &["check", "metrics"], page);
        assert!(!printed.contains("error while linting"), "{printed}\n{text}");
    }
    let python = peers::PYTHON;
    let script = "import sys\nfrom prometheus_client import parser\nfor page in sys.stdin.buffer.read().decode().split('# EOP\\n'):\n  for family in parser.text_string_to_metric_families(page): pass\n";
    let (success, printed) = peers::run(python, &["-c", script], &pages.join(&b"# EOP\n"[..]));
    assert!(success, "{printed}");
}
