//! `/metrics` in every format that a client may ask for.

use exposition::{Limits, Page};

use super::process::{Api, QUICK, start};

fn ask(api: &Api, headers: &str) -> (String, Vec<u8>) {
    ask_bytes(api, headers.as_bytes())
}

fn ask_bytes(api: &Api, headers: &[u8]) -> (String, Vec<u8>) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(api.address()).unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
    stream.write_all(&[request, headers, b"\r\n"].concat()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let split = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    (String::from_utf8(answer[..split].to_vec()).unwrap(), answer[split + 4..].to_vec())
}

#[test]
fn text_is_the_default_with_its_charset() {
    let (head, body) = ask(&start(QUICK), "");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    assert!(Page::parse_pushed(body, &Limits::default()).is_ok());
}

#[test]
fn openmetrics_is_given_to_who_prefers_it() {
    let accept =
        "accept: application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3\r\n";
    let (head, body) = ask(&start(QUICK), accept);
    assert!(
        head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"),
        "{head}"
    );
    let page = Page::parse_openmetrics(body, &Limits::default()).unwrap();
    assert!(page.samples().any(|sample| sample.name() == "app_requests_total"));
}

#[test]
fn what_a_client_takes_is_read_in_any_case_and_from_all_lines() {
    let api = start(QUICK);
    for headers in [
        "Accept: Application/OpenMetrics-Text; Version=\"1.0.0\"\r\n",
        "accept: text/html\r\naccept: application/openmetrics-text\r\n",
    ] {
        let (head, _) = ask(&api, headers);
        assert!(head.contains("content-type: application/openmetrics-text"), "{headers}{head}");
    }
    // What is no text says nothing.
    let answer = ask_bytes(&api, b"accept: \xff\xfe\r\naccept-encoding: \xff\r\naccept-encoding: *\r\n");
    assert!(answer.0.starts_with("HTTP/1.1 200"), "{}", answer.0);
    assert!(answer.0.contains("text/plain") && answer.0.contains("content-encoding: gzip"), "{}", answer.0);
}

#[test]
fn protobuf_is_delimited_families() {
    let accept = "accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited\r\n";
    let (head, body) = ask(&start(QUICK), accept);
    assert!(head.contains("encoding=delimited"), "{head}");
    // Field 1 of the first message is its name, behind the length of the message.
    let name = b"app_cpu_percent";
    assert_eq!(&body[1..3], &[0x0a, u8::try_from(name.len()).unwrap()]);
    assert_eq!(&body[3..3 + name.len()], name);
}

#[test]
fn gzip_is_used_where_it_is_taken() {
    let api = start(QUICK);
    let (head, packed) = ask(&api, "accept-encoding: gzip\r\n");
    assert!(head.contains("content-encoding: gzip"), "{head}");
    let text = service::body::gunzip(&packed, 1 << 20).unwrap();
    assert!(packed.len() * 2 < text.len());
    assert!(Page::parse(text, &Limits::default()).is_ok());
    let (head, _) = ask(&api, "accept-encoding: gzip;q=0\r\n");
    assert!(!head.contains("content-encoding"), "{head}");
}
