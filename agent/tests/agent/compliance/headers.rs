//! Headers, bodies and connections.

use std::collections::HashSet;

use super::super::process::run as check;
use super::super::strict::{Kind, Mode, Strict};
use super::run::judged;
use super::site::{receiver, settings};

/// 1.0 Protocol; 2.0 Protocol, Content-Encoding, Content-Type, X-Prometheus-Remote-Write-Version, User-Agent:
/// MUST. The strict receiver looks at the form of each; this at what they say together.
#[test]
fn required_headers_are_sent_with_every_request() {
    for (kind, strict) in judged().all() {
        for seen in strict.seen() {
            assert_eq!(seen.kind, kind, "{:?}", seen.head);
            assert_eq!(seen.head.method, "POST", "{:?}", seen.head);
            assert_eq!(seen.head.path, "/api/v1/write", "to the URL that was given");
            let agent = seen.head.get("user-agent");
            assert!(agent.starts_with("pushpull/"), "{agent}");
        }
    }
}

/// 2.0 Content-Type: SHOULD be the plain one for 1.x receivers, MUST name 2.0's message otherwise.
#[test]
fn content_type_names_the_message_only_in_2_0() {
    for (kind, strict) in judged().all() {
        let expected = match kind {
            Kind::V2 => "application/x-protobuf;proto=io.prometheus.write.v2.Request",
            Kind::V1 | Kind::Zstd => "application/x-protobuf",
        };
        assert!(strict.seen().iter().all(|seen| seen.head.get("content-type") == expected), "{kind:?}");
    }
}

/// 1.0 Protocol, 2.0 Protocol: MAY; Mimir's tenant.
#[test]
fn custom_headers_are_sent() {
    for (kind, strict) in judged().all() {
        assert!(strict.seen().iter().all(|seen| seen.head.get("x-scope-orgid") == "t1"), "{kind:?}");
    }
}

/// 1.0 Protocol, 2.0 Protocol: MUST NOT allow users to send reserved headers.
#[test]
fn reserved_headers_are_refused_in_settings() {
    let strict = Strict::new(Mode::Both);
    for name in
        ["Content-Encoding", "content-type", "User-Agent", "X-Prometheus-Remote-Write-Version", "Host"]
    {
        let table = receiver(&strict, &format!("headers = {{ \"{name}\" = \"x\" }}"));
        let (code, said) = check(&settings("1s", &[table]), &["check"], &[]);
        assert_ne!(code, Some(0), "{name}: {said}");
        assert!(said.to_lowercase().contains(&name.to_lowercase()), "{name} is not named: {said}");
    }
    assert!(strict.seen().is_empty());
}

/// 1.0 Background, 2.0 Background: streaming by many messages over the same connection.
#[test]
fn connections_are_kept() {
    for (kind, strict) in judged().all() {
        let seen = strict.seen();
        let connections: HashSet<usize> = seen.iter().map(|seen| seen.connection).collect();
        assert!(connections.len() * 3 <= seen.len().max(9), "{kind:?}: {connections:?} of {}", seen.len());
    }
}

/// 1.0 Protocol, 2.0 Protocol: MUST be a block of snappy, never frames; ours for VictoriaMetrics is zstd.
#[test]
fn bodies_are_compressed() {
    for (kind, strict) in judged().all() {
        let (packed, unpacked) = strict.seen().iter().fold((0, 0), |(packed, unpacked), seen| {
            let labels = seen.message.series.iter().flat_map(|series| &series.labels);
            let text: usize = labels.map(|(name, value)| name.len() + value.len()).sum();
            (packed + seen.bytes.len(), unpacked + text)
        });
        assert!(packed < unpacked, "{kind:?}: {packed} bytes for labels of {unpacked}");
    }
}
