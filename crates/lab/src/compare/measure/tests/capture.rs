use super::super::super::path::Path;
use super::super::super::scenario::Exit;
use super::super::build::{Run, each_second};

fn three() -> Run {
    Run::new(Path::PullStatic, 60.0)
        .exit(Exit::Kill)
        .pod(&each_second(10), Some(10.5))
        .raw(&[(3.0, 3.0), (8.0, 8.0)], Some(6.0))
        .pod(&each_second(10), Some(10.5))
        .raw(&[(6.0, 6.0)], None)
        .pod(&each_second(20), Some(20.5))
}

#[test]
fn the_largest_sample_over_the_truth_and_zero_without_one() {
    let figure = three().figure("capture_ratio").unwrap();
    assert!((figure.value.unwrap() - (0.8 + 0.6 + 0.0) / 3.0).abs() < 1e-12);
    assert_eq!(figure.n, 3);
    // Deviations 1/3, 2/15, -7/15: their squares add up to 26/75.
    assert!((figure.error.unwrap() - (26.0_f64 / 75.0 / 6.0).sqrt()).abs() < 1e-12);
    assert_eq!(figure.interval, None, "of three there is none");
    assert!(figure.expected.is_some());
}

#[test]
fn seen_and_increase() {
    assert_eq!(three().value("seen_ratio"), Some(0.666_666_667));
    assert_eq!(three().value("increase_ratio"), Some(6.0 / 40.0));
}

#[test]
fn instances_without_an_event_are_left_out() {
    let run = three().pod(&[], Some(0.1));
    assert_eq!(run.cell(), three().cell());
    let none = Run::new(Path::PullStatic, 60.0).pod(&[], None);
    assert_eq!(none.cell().figures.len(), 0);
}

#[test]
fn events_after_the_run_are_none_of_it() {
    let run = Run::new(Path::PullStatic, 10.0).pod(&each_second(20), None).raw(&[(9.0, 9.0)], None);
    assert_eq!(run.value("capture_ratio"), Some(0.9));
}

#[test]
fn a_value_that_goes_back_counts_with_its_largest() {
    let run = Run::new(Path::PushReal, 60.0)
        .pod(&each_second(10), None)
        .raw(&[(1.0, 4.0), (6.0, 8.0), (11.0, 2.0)], Some(10.0));
    assert_eq!(run.value("capture_ratio"), Some(0.8));
    assert_eq!(run.value("increase_ratio"), Some(1.0));
}

#[test]
fn one_series_for_two_replicas_counts_once_and_two_count_twice() {
    let one = [(5.0, 4.0), (10.0, 10.0)];
    let two = Run::new(Path::PushReal, 60.0).one_identity().pod(&each_second(10), None).raw(&one, Some(30.0));
    let given_once = two.pod(&each_second(10), None);
    assert_eq!(given_once.value("capture_ratio"), Some(0.5));
    let given_for_each = given_once.raw(&one, Some(30.0));
    assert_eq!(given_for_each.value("capture_ratio"), Some(0.5));
    assert_eq!(given_for_each.value("increase_ratio"), Some(1.5));
    assert_eq!(given_for_each.cell().figures.len(), 2);
    let apart = Run::new(Path::PullStatic, 60.0)
        .one_identity()
        .pod(&each_second(10), None)
        .raw(&one, Some(6.0))
        .pod(&each_second(10), None)
        .raw(&[(5.5, 5.0), (10.5, 10.0)], Some(5.0));
    assert_eq!(apart.value("capture_ratio"), Some(1.0));
    assert_eq!(apart.value("increase_ratio"), Some(0.55));
}
