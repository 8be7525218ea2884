//! A list of target groups from a server, as Prometheus' `http_sd_configs` ask for it.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::ACCEPT;
use service::body;

use super::groups::LONGEST;
use crate::config::{self, Target, TlsConfig};
use crate::exchange;
use crate::transport::Transport;

/// One answer may take so long.
const TIME: Duration = Duration::from_secs(10);

/// A server that keeps a list.
#[derive(Debug)]
pub(super) struct Web {
    url: String,
    every: Duration,
    transport: Transport,
}

impl Web {
    /// It is asked by the targets' way, but is not told who we are to them: their password is not its own.
    pub(super) fn new(url: &str, target: &Target) -> Self {
        let to_targets = target.transport();
        let way = config::Transport {
            tls: TlsConfig { server_name: None, ..to_targets.tls },
            username: None,
            password: None,
            password_file: None,
            bearer_token: None,
            bearer_token_file: None,
            ..to_targets
        };
        Self { url: url.to_owned(), every: target.refresh(), transport: Transport::new(url, way, TIME) }
    }

    /// The list now.
    pub(super) async fn read(&mut self) -> Result<String, String> {
        let client = self.transport.ready().await?.client;
        let every = self.every.as_secs_f64().to_string();
        let request = client.get(&self.url).header(ACCEPT, "application/json");
        let answer = request.header("X-Prometheus-Refresh-Interval-Seconds", every).send().await;
        let answer = answer.map_err(|error| exchange::cause(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(format!("answers {}, expected 200", answer.status()));
        }
        let body = body::read(answer.bytes_stream(), LONGEST).await.map_err(|error| error.to_string())?;
        String::from_utf8(body.into()).map_err(|_| "answers what is no UTF-8".to_owned())
    }
}
