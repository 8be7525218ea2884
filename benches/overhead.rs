//! What instrumentation costs: the route without simulated work, with instruments and without, in turn.
//!
//! Both servers live in this process, each on a thread of its own whose CPU time the kernel
//! counts, so that what the load generator costs does not show. A figure is the median over
//! rounds; a ratio is made within a round. Prints a table and, with `--json FILE`, writes all
//! raw figures.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and may end where it cannot go on"
)]

#[path = "overhead/article.rs"]
mod article;
#[path = "overhead/load.rs"]
mod load;
// The lab starts the same app.
#[path = "../crates/lab/src/python.rs"]
#[allow(dead_code, reason = "shared with the lab, which uses all of it")]
mod python;
#[path = "overhead/server.rs"]
mod server;

use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

use api::metrics::{Instruments, Metrics, Nothing, UnderWay};
use api::routes::Route;
use http::{Method, StatusCode};

const ROUNDS: usize = 31;
const SLICE: Duration = Duration::from_millis(300);
const CONNECTIONS: usize = 32;

fn main() {
    let file = std::env::args().skip_while(|argument| argument != "--json").nth(1);
    let mut report = String::new();
    let mut note = |what: &str, values: &[f64]| {
        writeln!(report, "{{\"what\":\"{what}\",\"values\":{values:?}}}").unwrap();
    };

    println!("instruments alone, ns a request (begin, end; the article's counter and summary)");
    for threads in [1, 2] {
        let on: Vec<f64> = (0..ROUNDS).map(|_| alone(&metrics(), threads)).collect();
        println!(
            "  {threads} thread(s) {:>27.1}  goal {}: {}",
            median(&on),
            150 * threads,
            verdict(median(&on) <= (150 * threads) as f64)
        );
        note(&format!("instruments alone, {threads} threads, ns"), &on);
    }

    let (on, off) = (server::start(metrics()), server::start(Nothing));
    let (mut with, mut without, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        // Who goes first alternates, too.
        let order = if round % 2 == 0 { [&on, &off] } else { [&off, &on] };
        let [first, second] =
            order.map(|server| load::run(&server.address, CONNECTIONS, SLICE, Some(server)));
        let (one, other) = if round % 2 == 0 { (first, second) } else { (second, first) };
        // The first round warms both up.
        if round > 0 {
            with.push(one.cpu_ns);
            without.push(other.cpu_ns);
            ratios.push(one.cpu_ns / other.cpu_ns);
        }
    }
    println!("\nGET / without work, server CPU ns a request");
    println!("  with instruments {:>22.0}\n  without {:>31.0}", median(&with), median(&without));
    let overhead = (median(&ratios) - 1.0) * 100.0;
    let spread = quartiles(&ratios).map(|ratio| (ratio - 1.0) * 100.0);
    println!(
        "  overhead {overhead:>29.2} %  (quartiles {:.2} to {:.2})  goal 1 %: {}",
        spread[0],
        spread[1],
        verdict(overhead < 1.0)
    );
    note("with instruments, CPU ns a request", &with);
    note("without instruments, CPU ns a request", &without);

    let mut scrapes = load::while_loaded(&on.address, CONNECTIONS, Duration::from_secs(3));
    scrapes.sort_by(f64::total_cmp);
    let p99 = scrapes[scrapes.len() * 99 / 100];
    println!(
        "\n/metrics under full load, ms: p50 {:.2}, p99 {p99:.2}  goal 10: {}",
        median(&scrapes),
        verdict(p99 < 10.0)
    );
    note("metrics under full load, ms", &scrapes);

    match article::start() {
        Ok(article) => {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..5 {
                ours.push(load::run(&on.address, CONNECTIONS, SLICE * 3, None).rate);
                theirs.push(load::run(&article.address, CONNECTIONS, SLICE * 3, None).rate);
            }
            let ratio: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
            println!("\nGET / without work, requests a second, one server thread, {CONNECTIONS} connections");
            println!(
                "  ours {:>34.0}\n  the article's FastAPI app {:>13.0}\n  ratio {:>33.1}x",
                median(&ours),
                median(&theirs),
                median(&ratio)
            );
            note("ours, requests a second", &ours);
            note("article, requests a second", &theirs);
        }
        Err(message) => println!("\nthe article's app was not measured: {message}"),
    }
    if let Some(file) = file {
        std::fs::write(&file, report).unwrap_or_else(|error| panic!("cannot write {file}: {error}"));
    }
}

fn metrics() -> Metrics {
    Metrics::new(&prometheus::Registry::new()).unwrap()
}

/// Nanoseconds a request of the instruments alone, less those of the loop around them.
fn alone(metrics: &Metrics, threads: usize) -> f64 {
    const REQUESTS: u32 = 100_000;
    let timed = |instruments: &dyn Fn()| {
        let began = Instant::now();
        for _ in 0..REQUESTS {
            instruments();
        }
        began.elapsed().as_nanos() as f64 / f64::from(REQUESTS)
    };
    let one = || {
        let on = timed(&|| pass(metrics));
        on - timed(&|| pass(&Nothing))
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let spent: Vec<f64> = running.into_iter().map(|thread| thread.join().unwrap()).collect();
        spent.iter().sum::<f64>() / spent.len() as f64
    })
}

fn pass<I: Instruments>(instruments: &I) {
    let request = instruments.begin(black_box(&Method::GET), black_box(Route::Root));
    instruments.work_ended(instruments.work_began());
    request.answered(StatusCode::OK);
}

fn verdict(reached: bool) -> &'static str {
    if reached { "reached" } else { "missed" }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn quartiles(values: &[f64]) -> [f64; 2] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    [sorted[sorted.len() / 4], sorted[sorted.len() * 3 / 4]]
}
