//! The light load on one instance: planned times, one connection of its own, and an end with it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::HOST;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// One answer takes no longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of a client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Requests that were planned until it ended.
    pub asked: u64,
    /// Requests that were answered with 200.
    pub answered: u64,
}

/// Sends so many requests a second until `stop`, or until the instance refuses one or is gone.
pub async fn run(mut connection: SendRequest<Empty<Bytes>>, rate: f64, stop: CancellationToken) -> Sent {
    let began = Instant::now();
    let mut answered = 0;
    loop {
        // A late one is sent at once: what was planned stays planned.
        let planned = began + Duration::from_secs_f64(answered as f64 / rate);
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = sleep_until(planned) => {}
        }
        if timeout(PATIENCE, exchange(&mut connection)).await != Ok(Some(200)) {
            break;
        }
        answered += 1;
    }
    // Whole intervals: the request that found the instance gone was not asked of it.
    let due = began.elapsed().as_nanos() / Duration::from_secs_f64(1.0 / rate).as_nanos().max(1);
    Sent { asked: u64::try_from(due).unwrap_or(u64::MAX).max(answered), answered }
}

/// The one connection; none where the instance does not accept it yet.
pub async fn connect(address: SocketAddr) -> Option<SendRequest<Empty<Bytes>>> {
    let stream = timeout(PATIENCE, TcpStream::connect(address)).await.ok()?.ok()?;
    // Without it, small writes would wait for the other side's acknowledgement.
    let _ = stream.set_nodelay(true);
    let (sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
    // Its errors come to the sender, too.
    tokio::spawn(async move { connection.await.ok() });
    Some(sender)
}

async fn exchange(connection: &mut SendRequest<Empty<Bytes>>) -> Option<u16> {
    connection.ready().await.ok()?;
    let mut request = Request::new(Empty::new());
    request.headers_mut().insert(HOST, http::HeaderValue::from_static("pod"));
    let mut answer = connection.send_request(request).await.ok()?;
    while let Some(frame) = answer.body_mut().frame().await {
        frame.ok()?;
    }
    Some(answer.status().as_u16())
}
