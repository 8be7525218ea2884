//! What a container's health check runs: an image without a shell has nothing else to ask with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// Less than any health check waits.
const LIMIT: Duration = Duration::from_secs(3);

/// Asks the listener at this address for `/-/healthy`.
pub async fn probe(listen: SocketAddr, tls: bool) -> Result<(), String> {
    let scheme = if tls { "https" } else { "http" };
    let url = format!("{scheme}://{}/-/healthy", reachable(listen));
    // The certificate names the service, not the loopback; nothing secret is sent.
    let client = crate::client::builder(LIMIT, LIMIT, false).tls_danger_accept_invalid_certs(true).no_proxy();
    let client = client.build().map_err(|error| error.to_string())?;
    let answer = client.get(&url).send().await.map_err(|_| format!("{url} does not answer"))?;
    // Asked for a password, it is there and answers.
    let healthy = answer.status().is_success() || answer.status() == http::StatusCode::UNAUTHORIZED;
    if healthy { Ok(()) } else { Err(format!("{url} answers {}", answer.status())) }
}

/// Listening on all addresses, it is also there on the loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_there_is_not_healthy() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let all = SocketAddr::from(([0, 0, 0, 0], free.port()));
        let error = probe(all, false).await.unwrap_err();
        assert_eq!(error, format!("http://127.0.0.1:{}/-/healthy does not answer", free.port()));
    }
}
