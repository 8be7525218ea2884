//! What a container's health check runs: an image without a shell has nothing else to ask with.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use rustls::AlertDescription;

/// Less than any health check waits.
const LIMIT: Duration = Duration::from_secs(3);

/// The whole of a program's health check: asks, says what is wrong, and with which code to exit.
pub fn exit_code(program: &str, listen: SocketAddr, tls: bool) -> ExitCode {
    exit_code_below(program, listen, tls, "")
}

/// The same for a program whose paths all begin with a prefix.
pub fn exit_code_below(program: &str, listen: SocketAddr, tls: bool, prefix: &str) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(probe(listen, tls, prefix)),
        Err(error) => Err(error.to_string()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{program}: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Asks the listener at this address for `/-/healthy`.
async fn probe(listen: SocketAddr, tls: bool, prefix: &str) -> Result<(), String> {
    let mut outcome = Err(String::new());
    for address in reachable(listen) {
        outcome = ask(address, tls, prefix).await;
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

async fn ask(address: SocketAddr, tls: bool, prefix: &str) -> Result<(), String> {
    let scheme = if tls { "https" } else { "http" };
    let url = format!("{scheme}://{address}{prefix}/-/healthy");
    // The certificate names the service, not the loopback; nothing secret is sent.
    let client = crate::client::builder(LIMIT, LIMIT, false).tls_danger_accept_invalid_certs(true).no_proxy();
    let client = client.build().map_err(|error| error.to_string())?;
    let answer = match client.get(&url).send().await {
        Ok(answer) => answer,
        // Asked for a certificate, it is there too.
        Err(error) if tls && wants_certificate(&error) => return Ok(()),
        Err(_) => return Err(format!("{url} does not answer")),
    };
    // Asked for a password, it is there and answers.
    let healthy = answer.status().is_success() || answer.status() == http::StatusCode::UNAUTHORIZED;
    if healthy { Ok(()) } else { Err(format!("{url} answers {}", answer.status())) }
}

/// Whether a connection failed because the other side asks for a client certificate.
pub fn wants_certificate(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::AlertReceived(alert)) = error.downcast_ref() {
            // TLS 1.3 has a word of its own for it.
            return matches!(
                alert,
                AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure
            );
        }
        // An I/O error skips its own cause in `source`.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source());
    }
    false
}

/// Listening on all addresses, it is also there on the loopback: on that of IPv4 too, and only on
/// that one where a container has no IPv6.
fn reachable(listen: SocketAddr) -> Vec<SocketAddr> {
    let loopbacks: &[IpAddr] = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => &[IpAddr::V4(Ipv4Addr::LOCALHOST)],
        IpAddr::V6(ip) if ip.is_unspecified() => {
            &[IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)]
        }
        _ => return vec![listen],
    };
    loopbacks.iter().map(|ip| SocketAddr::new(*ip, listen.port())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_there_is_not_healthy() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let all = SocketAddr::from(([0, 0, 0, 0], free.port()));
        let error = probe(all, false, "").await.unwrap_err();
        assert_eq!(error, format!("http://127.0.0.1:{}/-/healthy does not answer", free.port()));
    }

    #[test]
    fn without_a_host_both_loopbacks_are_asked() {
        let asked = |listen: &str| {
            reachable(listen.parse().unwrap()).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(asked("[::]:9091"), ["[::1]:9091", "127.0.0.1:9091"]);
        assert_eq!(asked("0.0.0.0:9091"), ["127.0.0.1:9091"]);
        assert_eq!(asked("10.0.0.1:9091"), ["10.0.0.1:9091"]);
    }
}
