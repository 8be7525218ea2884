//! Bars lying one below the other, in groups, each with its number behind it: nothing overlaps by design.

use super::axis::{Axis, label};
use super::{Plot, WIDTH, long, series};

const ROW: f64 = 23.0;
const BAR: f64 = 13.0;

/// A picture of bars.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// The file's name, the title, and the description.
    pub named: [String; 3],
    /// The axis' name with its unit.
    pub axis: String,
    /// Whether the axis is logarithmic.
    pub log: bool,
    /// Names above, bars below.
    pub groups: Vec<(String, Vec<Row>)>,
    /// A value that all are to be seen against, and its name.
    pub mark: Option<(f64, String)>,
}

/// A bar.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Its name.
    pub label: String,
    /// Whose colour it has.
    pub path: String,
    /// From where, if not from the axis.
    pub from: Option<f64>,
    /// Up to where.
    pub value: f64,
    /// A paler bar goes on up to here.
    pub more: Option<f64>,
    /// The least and the most of the repeats, or an interval.
    pub spread: Option<(f64, f64)>,
    /// It had not ended: an arrow.
    pub open: bool,
    /// Its number.
    pub text: String,
}

impl Rows {
    /// Draws it; none where there is nothing.
    pub fn draw(&self) -> Option<Plot> {
        let rows: Vec<&Row> = self.groups.iter().flat_map(|(_, rows)| rows).collect();
        if rows.is_empty() {
            return None;
        }
        let [name, title, description] = &self.named;
        let mut plot = Plot::new(name, title, description);
        let widest = |of: fn(&Row) -> &str| rows.iter().map(|row| long(of(row))).fold(0.0, f64::max);
        let left = (widest(|row| &row.label) + 32.0).clamp(110.0, 330.0);
        let right = WIDTH - widest(|row| &row.text).clamp(60.0, 250.0) - 26.0;
        let values = rows.iter().flat_map(|row| {
            let spread = row.spread.map_or([None; 2], |(low, high)| [Some(low), Some(high)]);
            [Some(row.value), row.from, row.more].into_iter().chain(spread).flatten()
        });
        let values = values.chain(self.mark.iter().map(|(value, _)| *value));
        let axis = if self.log { Axis::log(values, left, right) } else { Axis::linear(values, left, right) };

        let top = if self.mark.is_some() { 68.0 } else { 46.0 };
        let heads = self.groups.iter().filter(|(name, _)| !name.is_empty()).count();
        let bottom = top + rows.len() as f64 * ROW + heads as f64 * 30.0 + 4.0;
        let mut taken = f64::NEG_INFINITY;
        for tick in axis.ticks() {
            let (x, text) = (axis.at(tick), label(tick));
            plot.path("rule", &format!("M{x:.1} {top}V{bottom:.1}"));
            if x - long(&text) / 2.0 > taken {
                plot.text("quiet", "middle", x, bottom + 19.0, &text);
                taken = x + long(&text) / 2.0 + 8.0;
            }
        }
        if let Some((value, name)) = &self.mark {
            let x = axis.at(*value);
            plot.path("mark", &format!("M{x:.1} {:.1}V{bottom:.1}", top - 8.0));
            let (anchor, x) = match long(name) / 2.0 {
                half if x + half > WIDTH - 12.0 => ("end", WIDTH - 12.0),
                half if x - half < 12.0 => ("start", 12.0),
                _ => ("middle", x),
            };
            plot.text("", anchor, x, top - 14.0, name);
        }
        let mut y = top;
        for (name, rows) in &self.groups {
            if !name.is_empty() {
                plot.text("head", "start", 12.0, y + 20.0, name);
                y += 30.0;
            }
            for row in rows {
                bar(&mut plot, row, &axis, y, left);
                y += ROW;
            }
        }
        plot.path("axis", &format!("M{left:.1} {top}V{bottom:.1}"));
        plot.text("quiet", "middle", f64::midpoint(left, right), bottom + 40.0, &self.axis);
        plot.height = bottom + 54.0;
        Some(plot)
    }
}

fn bar(plot: &mut Plot, row: &Row, axis: &Axis, y: f64, left: f64) {
    let (middle, place) = (y + ROW / 2.0, series(&row.path));
    let base = row.from.map_or_else(|| axis.at(0.0).max(left), |from| axis.at(from));
    let end = axis.at(row.value);
    plot.text("", "end", left - 10.0, middle + 4.5, &row.label);
    let (x, width) = (base.min(end), (end - base).abs().max(1.5));
    plot.rect(&format!("bar s{place}"), [x, middle - BAR / 2.0, width, BAR]);
    let mut right = base.max(end);
    if let Some(more) = row.more {
        let more = axis.at(more).max(end);
        plot.rect(&format!("more s{place}"), [end, middle - BAR / 2.0, more - end, BAR]);
        right = right.max(more);
    }
    if let Some((low, high)) = row.spread.filter(|(low, high)| axis.at(*high) - axis.at(*low) > 1.0) {
        let (low, high) = (axis.at(low), axis.at(high));
        plot.path(
            "whisker",
            &format!(
                "M{low:.1} {middle:.1}H{high:.1}M{low:.1} {:.1}v6M{high:.1} {:.1}v6",
                middle - 3.0,
                middle - 3.0
            ),
        );
        right = right.max(high);
    }
    if row.open {
        plot.path(&format!("bar s{place}"), &format!("M{right:.1} {:.1}l9 9l-9 9z", middle - 9.0));
        right += 9.0;
    }
    plot.text("", "start", right + 8.0, middle + 4.5, &row.text);
}
