//! One request and its answer.

use std::time::{Duration, Instant as Clock};

use exposition::remote_write::{Body, Protocol};
use tokio::time::{sleep_until, timeout};

use super::Worker;
use crate::sinks::remote_write::client::{Answer, Failure};
use crate::sinks::remote_write::dialogue::Turn;
use crate::sinks::remote_write::sorting;

/// How long help texts may hold up samples.
const DESCRIBED: Duration = Duration::from_secs(2);

impl Worker {
    /// Sends a body; at the end of all nobody waits for an answer that may not come.
    async fn post(&self, body: &Body, protocol: Protocol) -> Result<Answer, Failure> {
        let mut closing = self.shared.closing.subscribe();
        let ended = async {
            match closing.wait_for(Option::is_some).await.map(|end| *end) {
                Ok(Some(end)) => sleep_until(end).await,
                _ => std::future::pending().await,
            }
        };
        let late = || Failure { reason: "shutdown", message: "the agent ends".to_owned(), ambiguous: true };
        tokio::select! {
            answer = self.client.post(body, protocol) => answer,
            () = ended => Err(late()),
        }
    }

    pub(super) async fn ask(&mut self, body: &Body, protocol: Protocol) -> Result<Answer, Failure> {
        let began = Clock::now();
        let answer = self.post(body, protocol).await;
        let took = began.elapsed();
        self.shared.busy(took);
        self.shared.stats.writes.asked(&self.shared.label, took, answer.is_ok());
        answer
    }

    /// Types and help texts in a request of their own: sent once, as they come again after a while.
    pub(super) async fn describe(&mut self, metadata: Option<&Body>, protocol: Protocol) {
        let Some(body) = metadata.filter(|_| self.shared.left_alone().is_none()) else { return };
        // Samples wait behind them, and texts come again: so nobody waits long for an answer.
        let Ok(asked) = timeout(DESCRIBED, self.post(body, protocol)).await else {
            tracing::debug!(about = self.shared.label, "help texts were not answered within {DESCRIBED:?}");
            return;
        };
        match asked {
            Ok(answer) if answer.status.is_success() => {
                self.shared.stats.writes.described(&self.shared.label, body.bytes.len());
            }
            Ok(Answer { status, words, .. }) => {
                tracing::debug!(about = self.shared.label, "help texts were refused: {status}: {words}");
            }
            Err(failure) => {
                tracing::debug!(about = self.shared.label, "help texts were not sent: {}", failure.message);
            }
        }
    }

    /// What an answer says of the protocol.
    pub(super) async fn turn(&mut self, protocol: Protocol, answer: &Answer) -> Turn {
        let (turn, agreed) = {
            let mut dialogue = self.shared.dialogue();
            (dialogue.answered(protocol, answer.status, sorting::is_of_2_0(answer)), dialogue.agreed())
        };
        if turn == Turn::Ask && self.client.takes_zstd().await {
            self.shared.dialogue().takes_zstd();
        }
        self.shared.speaks(agreed);
        turn
    }
}
