//! What a path costs: of the whole scenario, so its cell has no cohort. What all share is the path `app`.
//!
//! - `bytes_per_minute`, `bytes_per_pod_minute`, `requests_per_minute`: of both hops
//! - `cpu_<part>_seconds_per_minute`, `memory_<part>_bytes`: of all processes of a part together

use super::super::observed::{Cost, Observed};
use super::super::results::{Cell, Figure};
use super::Figures;

pub(super) fn cells(observed: &Observed) -> Vec<Cell> {
    let cell = |cost: &Cost| Cell {
        path: cost.path.map_or("app", |path| path.name()).to_owned(),
        cohort: String::new(),
        figures: figures(cost).0,
    };
    observed.costs.iter().map(cell).collect()
}

fn figures(cost: &Cost) -> Figures {
    let once = |value: f64| Some(Figure { value: Some(value), n: 1, ..Figure::default() });
    let minutes = cost.seconds / 60.0;
    let mut figures = Figures::default();
    for (part, bytes) in &cost.memory {
        figures.add(&format!("memory_{part}_bytes"), once(*bytes));
    }
    if minutes <= 0.0 {
        return figures;
    }
    for (part, seconds) in &cost.cpu {
        figures.add(&format!("cpu_{part}_seconds_per_minute"), once(seconds / minutes));
    }
    figures.add("requests_per_minute", cost.requests.and_then(|requests| once(requests / minutes)));
    if let Some(bytes) = cost.bytes {
        figures.add("bytes_per_minute", once(bytes / minutes));
        if cost.pods > 0.0 {
            figures.add("bytes_per_pod_minute", once(bytes / minutes / cost.pods));
        }
    }
    figures
}
