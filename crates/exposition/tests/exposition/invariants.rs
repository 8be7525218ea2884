//! What must hold for any bytes at all; shared by the tests and the fuzz target.

use std::collections::HashSet;

use exposition::{Clash, GroupingKey, Kind, Limits, Page, Rewrite, encode, name};

/// Panics where an invariant is broken.
pub(crate) fn hold(data: &[u8]) {
    let bytes = data.to_vec();
    for page in [
        Page::parse(bytes.clone(), &Limits::default()),
        Page::parse_pushed(bytes.clone(), &Limits::default()),
        Page::parse_openmetrics(bytes, &Limits::default()),
    ] {
        match page {
            Ok(page) => can_be_written(&page),
            Err(error) => assert!(error.line > 0 && error.column > 0 && !error.to_string().is_empty()),
        }
    }
    let path = String::from_utf8_lossy(data);
    if let Ok(key) = GroupingKey::from_path(&path) {
        assert_eq!(GroupingKey::from_path(&key.to_string()).as_ref(), Ok(&key), "{path}");
    }
}

fn can_be_written(page: &Page) {
    let mut text = Vec::new();
    encode::text(page, &mut text);
    let again = Page::parse(text.clone(), &Limits::NONE)
        .unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&text)));
    assert_eq!(series(page), series(&again), "{:?} became {:?}", page.text(), again.text());
    let classic = |sample: exposition::Sample<'_>| {
        name::is_metric_name(sample.name()) && sample.labels().all(|label| name::is_label_name(label.name))
    };
    if page.samples().all(classic)
        && !collides(page)
        && page.families().all(|family| name::is_metric_name(family.name()))
    {
        let strict = Page::parse_pushed(text, &Limits::NONE);
        assert!(strict.is_ok(), "{strict:?}: {:?}", again.text());
    }
    let mut openmetrics = Vec::new();
    encode::openmetrics(page, &mut openmetrics);
    let read = Page::parse_openmetrics(openmetrics.clone(), &Limits::NONE);
    let read = read.unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&openmetrics)));
    assert_eq!(read.sample_count(), page.sample_count(), "{:?} became {:?}", page.text(), read.text());
    for clash in [Clash::Overwrite, Clash::Keep, Clash::Export] {
        let how = Rewrite {
            labels: &[("job", "a\"b\\\n"), ("le", "1")],
            clash,
            drop: &["x"],
            keep_timestamps: true,
        };
        let made = page.rewrite(&how);
        if collides(&made) {
            continue;
        }
        let read = Page::parse_pushed(made.text().to_owned(), &Limits::NONE);
        let read = read.unwrap_or_else(|error| panic!("{error}: {:?}", made.text()));
        assert_eq!(series(&read), series(&made));
        assert_eq!(read.families().count(), made.families().count(), "{}", made.text());
        assert_eq!(read.sample_count(), page.sample_count());
        for sample in read.samples() {
            let labels: Vec<&str> = sample.labels().map(|label| label.name).collect();
            let distinct: HashSet<&str> = labels.iter().copied().collect();
            assert_eq!(labels.len(), distinct.len(), "{:?} became {:?}", page.text(), made.text());
        }
    }
}

/// Whether a family has the name of a part of another one, which no Pushgateway takes, however written.
fn collides(page: &Page) -> bool {
    let wholes: Vec<String> = page
        .families()
        .filter(|family| matches!(family.kind(), Kind::Histogram | Kind::GaugeHistogram | Kind::Summary))
        .map(|family| family.text_name().into_owned())
        .collect();
    page.families().any(|family| {
        let name = family.text_name();
        let stem = ["_count", "_sum", "_bucket"].iter().find_map(|suffix| name.strip_suffix(suffix));
        stem.is_some_and(|stem| wholes.iter().any(|whole| whole == stem))
    })
}

type Series = (String, Vec<(String, String)>, u64, Option<i64>);

/// All samples, in an order that does not depend on how families stood.
pub(crate) fn series(page: &Page) -> Vec<Series> {
    let mut all: Vec<Series> = page
        .samples()
        .map(|sample| {
            let labels =
                sample.labels().map(|label| (label.name.to_owned(), label.value.into_owned())).collect();
            (sample.name().to_owned(), labels, sample.value().to_bits(), sample.timestamp_ms())
        })
        .collect();
    all.sort();
    all
}
