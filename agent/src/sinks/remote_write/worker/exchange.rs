//! One record and its receiver: asked until it answers for good.

use std::time::{Duration, Instant as Clock};

use exposition::remote_write::{Body, Protocol, Record};
use tokio::time::{Instant, sleep_until};

use super::{End, Worker};
use crate::sinks::remote_write::client::{Answer, Failure};
use crate::sinks::remote_write::dialogue::Turn;
use crate::sinks::remote_write::sorting::{self, Verdict};

/// Between two tries of who is not let in; whoever asks on and on is locked out by many.
const PACE: Duration = Duration::from_mins(1);
/// Between two looks at the files that say who we are.
const LOOK: Duration = Duration::from_secs(1);
/// No answer changes the protocol more often for one request.
const TURNS: u8 = 4;

/// What became of a record.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Taken, or refused for good and counted.
    Done,
    /// It is to be sent in smaller pieces; what the receiver said.
    Smaller(Refusal),
    /// The worker ends before that is known.
    Ends(End),
}

/// How a receiver refused something.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) reason: &'static str,
    pub(super) words: String,
    /// It may have taken it before, when its answer was lost: what comes twice is refused, too.
    pub(super) again: bool,
}

impl Worker {
    /// Sends a record until it is taken or refused.
    pub(super) async fn exchange(&mut self, record: &Record) -> Outcome {
        let (mut ready, mut turns, mut ambiguous) = (None::<(Protocol, Body, Option<Body>)>, 0, false);
        loop {
            let protocol = self.shared.dialogue().current(Clock::now());
            if ready.as_ref().is_none_or(|(of, ..)| *of != protocol) {
                let whole = record.clone();
                ready = match self.apart(move |place, _| place.bodies(&whole, protocol)).await {
                    Some(Ok((body, metadata))) => Some((protocol, body, metadata)),
                    Some(Err(error)) => {
                        tracing::error!(about = self.shared.label, "samples cannot be encoded: {error}");
                        self.shared.stats.writes.dropped(
                            &self.shared.label,
                            "too_large",
                            record.sample_count() as u64,
                        );
                        return Outcome::Done;
                    }
                    None => return Outcome::Ends(End::Left),
                };
            }
            let Some((_, body, metadata)) = &ready else { continue };
            let samples = body.counts.samples + body.counts.histograms;
            // A record of help texts alone has no samples to send.
            let asked = if samples == 0 { Ok(None) } else { self.ask(body, protocol).await.map(Some) };
            let answer = match asked {
                Ok(Some(answer)) => answer,
                Ok(None) => {
                    self.describe(metadata.as_ref(), protocol).await;
                    return Outcome::Done;
                }
                Err(failure) => {
                    ambiguous |= failure.ambiguous;
                    match self.failed(&failure).await {
                        Some(end) => return Outcome::Ends(end),
                        None => continue,
                    }
                }
            };
            let turn = self.turn(protocol, &answer).await;
            if turn != Turn::Stay && turns < TURNS {
                turns += 1;
                self.shared.stats.writes.retried(&self.shared.label, sorting::reason(answer.status));
                continue;
            }
            let reason = sorting::reason(answer.status);
            let refusal = |words| Refusal { reason, words, again: ambiguous };
            match sorting::sort(&answer, protocol, samples) {
                Verdict::Taken(missing) => {
                    if std::mem::take(&mut self.held) {
                        self.client.lets_in().await;
                    }
                    self.took(record, body, samples - missing.min(samples));
                    if missing > 0 {
                        self.refused("partial", missing, "it says that it wrote less than was sent", false);
                    }
                    self.describe(metadata.as_ref(), protocol).await;
                    return Outcome::Done;
                }
                Verdict::Again(after) => {
                    let message = format!("{}: {}", answer.status, answer.words);
                    if let Some(end) = self.again(reason, &message, after).await {
                        return Outcome::Ends(end);
                    }
                }
                Verdict::Held => {
                    if let Some(end) = self.hold(&answer).await {
                        return Outcome::Ends(end);
                    }
                }
                Verdict::Some => return Outcome::Smaller(refusal(answer.words)),
                Verdict::TooMuch if record.series_count() > 1 => {
                    self.shared.smaller(record.sample_count() / 2);
                    return Outcome::Smaller(refusal(answer.words));
                }
                Verdict::TooMuch => {
                    self.refused(reason, samples, &answer.words, ambiguous);
                    return Outcome::Done;
                }
                Verdict::Refused(missing) => {
                    if samples > missing {
                        self.took(record, body, samples - missing);
                    }
                    self.refused(reason, missing, &answer.words, ambiguous);
                    return Outcome::Done;
                }
            }
        }
    }

