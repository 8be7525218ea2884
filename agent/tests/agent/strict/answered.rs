//! The receiver over real connections: what it answers, and what it keeps.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::built::{NOW, head, one, packed_one, packed_two, two};
use super::mode::Verdict;
use super::{Answer, Kind, Mode, Rule, Strict};
use prost::Message as _;

/// A request with this body, by this connection: the answer up to its end.
fn post(mut stream: &TcpStream, kind: Kind, body: &[u8]) -> std::io::Result<String> {
    let head = head(kind);
    let headers: String = head.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let line =
        format!("POST {} HTTP/1.1\r\nhost: a\r\n{headers}content-length: {}\r\n\r\n", head.path, body.len());
    stream.write_all(line.as_bytes())?;
    stream.write_all(body)?;
    let (mut text, mut part) = (Vec::new(), [0; 4096]);
    while !text.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut part)?;
        if read == 0 {
            break;
        }
        text.extend(&part[..read]);
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn connection(strict: &Strict) -> TcpStream {
    let address = strict.url.trim_start_matches("http://").split('/').next().unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
}

fn counter(at: i64) -> Vec<u8> {
    packed_one(&one(&[("__name__", "c")], &[(NOW + at, 1.0)]))
}

#[test]
fn each_mode_answers_each_protocol_as_its_kind_of_receiver_does() {
    let zstd = zstd::bulk::compress(&one(&[("__name__", "c")], &[(NOW, 1.0)]).encode_to_vec(), 1).unwrap();
    for mode in Mode::ALL {
        for (kind, body) in
            [(Kind::V1, counter(0)), (Kind::V2, packed_two(&two())), (Kind::Zstd, zstd.clone())]
        {
            let strict = Strict::new(mode);
            let answer = post(&connection(&strict), kind, &body).unwrap();
            let (status, taken) = match mode.verdict(kind) {
                Verdict::Takes => (204, 1),
                Verdict::Loses => (204, 0),
                Verdict::Refuses(status) => (status, 0),
            };
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{mode:?} {kind:?}: {answer}");
            assert_eq!(strict.names("c").len(), taken, "{mode:?} {kind:?}");
            let counts = answer.contains("x-prometheus-remote-write-samples-written: 1\r\n");
            assert_eq!(counts, kind == Kind::V2 && taken == 1, "{mode:?} {kind:?}: {answer}");
            assert_eq!(strict.owed().len(), 1 - taken, "{mode:?} {kind:?}");
        }
    }
}

#[test]
fn what_breaks_a_rule_is_refused_by_name_and_kept_with_its_request() {
    let strict = Strict::new(Mode::Both);
    let stream = connection(&strict);
    post(&stream, Kind::V1, &counter(1)).unwrap();
    let answer = post(&stream, Kind::V1, &counter(0)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let violations = strict.violations();
    assert_eq!((violations[0].rule, violations[0].request), (Rule::OutOfOrder, 1));
    assert_eq!(strict.taken("c").len(), 1);
    let seen = strict.seen();
    assert_eq!((seen[0].status, seen[1].status, seen[1].connection), (204, 400, 0), "one connection is kept");
}

#[test]
fn scripts_are_followed_and_then_the_mode() {
    let strict = Strict::new(Mode::V1).then([
        Answer::Status(503),
        Answer::retry_after(429, "3"),
        Answer::body(500, "why").after(Duration::from_millis(50)),
    ]);
    let stream = connection(&strict);
    for (at, status, told) in
        [(0, "503", ""), (0, "429", "retry-after: 3\r\n"), (0, "500", ""), (0, "204", "")]
    {
        let started = std::time::Instant::now();
        let answer = post(&stream, Kind::V1, &counter(at)).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(told), "{answer}");
        // The body of a 500 may come behind its head; what is left of it is read here.
        if status == "500" {
            assert!(started.elapsed() >= Duration::from_millis(50));
            if !answer.ends_with("why") {
                (&stream).read_exact(&mut [0; 3]).unwrap();
            }
        }
    }
    strict.clean("retries of the same");
    assert_eq!((strict.owed().len(), strict.taken("c").len()), (0, 1));
}

#[test]
fn broken_connections_take_nothing_but_the_cut_answer() {
    for (answer, taken) in [
        (Answer::ResetBeforeBody, 0),
        (Answer::ResetInBody, 0),
        (Answer::ResetAfterBody, 0),
        (Answer::Garbage, 0),
        (Answer::CutOff, 1),
    ] {
        let strict = Strict::new(Mode::V1).then([answer.clone()]);
        let torn = usize::from(!matches!(answer, Answer::Garbage | Answer::CutOff));
        let first = post(&connection(&strict), Kind::V1, &counter(0));
        assert!(!first.is_ok_and(|text| text.starts_with("HTTP/1.1 204")), "{answer:?}");
        assert_eq!((strict.taken("c").len(), strict.torn()), (taken, torn), "{answer:?}");
        let again = post(&connection(&strict), Kind::V1, &counter(0)).unwrap();
        assert!(again.starts_with("HTTP/1.1 204 "), "{answer:?}: {again}");
        strict.clean("the same again is right");
        assert_eq!(strict.taken("c").len(), 1, "{answer:?}");
    }
}

#[test]
fn it_can_be_down_and_return_at_the_same_place() {
    let strict = Strict::new(Mode::V1);
    let (old, address) = (connection(&strict), strict.url[7..].split('/').next().unwrap().to_owned());
    post(&old, Kind::V1, &counter(0)).unwrap();
    strict.down(true);
    super::super::process::eventually("a refusal", || TcpStream::connect(&address).is_err());
    assert!(!post(&old, Kind::V1, &counter(1)).is_ok_and(|text| !text.is_empty()), "open connections end");
    strict.down(false);
    super::super::process::eventually("its return", || TcpStream::connect(&address).is_ok());
    post(&connection(&strict), Kind::V1, &counter(1)).unwrap();
    assert_eq!(strict.taken("c").len(), 2);
}
