//! What the gateway promises, one module a promise.
#![allow(clippy::unwrap_used, reason = "a failed test helper is a failed test")]

mod aggregation;
mod api;
mod balancers;
mod bounds;
mod clumsy;
mod expiry;
mod faults;
mod flags;
mod formats;
mod fuzzed;
mod groups_api;
mod hostile;
mod http;
mod memory;
mod origin;
mod own_metrics;
#[path = "../../../exposition/tests/exposition/peers.rs"]
#[allow(dead_code, reason = "shared with the tests of exposition, which use all of it")]
mod peers;
mod people;
mod persistence;
mod policy;
mod python;
mod raw;
mod rules;
mod scale;
mod snapshots;
mod users;
mod versus_raw;
mod versus_real;
mod watched;

use peers::Peer;

/// Our gateway as a real process.
fn start(flags: &[&str]) -> Peer {
    let arguments = |port| {
        let listen = format!("--web.listen-address=127.0.0.1:{port}");
        std::iter::once(listen).chain(flags.iter().map(|flag| (*flag).to_owned())).collect()
    };
    peers::start(env!("CARGO_BIN_EXE_pushpull-gateway"), arguments, "/-/ready")
}

/// The scrape of a gateway.
fn scrape(peer: &Peer) -> String {
    let (status, body) = peers::request(peer.port, "GET", "/metrics", b"").unwrap();
    assert_eq!(status, 200, "{body}");
    body
}

/// The lines of one family's samples.
fn lines<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    page.lines().filter(|line| line.starts_with(name) && !line.starts_with('#')).collect()
}

/// Sends these bytes and reads until the gateway closes.
fn exchange(gateway: &Peer, sent: &[u8]) -> String {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", gateway.port)).unwrap();
    std::io::Write::write_all(&mut stream, sent).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    answer
}
