//! Asking a receiver whether it is there and lets us in: an empty write, which changes nothing.

use exposition::remote_write::{Batch, Encoder, Protocol};
use reqwest::StatusCode;

use super::client::Client;
use crate::config::{Dialect, RemoteWrite};

/// What a receiver said to an empty write.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) status: StatusCode,
    pub(crate) words: String,
}

/// Sends a write without any samples.
pub(crate) async fn look(settings: &RemoteWrite) -> Result<Written, String> {
    let protocol = match settings.protocol {
        Dialect::V2 => Protocol::V2,
        Dialect::Zstd => Protocol::Zstd,
        // Nobody refuses it.
        Dialect::Auto | Dialect::V1 => Protocol::V1,
    };
    let body =
        Encoder::default().body(&Batch::new(0).finish(), protocol).map_err(|error| error.to_string())?;
    let answer = Client::new(settings).post(&body, protocol).await.map_err(|failure| failure.message)?;
    Ok(Written { status: answer.status, words: answer.words })
}
