use super::super::super::observed::Seen;
use super::super::super::path::Path;
use super::super::super::scenario::Exit;
use super::super::build::{BEGAN, Run, counter, each_second};

/// Dies at 10, is returned up to here.
fn seen_until(last: f64) -> Run {
    Run::new(Path::PullStatic, 30.0)
        .exit(Exit::Kill)
        .pod(&each_second(9), Some(10.0))
        .polls(move |at| (at <= last).then(|| counter(at.min(9.0))).flatten())
}

#[test]
fn a_ghost_is_from_the_exit_to_the_last_poll_that_returns_it() {
    let figure = seen_until(14.0).figure("ghost_p50_seconds").unwrap();
    assert_eq!((figure.value, figure.n, figure.censored), (Some(4.0), 1, 0));
    assert_eq!(seen_until(8.0).value("ghost_max_seconds"), Some(0.0));
}

#[test]
fn a_ghost_at_the_end_of_the_run_is_censored() {
    let figure = seen_until(30.0).figure("ghost_max_seconds").unwrap();
    assert_eq!((figure.value, figure.n, figure.censored), (Some(20.0), 1, 1));
}

#[test]
fn what_lives_or_was_never_seen_is_no_ghost() {
    assert_eq!(seen_until(0.0).figure("ghost_p50_seconds"), None);
    let lives = Run::new(Path::PullStatic, 30.0).pod(&each_second(9), None).polls(counter);
    assert_eq!(lives.figure("ghost_p50_seconds"), None);
    let agent =
        Run::new(Path::PushReal, 30.0).exit(Exit::AgentKill).pod(&each_second(9), Some(10.0)).polls(counter);
    assert_eq!(agent.figure("ghost_p50_seconds"), None);
}

#[allow(clippy::unnecessary_wraps, reason = "what a poll saw of an instance, which may be nothing")]
fn up(value: f64) -> Option<Seen> {
    Some(Seen { up: Some(value), ..Seen::default() })
}

fn pull(seen: impl Fn(f64) -> Option<Seen>) -> Run {
    Run::new(Path::PullStatic, 30.0).exit(Exit::Kill).pod(&each_second(9), Some(10.5)).polls(seen)
}

#[test]
fn pull_notices_by_up_that_is_zero_or_gone() {
    let zero = pull(|at| up(if at < 13.0 { 1.0 } else { 0.0 }));
    assert_eq!(zero.value("detection_p50_seconds"), Some(2.5));
    let gone = pull(|at| (at < 14.0).then(|| up(1.0)).flatten());
    assert_eq!(gone.value("detection_max_seconds"), Some(3.5));
    assert_eq!(gone.figure("detection_threshold_seconds"), None);
}

#[test]
fn pull_that_did_not_see_it_alive_notices_nothing() {
    assert_eq!(pull(|_| None).figure("detection_p50_seconds"), None);
    assert_eq!(pull(|at| up(if at < 8.0 { 1.0 } else { 0.0 })).figure("detection_p50_seconds"), None);
    let never = pull(|_| up(1.0)).figure("detection_max_seconds").unwrap();
    assert_eq!((never.value, never.censored), (Some(19.5), 1));
    let agent = pull(|_| up(1.0)).exit(Exit::AgentKill);
    let agent = Run { observed: pulled_agent(&agent), ..agent };
    assert_eq!(agent.figure("detection_p50_seconds"), None);
}

fn pulled_agent(run: &Run) -> super::super::super::observed::Observed {
    let mut observed = run.observed.clone();
    observed.pods[0].exited = Some((BEGAN + 10.5, Exit::AgentKill));
    observed
}

/// Pushed at 0 and 5, the latter returned from 8 on; killed at 9.5, returned up to `last`.
fn push(exit: Exit, last: f64) -> Run {
    Run::new(Path::PushReal, 40.0).exit(exit).pod(&each_second(9), Some(9.5)).polls(move |at| {
        let pushed = Some(BEGAN + if at < 8.0 { 0.0 } else { 5.0 });
        (at <= last).then_some(Seen { pushed, ..Seen::default() })
    })
}

#[test]
fn push_notices_by_the_largest_age_of_the_living() {
    // The largest age is 7, at 7; the rule fires at 5 + 7, which is 2.5 after the exit.
    let figure = push(Exit::Kill, 40.0).figure("detection_p50_seconds").unwrap();
    assert_eq!((figure.value, figure.n, figure.censored), (Some(2.5), 1, 0));
    assert_eq!(push(Exit::Kill, 40.0).value("detection_threshold_seconds"), Some(7.0));
    assert_eq!(push(Exit::AgentKill, 40.0).value("detection_p50_seconds"), Some(2.5));
    assert_eq!(push(Exit::Term, 40.0).figure("detection_p50_seconds"), None);
}

#[test]
fn a_group_that_is_gone_too_early_fires_no_rule() {
    let figure = push(Exit::Kill, 10.0).figure("detection_max_seconds").unwrap();
    assert_eq!((figure.value, figure.censored), (Some(30.5), 1));
    let never_pushed =
        Run::new(Path::PushReal, 40.0).exit(Exit::Kill).pod(&each_second(9), Some(9.5)).polls(|_| None);
    assert_eq!(never_pushed.figure("detection_p50_seconds"), None);
    assert_eq!(never_pushed.figure("detection_threshold_seconds"), None);
}

#[test]
fn an_agent_that_lives_on_says_that_its_app_is_down() {
    let run = Run::new(Path::PushOurs, 30.0)
        .exit(Exit::AppKill)
        .pod(&each_second(9), Some(10.5))
        .polls(|at| up(if at < 17.0 { 1.0 } else { 0.0 }));
    assert_eq!(run.value("detection_p50_seconds"), Some(6.5));
    let gone = Run::new(Path::PushOurs, 30.0)
        .exit(Exit::AppKill)
        .pod(&each_second(9), Some(10.5))
        .polls(|at| (at < 17.0).then(|| up(1.0)).flatten());
    assert_eq!(gone.figure("detection_p50_seconds").unwrap().censored, 1);
}
