//! What it costs to tell remote write of a scrape, its request included, as a ratio against a cache that looks each
//! series up by its text, in the same run; and the memory of it.
//!
//! `cargo bench -p agent --bench scrape_truth`

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and may end")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use agent::sinks::remote_write::state::{Rules, Shards, State};
use agent::snapshot::Snapshot;
use exposition::remote_write::{Batch, Encoder, Protocol, Record, Sample, SeriesLabels, bits};
use exposition::{Limits, Page, PageBuilder};

const SERIES: usize = 1_000;
const ROUNDS: usize = 31;
const TARGETS: usize = 100;

/// A scraped page with the target's labels on: 1,000 series of 40 families, a tenth of them in histograms.
fn snapshot(target: usize, round: u64, odd: bool) -> Arc<Snapshot> {
    let (mut text, instance) = (String::new(), format!("10.0.{}.{}:9100", target / 250, target % 250));
    for number in 0..SERIES {
        if number % 25 == 0 {
            let name = format!("app_requests_of_family_{}_total", number / 25);
            writeln!(
                text,
                "# HELP {name} Requests that were answered, by code and handler.\n# TYPE {name} counter"
            )
            .unwrap();
        }
        let handler =
            if odd && number == SERIES / 2 { format!("odd{round}") } else { format!("/api/v1/{number}") };
        let (family, value) = (number / 25, round * 7 + number as u64);
        writeln!(
            text,
            "app_requests_of_family_{family}_total{{code=\"200\",handler=\"{handler}\",instance=\"{instance}\",job=\"api\"}} {value}"
        )
        .unwrap();
    }
    let mut up = PageBuilder::new();
    up.sample("up", &[("instance", &instance), ("job", "api")], 1.0);
    Arc::new(Snapshot::new(
        instance.clone(),
        format!("job/api/instance/{instance}").parse().unwrap(),
        UNIX_EPOCH + Duration::from_secs(1_700_000_000 + 15 * round),
        vec![up.finish(), Page::parse(text, &Limits::NONE).unwrap()],
    ))
}

/// Nanoseconds a sample, the median of all rounds but the first.
fn median(odd: bool, mut feed: impl FnMut(&Arc<Snapshot>)) -> f64 {
    let snapshots: Vec<_> = (0..=ROUNDS as u64).map(|round| snapshot(0, round, odd)).collect();
    feed(&snapshots[0]);
    let mut took: Vec<f64> = snapshots[1..]
        .iter()
        .map(|snapshot| {
            let start = Instant::now();
            feed(snapshot);
            start.elapsed().as_secs_f64() * 1e9 / SERIES as f64
        })
        .collect();
    took.sort_by(f64::total_cmp);
    took[ROUNDS / 2]
}

fn ours(odd: bool) -> f64 {
    let (mut state, mut encoder) = (State::new(Rules::default(), UNIX_EPOCH), Encoder::default());
    median(odd, move |snapshot| {
        let mut out = Shards::new(1, 1_700_000_000_000);
        state.feed(snapshot, &mut out);
        sent(&out.finish().into_iter().map(|(_, record)| record).collect::<Vec<_>>(), &mut encoder);
    })
}

/// A map from the text of a line to its labels, which knows nothing of ends and beginnings.
fn map(odd: bool) -> f64 {
    let (mut known, mut encoder) = (HashMap::<String, SeriesLabels>::new(), Encoder::default());
    median(odd, move |snapshot| {
        let at = i64::try_from(snapshot.taken_at.duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        let mut batch = Batch::new(1_700_000_000_000);
        let pages = snapshot.written(0);
        for sample in pages.iter().flat_map(|page| page.samples()) {
            if !known.contains_key(sample.series_text()) {
                let own: Vec<_> = sample.labels().collect();
                let own = own.iter().map(|label| (label.name, label.value.as_ref()));
                let labels = SeriesLabels::new(own.chain([("__name__", sample.name())])).unwrap();
                known.insert(sample.series_text().to_owned(), labels);
            }
            let point = Sample { bits: bits(sample.value()), timestamp_ms: at, ..Sample::default() };
            batch.sample(&known[sample.series_text()], None, point).unwrap();
        }
        sent(&[batch.finish()], &mut encoder);
    })
}

/// As a request has them: labels may be copied no sooner than here.
fn sent(records: &[Record], encoder: &mut Encoder) {
    black_box(encoder.body_of(records, Protocol::V1).unwrap());
}

/// Resident bytes of this process.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn memory() -> f64 {
    let snapshots: Vec<_> = (0..TARGETS).map(|target| snapshot(target, 0, false)).collect();
    let (mut state, before) = (State::new(Rules::default(), UNIX_EPOCH), resident());
    for snapshot in &snapshots {
        let mut out = Shards::new(1, 0);
        state.feed(snapshot, &mut out);
    }
    (resident() - before) as f64 / state.series() as f64
}

fn main() {
    // Before the others leave memory behind.
    println!("bytes a series beside the last page, {TARGETS} targets of {SERIES} series: {:.0}", memory());
    for (what, odd) in [("the same series", false), ("one in a thousand new", true)] {
        let (ours, map) = (ours(odd), map(odd));
        println!("{what}: {ours:.0} ns a sample, a map {map:.0} ns: {:.2} of it", ours / map);
    }
}
