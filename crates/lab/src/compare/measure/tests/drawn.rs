use super::super::super::observed::Cost;
use super::super::super::path::Path;
use super::super::build::{Run, counter, each_second};
use super::super::{cells, lines};

fn cost(path: Option<Path>) -> Cost {
    Cost {
        path,
        seconds: 30.0,
        pods: 10.0,
        bytes: Some(5000.0),
        requests: Some(60.0),
        cpu: vec![("agent", 0.2)],
        memory: vec![("agent", 1e6)],
    }
}

#[test]
fn costs_are_by_minute_and_what_all_share_is_the_apps() {
    let mut run = Run::new(Path::PushReal, 60.0);
    run.observed.costs = vec![cost(Some(Path::PushReal)), cost(None)];
    let found = cells(&run.scenario, &run.times, &run.observed);
    let names: Vec<_> = found.iter().map(|cell| (cell.path.as_str(), cell.cohort.as_str())).collect();
    assert_eq!(names, [("push-real", "all"), ("push-real", ""), ("app", "")]);
    let values: Vec<_> =
        found[1].figures.iter().map(|(name, figure)| (name.as_str(), figure.value.unwrap())).collect();
    assert_eq!(
        values,
        [
            ("bytes_per_minute", 10_000.0),
            ("bytes_per_pod_minute", 1000.0),
            ("cpu_agent_seconds_per_minute", 0.4),
            ("memory_agent_bytes", 1e6),
            ("requests_per_minute", 120.0),
        ]
    );
}

#[test]
fn costs_that_were_not_counted_are_absent() {
    let mut run = Run::new(Path::PushReal, 60.0);
    let uncounted = Cost { bytes: None, requests: None, cpu: Vec::new(), ..cost(None) };
    run.observed.costs =
        vec![uncounted, Cost { seconds: 0.0, ..cost(None) }, Cost { pods: 0.0, ..cost(None) }];
    let found = cells(&run.scenario, &run.times, &run.observed);
    assert_eq!(found[1].figures.len(), 1);
    assert_eq!(found[2].figures.len(), 1);
    assert!(!found[3].figures.contains_key("bytes_per_pod_minute"));
    assert_eq!(found[3].figures.len(), 4);
}

#[test]
fn lines_are_sums_over_instances_and_the_truth() {
    let run = Run::new(Path::PushReal, 60.0)
        .pod(&each_second(10), None)
        .rates(&[(2.0, 1.0), (3.0, 2.0)])
        .pod(&each_second(20), None)
        .rates(&[(3.0, 4.0)])
        .poll(5.0, &[counter(4.0), None])
        .poll(10.0, &[counter(9.0), counter(8.0)]);
    let lines = lines(&run.observed);
    let names: Vec<_> = lines.iter().map(|line| (line.what.as_str(), line.path.as_str())).collect();
    assert_eq!(names, [("counter", "push-real"), ("rate", "push-real"), ("truth", "")]);
    assert_eq!(lines[0].points, [(5.0, 4.0), (10.0, 17.0)]);
    assert_eq!(lines[1].points, [(2.0, 1.0), (3.0, 6.0)]);
    let truth = &lines[2].points;
    assert_eq!((truth[0], truth[truth.len() - 1]), ((0.0, 0.0), (60.0, 30.0)));
}

#[test]
fn a_line_has_at_most_240_points_and_keeps_both_ends() {
    let mut run = Run::new(Path::PushReal, 500.0).pod(&each_second(1), None);
    assert_eq!(lines(&run.observed).len(), 1);
    run = run.polls(counter);
    for line in lines(&run.observed) {
        assert_eq!(line.points.len(), 240, "{}", line.what);
        assert_eq!(line.points.last().map(|(at, _)| *at), Some(500.0));
    }
    assert_eq!(lines(&run.observed)[0].points[0], (1.0, 1.0));
}
