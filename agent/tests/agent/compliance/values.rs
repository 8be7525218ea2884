//! Values of samples.

use exposition::remote_write::NAN;

use super::run::judged;

/// 1.0 Protocol, 2.0 Protobuf Message: values MUST be float64, bit for bit as the page says them.
#[test]
fn values_arrive_bit_for_bit() {
    for (name, value) in [
        ("untold", 42.0),
        ("temperature_celsius", -15.5),
        ("zero", 0.0),
        ("minus_zero", -0.0),
        ("infinite", f64::INFINITY),
        ("minus_infinite", f64::NEG_INFINITY),
        ("largest", f64::MAX),
        ("smallest", 5e-324),
        ("scientific", 1.23e-4),
        ("exact", 0.123_456_789_012_345_68),
        ("latency_seconds_count", 1e9),
    ] {
        judged().each(name, |kind, series| {
            // The end of the agent may be there as well.
            let mut points = series.points.iter().filter(|point| !point.is_marker());
            assert!(points.all(|point| point.bits == f64::to_bits(value)), "{kind:?}: {series:?}");
        });
    }
}

/// 1.0 Stale Markers, 2.0 Samples: the marker's NaN MUST NOT be used otherwise, so a scraped one is the ordinary.
#[test]
fn a_scraped_nan_is_the_ordinary_one() {
    judged().each("no_number", |kind, series| {
        assert!(series.points.iter().all(|point| point.bits == NAN), "{kind:?}: {series:?}");
    });
}

/// The data model's classic histograms and summaries: every part is a series, `le` as the page has it.
#[test]
fn classic_histograms_and_summaries_arrive_in_all_parts() {
    for (kind, strict) in judged().all() {
        let bounds = ["0.1", "2.50", "+Inf"].map(|le| format!("le={le:?}"));
        let buckets = strict.names("latency_seconds_bucket{");
        assert_eq!(buckets.len(), 3, "{kind:?}: {buckets:?}");
        assert!(bounds.iter().all(|le| buckets.iter().any(|it| it.contains(le))), "{kind:?}: {buckets:?}");
        for (part, value) in [
            ("latency_seconds_sum", 250.5),
            ("size_bytes", 7.0),
            ("size_bytes_sum", 70.0),
            ("size_bytes_count", 10.0),
        ] {
            let names = strict.names(&format!("{part}{{"));
            assert_eq!(names.len(), 1, "{kind:?}: {part}");
            assert_eq!(strict.taken(&names[0]).last().unwrap().bits, f64::to_bits(value), "{kind:?}: {part}");
        }
    }
}
