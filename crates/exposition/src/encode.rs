//! Pages as text 0.0.4 and as OpenMetrics 1.0.

mod line;
mod openmetrics;

pub use openmetrics::openmetrics;
pub(crate) use openmetrics::{canonical, metadata, seconds};

pub use line::header;
pub(crate) use line::run;

use std::io::Write;

use crate::merge;
use crate::page::Page;

/// Content type of [`text`].
pub const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Content type of [`openmetrics`].
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Writes a page as text 0.0.4 that every reader takes.
///
/// A page that came as such is copied as it is; one that only Prometheus' scraper would take
/// is written anew: families joined, escapes repaired, OpenMetrics turned into text.
pub fn text(page: &Page, out: &mut Vec<u8>) {
    if page.index.verbatim {
        out.extend_from_slice(page.text().as_bytes());
    } else {
        merge::text([page], out);
    }
}

/// Writes a value as short as it can be read back: `+Inf`, `-Inf`, `NaN`, integers without a point.
pub fn float(value: f64, out: &mut Vec<u8>) {
    // Writing to a `Vec` cannot fail.
    let magnitude = value.abs();
    let _ = if value.is_nan() {
        out.write_all(b"NaN")
    } else if value.is_infinite() {
        out.write_all(if value > 0.0 { b"+Inf" } else { b"-Inf" })
    } else if magnitude == 0.0 || (1e-5..1e17).contains(&magnitude) {
        write!(out, "{value}")
    } else {
        write!(out, "{value:e}")
    };
}

/// A float as Go's `strconv.FormatFloat(value, 'g', -1, 64)` spells it, which is how a Pushgateway shows
/// values and bounds.
pub fn go_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&power) {
        return format!("{value}");
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_spelt_as_go_spells_them() {
        let rows = [
            (0.0, "0"),
            (0.005, "0.005"),
            (1.0, "1"),
            (0.000_01, "1e-05"),
            (0.0001, "0.0001"),
            (1_000_000.0, "1e+06"),
            (2_500_000.0, "2.5e+06"),
            (1_234_567.0, "1.234567e+06"),
            (100_000.0, "100000"),
            (f64::INFINITY, "+Inf"),
        ];
        for (value, want) in rows {
            assert_eq!(go_float(value), want);
        }
    }

    #[test]
    fn floats_read_back_bit_for_bit() {
        for value in
            [0.0, -0.0, 1.0, -1.5, 0.1, 1e-7, 1e300, 123_456_789.0, f64::MIN_POSITIVE, f64::MAX, 1e17]
        {
            let mut out = Vec::new();
            float(value, &mut out);
            let text = String::from_utf8(out).unwrap();
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{text}");
            assert!(text.len() < 26, "{text}");
        }
        let mut out = Vec::new();
        float(f64::INFINITY, &mut out);
        assert_eq!(out, b"+Inf");
    }
}
