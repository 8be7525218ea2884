//! What an agent needs before it can begin: a place to answer at, and a place for what waits.

use std::net::{Ipv4Addr, SocketAddr};

use agent::config::{PullSettings, Settings};
use agent::spool::{self, OpenError};
use service::server;
use service::web::Web;
use tokio::net::TcpListener;

/// Whether the listener speaks TLS; a file that is wrong is told elsewhere.
pub(crate) fn is_tls(pull: &PullSettings) -> bool {
    pull.web_config_file.as_deref().is_some_and(|file| Web::open(file).is_ok_and(|web| web.is_tls()))
}

/// A listener there, and its URL.
pub(crate) async fn bind(settings: &Settings, address: SocketAddr) -> anyhow::Result<(TcpListener, String)> {
    let hint = "choose another with --listen or pull.listen, such as 127.0.0.1:0 for a free port";
    let listener = server::bind(address, hint).await?;
    let scheme = if is_tls(&settings.pull) { "https" } else { "http" };
    let url = format!("{scheme}://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// What the agent begins to do.
pub(crate) fn announce(settings: &Settings, url: &str) {
    for endpoint in &settings.push.0 {
        tracing::info!(endpoint = endpoint.label(), interval = ?settings.interval, "pushing");
    }
    for receiver in &settings.remote_write.0 {
        tracing::info!(endpoint = receiver.label(), interval = ?settings.interval, drain = ?receiver.drain, "writing");
    }
    tracing::info!(%url, "answering pulls");
}

/// A listener for who has an app to start: what the agent answers at is not worth a day without the app.
pub(crate) async fn for_an_app(settings: &Settings) -> anyhow::Result<(TcpListener, String)> {
    let error = match bind(settings, settings.pull.listen).await {
        Ok(bound) => return Ok(bound),
        Err(error) => error,
    };
    let bound = bind(settings, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    tracing::error!("{error:#}; the app is started all the same, and its agent answers at {}", bound.1);
    Ok(bound)
}

/// Tries to open the spools; the exit code where a directory is none, which is told.
pub(crate) fn spools(settings: &Settings) -> Result<Option<u8>, OpenError> {
    for dir in settings.remote_write.0.iter().filter_map(|receiver| receiver.spool.dir.as_ref()) {
        match spool::attempt(dir) {
            Err(error @ OpenError::Dir { .. }) => {
                eprintln!("pushpull-agent: the settings are wrong\nremote_write.spool.dir: {error}");
                return Ok(Some(2));
            }
            tried => tried?,
        }
    }
    Ok(None)
}
