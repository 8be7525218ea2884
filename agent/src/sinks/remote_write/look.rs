//! Asking a receiver whether it is there, lets us in, and in which protocol: empty writes, which change nothing.

use std::time::Instant;

use exposition::remote_write::{Batch, Encoder, Protocol};
use reqwest::StatusCode;

use super::client::Client;
use super::dialogue::{Dialogue, Turn};
use crate::config::RemoteWrite;

/// One that takes no protocol would be asked for ever.
const MOST: u8 = 4;

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

/// Sends writes without any samples, until the protocol is found as it is found for those with some.
pub(crate) async fn look(settings: &RemoteWrite) -> Result<Written, String> {
    let client = Client::new(settings);
    let now = Instant::now();
    let (mut dialogue, mut asked) = (Dialogue::new(settings.protocol, now), 0);
    loop {
        let protocol = dialogue.current(now);
        let body =
            Encoder::default().body(&Batch::new(0).finish(), protocol).map_err(|error| error.to_string())?;
        let answer = client.post(&body, protocol).await.map_err(|failure| failure.message)?;
        let says = answer.written.is_some();
        asked += 1;
        match dialogue.answered(protocol, answer.status, says) {
            Turn::Again if asked < MOST => {}
            Turn::Ask => {
                if client.takes_zstd().await {
                    dialogue.takes_zstd();
                }
            }
            Turn::Stay | Turn::Again => {
                let is_lost = protocol == Protocol::V2 && answer.status.is_success() && !says;
                return Ok(Written { status: answer.status, words: answer.words, protocol, is_lost });
            }
        }
    }
}
