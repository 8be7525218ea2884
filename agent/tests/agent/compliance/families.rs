//! What is known of families, and exemplars.

use super::super::strict::Series;
use super::run::judged;

/// Numbers of types in 2.0; 1.0 has the same up to the summary but for the histogram of gauges.
const COUNTER: i32 = 1;
const GAUGE: i32 = 2;
const HISTOGRAM: i32 = 3;
const SUMMARY: i32 = 5;
const INFO: i32 = 6;

/// 2.0 Protobuf Message, Metadata: `metadata` SHOULD be provided, on every series of its family.
#[test]
fn types_are_on_every_series_of_a_family() {
    for (kind, names) in [
        (COUNTER, &["requests_total", "jobs_total"][..]),
        (GAUGE, &["temperature_celsius"]),
        (
            HISTOGRAM,
            &[
                "latency_seconds_bucket",
                "latency_seconds_sum",
                "latency_seconds_count",
                "wait_seconds_bucket",
            ],
        ),
        (SUMMARY, &["size_bytes", "size_bytes_sum", "size_bytes_count"]),
        (INFO, &["build_info"]),
    ] {
        for name in names {
            let family = judged().first(name).family;
            assert_eq!(family.map(|family| family.kind), Some(kind), "{name}");
        }
    }
}

/// 2.0 Metadata: help SHOULD be as its author wrote it: escapes of the page undone, line breaks kept.
#[test]
fn help_texts_are_sent_unescaped() {
    for (name, help) in [
        ("requests_total", "All of them,\nwith a \\ and \"quotes\"."),
        ("temperature_celsius", "Of the room."),
        ("jobs_total", "Done."),
        ("wait_seconds_bucket", "Time \"until\" then."),
        ("untold", ""),
    ] {
        let all = judged().v2.seen();
        let texts: Vec<String> = all
            .iter()
            .filter_map(|seen| seen.message.named(name)?.family.clone())
            .map(|family| family.help)
            .collect();
        // Rarely, or it would cost more than it is worth; then in full.
        assert!(texts.iter().all(|text| text.is_empty() || text == help), "{name}: {texts:?}");
        assert!(help.is_empty() || texts.iter().any(|text| text == help), "{name}: {texts:?}");
    }
}

/// 2.0 Metadata: MAY follow OpenMetrics' units.
#[test]
fn units_are_sent_where_the_page_has_them() {
    let units: Vec<String> = judged()
        .v2
        .seen()
        .iter()
        .filter_map(|seen| seen.message.named("wait_seconds_count")?.family.clone())
        .map(|family| family.unit)
        .collect();
    assert!(units.iter().any(|unit| unit == "seconds"), "{units:?}");
}

/// 2.0 Metadata: one family has one type, whichever series and whichever time.
#[test]
fn types_of_a_family_do_not_change() {
    let mut kinds = std::collections::HashMap::new();
    for seen in judged().v2.seen() {
        for series in &seen.message.series {
            let name = series.label("__name__").unwrap().to_owned();
            let kind = series.family.as_ref().map(|family| family.kind);
            assert_eq!(*kinds.entry(name.clone()).or_insert(kind), kind, "{name}");
        }
    }
}

/// 1.0 Protocol reserves field 3, which Prometheus fills: metadata apart from samples.
#[test]
fn metadata_of_1_0_are_requests_of_their_own() {
    let seen = judged().v1.seen();
    let families: Vec<_> = seen.iter().flat_map(|seen| &seen.message.families).collect();
    let of = |name: &str| families.iter().find(|family| family.metric_family_name == name).unwrap();
    assert_eq!(
        (of("temperature_celsius").kind, of("temperature_celsius").help.as_str()),
        (GAUGE, "Of the room.")
    );
    assert_eq!(of("latency_seconds").kind, HISTOGRAM, "by the name of the family, not of its parts");
    // Prometheus sends the type of a family that has no help text, and nothing of one that has no type either.
    assert_eq!((of("size_bytes").kind, of("size_bytes").help.as_str()), (SUMMARY, ""));
    assert!(families.iter().all(|family| family.metric_family_name != "untold"));
    let explained = families.iter().filter(|family| family.metric_family_name == "temperature_celsius");
    assert!(explained.clone().all(|family| !family.help.is_empty()), "a type alone takes a text away");
    let mixed = seen.iter().any(|it| !it.message.families.is_empty() && !it.message.series.is_empty());
    assert!(!mixed, "a receiver that refuses metadata would lose samples");
}

/// 2.0 Exemplars: SHOULD be provided; MUST have a value and a timestamp, the scrape's if the page has none. Ours: one
/// that stays on its page is sent once.
#[test]
fn exemplars_are_sent_with_value_and_time() {
    for (name, value, at, labels) in [
        ("jobs_total", 0.5_f64, Some(1_767_225_600_125), &[("span_id", "s"), ("trace_id", "abc")][..]),
        ("wait_seconds_bucket", 0.05, None, &[("my_label", "m")]),
    ] {
        let all = judged().v2.seen();
        let series = all.iter().flat_map(|seen| &seen.message.series);
        let with: Vec<&Series> =
            series.filter(|it| it.label("__name__") == Some(name) && !it.exemplars.is_empty()).collect();
        assert_eq!(with.len(), 1, "{name}: {with:?}");
        let exemplar = &with[0].exemplars[0];
        assert_eq!(exemplar.value.to_bits(), value.to_bits(), "{name}");
        assert_eq!(exemplar.at, at.unwrap_or(with[0].points[0].at), "{name}");
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        assert_eq!(exemplar.labels, labels.iter().map(own).collect::<Vec<_>>(), "{name}");
    }
}
