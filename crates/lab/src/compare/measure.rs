//! From what a run saw to figures. Pure: no clock, no process, the same input gives the same output.
//!
//! - `instances`: what one path saw of one cohort, side by side
//! - `estimate`: means, ratios and quantiles with their errors
//! - `capture`, `freshness`, `ghost`, `detection`, `gaps`, `rate`, `costs`: the measures
//! - [`theory`]: what a figure should be, and how far it may be from it
//! - [`direction`]: which way is better
//!
//! Rules of all: instances that served no event are left out. A figure that makes no sense for a cell is
//! absent, not zero. Where replicas have one identity, one series stands for all of them: only
//! `capture_ratio` and `increase_ratio` are given, of the whole group.

mod capture;
mod costs;
mod detection;
pub mod direction;
pub(crate) mod estimate;
mod freshness;
mod gaps;
mod ghost;
mod instances;
mod lines;
mod rate;
pub mod theory;

use std::collections::BTreeMap;

use super::observed::Observed;
use super::results::{Cell, Figure};
use super::scenario::{Scenario, Times};

use self::instances::View;
pub use self::lines::lines;

/// Figures by name; a measure without a value adds none.
#[derive(Default)]
struct Figures(BTreeMap<String, Figure>);

impl Figures {
    fn add(&mut self, name: &str, figure: Option<Figure>) {
        if let Some(figure) = figure.filter(|figure| figure.value.is_some_and(f64::is_finite)) {
            self.0.insert(name.to_owned(), figure);
        }
    }
}

/// A cell for each path and cohort, then one for each path's costs (its cohort is empty), and one of the
/// path `app` for what all paths share.
pub fn cells(scenario: &Scenario, times: &Times, observed: &Observed) -> Vec<Cell> {
    let mut cells = Vec::new();
    for &path in &observed.paths {
        for (cohort, of) in scenario.cohorts.iter().enumerate() {
            let view = View::new(path, cohort, scenario, times, observed);
            let mut figures = measured(&view);
            for (name, figure) in &mut figures {
                figure.expected = theory::expected(name, &view.subject());
            }
            cells.push(Cell { path: path.name().to_owned(), cohort: of.name.clone(), figures });
        }
    }
    cells.extend(costs::cells(observed));
    cells
}

fn measured(view: &View<'_>) -> BTreeMap<String, Figure> {
    let mut figures = Figures::default();
    capture::add(view, &mut figures);
    if !view.cohort.one_identity {
        freshness::add(view, &mut figures);
        ghost::add(view, &mut figures);
        detection::add(view, &mut figures);
        gaps::add(view, &mut figures);
        rate::add(view, &mut figures);
    }
    figures.0
}

#[cfg(test)]
mod build;
#[cfg(test)]
mod tests;
