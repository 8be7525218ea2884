//! Figures as text: a unit for each measure, chosen by its name, and few digits.

use super::pool::Spread;

/// The unit of one measure at one size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    factor: f64,
    fine: bool,
    /// `%`, `s`, `kB`, …
    pub name: &'static str,
}

const PLAIN: Unit = Unit { factor: 1.0, fine: false, name: "" };

/// Ratios that are of a rate or a cost to another, not a share of a whole.
const TIMES: [&str; 4] = ["rate_min_ratio", "rate_max_ratio", "cpu_ratio", "api_cpu_ratio"];

impl Unit {
    /// For values of this size.
    pub fn of(measure: &str, size: f64) -> Self {
        let size = size.abs();
        if TIMES.contains(&measure) {
            // Costs of the same work are alike: what matters is behind the point.
            return Self { factor: 1.0, fine: !measure.starts_with("rate_"), name: "×" };
        }
        if measure.ends_with("_ratio") || measure.ends_with("_ratio_of_core") {
            return Self { factor: 100.0, fine: false, name: "%" };
        }
        if measure.contains("bytes") {
            return match size {
                size if size >= 1e6 => Self { factor: 1e-6, fine: false, name: "MB" },
                size if size >= 1e3 => Self { factor: 1e-3, fine: false, name: "kB" },
                _ => Self { factor: 1.0, fine: false, name: "B" },
            };
        }
        if measure.ends_with("_rate") {
            return Self { factor: 1.0, fine: false, name: "/s" };
        }
        if measure.contains("seconds") {
            return match size {
                size if size >= 0.1 || size == 0.0 => Self { factor: 1.0, fine: false, name: "s" },
                size if size >= 1e-4 => Self { factor: 1e3, fine: false, name: "ms" },
                _ => Self { factor: 1e6, fine: false, name: "µs" },
            };
        }
        PLAIN
    }

    /// A number in this unit, without it.
    pub fn number(self, value: f64) -> String {
        let value = value * self.factor;
        let decimals: usize = match value.abs() {
            _ if self.name == "×" && self.fine => 3,
            size if size >= 100.0 || size == 0.0 => 0,
            size if size >= 10.0 => 1,
            _ => 2,
        };
        let text = thousands(&format!("{value:.decimals$}"));
        if text.trim_start_matches('-').bytes().all(|byte| b"0.".contains(&byte)) {
            "0".to_owned()
        } else {
            text
        }
    }

    /// A number with this unit.
    pub fn text(self, value: f64) -> String {
        let number = self.number(value);
        match self.name {
            "" => number,
            // As far as a rate is written.
            "/s" | "×" => format!("{number}{}", self.name),
            // A number and its unit stay on one line.
            unit => format!("{number}\u{a0}{unit}"),
        }
    }
}

/// Digits in groups of three.
pub fn thousands(text: &str) -> String {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, part) = rest.find('.').map_or((rest, ""), |dot| rest.split_at(dot));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{part}")
}

/// A value of a measure.
pub fn value(measure: &str, value: f64) -> String {
    Unit::of(measure, value).text(value)
}

/// The median in one word; `at least` where it is censored.
pub fn median(measure: &str, spread: &Spread) -> String {
    let text = value(measure, spread.side.median);
    if spread.side.censored && measure.starts_with("ghost_") || spread.side.unended {
        format!("at least {text}")
    } else {
        text
    }
}

/// A cell of a table: `76.2 % [74.0–78.1] ✓`.
pub fn cell(measure: &str, spread: &Spread) -> String {
    let median = spread.side.median;
    let unit = Unit::of(measure, median);
    let mut text = unit.text(median);
    if spread.censored > 0 {
        text = format!("≥ {text}");
    }
    if spread.censored > 0 {
        text.push_str(&format!(", {} of {} go on", spread.censored, spread.n));
    } else if spread.side.repeats > 1 {
        text.push_str(&format!(" [{}–{}]", unit.number(spread.least), unit.number(spread.most)));
    } else if let Some([low, high]) = spread.interval {
        text.push_str(&format!(" ({}–{})", unit.number(low), unit.number(high)));
    }
    match spread.within {
        (_, 0) => {}
        (within, all) if within == all => text.push_str(" ✓"),
        (within, all) if all > 1 => text.push_str(&format!(" ✗ {} of {all}", all - within)),
        _ => text.push_str(" ✗"),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_has_its_unit_and_few_digits() {
        for (measure, number, text) in [
            ("capture_ratio", 0.7621, "76.2 %"),
            ("increase_ratio", 27.47, "2,747 %"),
            ("rate_max_ratio", 4.0, "4.00×"),
            ("cpu_ratio", 1.0212, "1.021×"),
            ("ghost_p50_seconds", 312.4, "312 s"),
            ("freshness_p50_seconds", 2.512, "2.51 s"),
            ("cpu_agent_seconds_per_minute", 0.0123, "12.3 ms"),
            ("cpu_per_request_seconds", 0.000_012_3, "12.3 µs"),
            ("bytes_per_pod_minute", 123_456.0, "123 kB"),
            ("achieved_rate", 99.95, "100.0/s"),
            ("seen_ratio", 0.0, "0 %"),
            ("latency_p50_added_seconds", -0.000_2, "-0.20 ms"),
        ] {
            assert_eq!(value(measure, number).replace('\u{a0}', " "), text, "{measure} {number}");
        }
    }
}
