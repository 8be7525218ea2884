//! Each rule for one request: what is right passes, and what breaks it is named.

use std::io::Write;

use exposition::remote_write::message::{MetricMetadata, WriteRequest};
use exposition::remote_write::{NAN, STALE};
use prost::Message as _;

use super::built::{NOW, head, one, packed, packed_one, packed_two, two};
use super::judge::judge;
use super::{Head, Kind, Rule};

/// What this breaks.
pub(crate) fn rules(head: &Head, body: &[u8]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = judge(head, body).1.0.into_iter().map(|(rule, _)| rule).collect();
    rules.dedup();
    rules
}

#[test]
fn what_is_right_breaks_nothing() {
    let message = one(&[("__name__", "c"), ("a", "1")], &[(NOW, 1.0), (NOW + 1, f64::from_bits(STALE))]);
    let zstd = zstd::bulk::compress(&message.encode_to_vec(), 1).unwrap();
    for (kind, body, of) in [
        (Kind::V1, packed_one(&message), "c{a=\"1\"}"),
        (Kind::Zstd, zstd, "c{a=\"1\"}"),
        (Kind::V2, packed_two(&two()), "c{a=\"1\"}"),
    ] {
        let (read, found) = judge(&head(kind), &body);
        assert!(found.0.is_empty(), "{kind:?}: {:?}", found.0);
        assert_eq!(read.series[0].key(), of, "{kind:?}");
        assert_eq!(read.series[0].points[0].at, NOW, "{kind:?}");
    }
    let family = judge(&head(Kind::V2), &packed_two(&two())).0.series[0].family.clone().unwrap();
    assert_eq!((family.kind, family.help.as_str(), family.unit.as_str()), (1, "Counts.", ""));
    let known = MetricMetadata { kind: 1, metric_family_name: "c".into(), ..MetricMetadata::default() };
    let alone = WriteRequest { timeseries: Vec::new(), metadata: vec![known] };
    assert_eq!(rules(&head(Kind::V1), &packed_one(&alone)), [], "metadata in a request of its own");
}

#[test]
fn each_wrong_header_is_named() {
    let body = packed_two(&two());
    for (name, value, rule) in [
        ("content-encoding", "gzip", Rule::ContentEncoding),
        (
            "content-type",
            "application/x-protobuf;proto=io.prometheus.write.v2.Request;v=1",
            Rule::ContentType,
        ),
        ("x-prometheus-remote-write-version", "0.1.0", Rule::Version),
        ("x-prometheus-remote-write-version", "", Rule::Version),
        ("user-agent", "", Rule::UserAgent),
        ("user-agent", "nameless", Rule::UserAgent),
    ] {
        let mut head = head(Kind::V2);
        head.headers.iter_mut().find(|(found, _)| found == name).unwrap().1 = value.to_owned();
        assert_eq!(rules(&head, &body), [rule], "{name}: {value}");
    }
    let mut head = head(Kind::V2);
    head.headers.push(("content-type".to_owned(), "text/plain".to_owned()));
    assert_eq!(rules(&head, &body), [Rule::HeaderTwice]);
    head.headers.pop();
    head.method = "PUT".to_owned();
    assert_eq!(rules(&head, &body), [Rule::Method]);
    head.method = "POST".to_owned();
    head.headers[0].1 = "application/x-protobuf; proto=io.prometheus.write.v2.Request".to_owned();
    assert_eq!(rules(&head, &body), [], "RFC 9110 lets a space stand there");
}

#[test]
fn bodies_that_are_no_message_are_named() {
    let message = two().encode_to_vec();
    let mut frames = snap::write::FrameEncoder::new(Vec::new());
    frames.write_all(&message).unwrap();
    let frames = frames.into_inner().unwrap();
    for (body, rule) in [
        (frames, Rule::Framed),
        (message.clone(), Rule::Unreadable),
        (packed(&message[..message.len() - 1]), Rule::Unreadable),
        (packed(b""), Rule::FirstSymbol),
        (packed(&[&message[..], &[0x0a, 0]].concat()), Rule::ReservedField),
        (packed(&[&message[..], &[0x2a, 2, 0x30, 1]].concat()), Rule::ReservedField),
    ] {
        let found = rules(&head(Kind::V2), &body);
        assert_eq!(found.first(), Some(&rule), "{found:?}");
    }
    assert_eq!(rules(&head(Kind::V1), &packed(b"")), [Rule::Empty]);
    let cut = &packed_one(&one(&[("__name__", "c")], &[(NOW, 1.0)]))[..9];
    assert_eq!(rules(&head(Kind::V1), cut), [Rule::Unreadable]);
    assert_eq!(rules(&head(Kind::Zstd), cut), [Rule::Unreadable]);
    // Field 2 of a request, which Cortex has for itself.
    let reserved = [&one(&[("__name__", "c")], &[(NOW, 1.0)]).encode_to_vec()[..], &[0x10, 1]].concat();
    assert_eq!(rules(&head(Kind::V1), &packed(&reserved)), [Rule::ReservedField]);
}

#[test]
fn each_wrong_label_set_is_named() {
    for (labels, expected) in [
        (&[][..], &[Rule::NoLabels][..]),
        (&[("a", "1")], &[Rule::NoName]),
        (&[("a", "1"), ("__name__", "c")], &[Rule::LabelsUnsorted]),
        (&[("__name__", "c"), ("a", "1"), ("a", "2")], &[Rule::LabelTwice]),
        (&[("__name__", "c"), ("a", "")], &[Rule::LabelEmpty]),
        (&[("", "1"), ("__name__", "c")], &[Rule::LabelEmpty]),
        (&[("__name__", "c-d")], &[Rule::LabelName]),
        (&[("__name__", "9c")], &[Rule::LabelName]),
        (&[("__name__", "c"), ("a:b", "1")], &[Rule::LabelName]),
        (&[("__name__", "c"), ("__scheme__", "http")], &[Rule::ReservedLabel]),
        // By bytes: capitals before the underscore, that before small letters.
        (&[("Mid", "1"), ("__name__", "c:d"), ("_x", "1"), ("a", "1")], &[]),
        (&[("__name__", "c"), ("Mid", "1")], &[Rule::LabelsUnsorted]),
        (&[("__name__", "c"), ("a", "\u{1f600} \\ \" \n")], &[]),
    ] {
        let found = rules(&head(Kind::V1), &packed_one(&one(labels, &[(NOW, 1.0)])));
        assert_eq!(found, expected, "{labels:?}");
    }
}

#[test]
fn each_wrong_point_is_named() {
    let nan = f64::from_bits;
    for (samples, expected) in [
        (&[][..], &[Rule::NoPoints][..]),
        (&[(NOW, 1.0), (NOW, 2.0)], &[Rule::OutOfOrder]),
        (&[(NOW, 1.0), (NOW - 1, 2.0)], &[Rule::OutOfOrder]),
        (&[(NOW / 1000, 1.0)], &[Rule::Timestamp]),
        (&[(NOW * 1000, 1.0)], &[Rule::Timestamp]),
        (&[(NOW, nan(0x7ff0_0000_0000_0001))], &[Rule::NotANumber]),
        (&[(NOW, nan(0x7ff8_0000_0000_0000))], &[Rule::NotANumber]),
        (&[(NOW, nan(NAN)), (NOW + 1, f64::INFINITY), (NOW + 2, nan(STALE))], &[]),
    ] {
        let found = rules(&head(Kind::V1), &packed_one(&one(&[("__name__", "c")], samples)));
        assert_eq!(found, expected, "{samples:?}");
    }
}
