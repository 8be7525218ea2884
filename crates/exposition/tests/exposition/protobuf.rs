//! Delimited protobuf: another encoder's messages, our own, and bytes that are none.

use exposition::protobuf::{self, ProtobufError, decode};
use exposition::{Limits, Page, registry};
use prometheus::{Encoder, Histogram, HistogramOpts, IntCounterVec, Opts, ProtobufEncoder, Registry};
use proptest::prelude::*;

fn foreign() -> (Vec<u8>, Page) {
    let registry = Registry::new();
    let counter = IntCounterVec::new(Opts::new("c_total", "text \"\\\n"), &["l"]).unwrap();
    registry.register(Box::new(counter.clone())).unwrap();
    counter.with_label_values(&["a\"b\\c\nd"]).inc_by(2_500_000);
    counter.with_label_values(&["é"]).inc();
    let histogram = Histogram::with_opts(HistogramOpts::new("h", "text").buckets(vec![0.5, 1.0])).unwrap();
    registry.register(Box::new(histogram.clone())).unwrap();
    histogram.observe(0.7);
    let mut bytes = Vec::new();
    ProtobufEncoder::new().encode(&registry.gather(), &mut bytes).unwrap();
    (bytes, registry::page(&registry))
}

/// Name, labels, and the bits of the value.
type Series = (String, Vec<(String, String)>, u64);

fn series(page: &Page) -> Vec<Series> {
    let mut all: Vec<_> = page
        .samples()
        .map(|it| {
            let mut labels: Vec<_> =
                it.labels().map(|it| (it.name.to_owned(), it.value.into_owned())).collect();
            labels.sort();
            (it.name().to_owned(), labels, it.value().to_bits())
        })
        .collect();
    all.sort();
    all
}

#[test]
fn another_encoders_messages_are_the_page_that_they_came_from() {
    let (bytes, want) = foreign();
    let families = decode(&bytes, &Limits::default()).unwrap();
    let page = protobuf::page(&families, usize::MAX).unwrap();
    assert_eq!(series(&page), series(&want));
    // As Go spells values.
    assert!(page.text().contains("} 2.5e+06\n"), "{}", page.text());
    // There and back.
    let mut again = Vec::new();
    for family in protobuf::families(&page) {
        protobuf::encode(&family, &mut again);
    }
    assert_eq!(decode(&again, &Limits::default()).unwrap(), protobuf::families(&page));
    assert_eq!(
        series(&protobuf::page(&decode(&again, &Limits::NONE).unwrap(), usize::MAX).unwrap()),
        series(&want)
    );
}

#[test]
fn a_body_that_is_cut_off_is_an_error_or_ends_between_messages() {
    let (bytes, _) = foreign();
    let mut whole = 0;
    for end in 0..bytes.len() {
        whole += usize::from(decode(&bytes[..end], &Limits::default()).is_ok());
    }
    assert_eq!(whole, 2, "nothing, and the first of two families");
}

#[test]
fn each_limit_is_kept() {
    let (bytes, _) = foreign();
    let limits = Limits::default();
    for (what, limits) in [
        ("bytes", Limits { body: 10, ..limits }),
        ("samples", Limits { samples: 3, ..limits }),
        ("labels in one series", Limits { series_labels: 0, ..limits }),
        ("bytes of a metric name", Limits { name: 3, ..limits }),
        ("bytes of a label name", Limits { label_name: 0, ..limits }),
        ("bytes of a label value", Limits { label_value: 3, ..limits }),
    ] {
        match decode(&bytes, &limits) {
            Err(ProtobufError::Limit { what: found, .. }) => assert_eq!(found, what),
            other => panic!("{what}: {other:?}"),
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes, &Limits::default());
    }

    #[test]
    fn no_change_of_a_good_body_makes_it_panic(at in 0..200_usize, byte in any::<u8>()) {
        let (mut bytes, _) = foreign();
        let at = at % bytes.len();
        bytes[at] = byte;
        for mut family in decode(&bytes, &Limits::default()).unwrap_or_default() {
            if protobuf::mend(&mut family).is_ok() {
                let page = protobuf::page(&[family.clone()], usize::MAX).unwrap();
                prop_assert!(Page::parse_pushed(page.text().to_owned(), &Limits::NONE).is_ok(), "{}", page.text());
                let mut out = Vec::new();
                protobuf::openmetrics(&[family], &mut out);
                let text = String::from_utf8_lossy(&out).into_owned();
                prop_assert!(Page::parse_openmetrics(out, &Limits::NONE).is_ok(), "{}", text);
            }
        }
    }
}
