//! Labels.

use super::run::judged;

/// 1.0 Labels, 2.0 Series Labels: MUST be sorted, complete, with no name twice and nothing empty. The strict
/// receiver judges each set; this is the set that would show it.
#[test]
fn labels_are_sorted_by_bytes_and_complete() {
    judged().each("requests_total", |kind, series| {
        let names: Vec<&str> = series.labels.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Mid", "__name__", "_x", "cluster", "instance", "job", "zone"], "{kind:?}");
    });
}

/// 1.0 Labels, 2.0 Series Labels: MUST NOT contain empty values: a label that is empty is none.
#[test]
fn empty_labels_are_left_out() {
    judged().each("of_empty", |kind, series| {
        assert_eq!((series.label("gone"), series.label("there")), (None, Some("x")), "{kind:?}");
    });
}

/// 1.0 Labels, 2.0 Series Labels: `__…` is RESERVED and SHOULD NOT be used.
#[test]
fn reserved_labels_stay_with_the_sender() {
    judged().each("of_reserved", |kind, series| {
        assert_eq!((series.label("__meta_x"), series.label("kept")), (None, Some("z")), "{kind:?}");
    });
}

/// 1.0 Labels, 2.0 Series Labels: any sequence of UTF-8, unchanged; escapes of the page are undone once.
#[test]
fn label_values_are_any_text_unchanged() {
    judged().each("of_text", |kind, series| {
        for (name, value) in [("value", "São Paulo 東京 🚀"), ("path", "C:\\a"), ("said", "\"hi\"\nthere")]
        {
            assert_eq!(series.label(name), Some(value), "{kind:?}");
        }
    });
}

/// 1.0 Labels: metric names may have colons.
#[test]
fn metric_names_keep_their_colons() {
    judged().each("namespace:subsystem:rate5m", |_, _| {});
}

/// 1.0 and 2.0 leave limits to receivers: long names and values, and many labels, arrive whole.
#[test]
fn long_and_many_labels_arrive_whole() {
    let name = "n".repeat(200);
    judged().each(&format!("{name}_total"), |_, _| {});
    judged().each("of_long", |kind, series| {
        assert_eq!(series.label(&name).map(str::len), Some(1500), "{kind:?}");
    });
    judged().each("of_many", |kind, series| {
        // Thirty of the page, its name, job, instance, and the external ones.
        assert_eq!(series.labels.len(), 35, "{kind:?}");
    });
}

/// 1.0 Out of Scope (Labels): `job` and `instance` of the target.
#[test]
fn job_and_instance_are_on_every_sample() {
    for (kind, strict) in judged().all() {
        for seen in strict.seen() {
            for series in &seen.message.series {
                let labels = (series.label("job"), series.label("instance"));
                assert!(
                    labels.0.is_some() || series.label("__name__") == Some("of_none"),
                    "{kind:?}: {series:?}"
                );
            }
        }
    }
    judged().each("temperature_celsius", |kind, series| {
        assert_eq!((series.label("job"), series.label("instance")), (Some("j"), Some("plain")), "{kind:?}");
    });
}

/// Prometheus' `honor_labels: false`, which the public list expects of targets' labels.
#[test]
fn a_scraped_label_gives_way_to_the_targets() {
    judged().each("of_clash", |kind, series| {
        for (name, value) in
            [("job", "j"), ("instance", "plain"), ("exported_job", "own"), ("exported_instance", "elsewhere")]
        {
            assert_eq!(series.label(name), Some(value), "{kind:?}: {series:?}");
        }
    });
}

/// Prometheus' `honor_labels: true`: the page's wins, and an empty one keeps the target's away.
#[test]
fn a_scraped_label_wins_where_it_is_honoured() {
    judged().each("of_honor", |kind, series| {
        assert_eq!((series.label("job"), series.label("instance")), (Some("own"), None), "{kind:?}");
    });
    judged().each("of_none", |kind, series| {
        assert_eq!((series.label("job"), series.label("instance")), (Some("j"), Some("honest")), "{kind:?}");
    });
}

/// Prometheus' `external_labels`: on all samples, and never over a series' own label.
#[test]
fn external_labels_are_on_all_samples_and_replace_none() {
    for (kind, strict) in judged().all() {
        for seen in strict.seen() {
            for series in &seen.message.series {
                assert_eq!(series.label("cluster"), Some("c1"), "{kind:?}: {series:?}");
            }
        }
    }
    judged().each("up", |kind, series| assert_eq!(series.label("zone"), Some("z"), "{kind:?}"));
    judged().each("requests_total", |kind, series| {
        assert!(matches!(series.label("zone"), Some("a" | "b")), "{kind:?}: {series:?}");
    });
}
