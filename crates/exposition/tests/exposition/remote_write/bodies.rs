//! The encoder against prost's reading of what it wrote.

use exposition::Kind;
use exposition::remote_write::message::{self, v2};
use exposition::remote_write::{Batch, Encoder, Family, Protocol, Record, Sample, SeriesLabels};
use proptest::prelude::*;
use prost::Message;

use super::any::{All, BASE, One, all};

fn snappy(body: &[u8]) -> Vec<u8> {
    snap::raw::Decoder::new().decompress_vec(body).unwrap()
}

fn message(record: &Record, protocol: Protocol) -> Vec<u8> {
    let mut encoder = Encoder::default();
    let body = encoder.body(record, protocol).unwrap();
    let again = encoder.body(&Record::unpack(&record.pack().into()).unwrap(), protocol).unwrap();
    assert_eq!(body.bytes, again.bytes, "a replay has other bytes");
    let message = match protocol {
        Protocol::Zstd => zstd::bulk::decompress(&body.bytes, 1 << 24).unwrap(),
        Protocol::V1 | Protocol::V2 => snappy(&body.bytes),
    };
    assert_eq!(message.len(), body.unpacked);
    message
}

/// The labels as they are sent: sorted, no empty values.
fn sorted(labels: &[(String, String)]) -> Vec<(String, String)> {
    let mut labels: Vec<_> = labels.iter().filter(|(_, value)| !value.is_empty()).cloned().collect();
    labels.sort();
    labels
}

fn labels_1(labels: &[(String, String)]) -> Vec<message::Label> {
    sorted(labels).into_iter().map(|(name, value)| message::Label { name, value }).collect()
}

fn histograms(one: &One, with_start: bool) -> Vec<message::Histogram> {
    let histograms = one.histograms.iter().map(|(histogram, timestamp, start)| message::Histogram {
        timestamp: *timestamp,
        start_timestamp: if with_start { *start } else { 0 },
        ..histogram.clone()
    });
    histograms.collect()
}

/// What 1.0 must say.
fn expected_1(all: &All) -> Vec<message::TimeSeries> {
    let series = all.series.iter().map(|one| message::TimeSeries {
        labels: labels_1(&one.labels),
        samples: one
            .samples
            .iter()
            .map(|sample| message::Sample {
                value: f64::from_bits(sample.bits),
                timestamp: sample.timestamp_ms,
            })
            .collect(),
        exemplars: one
            .exemplars
            .iter()
            .map(|(labels, bits, timestamp)| message::Exemplar {
                labels: labels_1(labels),
                value: f64::from_bits(*bits),
                timestamp: *timestamp,
            })
            .collect(),
        histograms: histograms(one, false),
    });
    series
        .filter(|one| !(one.samples.is_empty() && one.exemplars.is_empty() && one.histograms.is_empty()))
        .collect()
}

/// A 2.0 series with its references resolved: labels, samples, exemplars, histograms, metadata.
type Plain = (
    Vec<(String, String)>,
    Vec<(u64, i64, i64)>,
    Vec<(Vec<(String, String)>, u64, i64)>,
    Vec<message::Histogram>,
    Option<(i32, String, String)>,
);

fn resolved(request: &v2::Request) -> Vec<Plain> {
    let text = |at: u32| request.symbols[at as usize].clone();
    let labels = |refs: &[u32]| -> Vec<(String, String)> {
        assert_eq!(refs.len() % 2, 0);
        refs.chunks(2).map(|pair| (text(pair[0]), text(pair[1]))).collect()
    };
    let series = request.timeseries.iter().map(|series| {
        assert!(
            series.samples.is_empty() != series.histograms.is_empty(),
            "samples or histograms, never both"
        );
        let samples = series.samples.iter();
        let samples = samples.map(|one| (one.value.to_bits(), one.timestamp, one.start_timestamp));
        let exemplars = series.exemplars.iter();
        let exemplars = exemplars.map(|one| (labels(&one.labels_refs), one.value.to_bits(), one.timestamp));
        let metadata = series.metadata.map(|one| (one.kind, text(one.help_ref), text(one.unit_ref)));
        let (samples, exemplars) = (samples.collect(), exemplars.collect());
        (labels(&series.labels_refs), samples, exemplars, series.histograms.clone(), metadata)
    });
    series.collect()
}

