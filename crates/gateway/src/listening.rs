//! The sockets that the gateway is to answer on: bound here, or handed over by systemd.

use anyhow::Context;
use listenfd::ListenFd;
use service::server;
use tokio::net::TcpListener;

use crate::settings::Settings;

/// Binds all addresses, or takes what systemd has bound.
///
/// # Errors
/// An address is taken or not ours; systemd handed over nothing, or something else than TCP.
pub async fn open(settings: &Settings) -> anyhow::Result<Vec<TcpListener>> {
    if settings.web.systemd_socket {
        return handed_over();
    }
    let hint = "choose another with --web.listen-address, such as 127.0.0.1:0 for a free port";
    let mut listeners = Vec::new();
    for address in &settings.listen {
        listeners.push(server::bind(*address, hint).await?);
    }
    Ok(listeners)
}

/// Socket activation: `sd_listen_fds(3)`.
fn handed_over() -> anyhow::Result<Vec<TcpListener>> {
    let mut sockets = ListenFd::from_env();
    let mut listeners = Vec::new();
    for at in 0..sockets.len() {
        let taken = sockets.take_tcp_listener(at);
        let taken = taken.with_context(|| format!("--web.systemd-socket: socket {at} is no TCP listener"))?;
        let Some(listener) = taken else { continue };
        listener.set_nonblocking(true)?;
        listeners.push(TcpListener::from_std(listener)?);
    }
    if listeners.is_empty() {
        anyhow::bail!("--web.systemd-socket: expected sockets in LISTEN_FDS, got none");
    }
    Ok(listeners)
}
