//! Records of one request and their receiver: asked until it answers for good.

use std::time::Instant as Clock;

use exposition::remote_write::{Body, Protocol, Record};
use reqwest::StatusCode;

use super::{End, Worker};
use crate::sinks::remote_write::dialogue::Turn;
use crate::sinks::remote_write::sorting::{self, Verdict};

/// No answer changes the protocol more often for one request.
const TURNS: u8 = 4;
/// Where so many in a row are not understood, a pause is due.
const PROTOCOLS: u8 = 2;

/// What became of records.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Taken, at least in part.
    Taken,
    /// Refused for good, and counted.
    Refused,
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
    /// It was this same request whose answer was lost.
    pub(super) same: bool,
}

impl Refusal {
    /// It says that it has these samples, or newer ones, and may well have got them from us.
    pub(super) fn is_there(&self) -> bool {
        self.again && sorting::says_there(&self.words)
    }
}

impl Worker {
    /// Sends records as one request until it is taken or refused; `again`: it may have been taken before.
    pub(super) async fn exchange(&mut self, records: &[Record], again: bool) -> Outcome {
        let outcome = self.settle(records, again).await;
        match &outcome {
            Outcome::Taken => self.refusals = 0,
            Outcome::Refused | Outcome::Smaller(_) => self.refusals += 1,
            Outcome::Ends(_) => {}
        }
        outcome
    }

    async fn settle(&mut self, records: &[Record], again: bool) -> Outcome {
        let (mut ready, mut turns, mut lost) = (None::<(Protocol, Body, Option<Body>)>, 0, false);
        let mut unknown = 0;
        let all: usize = records.iter().map(Record::sample_count).sum();
        loop {
            let protocol = self.shared.dialogue().current(Clock::now());
            if ready.as_ref().is_none_or(|(of, ..)| *of != protocol) {
                let whole = records.to_vec();
                ready = match self.apart(move |place, shared| place.bodies(shared, &whole, protocol)).await {
                    Some(Ok((body, metadata))) => Some((protocol, body, metadata)),
                    Some(Err(error)) => {
                        tracing::error!(about = self.shared.label, "samples cannot be encoded: {error}");
                        self.shared.stats.writes.dropped(&self.shared.label, "too_large", all as u64);
                        return Outcome::Refused;
                    }
                    None => return Outcome::Ends(End::Left),
                };
            }
            let Some((_, body, metadata)) = &ready else { continue };
            let samples = body.counts.samples + body.counts.histograms;
            // A record of help texts alone has no samples to send.
            if samples > 0
                && let Some(end) = self.quiet().await
            {
                return Outcome::Ends(end);
            }
            let asked = if samples == 0 { Ok(None) } else { self.ask(body, protocol).await.map(Some) };
            let answer = match asked {
                Ok(Some(answer)) => answer,
                Ok(None) => {
                    self.describe(metadata.as_ref(), protocol).await;
                    return Outcome::Taken;
                }
                Err(failure) => {
                    lost |= failure.ambiguous;
                    match self.failed(&failure).await {
                        Some(end) => return Outcome::Ends(end),
                        None => continue,
                    }
                }
            };
            lost |= answer.resent;
            let ambiguous = again || lost;
            let turn = self.turn(protocol, &answer).await;
            if answer.status == StatusCode::UNSUPPORTED_MEDIA_TYPE && self.shared.dialogue().is_found_out() {
                unknown += 1;
                // No protocol is taken at the moment, which says nothing of the samples: they wait.
                if unknown >= PROTOCOLS {
                    (unknown, turns) = (0, 0);
                    let message = format!("{}, in each protocol: {}", answer.status, answer.words);
                    match self.again("415", &message, answer.after).await {
                        Some(end) => return Outcome::Ends(end),
                        None => continue,
                    }
                }
            }
            if turn != Turn::Stay && turns < TURNS {
                turns += 1;
                self.shared.stats.writes.retried(&self.shared.label, sorting::reason(answer.status));
                continue;
            }
            let reason = sorting::reason(answer.status);
            let refusal = |words| Refusal { reason, words, again: ambiguous, same: lost };
            match sorting::sort(&answer, protocol, samples) {
                Verdict::Taken(missing) => {
                    if std::mem::take(&mut self.held) {
                        self.client.lets_in().await;
                    }
                    self.shared.fits(all, &self.settings);
                    let missing = missing.min(samples);
                    if missing < samples {
                        self.took(records, body, samples - missing);
                    }
                    if missing > 0 {
                        self.refused("partial", missing, "it says that it wrote less than was sent", false);
                    }
                    if missing == samples {
                        return Outcome::Refused;
                    }
                    self.describe(metadata.as_ref(), protocol).await;
                    return Outcome::Taken;
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
                Verdict::TooMuch if records.iter().map(Record::series_count).sum::<usize>() > 1 => {
                    self.shared.too_large(all);
                    return Outcome::Smaller(refusal(answer.words));
                }
                Verdict::TooMuch => {
                    self.refused(reason, samples, &answer.words, ambiguous);
                    return Outcome::Refused;
                }
                Verdict::Refused(missing) => {
                    if samples > missing {
                        self.took(records, body, samples - missing);
                    }
                    self.refused(reason, missing, &answer.words, ambiguous);
                    return Outcome::Refused;
                }
            }
        }
    }
}
