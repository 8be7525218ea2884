//! The accept loop: caps, time limits, TLS, and stopping.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use service::server::{self, Peer, ServerSettings, ServerStats, TlsSettings};
use service::stop::Drained;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use warp::Filter;

struct Running {
    address: SocketAddr,
    stats: Arc<ServerStats>,
    stop: CancellationToken,
    server: JoinHandle<Drained>,
}

/// A Warp filter with a quick route, one that shows its peer, and one that takes as long as it is told.
async fn start(settings: ServerSettings) -> Running {
    let hello = warp::path!("hello").map(|| "hello");
    let peer = warp::path!("peer").and(warp::ext::get()).map(|Peer(peer): Peer| peer.to_string());
    let slow = warp::path!("slow" / u64).then(async |milliseconds| {
        // Stands for work.
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        "slow"
    });
    let listener = server::bind("127.0.0.1:0".parse().unwrap(), "").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stats, stop) = (Arc::new(ServerStats::default()), CancellationToken::new());
    let (for_server, token) = (Arc::clone(&stats), stop.clone());
    let large = warp::path!("large").map(|| vec![b'x'; 32 << 20]);
    let service = warp::service(hello.or(peer).or(slow).or(large));
    let server =
        tokio::spawn(
            async move { server::serve(listener, service, &settings, for_server, token).await.unwrap() },
        );
    Running { address, stats, stop, server }
}

fn settings() -> ServerSettings {
    ServerSettings { header_timeout: Duration::from_millis(200), ..ServerSettings::default() }
}

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

#[tokio::test]
async fn requests_reach_the_filter_with_their_peer() {
    let running = start(settings()).await;
    assert!(get(running.address, "/hello").await.ends_with("hello"));
    assert!(get(running.address, "/peer").await.contains("127.0.0.1:"));
    assert_eq!(running.stats.accepted.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_half_sent_head_is_closed_in_time() {
    let running = start(settings()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"GET /hello HTTP/1.1\r\nhost:").await.unwrap();
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "still open after 25 times the limit");
}

/// Reads one answer of a connection that stays.
async fn answer(stream: &mut TcpStream, end: &str) -> String {
    let mut answer = String::new();
    while !answer.ends_with(end) {
        let mut bytes = [0; 1024];
        let read = stream.read(&mut bytes).await.unwrap();
        assert!(read > 0, "closed after {answer:?}");
        answer.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    answer
}

#[tokio::test]
async fn an_idle_connection_may_stay_longer_than_a_head_may_take() {
    let header_timeout = Duration::from_millis(50);
    let running = start(ServerSettings { header_timeout, ..ServerSettings::default() }).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let request = b"GET /hello HTTP/1.1\r\nhost: a\r\n\r\n";
    stream.write_all(request).await.unwrap();
    answer(&mut stream, "hello").await;
    // Requests that take longer than twice the limit say that it has passed, without a clock.
    for _ in 0..3 {
        get(running.address, "/slow/60").await;
    }
    stream.write_all(request).await.unwrap();
    answer(&mut stream, "hello").await;
    // A second head has the same time as the first.
    stream.write_all(b"GET /hello").await.unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut [0])).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
}

#[tokio::test]
async fn an_idle_connection_ends_in_time_too() {
    let (header_timeout, idle_timeout) = (Duration::from_millis(20), Duration::from_millis(100));
    let running = start(ServerSettings { header_timeout, idle_timeout, ..ServerSettings::default() }).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"GET /hello HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    answer(&mut stream, "hello").await;
    let closed = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut [0])).await;
    assert!(matches!(closed, Ok(Ok(0) | Err(_))), "{closed:?}");
}

