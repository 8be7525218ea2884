//! Clients that do what they need not, and are answered as the real one answers them.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use super::{exchange, lines, peers, scrape, start};

#[test]
fn a_client_that_closes_its_side_gets_its_answer() {
    let gateway = start(&[]);
    for at in 0..20 {
        let mut stream = TcpStream::connect(("127.0.0.1", gateway.port)).unwrap();
        let head = format!("PUT /metrics/job/j{at} HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\na 1\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "push {at}: {answer:?}");
    }
    assert_eq!(lines(&scrape(&gateway), "a{").len(), 20);
}

#[test]
fn of_equal_quantiles_the_last_one_counts() {
    // The real one takes them as well, but shows both, which is two values of one series.
    let gateway = start(&[]);
    let body = b"# TYPE s summary\ns{quantile=\"0.5\"} 1\ns{quantile=\"0.50\"} 2\ns_sum 1\ns_count 1\n";
    assert_eq!(peers::request(gateway.port, "PUT", "/metrics/job/j", body).unwrap().0, 200);
    assert_eq!(lines(&scrape(&gateway), "s{"), ["s{instance=\"\",job=\"j\",quantile=\"0.5\"} 2"]);
}

#[test]
fn connect_is_not_found_as_the_real_one_says() {
    let ours = start(&[]);
    let real = peers::pushgateway();
    for gateway in [&ours, &real] {
        let answer = exchange(gateway, b"CONNECT x:80 HTTP/1.1\r\nhost: x:80\r\nconnection: close\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }
}

#[test]
fn a_chunked_body_over_the_limit_is_answered_while_it_is_sent() {
    let gateway = start(&["--limit.body=100B"]);
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.port)).unwrap();
    let head =
        b"PUT /metrics/job/j HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head).unwrap();
    let chunk = [b"10000\r\n".as_slice(), &vec![b'#'; 0x10000], b"\r\n"].concat();
    for _ in 0..8 {
        stream.write_all(&chunk).expect("closed before the whole body was sent");
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}
