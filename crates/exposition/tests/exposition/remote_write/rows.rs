//! Records whose labels are kept elsewhere are what they would be with them.

use std::sync::Arc;

use bytes::Bytes;
use exposition::remote_write::{Arena, Batch, Encoder, MAX_RAW, Protocol, Record, Sample, SeriesLabels};
use proptest::prelude::*;

use super::any::{BASE, all};

fn bodies(records: &[Record]) -> Vec<(Bytes, String)> {
    let mut encoder = Encoder::default();
    let of = |protocol| {
        let body = encoder.body_of(records, protocol).unwrap();
        (body.bytes, format!("{} {:?}", body.unpacked, body.counts))
    };
    [Protocol::V1, Protocol::V2, Protocol::Zstd].map(of).into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn labels_may_be_kept_elsewhere(all in all(), samples in 1..9_usize, bytes in 1..2000_usize) {
        let (rows, order) = all.by_number();
        let written = all.record_of(order);
        // Before anybody asked for their series, and after.
        prop_assert_eq!(bodies(std::slice::from_ref(&rows)), bodies(std::slice::from_ref(&written)));
        prop_assert_eq!((rows.sample_count(), rows.series_count()), (written.sample_count(), written.series_count()));
        let parts = rows.split(samples, bytes);
        prop_assert_eq!(rows.plain(), written.plain());
        prop_assert_eq!(rows.pack(), written.pack());
        prop_assert_eq!(bodies(&[rows.clone(), rows.clone()]), bodies(&[written.clone(), written.clone()]));
        let said = |parts: &[Record]| -> Vec<String> {
            let all = parts.iter().flat_map(|part| part.series().map(|one| format!("{one} {:?}", one.samples().collect::<Vec<_>>())));
            all.collect()
        };
        prop_assert_eq!(said(&parts), said(std::slice::from_ref(&written)));
        prop_assert_eq!(parts.iter().map(Record::sample_count).sum::<usize>(), written.sample_count());
        prop_assert!(parts.iter().all(|part| part.sample_count() <= samples || part.series_count() <= 1));
        let halves = |record: &Record| record.halves().map(|(one, other)| (one.plain(), other.plain()));
        prop_assert_eq!(halves(&rows), halves(&written));
    }
}

#[test]
fn what_differs_from_the_others_is_no_row() {
    let labels = SeriesLabels::new([("__name__", "a")]).unwrap();
    let mut arena = Arena::default();
    let number = arena.add(labels.bytes()).unwrap();
    let (arena, mut batch) = (Arc::new(arena), Batch::new(BASE));
    let at = |timestamp_ms, start_ms| Sample { bits: 1, timestamp_ms, start_ms, origin: false };
    for (sample, is_row) in [
        (at(BASE, 0), true),
        (at(BASE, 5), true),
        (at(BASE, 5), true),
        (at(BASE, 6), false),
        (at(BASE - 1, 0), false),
        (Sample { origin: true, ..at(BASE, 5) }, false),
    ] {
        assert_eq!(batch.row(&arena, number, None, &sample), Ok(is_row), "{sample:?}");
    }
    let other = Arc::new(Arena::clone(&arena));
    assert_eq!(batch.row(&other, number, None, &at(BASE, 0)), Ok(false), "labels of somebody else");
    assert_eq!(batch.samples(), 3);
}

#[test]
fn rows_are_bounded_by_what_they_would_be_with_their_labels() {
    let long = "x".repeat(1 << 19);
    let mut arena = Arena::default();
    let labels =
        |number: usize| SeriesLabels::new([("__name__", "a"), ("long", &format!("{number}{long}"))]).unwrap();
    for number in 0..31 {
        arena.add(labels(number).bytes()).unwrap();
    }
    let (arena, sample) =
        (Arc::new(arena.clone()), Sample { bits: 1, timestamp_ms: BASE, ..Sample::default() });
    let mut batch = Batch::new(BASE);
    assert!((0..31).all(|number| batch.row(&arena, number, None, &sample) == Ok(true)));
    // As many again have room with their labels, as those of the arena have.
    let added = (0..).map_while(|number| batch.sample(&labels(number), None, sample).ok()).count();
    assert_eq!((added, batch.samples()), (32, 63));
    assert!(batch.bytes() <= MAX_RAW);
    assert_eq!(Record::unpack(&batch.finish().pack().into()).unwrap().series_count(), 63);
    let more = (0..40).fold(Arena::clone(&arena), |mut arena, number| {
        arena.add(labels(number).bytes());
        arena
    });
    assert_eq!(Batch::new(BASE).row(&Arc::new(more), 0, None, &sample), Ok(false), "an arena of over 16 MiB");
}