#[tokio::test]
async fn a_head_that_is_half_sent_at_the_stop_is_not_waited_for() {
    let grace = Duration::from_mins(5);
    let running = start(ServerSettings { grace, header_timeout: grace, ..ServerSettings::default() }).await;
    let mut half = TcpStream::connect(running.address).await.unwrap();
    half.write_all(b"GET /hello HTTP/1.1\r\nhost:").await.unwrap();
    let mut second = TcpStream::connect(running.address).await.unwrap();
    second.write_all(b"GET /hello HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    answer(&mut second, "hello").await;
    second.write_all(b"GET /he").await.unwrap();
    let silent = TcpStream::connect(running.address).await.unwrap();
    let slow = tokio::spawn(get(running.address, "/slow/200"));
    while running.stats.accepted.load(Ordering::Relaxed) < 4 {
        tokio::task::yield_now().await;
    }
    running.stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(20), running.server).await;
    assert_eq!(ended.expect("it waits for heads").unwrap(), Drained::Clean);
    assert!(slow.await.unwrap().ends_with("slow"), "the request was cut with them");
    drop((half, second, silent));
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let write_timeout = Duration::from_millis(100);
    let running = start(ServerSettings { write_timeout, max_connections: 1, ..settings() }).await;
    let mut stalled = TcpStream::connect(running.address).await.unwrap();
    stalled.write_all(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    while running.stats.accepted.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    let end = Instant::now() + Duration::from_secs(20);
    while !get(running.address, "/hello").await.ends_with("hello") {
        assert!(Instant::now() < end, "the place is still taken");
    }
    // Whoever takes it, be it slowly, gets all of it.
    let mut slow = TcpStream::connect(running.address).await.unwrap();
    slow.write_all(b"GET /large HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let (mut bytes, mut read) = (vec![0; 1 << 20], 0);
    loop {
        match slow.read(&mut bytes).await.unwrap() {
            0 => break,
            more => read += more,
        }
        tokio::task::yield_now().await;
    }
    assert!(read > 32 << 20, "{read} bytes");
}

#[tokio::test]
async fn connect_reaches_the_filter_without_a_panic() {
    let running = start(settings()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 404");
}

#[tokio::test]
async fn a_client_that_closes_its_side_gets_its_answer() {
    let running = start(ServerSettings { half_close: true, ..settings() }).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"GET /slow/50 HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("slow"), "{answer:?}");
}

#[tokio::test]
async fn a_cap_beyond_what_can_be_counted_is_no_panic() {
    let running = start(ServerSettings { max_connections: usize::MAX, ..settings() }).await;
    assert!(get(running.address, "/hello").await.ends_with("hello"));
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let running = start(ServerSettings { max_connections: 1, ..settings() }).await;
    let slow = tokio::spawn(get(running.address, "/slow/300"));
    while running.stats.accepted.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    let refused = get(running.address, "/hello").await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("too many connections"), "{refused}");
    let (head, body) = refused.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())), "{refused}");
    assert!(slow.await.unwrap().ends_with("slow"));
    assert_eq!(running.stats.refused.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_is_under_way_is_finished_within_the_grace() {
    let running = start(settings()).await;
    let slow = tokio::spawn(get(running.address, "/slow/200"));
    let idle = TcpStream::connect(running.address).await.unwrap();
    while running.stats.accepted.load(Ordering::Relaxed) < 2 {
        tokio::task::yield_now().await;
    }
    running.stop.cancel();
    assert!(slow.await.unwrap().ends_with("slow"));
    assert_eq!(running.server.await.unwrap(), Drained::Clean);
    assert!(TcpStream::connect(running.address).await.is_err(), "still listening");
    drop(idle);
}

#[tokio::test]
async fn what_outlives_the_grace_is_cut_and_counted() {
    let running = start(ServerSettings { grace: Duration::from_millis(100), ..settings() }).await;
    let slow = tokio::spawn(get(running.address, "/slow/60000"));
    while running.stats.accepted.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    // The request itself must be under way, or there is nothing to wait for.
    get(running.address, "/hello").await;
    let started = Instant::now();
    running.stop.cancel();
    assert_eq!(running.server.await.unwrap(), Drained::Left(1));
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(slow.await.unwrap(), "");
}

#[tokio::test]
async fn tls_is_spoken_where_there_are_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let tls =
        TlsSettings { cert_file: folder.path().join("cert.pem"), key_file: folder.path().join("key.pem") };
    std::fs::write(&tls.cert_file, made.cert.pem()).unwrap();
    std::fs::write(&tls.key_file, made.signing_key.serialize_pem()).unwrap();
    let running = start(ServerSettings { tls: Some(tls), ..settings() }).await;
    let second = Duration::from_secs(5);
    let root = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let client = service::client::builder(second, second, false).tls_certs_only([root]).build().unwrap();
    let url = format!("https://localhost:{}/hello", running.address.port());
    assert_eq!(client.get(url).send().await.unwrap().text().await.unwrap(), "hello");
    get(running.address, "/plain").await;
    while running.stats.handshakes_failed.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn bad_certificates_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cert.pem");
    std::fs::write(&file, "nothing").unwrap();
    let tls = TlsSettings { cert_file: file.clone(), key_file: file };
    let listener = server::bind("127.0.0.1:0".parse().unwrap(), "").await.unwrap();
    let settings = ServerSettings { tls: Some(tls), ..settings() };
    let service = warp::service(warp::any().map(|| ""));
    let served = server::serve(listener, service, &settings, Arc::default(), CancellationToken::new()).await;
    let told = served.unwrap_err().to_string();
    assert!(told.contains("cert.pem: expected PEM certificates, found none"), "{told}");
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_way_to_choose_another() {
    let taken = server::bind("127.0.0.1:0".parse().unwrap(), "").await.unwrap();
    let address = taken.local_addr().unwrap();
    let told = server::bind(address, "choose another with --listen").await.unwrap_err().to_string();
    assert!(told.starts_with(&format!("cannot listen on {address}: Address already in use")), "{told}");
    assert!(told.ends_with("choose another with --listen"), "{told}");
}
