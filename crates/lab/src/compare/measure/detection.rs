//! How soon a death can be noticed without a false alarm, from the exit.
//!
//! - By pull: the first poll where `up` is 0 or gone; it must have been 1 at the last poll before the exit.
//! - By push, agent dead: the rule `age > T`, where T is the largest age that any poll of this path saw of
//!   any living instance in this run. The delay is T less the time from the last push to the exit. A group
//!   that is gone before its age reaches T never fires the rule.
//! - By push, app dead and agent alive: the first poll where the `up` that the agent pushed is 0.
//! - An instance that pushes and ends cleanly says so itself: nothing is to be detected.
//!
//! What was not noticed is censored with the time for which it was watched.
//!
//! - `detection_p50_seconds`, `detection_max_seconds`, `detection_threshold_seconds` (T)

use super::super::results::Figure;
use super::super::scenario::Exit;
use super::instances::{Instance, View};
use super::{Figures, estimate};

/// A delay, and whether it is known only that it is at least this.
struct Delay(f64, bool);

pub(super) fn add(view: &View<'_>, figures: &mut Figures) {
    let threshold = if view.path.pulls() { None } else { threshold(view) };
    let delays: Vec<Delay> = view
        .instances
        .iter()
        .filter_map(|one| {
            let (exit, how) = one.exit()?;
            match (view.path.pulls(), how) {
                (true, Exit::Kill | Exit::Term | Exit::AppKill | Exit::Linger) => {
                    noticed(view, one, exit, |up| up.is_none_or(|up| up == 0.0))
                }
                (false, Exit::Kill | Exit::AgentKill) => by_age(view, one, exit, threshold.as_ref()?.value?),
                (false, Exit::AppKill) => noticed(view, one, exit, |up| up == Some(0.0)),
                _ => None,
            }
        })
        .collect();
    let censored = delays.iter().filter(|delay| delay.1).count() as u64;
    let seconds: Vec<f64> = delays.iter().map(|delay| delay.0).collect();
    let with = |figure: Option<_>| figure.map(|figure| Figure { censored, ..figure });
    figures.add("detection_p50_seconds", with(estimate::quantile_of(&seconds, 0.5)));
    figures.add("detection_max_seconds", with(estimate::largest(&seconds)));
    figures.add("detection_threshold_seconds", threshold);
}

fn noticed(
    view: &View<'_>,
    one: &Instance<'_>,
    exit: f64,
    wrong: impl Fn(Option<f64>) -> bool,
) -> Option<Delay> {
    let up = |place: usize| one.seen[place].and_then(|seen| seen.up);
    let after = view.polls.partition_point(|poll| poll.ended <= exit);
    let before = after.checked_sub(1)?;
    if up(before) != Some(1.0) {
        return None;
    }
    let first = (after..view.polls.len()).find(|place| wrong(up(*place)));
    Some(match first {
        Some(place) => Delay(view.polls[place].ended - exit, false),
        None => watched(view, exit),
    })
}

fn by_age(view: &View<'_>, one: &Instance<'_>, exit: f64, threshold: f64) -> Option<Delay> {
    let pushed = |place: &usize| one.seen[*place].and_then(|seen| seen.pushed);
    let there: Vec<usize> = (0..view.polls.len()).filter(|place| pushed(place).is_some()).collect();
    let last_push = there.iter().filter_map(pushed).max_by(f64::total_cmp)?;
    let last_poll = *there.last()?;
    // The rule fires between two polls: the one before that moment still returned the group.
    let fires = last_push + threshold;
    let next = view.polls.get(last_poll + 1);
    if next.is_some_and(|next| next.ended < fires) {
        return Some(watched(view, exit));
    }
    Some(Delay((fires - exit).max(0.0), false))
}

fn watched(view: &View<'_>, exit: f64) -> Delay {
    let ended = view.polls.last().map_or(exit, |poll| poll.ended);
    Delay((ended - exit).max(0.0), true)
}

/// T, over all cohorts. `n` counts the instances that had an age.
fn threshold(view: &View<'_>) -> Option<Figure> {
    let mut largest: Vec<Option<f64>> = vec![None; view.observed.pods.len()];
    for poll in &view.polls {
        for seen in &poll.seen {
            let (Some(pushed), Some(pod)) = (seen.pushed, view.observed.pods.get(seen.pod)) else { continue };
            let living = !pod.truth.is_empty() && pod.exited.is_none_or(|(exit, _)| poll.ended <= exit);
            if living {
                let age = (poll.ended - pushed).max(0.0);
                let held = &mut largest[seen.pod];
                *held = Some(held.map_or(age, |held| held.max(age)));
            }
        }
    }
    estimate::largest(&largest.into_iter().flatten().collect::<Vec<_>>())
}
