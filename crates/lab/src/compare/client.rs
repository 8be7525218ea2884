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

use super::pod::now;

/// One answer takes no longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of a client.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sent {
    /// When the first request was due, Unix seconds.
    pub began: f64,
    /// When it was stopped, or found the instance gone.
    pub ended: f64,
    /// Requests that were answered with 200.
    pub answered: u64,
}

impl Sent {
    /// How many were due at this rate, if the instance got its signal then. Whole intervals: what found
    /// the instance gone was not asked of it.
    pub fn asked(&self, rate: f64, signal: Option<f64>) -> f64 {
        let until = signal.map_or(self.ended, |signal| signal.min(self.ended));
        ((until - self.began).max(0.0) * rate).floor().max(self.answered as f64)
    }
}

/// Sends so many requests a second until `stop`, or until the instance refuses one or is gone.
pub async fn run(mut connection: SendRequest<Empty<Bytes>>, rate: f64, stop: CancellationToken) -> Sent {
    let mut sent = Sent { began: now(), ..Sent::default() };
    let began = Instant::now();
    loop {
        // A late one is sent at once: what was planned stays planned.
        let planned = began + Duration::from_secs_f64(sent.answered as f64 / rate);
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = sleep_until(planned) => {}
        }
        if timeout(PATIENCE, exchange(&mut connection)).await != Ok(Some(200)) {
            break;
        }
        sent.answered += 1;
    }
    sent.ended = now();
    sent
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_due_before_the_signal_was_asked_for_and_nothing_after() {
        let sent = Sent { began: 100.0, ended: 102.25, answered: 30 };
        assert!((sent.asked(20.0, None) - 45.0).abs() < 1e-9);
        assert!((sent.asked(20.0, Some(102.0)) - 40.0).abs() < 1e-9);
        assert!((sent.asked(20.0, Some(99.0)) - 30.0).abs() < 1e-9);
    }
}