/// The numbers of types.proto, by the words of OpenMetrics.
fn number(kind: Kind) -> i32 {
    let kinds = ["unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"];
    let number = kinds.iter().position(|word| *word == kind.as_openmetrics()).unwrap();
    i32::try_from(number).unwrap()
}

/// What 2.0 must say.
fn expected_2(all: &All, origins: bool) -> Vec<Plain> {
    let mut expected = Vec::new();
    for one in &all.series {
        let metadata = one.family.and_then(|at| all.families.get(at));
        let metadata = metadata.map(|(_, kind, help, unit)| (number(*kind), help.clone(), unit.clone()));
        let metadata = metadata.filter(|metadata| *metadata != (0, String::new(), String::new()));
        let samples: Vec<_> = one
            .samples
            .iter()
            .filter(|sample| origins || !sample.origin)
            .map(|sample| (sample.bits, sample.timestamp_ms, sample.start_ms))
            .collect();
        let exemplars = one.exemplars.iter().map(|(labels, bits, at)| (sorted(labels), *bits, *at));
        let mut exemplars: Vec<_> = exemplars.collect();
        let labels = sorted(&one.labels);
        if !samples.is_empty() {
            let own = std::mem::take(&mut exemplars);
            expected.push((labels.clone(), samples, own, Vec::new(), metadata.clone()));
        }
        if !one.histograms.is_empty() {
            expected.push((labels, Vec::new(), exemplars, histograms(one, true), metadata));
        }
    }
    expected
}

