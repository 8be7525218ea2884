use super::super::super::path::Path;
use super::super::super::scenario::Exit;
use super::super::build::{Run, counter, each_second};

/// Events at 1 to 10; polls see 4 at 5.5 and 8 at 10.5; stored are 8.
fn ten() -> Run {
    Run::new(Path::PullStatic, 20.0)
        .pod(&each_second(10), None)
        .raw(&[(5.0, 4.0), (10.0, 8.0)], None)
        .poll(0.5, &[None])
        .poll(5.5, &[counter(4.0)])
        .poll(8.0, &[counter(4.0)])
        .poll(10.5, &[counter(8.0)])
}

#[test]
fn an_event_is_as_old_as_it_is_when_it_is_seen_first() {
    // 4.5, 3.5, 2.5, 1.5, 5.5, 4.5, 3.5, 2.5
    let p50 = ten().figure("freshness_p50_seconds").unwrap();
    assert_eq!((p50.value, p50.n), (Some(3.5), 8));
    assert_eq!(ten().value("freshness_p95_seconds"), Some(5.5));
    assert_eq!(ten().value("never_visible_ratio"), Some(0.0));
}

#[test]
fn what_is_stored_and_in_no_poll_was_never_visible() {
    let mut run = ten();
    run.observed.polls.pop();
    let never = run.figure("never_visible_ratio").unwrap();
    assert_eq!((never.value, never.n), (Some(0.5), 8));
    assert_eq!(run.figure("freshness_p50_seconds").unwrap().n, 4);
    run.observed.polls.clear();
    assert_eq!(run.value("never_visible_ratio"), Some(1.0));
    assert_eq!(run.figure("freshness_p50_seconds"), None);
    run.observed.raw.clear();
    assert_eq!(run.figure("never_visible_ratio"), None);
}

#[test]
fn what_was_seen_of_a_counter_that_goes_back_stays_seen() {
    let run = ten().poll(12.0, &[counter(1.0)]).poll(14.0, &[counter(8.0)]);
    assert_eq!(run.cell().figures["freshness_p95_seconds"], ten().cell().figures["freshness_p95_seconds"]);
}

#[test]
fn lives_below_five_seconds_have_no_freshness() {
    let short = |life| {
        Run::new(Path::PullStatic, 20.0)
            .exit(Exit::Kill)
            .pod(&[1.0, 2.0], Some(life))
            .raw(&[(3.0, 2.0)], None)
            .poll(3.5, &[counter(2.0)])
    };
    assert_eq!(short(4.9).figure("freshness_p50_seconds"), None);
    assert_eq!(short(5.0).value("freshness_p50_seconds"), Some(1.5));
    let mut quick = short(2.0);
    quick.times.scrape = 0.4;
    assert_eq!(quick.value("freshness_p50_seconds"), Some(1.5));
}

#[test]
fn the_first_sample_is_counted_from_birth() {
    let run = ten().pod(&each_second(10), None).raw(&[(7.0, 7.0)], None).pod(&each_second(3), None);
    let p50 = run.figure("first_sample_p50_seconds").unwrap();
    assert_eq!((p50.value, p50.n), (Some(5.0), 2));
    assert_eq!(run.value("first_sample_max_seconds"), Some(7.0));
    let never = Run::new(Path::PullStatic, 20.0).pod(&each_second(10), None);
    assert_eq!(never.figure("first_sample_max_seconds"), None);
}

#[test]
fn a_gap_is_what_is_longer_than_an_interval() {
    // Alive for 40 s, covered from 5 to 15 and from 27 to 37.
    let run = Run::new(Path::PullStatic, 60.0)
        .exit(Exit::Kill)
        .pod(&each_second(39), Some(40.0))
        .raw(&[(5.0, 4.0), (10.0, 8.0), (27.0, 26.0), (32.0, 31.0), (41.0, 39.0)], None);
    assert_eq!(run.value("gap_max_seconds"), Some(12.0));
    assert_eq!(run.value("gap_ratio"), Some(0.5));
}

#[test]
fn one_sample_has_no_gap_and_none_covers_nothing() {
    let run = Run::new(Path::PullStatic, 20.0).pod(&each_second(9), None).raw(&[(15.0, 9.0)], None);
    assert_eq!(run.figure("gap_max_seconds"), None);
    assert_eq!(run.value("gap_ratio"), Some(0.75));
    let dense = Run::new(Path::PullStatic, 20.0)
        .pod(&each_second(9), None)
        .raw(&[(0.0, 0.0), (2.0, 2.0), (4.0, 4.0), (9.0, 9.0), (14.0, 9.0), (19.0, 9.0)], None);
    assert_eq!(dense.value("gap_max_seconds"), Some(0.0));
    assert_eq!(dense.value("gap_ratio"), Some(0.0));
    // What is covered twice makes up for nothing: from 9 to 15 there is no sample.
    let apart = Run::new(Path::PullStatic, 20.0)
        .pod(&each_second(9), None)
        .raw(&[(0.0, 0.0), (2.0, 2.0), (4.0, 4.0), (15.0, 9.0)], None);
    assert_eq!(apart.value("gap_ratio"), Some(0.3));
    assert_eq!(Run::new(Path::PullStatic, 20.0).pod(&each_second(9), None).value("gap_ratio"), Some(1.0));
}

#[test]
fn what_is_inside_a_fault_was_filled_in() {
    // 21 s of fault are 20 s without the margins: 4 samples at each instance.
    let run = Run::new(Path::PushReal, 60.0)
        .fault(20.0, 41.0)
        .pod(&each_second(60), None)
        .raw(&[(20.2, 20.0), (25.0, 20.0), (30.0, 20.0), (40.8, 40.0)], None)
        .pod(&each_second(60), None);
    let figure = run.figure("backfill_ratio").unwrap();
    assert_eq!((figure.value, figure.n), (Some(0.25), 2));
    let calm = Run::new(Path::PushReal, 60.0).pod(&each_second(60), None).raw(&[(25.0, 20.0)], None);
    assert_eq!(calm.figure("backfill_ratio"), None);
    let dead = Run::new(Path::PushReal, 60.0)
        .exit(Exit::Kill)
        .fault(20.0, 41.0)
        .pod(&each_second(9), Some(10.0))
        .raw(&[(25.0, 9.0)], None);
    assert_eq!(dead.figure("backfill_ratio"), None);
}

#[test]
fn rates_around_a_fault_are_over_the_true_one() {
    // One event a second; 9 is before the range of rate() is inside its life, 96 is after 50 + 45.
    let run = |points: &[(f64, f64)]| {
        Run::new(Path::PushReal, 100.0).fault(30.0, 50.0).pod(&each_second(100), None).rates(points)
    };
    let with = run(&[(9.0, 0.1), (12.0, 1.0), (40.0, 0.0), (52.0, 3.0), (96.0, 9.0)]);
    assert_eq!(with.value("rate_min_ratio"), Some(0.0));
    // From 0 to 95 there are 95 events.
    assert_eq!(with.value("rate_max_ratio"), Some(3.0));
    assert_eq!(run(&[]).figure("rate_min_ratio"), None);
    assert_eq!(run(&[(96.0, 1.0)]).figure("rate_max_ratio"), None);
    let calm = Run::new(Path::PushReal, 100.0).pod(&each_second(100), None).rates(&[(40.0, 1.0)]);
    assert_eq!(calm.figure("rate_max_ratio"), None);
}
