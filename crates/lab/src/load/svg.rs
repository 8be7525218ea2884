//! The histogram of latencies as a picture that stands alone, readable on light and on dark.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::summary::{Summary, quantile};

const SIZE: (f64, f64) = (760.0, 380.0);
/// The plot's left, top, right and bottom edge.
const PLOT: [f64; 4] = [56.0, 124.0, 740.0, 335.0];
const BARS: u32 = 60;

const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-size:15px;font-weight:600}\
    .back{fill:#fff}.bar{fill:#2f6fb5}.axis{stroke:#8b949e}.mark{stroke:#b3401f;stroke-dasharray:4 3}\
    .quiet{fill:#59636e}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.back{fill:#0d1117}\
    .bar{fill:#6cb0f5}.mark{stroke:#f0916c}.quiet{fill:#9aa4ae}}";

/// Logarithmic across, counts upwards, with the percentiles marked.
pub fn draw(summary: &Summary) -> String {
    let times = &summary.tally.latency;
    let [left, top, right, bottom] = PLOT;
    let mut body =
        format!("<text class=\"title\" x=\"{left}\" y=\"24\">Latency of {} requests</text>", times.len());
    let subtitle = format!("{}, {:.1} requests a second", escaped(&summary.url), summary.achieved_rate());
    body.push_str(&format!("<text class=\"quiet\" x=\"{left}\" y=\"42\">{subtitle}</text>"));
    if times.is_empty() {
        body.push_str(&format!("<text x=\"{left}\" y=\"{top}\" dy=\"20\">no request was answered</text>"));
        return page(&body);
    }
    let axis = Axis::over(times);
    let counts = axis.counts(times);
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let width = (right - left) / f64::from(BARS);
    for (number, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        // One request is still to be seen.
        let height = ((*count as f64 / most as f64) * (bottom - top)).max(1.0);
        let (x, y) = (left + number as f64 * width, bottom - height);
        body.push_str(&format!(
            "<rect class=\"bar\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
            width - 1.0
        ));
    }
    body.push_str(&format!(
        "<path class=\"axis\" d=\"M{left} {top}V{bottom}H{right}\" fill=\"none\"/>\
         <text class=\"quiet\" x=\"{left}\" y=\"{top}\" dx=\"-6\" dy=\"4\" text-anchor=\"end\">{most}</text>\
         <text class=\"quiet\" x=\"{left}\" y=\"{bottom}\" dx=\"-6\" text-anchor=\"end\">0</text>"
    ));
    for tick in axis.ticks() {
        let x = axis.x(tick);
        body.push_str(&format!(
            "<path class=\"axis\" d=\"M{x:.1} {bottom}v5\"/>\
             <text class=\"quiet\" x=\"{x:.1}\" y=\"{bottom}\" dy=\"19\" text-anchor=\"middle\">{:?}</text>",
            Duration::from_secs_f64(tick / 1e9)
        ));
    }
    for (row, (name, share)) in
        [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)].into_iter().enumerate()
    {
        let time = quantile(times, share);
        let x = axis.x(time.as_secs_f64() * 1e9);
        // Near the right edge its name stands on the left of the line.
        let (anchor, dx) = if x > right - 130.0 { ("end", -4) } else { ("start", 4) };
        // Above the bars, one below the other.
        let y = top - 58.0 + row as f64 * 16.0;
        body.push_str(&format!(
            "<path class=\"mark\" d=\"M{x:.1} {y}V{bottom}\"/>\
             <text x=\"{x:.1}\" y=\"{y}\" dx=\"{dx}\" text-anchor=\"{anchor}\">{name} {time:.1?}</text>"
        ));
    }
    page(&body)
}

/// Nanoseconds on a logarithmic scale.
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    fn over(times: &Histogram<u64>) -> Self {
        let low = (times.min().max(1) as f64).log10();
        // A single value still has a width.
        Self { low, high: ((times.max() as f64).log10() + 0.02).max(low + 0.3) }
    }

    fn share(&self, nanos: f64) -> f64 {
        ((nanos.max(1.0).log10() - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    fn x(&self, nanos: f64) -> f64 {
        PLOT[0] + self.share(nanos) * (PLOT[2] - PLOT[0])
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the bars")]
    fn counts(&self, times: &Histogram<u64>) -> Vec<u64> {
        let mut counts = vec![0; BARS as usize];
        for value in times.iter_recorded() {
            let bar = (self.share(value.value_iterated_to() as f64) * f64::from(BARS)) as usize;
            counts[bar.min(BARS as usize - 1)] += value.count_since_last_iteration();
        }
        counts
    }

    /// 1, 2 and 5 of each power of ten; of many only the powers.
    fn ticks(&self) -> Vec<f64> {
        let steps: &[f64] = if self.high - self.low > 2.5 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let powers = (0..14).map(|power| 10_f64.powi(power));
        let all = powers.flat_map(|power| steps.iter().map(move |step| power * step));
        all.filter(|tick| (self.low..=self.high).contains(&tick.log10())).collect()
    }
}

fn page(body: &str) -> String {
    let (width, height) = SIZE;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-label=\"histogram of latencies\"><style>{STYLE}</style>\
         <rect class=\"back\" width=\"{width}\" height=\"{height}\"/>{body}</svg>\n"
    )
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
