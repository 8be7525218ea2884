//! A bounded run of the fuzz target, with a small mutating generator of its own.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::invariants;

const SEEDS: &[&str] = &[
    "# HELP a b\\n\n# TYPE a histogram\na_bucket{le=\"1\",x=\"\\\"y\"} 1\na_sum 2.5e+10\na_count 1 1700000000000\n",
    "# TYPE a counter\n# UNIT a_seconds seconds\na_total 5 1.5 # {t=\"1\"} 0.5 2\na_created 1\n# EOF\n",
    "{\"my.name\",b=\"c\"} NaN\n# TYPE s summary\ns{quantile=\"0.5\"} -Inf\ns_sum +Inf\na 1\ns_count 1\na{x=\"1\" y=\"2\",} 2 \n",
    "{\"m.x\",\"a.b\"=\"1\",a_b=\"2\",\"a:b\"=\"\"} 1\nm_x 2\n# TYPE \"h.x\" histogram\n{\"h.x_bucket\",le=\"1\"} 1\nh_x_count 1\n",
    "job/a@base64/YS9i/b/%2F",
];
const PIECES: &[&str] = &[
    "\n",
    " ",
    "\t",
    "{",
    "}",
    "\"",
    "\\",
    ",",
    "=",
    "#",
    "# TYPE ",
    "# HELP ",
    " gauge",
    "_total",
    "_bucket",
    "_count",
    "1",
    "1e400",
    "NaN",
    "é",
    "\0",
    "\r",
    "__name__",
    "/",
    "@base64/",
    "%",
    "# EOF\n",
    " # {",
    "a",
    "job=\"x\"",
    "x=\"\"",
];

#[test]
fn mutated_pages_break_no_invariant() {
    let end = Instant::now() + Duration::from_secs(5);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 32).unwrap() % below.max(1)
    };
    let mut rounds = 0;
    while rounds < 100_000 && Instant::now() < end {
        let mut data = SEEDS[random(SEEDS.len())].as_bytes().to_vec();
        for _ in 0..=random(6) {
            let at = random(data.len() + 1);
            let piece = PIECES[random(PIECES.len())].as_bytes();
            match random(4) {
                0 => drop(data.splice(at..at, piece.iter().copied())),
                1 => drop(data.drain(at..data.len().min(at + random(9)))),
                2 if at < data.len() => data[at] = u8::try_from(random(256)).unwrap(),
                _ => data.extend_from_within(at..data.len().min(at + random(40))),
            }
        }
        invariants::hold(&data);
        rounds += 1;
    }
    assert!(rounds > 500, "only {rounds} rounds");
}

proptest! {
    #[test]
    fn any_bytes_break_no_invariant(data in prop::collection::vec(any::<u8>(), 0..200)) {
        invariants::hold(&data);
    }

    #[test]
    fn any_values_and_labels_survive(
        rows in prop::collection::vec(("[a-z]{1,3}", ".{0,8}", any::<f64>(), prop::option::of(0..i64::MAX)), 0..12),
    ) {
        let mut text = String::new();
        for (name, value, number, stamp) in &rows {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let stamp = stamp.map_or(String::new(), |stamp| format!(" {stamp}"));
            let number = if number.is_nan() { "NaN".to_owned() } else { format!("{number:e}") };
            text.push_str(&format!("{name}{{l=\"{escaped}\"}} {number}{stamp}\n"));
        }
        let page = exposition::Page::parse(text, &exposition::Limits::default()).unwrap();
        prop_assert_eq!(page.sample_count(), rows.len());
        for (sample, (name, value, number, stamp)) in page.samples().zip(&rows) {
            prop_assert_eq!(sample.name(), name);
            prop_assert_eq!(sample.label("l").unwrap(), value.as_str());
            prop_assert!(sample.value().to_bits() == number.to_bits() || number.is_nan() && sample.value().is_nan());
            prop_assert_eq!(sample.timestamp_ms(), *stamp);
        }
        invariants::hold(page.text().as_bytes());
    }
}