    async fn ask(&mut self, body: &Body, protocol: Protocol) -> Result<Answer, Failure> {
        let began = Clock::now();
        // At the end of all nobody waits for an answer that may not come.
        let mut closing = self.shared.closing.subscribe();
        let ended = async {
            match closing.wait_for(Option::is_some).await.map(|end| *end) {
                Ok(Some(end)) => sleep_until(end).await,
                _ => std::future::pending().await,
            }
        };
        let late = || Failure { reason: "shutdown", message: "the agent ends".to_owned(), ambiguous: true };
        let answer = tokio::select! {
            answer = self.client.post(body, protocol) => answer,
            () = ended => Err(late()),
        };
        let took = began.elapsed();
        self.shared.busy(took);
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.shared.stats.writes.asked(&self.shared.label, milliseconds, answer.is_ok());
        answer
    }

    /// Help texts in a request of their own: sent once, as they come again after a while.
    async fn describe(&mut self, metadata: Option<&Body>, protocol: Protocol) {
        let Some(body) = metadata else { return };
        match self.client.post(body, protocol).await {
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
    async fn turn(&mut self, protocol: Protocol, answer: &Answer) -> Turn {
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

    /// Nobody answered; waits, and says why the worker ends where it does.
    async fn failed(&mut self, failure: &Failure) -> Option<End> {
        if failure.reason == "connect" {
            self.shared.dialogue().away(Clock::now());
        }
        self.again(failure.reason, &failure.message, None).await
    }

    /// Waits for the next try.
    async fn again(&mut self, reason: &'static str, message: &str, after: Option<Duration>) -> Option<End> {
        self.shared.stats.writes.retried(&self.shared.label, reason);
        self.shared.failing(reason, message);
        let wait = self.backoff.from(self.settings.min_backoff, after, self.settings.max_backoff);
        self.wait(Instant::now() + wait, after.is_some()).await
    }

    /// Not let in: waits until the files that say who we are say something else, or for a minute.
    async fn hold(&mut self, answer: &Answer) -> Option<End> {
        self.held = true;
        let remedy = self.client.keeps_out().await;
        self.shared.held(&format!("{}: {}", answer.status, answer.words), &remedy);
        let until = Instant::now() + answer.after.map_or(PACE, |asked| asked.max(PACE));
        while Instant::now() < until {
            if let Some(end) = self.wait(until.min(Instant::now() + LOOK), true).await {
                return Some(end);
            }
            if self.client.has_changed().await {
                break;
            }
        }
        None
    }

    /// Waits until then, unless the worker is to end; near the end of all there may be no time for it.
    async fn wait(&mut self, until: Instant, asked: bool) -> Option<End> {
        let mut closing = self.shared.closing.subscribe();
        self.shared.next_try(Some(until));
        let ended = loop {
            let end = *closing.borrow_and_update();
            // What waits on a disk may as well wait there; what is in memory is tried while there is time.
            let tries = !self.shared.is_kept && !asked;
            if end.is_some_and(|end| !tries || until >= end) {
                break Some(End::Left);
            }
            tokio::select! {
                () = sleep_until(until) => break None,
                () = self.stop.cancelled() => break Some(End::Stopped),
                Ok(()) = closing.changed() => {}
            }
        };
        self.shared.next_try(None);
        ended
    }
}
