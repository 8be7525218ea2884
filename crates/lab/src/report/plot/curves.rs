//! Shares against a logarithm, in panels beside each other that have one axis upwards.

use super::axis::{Axis, label};
use super::{Plot, WIDTH, through};

const TOP: f64 = 96.0;
const HEIGHT: f64 = 250.0;

/// A picture of curves.
#[derive(Debug, Clone, Default)]
pub struct Curves {
    /// The file's name, the title, and the description.
    pub named: [String; 3],
    /// The axis across, with its unit.
    pub across: String,
    /// The panels.
    pub panels: Vec<Panel>,
    /// What the dashed line is.
    pub theory: String,
}

/// One panel.
#[derive(Debug, Clone, Default)]
pub struct Panel {
    /// What is in it.
    pub name: String,
    /// Ways with their points: value, share, and the share's least and most.
    pub curves: Vec<(String, Vec<[f64; 4]>)>,
    /// What theory says.
    pub theory: Vec<(f64, f64)>,
}

impl Curves {
    /// Draws it; none where no panel has a point.
    pub fn draw(&self) -> Option<Plot> {
        let panels: Vec<&Panel> = self.panels.iter().filter(|panel| !panel.curves.is_empty()).collect();
        if panels.is_empty() {
            return None;
        }
        let [name, title, description] = &self.named;
        let mut plot = Plot::new(name, title, description);
        let mut paths: Vec<String> = Vec::new();
        for (path, _) in panels.iter().flat_map(|panel| &panel.curves) {
            if !paths.contains(path) {
                paths.push(path.clone());
            }
        }
        let more = plot.legend(&paths, 52.0) - 20.0;
        let top = TOP + more;
        let bottom = top + HEIGHT;
        let each = (WIDTH - 56.0 - 12.0) / panels.len() as f64;
        let up = Axis::between(0.0, 1.0, bottom, top);
        for (place, panel) in panels.iter().enumerate() {
            let left = 56.0 + place as f64 * each;
            let right = left + each - 18.0;
            for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
                let y = up.at(share);
                plot.path("rule", &format!("M{left:.1} {y:.1}H{right:.1}"));
                if place == 0 {
                    plot.text("quiet", "end", left - 8.0, y + 4.5, &format!("{} %", share * 100.0));
                }
            }
            plot.text("head", "start", left, top - 12.0, &panel.name);
            panel_of(&mut plot, panel, [left, right, bottom], &up, &paths);
        }
        plot.text("quiet", "middle", f64::midpoint(56.0, WIDTH - 12.0), bottom + 42.0, &self.across);
        plot.height = bottom + 56.0;
        if panels.iter().any(|panel| !panel.theory.is_empty()) {
            let y = bottom + 64.0;
            let x = (WIDTH - super::long(&self.theory) - 46.0) / 2.0;
            plot.path("theory", &format!("M{x:.1} {:.1}h36", y - 4.5));
            plot.text("", "start", x + 46.0, y, &self.theory);
            plot.height = y + 14.0;
        }
        Some(plot)
    }
}

fn panel_of(plot: &mut Plot, panel: &Panel, [left, right, bottom]: [f64; 3], up: &Axis, paths: &[String]) {
    let mut values: Vec<f64> =
        panel.curves.iter().flat_map(|(_, points)| points.iter().map(|point| point[0])).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let across = Axis::log(values.iter().copied(), left, right);
    let mut taken = f64::NEG_INFINITY;
    for value in values {
        let (x, text) = (across.at(value), label(value));
        plot.path("axis", &format!("M{x:.1} {bottom}v5"));
        let half = super::long(&text) / 2.0;
        if x - half > taken {
            plot.text("quiet", "middle", x, bottom + 20.0, &text);
            taken = x + half + 6.0;
        }
    }
    plot.path("axis", &format!("M{left:.1} {bottom}H{right:.1}"));
    let theory: Vec<_> =
        panel.theory.iter().map(|(value, share)| (across.at(*value), up.at(*share))).collect();
    if !theory.is_empty() {
        plot.path("theory", &through(&theory));
    }
    for (path, points) in &panel.curves {
        let place = super::series(path);
        // Beside each other, so that bars of errors at one value are all seen.
        let aside = paths.iter().position(|one| one == path).unwrap_or(0) as f64;
        let aside = (aside - (paths.len() as f64 - 1.0) / 2.0) * 3.0;
        let x = |value: f64| across.at(value) + aside;
        let line: Vec<_> = points.iter().map(|[value, share, ..]| (x(*value), up.at(*share))).collect();
        plot.path(&format!("line s{place}"), &through(&line));
        for [value, share, low, high] in points {
            plot.path(
                &format!("error s{place}"),
                &format!("M{:.1} {:.1}V{:.1}", x(*value), up.at(*low), up.at(*high)),
            );
            plot.dot(path, x(*value), up.at(*share));
        }
    }
}
