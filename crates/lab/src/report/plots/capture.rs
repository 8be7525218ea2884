//! Captured events against lifetime, a panel for each kind of end.

use super::super::plot::Plot;
use super::super::plot::curves::{Curves, Panel};
use super::super::pool::Pool;
use super::range;
use crate::compare::measure::theory;

pub(super) fn draw(pool: &Pool) -> Option<Plot> {
    let times = pool.times()?;
    let panels = [("kill", "killed"), ("term", "stopped in order"), ("linger", "with a wait")];
    let panels: Vec<Panel> = panels.into_iter().map(|(end, name)| panel(pool, end, name)).collect();
    let panels = panels
        .into_iter()
        .map(|mut panel| {
            // Theory is of a crash; what waits or flushes leaves more.
            if panel.name == "killed" && (times.push - times.scrape).abs() < f64::EPSILON {
                panel.theory = curve(&panel, times.scrape);
            }
            panel
        })
        .collect();
    Curves {
        named: [
            "capture".to_owned(),
            "Events captured of an instance, against its lifetime".to_owned(),
            format!(
                "Share of an instance's events that Prometheus has at the end, by lifetime from left to right and by way; \
                 one panel for instances that are killed, one for those stopped in order, one for those that wait an interval. \
                 The table below has the numbers. Scrapes each {} s, pushes each {} s.",
                times.scrape, times.push
            ),
        ],
        across: "lifetime in seconds, logarithmic".to_owned(),
        panels,
        theory: format!("theory of a crash: 1 − P/2L, below P = {} s it is L/2P", times.scrape),
    }
    .draw()
}

fn panel(pool: &Pool, end: &str, name: &str) -> Panel {
    let mut lives: Vec<(f64, String)> = pool
        .cohorts("lifetimes")
        .into_iter()
        .filter_map(|cohort| Some((cohort.strip_suffix(&format!("s-{end}"))?.parse().ok()?, cohort)))
        .collect();
    lives.sort_by(|one, other| one.0.total_cmp(&other.0));
    let curve = |path: &String| {
        let points: Vec<[f64; 4]> = lives
            .iter()
            .filter_map(|(life, cohort)| {
                let of = pool.get("lifetimes", cohort, "capture_ratio", path)?;
                let share = of.side.median;
                let (low, high) = range(of).unwrap_or((share, share));
                Some([*life, share, low, high])
            })
            .collect();
        (!points.is_empty()).then(|| (path.clone(), points))
    };
    let curves = pool.paths("lifetimes").iter().filter_map(curve).collect();
    Panel { name: name.to_owned(), curves, theory: Vec::new() }
}

fn curve(panel: &Panel, period: f64) -> Vec<(f64, f64)> {
    let lives = || panel.curves.iter().flat_map(|(_, points)| points.iter().map(|point| point[0]));
    let (least, most) = (lives().fold(f64::INFINITY, f64::min), lives().fold(0.0, f64::max));
    if !(least.is_finite() && most > least) {
        return Vec::new();
    }
    let step = |place: i32| least * (most / least).powf(f64::from(place) / 60.0);
    (0..=60).map(step).map(|life| (life, theory::left(life, period, 0.0).0)).collect()
}
