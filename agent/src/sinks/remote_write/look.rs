//! Asking a receiver whether it is there, lets us in, and in which protocol: empty writes, which change nothing.

use exposition::remote_write::{Batch, Encoder, Protocol};
use reqwest::StatusCode;

use super::client::Client;
use crate::config::{Dialect, RemoteWrite};

/// What a receiver said to an empty write.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) status: StatusCode,
    pub(crate) words: String,
    /// What it was asked in.
    pub(crate) protocol: Protocol,
    /// A success by which nothing would be written: it did not see that this is 2.0.
    pub(crate) is_lost: bool,
}

/// Sends a write without any samples; one in each protocol that the agent would try.
pub(crate) async fn look(settings: &RemoteWrite) -> Result<Written, String> {
    let client = Client::new(settings);
    let only = match settings.protocol {
        Dialect::Auto => None,
        Dialect::V2 => Some(Protocol::V2),
        Dialect::V1 => Some(Protocol::V1),
        Dialect::Zstd => Some(Protocol::Zstd),
    };
    let first = ask(&client, only.unwrap_or(Protocol::V2)).await?;
    let unknown = matches!(first.status, StatusCode::BAD_REQUEST | StatusCode::UNSUPPORTED_MEDIA_TYPE);
    if only.is_some() || !(first.is_lost || unknown) {
        return Ok(first);
    }
    if first.is_lost && client.takes_zstd().await {
        return ask(&client, Protocol::Zstd).await;
    }
    ask(&client, Protocol::V1).await
}

async fn ask(client: &Client, protocol: Protocol) -> Result<Written, String> {
    let body =
        Encoder::default().body(&Batch::new(0).finish(), protocol).map_err(|error| error.to_string())?;
    let answer = client.post(&body, protocol).await.map_err(|failure| failure.message)?;
    let is_lost = protocol == Protocol::V2 && answer.status.is_success() && answer.written.is_none();
    Ok(Written { status: answer.status, words: answer.words, protocol, is_lost })
}
