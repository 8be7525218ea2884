//! What a measurement rests on: a record of each event before its answer, and `/metrics` after a stop.

use super::process::{QUICK, run, start};

#[test]
fn each_event_is_on_record_before_its_answer_and_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("truth");
    let truth = [("PUSHPULL_API__TRUTH__FILE", file.to_str().unwrap())];
    let api = start(&[QUICK, &truth].concat());
    let began = std::time::SystemTime::now();
    for path in ["/", "/", "/nowhere", "/metrics", "/"] {
        api.get(path);
    }
    api.signal("-KILL");
    let bytes = std::fs::read(&file).unwrap();
    let records: Vec<u64> =
        bytes.chunks(8).map(|record| u64::from_le_bytes(record.try_into().unwrap())).collect();
    assert_eq!(records.len(), 3, "only / counts");
    let began = began.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    assert!(records.is_sorted() && u128::from(records[0]) >= began, "{records:?} since {began}");
}

#[test]
fn a_file_that_cannot_be_written_is_named_at_the_start() {
    let (code, said) = run(&[("PUSHPULL_API__TRUTH__FILE", "/nowhere/truth")], &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("truth.file: cannot append to /nowhere/truth"), "{said}");
}

#[test]
fn lingering_it_still_shows_its_metrics_and_takes_no_more_events() {
    let mut api = start(&[QUICK, &[("PUSHPULL_API__SHUTDOWN__LINGER", "2s")]].concat());
    api.get("/");
    api.terminate();
    while !api.get("/-/ready").contains("503") {
        std::thread::yield_now();
    }
    let answer = api.get("/").to_lowercase();
    assert!(answer.contains(" 503 ") && answer.contains("connection: close"), "{answer}");
    assert_eq!(api.metric("app_requests_total"), Some(1.0));
    assert_eq!(api.metric("http_requests_rejected_total{reason=\"stopping\"}"), Some(1.0));
    assert_eq!(api.wait().code(), Some(0));
}
