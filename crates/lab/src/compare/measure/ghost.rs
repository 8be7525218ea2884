//! For how long a dead instance looks alive: from its exit to the last poll that still returned its series.
//!
//! Of instances whose app ended and that any poll saw. What the last poll of the run still returned is
//! censored: it counts with the time for which it was watched, and the value is at least this.
//!
//! - `ghost_p50_seconds`, `ghost_max_seconds`

use super::super::scenario::Exit;
use super::instances::View;
use super::{Figures, estimate};

pub(super) fn add(view: &View<'_>, figures: &mut Figures) {
    let mut ghosts = Vec::new();
    let mut censored = 0;
    for one in &view.instances {
        let Some((exit, Exit::Kill | Exit::Term | Exit::AppKill | Exit::Linger)) = one.exit() else {
            continue;
        };
        let last = one.seen.iter().rposition(|seen| seen.is_some_and(|seen| seen.value.is_some()));
        let Some(last) = last else { continue };
        censored += u64::from(last + 1 == view.polls.len());
        ghosts.push((view.polls[last].ended - exit).max(0.0));
    }
    let with = |figure: Option<_>| figure.map(|figure| super::super::results::Figure { censored, ..figure });
    figures.add("ghost_p50_seconds", with(estimate::quantile_of(&ghosts, 0.5)));
    figures.add("ghost_max_seconds", with(estimate::largest(&ghosts)));
}
