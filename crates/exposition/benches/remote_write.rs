//! Speed and size of remote write bodies, as ratios against an encoder of prost's types in the same run.
//!
//! `cargo bench -p exposition --bench remote_write`

#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use exposition::remote_write::{
    Batch, Encoder, Family, Protocol, Record, Sample, SeriesLabels, bits, message,
};
use exposition::{Limits, Page};
use prost::Message;

/// How long one contender runs within a round, at least.
const SLICE: Duration = Duration::from_millis(30);
const ROUNDS: usize = 15;
const AT: i64 = 1_700_000_000_000;

/// A series as a sink has it: labels encoded once, and once more as types for the peer.
struct Series {
    labels: SeriesLabels,
    plain: Vec<message::Label>,
    family: usize,
    bits: u64,
}

/// Series of real pages, seen from several instances.
fn series(pages: &[(&str, Page)], instances: usize) -> (Vec<Series>, Vec<(String, exposition::Kind)>) {
    let (mut all, mut families) = (Vec::new(), Vec::new());
    for instance in 0..instances {
        let instance = format!("10.0.{}.{}:9100", instance / 250, instance % 250);
        for (job, page) in pages {
            for family in page.families() {
                families.push((family.name().to_owned(), family.kind()));
                for sample in family.samples() {
                    let own: Vec<_> = sample.labels().collect();
                    let mut labels: Vec<(&str, &str)> =
                        own.iter().map(|label| (label.name, label.value.as_ref())).collect();
                    labels.extend([("__name__", sample.name()), ("job", *job), ("instance", &instance)]);
                    let Ok(labels) = SeriesLabels::new(labels) else { continue };
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    let plain = labels.pairs();
                    let plain =
                        plain.map(|(name, value)| message::Label { name: text(name), value: text(value) });
                    let (plain, family) = (plain.collect(), families.len() - 1);
                    all.push(Series { labels, plain, family, bits: bits(sample.value()) });
                }
            }
        }
    }
    (all, families)
}

fn record(series: &[Series], families: &[(String, exposition::Kind)]) -> Record {
    let mut batch = Batch::new(AT);
    let mut last = None;
    for one in series {
        let family = match last {
            Some((at, family)) if at == one.family => family,
            _ => {
                let (name, kind) = &families[one.family];
                batch
                    .family(&Family { name, kind: *kind, help: "", unit: "" })
                    .expect("a bench's batch is small")
            }
        };
        last = Some((one.family, family));
        let sample = Sample { bits: one.bits, timestamp_ms: AT, ..Sample::default() };
        batch.sample(&one.labels, Some(family), sample).expect("a bench's batch is small");
    }
    batch.finish()
}

/// The same by prost's types, as most senders do it.
fn prost_body(series: &[Series]) -> Vec<u8> {
    let timeseries = series.iter().map(|one| message::TimeSeries {
        labels: one.plain.clone(),
        samples: vec![message::Sample { value: f64::from_bits(one.bits), timestamp: AT }],
        ..message::TimeSeries::default()
    });
    let request = message::WriteRequest { timeseries: timeseries.collect(), metadata: Vec::new() };
    snap::raw::Encoder::new().compress_vec(&request.encode_to_vec()).expect("snappy takes any bytes")
}

struct Contender<'a> {
    name: String,
    bytes: usize,
    run: Box<dyn FnMut() + 'a>,
    times: Vec<f64>,
}

fn main() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/pages");
    let pages = ["node_exporter", "prometheus"].map(|name| {
        let text = std::fs::read(format!("{folder}/{name}.txt")).expect("the bench's own page");
        (name, Page::parse(text, &Limits::NONE).expect("the bench's own pages are well formed"))
    });
    let (all, families) = series(&pages, 4);
    for size in [500, 2000] {
        let part = &all[..size.min(all.len())];
        let whole = record(part, &families);
        println!("\n{} series, {} bytes a sample raw", part.len(), whole.raw_len() / part.len());
        for mut contenders in [contenders(part, &families, &whole)] {
            for _ in 0..ROUNDS {
                for contender in &mut contenders {
                    let (start, mut calls) = (Instant::now(), 0_u32);
                    while calls == 0 || start.elapsed() < SLICE {
                        (contender.run)();
                        calls += 1;
                    }
                    contender.times.push(start.elapsed().as_nanos() as f64 / f64::from(calls));
                }
            }
            table(&contenders, part.len());
        }
    }
}

fn contenders<'a>(
    part: &'a [Series],
    families: &'a [(String, exposition::Kind)],
    whole: &'a Record,
) -> Vec<Contender<'a>> {
    let contender = |name: &str, bytes: usize, run: Box<dyn FnMut() + 'a>| Contender {
        name: name.to_owned(),
        bytes,
        run,
        times: Vec::new(),
    };
    let packed = bytes::Bytes::from(whole.pack());
    let mut all = vec![
        contender(
            "prost types, 1.0 snappy",
            prost_body(part).len(),
            Box::new(|| drop(black_box(prost_body(part)))),
        ),
        contender("batch → record", 0, Box::new(|| drop(black_box(record(part, families))))),
        contender("record → spool bytes", packed.len(), Box::new(|| drop(black_box(whole.pack())))),
        contender("spool bytes → record", 0, Box::new(move || drop(black_box(Record::unpack(&packed))))),
    ];
    let encoders = [
        (Protocol::V1, 0),
        (Protocol::V2, 0),
        (Protocol::Zstd, -3),
        (Protocol::Zstd, 1),
        (Protocol::Zstd, 3),
    ];
    for (protocol, level) in encoders {
        let mut encoder = Encoder::new(level);
        let bytes = encoder.body(whole, protocol).map_or(0, |body| body.bytes.len());
        let name = match protocol {
            Protocol::Zstd => format!("record → zstd, level {level}"),
            other => format!("record → {} snappy", other.as_str()),
        };
        all.push(contender(&name, bytes, Box::new(move || drop(black_box(encoder.body(whole, protocol))))));
    }
    all
}

fn table(contenders: &[Contender<'_>], samples: usize) {
    let samples = samples as f64;
    for contender in contenders {
        let mut ratios: Vec<f64> =
            contenders[0].times.iter().zip(&contender.times).map(|(prost, own)| prost / own).collect();
        ratios.sort_by(f64::total_cmp);
        println!(
            "  {:<26} {:>7.1} ns a sample {:>6.2} bytes a sample  {:>6.2}x faster than prost's ({:.2} to {:.2})",
            contender.name,
            median(&contender.times) / samples,
            contender.bytes as f64 / samples,
            ratios[ratios.len() / 2],
            ratios[0],
            ratios[ratios.len() - 1],
        );
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
