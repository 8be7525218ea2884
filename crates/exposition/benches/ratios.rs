//! Speed of the exposition crate as ratios against peers measured in the same run.
//!
//! Every round times each contender once, in turn, so that a slow spell of a shared machine
//! hits all of them; a ratio is the median over rounds of the ratio within a round.
//! Prints a table and, with `--json FILE`, writes all raw times.

#![allow(clippy::print_stdout, reason = "a bench prints")]

#[path = "ratios/bare.rs"]
mod bare;
#[path = "ratios/pages.rs"]
mod pages;

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use exposition::{Limits, Page, encode};

/// How long one contender runs within a round, at least.
const SLICE: Duration = Duration::from_millis(30);
const ROUNDS: usize = 15;

struct Contender {
    name: &'static str,
    run: Box<dyn Fn()>,
    /// Nanoseconds a call, one entry a round.
    times: Vec<f64>,
}

impl Contender {
    fn new(name: &'static str, run: impl Fn() + 'static) -> Self {
        Self { name, run: Box::new(run), times: Vec::new() }
    }

    fn time(&mut self) {
        let start = Instant::now();
        let mut calls = 0_u32;
        while calls == 0 || start.elapsed() < SLICE {
            (self.run)();
            calls += 1;
        }
        self.times.push(start.elapsed().as_nanos() as f64 / f64::from(calls));
    }
}

fn main() {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--json");
    let file = arguments.nth(1);
    let mut report = String::new();
    for (name, text) in pages::all() {
        let text = Bytes::from(text);
        let page = Page::parse(text.clone(), &Limits::NONE).expect("the bench's own pages are well formed");
        println!(
            "\n{name}: {} bytes, {} samples, index {:.1} bytes a sample",
            text.len(),
            page.sample_count(),
            page.index_bytes() as f64 / page.sample_count() as f64
        );
        let mut contenders = contenders(&text, &page);
        for _ in 0..ROUNDS {
            contenders.iter_mut().for_each(Contender::time);
        }
        table(&contenders, text.len(), page.sample_count());
        for contender in &contenders {
            report.push_str(&format!(
                "{{\"page\":\"{name}\",\"what\":\"{}\",\"ns\":{:?}}}\n",
                contender.name, contender.times
            ));
        }
    }
    if let Some(file) = file {
        std::fs::write(&file, report).unwrap_or_else(|error| panic!("cannot write {file}: {error}"));
    }
}

fn contenders(text: &Bytes, page: &Page) -> Vec<Contender> {
    let string = String::from_utf8(text.to_vec()).expect("the pages are UTF-8");
    let (bare, peer, strict) = (text.clone(), string.clone(), string);
    let ours = text.clone();
    let (encoded, rewritten) = (page.clone(), page.clone());
    let families = pages::registry_families(page);
    vec![
        Contender::new("parse", move || {
            black_box(Page::parse(ours.clone(), &Limits::NONE).is_ok());
        }),
        Contender::new("bare loop", move || {
            black_box(bare::tokens_and_numbers(&bare));
        }),
        Contender::new("prometheus-parse", move || {
            let lines = peer.lines().map(|line| Ok(line.to_owned()));
            black_box(prometheus_parse::Scrape::parse(lines).is_ok());
        }),
        Contender::new("openmetrics-parser", move || {
            black_box(openmetrics_parser::prometheus::parse_prometheus(&strict).is_ok());
        }),
        Contender::new("encode", move || {
            let mut out = Vec::with_capacity(encoded.text().len());
            encode::text(&encoded, &mut out);
            black_box(out);
        }),
        Contender::new("rewrite", move || {
            let labels = [("job", "api"), ("instance", "host-1")];
            black_box(rewritten.rewrite(&exposition::Rewrite { labels: &labels, ..Default::default() }));
        }),
        Contender::new("prometheus encoder", move || {
            black_box(prometheus::TextEncoder::new().encode_to_string(&families).is_ok());
        }),
    ]
}

fn table(contenders: &[Contender], bytes: usize, samples: usize) {
    let [parse, bare, peer, strict, encode, rewrite, encoder] = contenders else { return };
    for contender in contenders {
        let ns = median(&contender.times);
        println!(
            "  {:<20} {:>8.0} MB/s {:>9.1} ns a sample",
            contender.name,
            bytes as f64 * 1e3 / ns,
            ns / samples as f64
        );
    }
    ratio("parse / prometheus-parse", peer, parse, Some(15.0));
    ratio("parse / openmetrics-parser", strict, parse, None);
    ratio("parse / bare loop", bare, parse, Some(0.6));
    ratio("encode / prometheus encoder", encoder, encode, Some(10.0));
    ratio("rewrite / prometheus encoder", encoder, rewrite, None);
}

fn ratio(name: &str, slow: &Contender, fast: &Contender, goal: Option<f64>) {
    let mut ratios: Vec<f64> = slow.times.iter().zip(&fast.times).map(|(slow, fast)| slow / fast).collect();
    ratios.sort_by(f64::total_cmp);
    let (low, middle, high) = (ratios[0], median(&ratios), ratios[ratios.len() - 1]);
    let goal = goal.map_or(String::new(), |goal| {
        format!("  goal {goal}: {}", if middle >= goal { "reached" } else { "missed" })
    });
    println!("  {name:<30} {middle:>8.2}x  ({low:.2} to {high:.2}){goal}");
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
