//! Records as bytes: whole, cut, and broken.

use bytes::Bytes;
use exposition::remote_write::{
    Batch, Encoder, MAX_RAW, Packer, Protocol, Record, RecordError, Sample, SeriesLabels,
};
use proptest::prelude::*;

use super::any::{BASE, all};

fn unpack(bytes: &[u8]) -> Result<Record, RecordError> {
    Record::unpack(&Bytes::copy_from_slice(bytes))
}

/// Everything that a reader of a record does.
fn read(record: &Record) -> usize {
    let mut encoder = Encoder::default();
    let bodies = [Protocol::V1, Protocol::V2, Protocol::Zstd].map(|one| encoder.body(record, one).unwrap());
    let names: usize = record.series().map(|series| series.to_string().len()).sum();
    bodies.iter().map(|body| body.unpacked).sum::<usize>() + names
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn parts_are_the_whole(all in all(), samples in 1..9_usize, bytes in 1..2000_usize) {
        let record = all.record();
        let parts = record.split(samples, bytes);
        let whole = |parts: &[Record]| -> Vec<String> {
            parts.iter().flat_map(|part| part.series().map(|one| format!("{:?}", (one.to_string(), one.samples().collect::<Vec<_>>())))).collect()
        };
        prop_assert_eq!(whole(&parts), whole(std::slice::from_ref(&record)));
        prop_assert_eq!(parts.iter().map(Record::sample_count).sum::<usize>(), record.sample_count());
        prop_assert_eq!(parts.iter().map(Record::series_count).sum::<usize>(), record.series_count());
        for part in &parts {
            let fits = part.sample_count() <= samples && part.raw_len() <= bytes;
            prop_assert!(fits || part.series_count() <= 1);
            for bytes in [part.pack(), part.plain().to_vec()] {
                let again = unpack(&bytes).unwrap();
                prop_assert_eq!(read(&again), read(part));
                prop_assert_eq!(again.plain(), part.plain());
            }
            prop_assert_eq!(Packer::default().pack_plain(&part.plain()).to_vec(), part.pack());
        }
        // Bisecting ends at single series.
        let (mut queue, mut single) = (vec![record.clone()], 0);
        while let Some(part) = queue.pop() {
            match part.halves() {
                Some((one, other)) => queue.extend([one, other]),
                None => single += part.series_count(),
            }
        }
        prop_assert_eq!(single, record.series_count());
    }

    #[test]
    fn broken_bytes_are_an_error_or_a_record(
        all in all(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        keep in any::<prop::sample::Index>(),
    ) {
        let packed = all.record().pack();
        let raw = snap::raw::Decoder::new().decompress_vec(&packed[2..]).unwrap();
        // Once behind snappy, which finds some faults itself, and once without.
        for mut bytes in [packed, [&[1, 0], &raw[..]].concat()] {
            for (at, value) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            let cut = &bytes[..keep.index(bytes.len() + 1)];
            for bytes in [&bytes[..], cut] {
                if let Ok(record) = unpack(bytes) {
                    read(&record);
                    record.split(3, 200);
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_an_error_or_a_record(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for codec in [0, 1] {
            if let Ok(record) = unpack(&[&[1, codec], &bytes[..]].concat()) {
                read(&record);
            }
        }
    }
}

#[test]
fn what_is_no_record_is_named() {
    assert_eq!(unpack(&[]).unwrap_err(), RecordError::Malformed("first bytes"));
    assert_eq!(unpack(&[2, 0]).unwrap_err(), RecordError::Version(2));
    assert_eq!(unpack(&[1, 9]).unwrap_err(), RecordError::Codec(9));
    assert_eq!(unpack(&[1, 0, 1, 2]).unwrap_err(), RecordError::Malformed("totals"));
    // A snappy block that says that it unpacks to 4 GiB.
    let bomb = unpack(&[1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f]).unwrap_err();
    assert_eq!(bomb.to_string(), format!("a record of 4294967295 bytes, over the limit of {MAX_RAW}"));
}

#[test]
fn a_batch_is_bounded() {
    let long = "x".repeat(1 << 19);
    let labels = SeriesLabels::new([("__name__", "a"), ("long", long.as_str())]).unwrap();
    let mut batch = Batch::new(BASE);
    let mut add = || batch.sample(&labels, None, Sample { bits: 1, ..Sample::default() });
    let added = std::iter::from_fn(|| add().ok()).count();
    assert_eq!((added, batch.samples()), (63, 63));
    assert!(batch.bytes() <= MAX_RAW);
    assert_eq!(unpack(&batch.finish().pack()).unwrap().series_count(), 63);
}
