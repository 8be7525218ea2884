//! Several addresses, one server: they share its bounds and its stop.

use std::io;
use std::net::SocketAddr;
use std::task::Poll;

use tokio::net::{TcpListener, TcpStream};

/// Where a server listens: at one address or at several.
#[derive(Debug)]
pub struct Listeners {
    all: Vec<TcpListener>,
    /// Who is asked first the next time.
    first: usize,
}

impl From<TcpListener> for Listeners {
    fn from(listener: TcpListener) -> Self {
        Self::from(vec![listener])
    }
}

impl From<Vec<TcpListener>> for Listeners {
    fn from(all: Vec<TcpListener>) -> Self {
        Self { all, first: 0 }
    }
}

impl Listeners {
    /// The next connection, of whichever has one; they take turns, so that a busy one starves no other.
    pub(super) async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        std::future::poll_fn(|context| {
            for step in 0..self.all.len() {
                let at = (self.first + step) % self.all.len();
                if let Poll::Ready(accepted) = self.all[at].poll_accept(context) {
                    self.first = at + 1;
                    return Poll::Ready(accepted);
                }
            }
            Poll::Pending
        })
        .await
    }
}
