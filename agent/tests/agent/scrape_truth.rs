//! What remote write says of scrapes: rules by name, in tables, and by chance.

mod chance;
mod labels;
mod origins;
mod staleness;
mod values;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agent::sinks::remote_write::state::{External, OnShutdown, Rules, Shards, State};
use agent::snapshot::{Counters, Snapshot};
use exposition::remote_write::{STALE, Sample};
use exposition::{GroupingKey, Limits, Page, Rewrite};

/// What comes of a source.
#[derive(Debug, Clone, Copy)]
enum Reading<'a> {
    /// A page at this time, in milliseconds.
    Page(i64, &'a str),
    /// The same with what is known of its counters beside what they say.
    Known(i64, &'a str, Counters),
    /// The same with the last good values of then, as the reading failed.
    Kept(i64, i64, &'a str),
    /// No page, as something went wrong.
    Failed(i64),
    /// No page, as nobody is there.
    Refused(i64),
    /// The source is taken out of the settings.
    Gone(i64),
    /// The agent ends.
    End(i64, OnShutdown),
    /// Other settings of the endpoint.
    Altered(i64),
}

use Reading::{Altered, End, Failed, Gone, Kept, Known, Page as At, Refused};

fn time(ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(ms.unsigned_abs())
}

fn key() -> GroupingKey {
    "job/j".parse().unwrap()
}

fn parsed(text: &str) -> Page {
    if text.ends_with("# EOF\n") {
        let page = Page::parse_openmetrics(text.to_owned(), &Limits::NONE).unwrap();
        return page.rewrite(&Rewrite { keep_timestamps: true, ..Rewrite::default() });
    }
    Page::parse(text.to_owned(), &Limits::NONE).unwrap()
}

fn snapshot(taken: i64, values: Option<(Option<i64>, &str)>, up: bool, absent: bool) -> Arc<Snapshot> {
    let mut pages = vec![parsed(if up { "# TYPE up gauge\nup 1\n" } else { "# TYPE up gauge\nup 0\n" })];
    pages.extend(values.map(|(_, text)| parsed(text)));
    let values_at = values.and_then(|(at, _)| at).map(time);
    let (source, taken_at) = ("s".to_owned(), time(taken));
    let counters = Counters::default();
    Arc::new(Snapshot { values_at, absent, counters, up, ..Snapshot::new(source, key(), taken_at, pages) })
}

/// Lets a state take a reading, and what it made of it: a line a sample, those of one series in their order.
fn told(state: &mut State, reading: Reading<'_>) -> Vec<String> {
    let mut out = Shards::new(3, 0);
    match reading {
        At(at, text) => state.feed(&snapshot(at, Some((None, text)), true, false), &mut out),
        Known(at, text, counters) => {
            let snapshot = snapshot(at, Some((None, text)), true, false);
            state.feed(&Arc::new(Snapshot { counters, ..(*snapshot).clone() }), &mut out);
        }
        Kept(at, then, text) => state.feed(&snapshot(at, Some((Some(then), text)), false, false), &mut out),
        Failed(at) => state.feed(&snapshot(at, None, false, false), &mut out),
        Refused(at) => state.feed(&snapshot(at, None, false, true), &mut out),
        Gone(at) => state.gone(&key(), time(at), &mut out),
        End(at, how) => state.end(how, time(at), &mut out),
        Altered(at) => {
            let labels = External { labels: vec![("x".to_owned(), "1".to_owned())], ..External::default() };
            state.alter(Rules { labels, ..Rules::default() }, time(at), &mut out);
        }
    }
    let mut lines = Vec::new();
    for (_, record) in out.finish() {
        for series in record.series() {
            lines.extend(series.samples().map(|sample| line(&series.to_string(), &sample)));
        }
    }
    lines
}

fn line(series: &str, sample: &Sample) -> String {
    let value =
        if sample.bits == STALE { "stale".to_owned() } else { f64::from_bits(sample.bits).to_string() };
    let start = if sample.start_ms == 0 { String::new() } else { format!(" since {}", sample.start_ms) };
    let origin = if sample.origin { " origin" } else { "" };
    format!("{series} {value} @{}{start}{origin}", sample.timestamp_ms)
}

/// One rule: what is told of readings one after the other, `up` left out.
struct Case<'a> {
    rule: &'a str,
    readings: &'a [(Reading<'a>, &'a [&'a str])],
}

/// Each case against a state of its own, which looks since 1,000.
fn hold(cases: &[Case<'_>], rules: impl Fn() -> Rules) {
    for Case { rule, readings } in cases {
        let mut state = State::new(rules(), time(1_000));
        for (reading, want) in *readings {
            let mut lines = told(&mut state, *reading);
            lines.retain(|line| !line.starts_with("up "));
            lines.sort();
            let mut want = want.to_vec();
            want.sort_unstable();
            assert_eq!(lines, want, "{rule}: {reading:?}");
        }
    }
}
