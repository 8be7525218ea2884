//! One small panel for each way, all with the same axes: what happened, and what was shown of it over time.

use super::axis::{Axis, label};
use super::{Plot, WIDTH, series, through};

const COLUMNS: usize = 2;
const HEIGHT: f64 = 116.0;
const STEP: f64 = HEIGHT + 62.0;

/// Lines over time.
#[derive(Debug, Clone, Default)]
pub struct Multiples {
    /// The file's name, the title, and the description.
    pub named: [String; 3],
    /// The axis upwards, with its unit.
    pub upwards: String,
    /// What happened.
    pub truth: Vec<(f64, f64)>,
    /// What was shown of it, by way.
    pub lines: Vec<(String, Vec<(f64, f64)>)>,
    /// From when to when something was broken, and what.
    pub faults: Vec<(f64, f64, String)>,
}

impl Multiples {
    /// Draws it; none without lines.
    pub fn draw(&self) -> Option<Plot> {
        if self.lines.is_empty() {
            return None;
        }
        let [name, title, description] = &self.named;
        let mut plot = Plot::new(name, title, description);
        let (mut x, y) = (12.0, 52.0);
        for (class, text) in [("truth", "what happened"), ("line s0", "what this way shows")] {
            plot.path(class, &format!("M{x:.1} {:.1}h28", y - 4.5));
            plot.text("", "start", x + 36.0, y, text);
            x += 36.0 + super::long(text) + 24.0;
        }
        if let Some((_, _, what)) = self.faults.first() {
            plot.rect("band", [x, y - 12.0, 28.0, 14.0]);
            plot.text("", "start", x + 36.0, y, what);
        }
        let points = || self.lines.iter().flat_map(|(_, points)| points).chain(&self.truth);
        let end = points().map(|(at, _)| *at).fold(1.0, f64::max);
        let top = 96.0;
        for (place, (path, line)) in self.lines.iter().enumerate() {
            let column = (place % COLUMNS) as f64;
            let left = 62.0 + column * (WIDTH - 62.0 + 40.0) / 2.0;
            let right = left + (WIDTH - 62.0 - 12.0 - 40.0) / 2.0 - 10.0;
            let upper = top + (place / COLUMNS) as f64 * STEP;
            let lower = upper + HEIGHT;
            let across = Axis::between(0.0, end, left, right);
            let up = Axis::linear(points().map(|(_, value)| *value), lower, upper);
            for (from, until, _) in &self.faults {
                let (from, until) = (across.at(*from), across.at(*until));
                plot.rect("band", [from, upper, until - from, HEIGHT]);
            }
            for tick in up.ticks() {
                let y = up.at(tick);
                plot.path("rule", &format!("M{left:.1} {y:.1}H{right:.1}"));
                plot.text("quiet", "end", left - 7.0, y + 4.5, &label(tick));
            }
            for tick in across.ticks() {
                plot.text("quiet", "middle", across.at(tick), lower + 18.0, &label(tick));
            }
            plot.path("axis", &format!("M{left:.1} {lower:.1}H{right:.1}"));
            plot.text("head", "start", left, upper - 10.0, super::super::words::path(path));
            let on = |points: &[(f64, f64)]| -> Vec<_> {
                points.iter().map(|(at, value)| (across.at(*at), up.at(*value))).collect()
            };
            plot.path("truth", &through(&on(&self.truth)));
            plot.path(&format!("line s{}", series(path)), &through(&on(line)));
        }
        let rows = self.lines.len().div_ceil(COLUMNS) as f64;
        let bottom = top + rows * STEP - 62.0;
        plot.text(
            "quiet",
            "middle",
            WIDTH / 2.0,
            bottom + 42.0,
            &format!("{} against seconds of the run", self.upwards),
        );
        plot.height = bottom + 56.0;
        Some(plot)
    }
}