/// NaNs are compared by their bits.
fn text<T: std::fmt::Debug>(of: &T, bits: impl IntoIterator<Item = u64>) -> String {
    format!("{of:?} {:x?}", bits.into_iter().collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn one_zero_says_what_was_put_in(all in all()) {
        let record = all.record();
        let bits = |series: &[message::TimeSeries]| -> Vec<u64> {
            let samples = series.iter().flat_map(|one| one.samples.iter().map(|one| one.value.to_bits()));
            let exemplars = series.iter().flat_map(|one| one.exemplars.iter().map(|one| one.value.to_bits()));
            samples.chain(exemplars).collect()
        };
        let expected = expected_1(&all);
        let request = message::WriteRequest::decode(&message(&record, Protocol::Zstd)[..]).unwrap();
        prop_assert_eq!(text(&request.timeseries, bits(&request.timeseries)), text(&expected, bits(&expected)));
        prop_assert!(request.metadata.is_empty());
        // Where prost has no other choice of what to leave out, the bytes are the same, too.
        let classic = all.series.iter().all(|one| one.labels.iter().all(|(name, _)| name.is_ascii()));
        if classic {
            let request = message::WriteRequest::decode(&message(&record, Protocol::V1)[..]).unwrap();
            prop_assert_eq!(text(&request.timeseries, bits(&request.timeseries)), text(&expected, bits(&expected)));
        }
        if classic && all.series.iter().all(|one| one.histograms.is_empty()) && !bits(&expected).contains(&(1 << 63)) {
            prop_assert_eq!(request.encode_to_vec(), message(&record, Protocol::V1));
        }
    }

    #[test]
    fn two_zero_says_what_was_put_in(all in all(), origins: bool) {
        let record = all.record();
        let body = Encoder::default().with_origins(origins).body(&record, Protocol::V2).unwrap();
        let request = v2::Request::decode(&snappy(&body.bytes)[..]).unwrap();
        prop_assert_eq!(&request.symbols[0], "");
        let unique: std::collections::HashSet<_> = request.symbols.iter().collect();
        prop_assert_eq!(unique.len(), request.symbols.len(), "a symbol stands twice");
        prop_assert_eq!(resolved(&request), expected_2(&all, origins));
        let count = |of: fn(&v2::TimeSeries) -> usize| request.timeseries.iter().map(of).sum::<usize>();
        prop_assert_eq!(body.counts.samples, count(|one| one.samples.len()));
        prop_assert_eq!(body.counts.histograms, count(|one| one.histograms.len()));
        prop_assert_eq!(body.counts.exemplars, count(|one| one.exemplars.len()));
        message(&record, Protocol::V2);
    }

    #[test]
    fn metadata_is_of_the_families_that_are_due(all in all(), least in 0_usize..3) {
        let record = all.record();
        let due = |family: &Family<'_>| family.help.len() >= least;
        let body = Encoder::default().metadata(std::slice::from_ref(&record), Protocol::V1, due).unwrap();
        let expected: Vec<_> = all.families.iter().filter(|(_, _, help, _)| help.len() >= least).collect();
        prop_assert_eq!(body.is_some(), !expected.is_empty());
        let message = body.map(|body| snappy(&body.bytes)).unwrap_or_default();
        let request = message::WriteRequest::decode(&message[..]).unwrap();
        prop_assert!(request.timeseries.is_empty());
        let said = request.metadata.iter().map(|one| (one.kind, &one.metric_family_name, &one.help, &one.unit));
        let expected = expected.iter().map(|(name, kind, help, unit)| (number(*kind), name, help, unit));
        prop_assert_eq!(said.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        let of_2_0 = Encoder::default().metadata(std::slice::from_ref(&record), Protocol::V2, |_| true);
        prop_assert!(of_2_0.unwrap().is_none());
    }

    #[test]
    fn records_that_go_together_say_what_each_says(one in all(), other in all()) {
        let records = [one.record(), other.record()];
        let together = |protocol| snappy(&Encoder::default().body_of(&records, protocol).unwrap().bytes);
        let apart = |protocol| records.each_ref().map(|record| message(record, protocol));
        let read = |bytes: &[u8]| message::WriteRequest::decode(bytes).unwrap().timeseries;
        let want: Vec<_> = apart(Protocol::V1).iter().flat_map(|bytes| read(bytes)).collect();
        prop_assert_eq!(format!("{:?}", read(&together(Protocol::V1))), format!("{want:?}"));
        let read = |bytes: &[u8]| resolved(&v2::Request::decode(bytes).unwrap());
        let want: Vec<_> = apart(Protocol::V2).iter().flat_map(|bytes| read(bytes)).collect();
        prop_assert_eq!(format!("{:?}", read(&together(Protocol::V2))), format!("{want:?}"));
    }
}

#[test]
fn names_beyond_the_classic_alphabet_are_spelt_for_one_zero_only() {
    let mut batch = Batch::new(BASE);
    let labels = SeriesLabels::new([("__name__", "a.b"), ("z:é", "1"), ("z__", "2"), ("A", "3")]).unwrap();
    batch.sample(&labels, None, Sample { bits: 1, timestamp_ms: BASE, ..Sample::default() }).unwrap();
    let record = batch.finish();
    let labels = |protocol| {
        let request = message::WriteRequest::decode(&message(&record, protocol)[..]).unwrap();
        let labels =
            request.timeseries[0].labels.iter().map(|label| format!("{}={}", label.name, label.value));
        labels.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(labels(Protocol::V1), "A=3 __name__=a_b z__=1");
    assert_eq!(labels(Protocol::Zstd), "A=3 __name__=a.b z:é=1 z__=2");
}

#[test]
fn headers_are_those_of_the_specifications() {
    let of = |protocol: Protocol| protocol.headers().map(|(_, value)| value);
    assert_eq!(of(Protocol::V1), ["application/x-protobuf", "snappy", "0.1.0"]);
    let typed = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
    assert_eq!(of(Protocol::V2), [typed, "snappy", "2.0.0"]);
    assert_eq!(of(Protocol::Zstd), ["application/x-protobuf", "zstd", "1"]);
}
