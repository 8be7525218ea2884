//! What is refused, and how little of it: a wrong sample does not take good ones with it.

use std::collections::VecDeque;

use exposition::remote_write::{Body, Record};

use super::exchange::{Outcome, Refusal};
use super::{End, Worker};

/// Requests that one record of a scrape may cost.
const MOST: usize = 64;
/// Where so many pieces were refused and none was taken, all of it is wrong; and what comes after it most likely, too,
/// so that only its halves are tried.
pub(super) const HOPELESS: usize = 15;
/// The same where it says that they are there: both halves.
const THERE: usize = 2;

impl Worker {
    /// Sends halves of what was refused as a whole, and halves of those, until only what is refused by itself
    /// is left out. All halves of one size come before smaller ones, to see soon whether anything is good. Whether
    /// something was taken; why that is not known, where the worker ends before.
    pub(super) async fn bisect(&mut self, whole: Record, first: &Refusal) -> Result<bool, End> {
        let (mut refusal, mut asked, mut refused, mut taken) = (first.clone(), 0, 0, false);
        let (most, mut there) = (if self.refusals > HOPELESS { THERE } else { HOPELESS }, first.is_there());
        // Each of these was refused already.
        let mut bad = VecDeque::from([whole]);
        while let Some(piece) = bad.pop_front() {
            let most = if there { THERE } else { most };
            let hopeless = asked >= MOST || (!taken && refused >= most);
            let halves = piece.halves().filter(|_| !hopeless);
            let Some((left, right)) = halves else {
                self.refused(refusal.reason, piece.sample_count(), &refusal.words, refusal.again);
                continue;
            };
            for half in [left, right] {
                asked += 1;
                match self.exchange(std::slice::from_ref(&half), refusal.again).await {
                    Outcome::Taken => taken = true,
                    Outcome::Refused => refused += 1,
                    Outcome::Smaller(said) => {
                        refused += 1;
                        there &= said.is_there();
                        refusal = Refusal { again: refusal.again || said.again, ..said };
                        bad.push_back(half);
                    }
                    Outcome::Ends(end) => return Err(end),
                }
            }
        }
        Ok(taken)
    }

    /// A receiver has so many samples of these records.
    pub(super) fn took(&mut self, records: &[Record], body: &Body, samples: usize) {
        self.backoff = crate::backoff::Backoff::default();
        self.pause = crate::backoff::Backoff::default();
        (self.refusals, self.is_new) = (0, true);
        let newest = records.iter().map(Record::time_ms).max().unwrap_or_default();
        self.shared.stats.writes.took(&self.shared.label, samples, body.bytes.len(), newest as f64 / 1e3);
        if self.shared.works()
            && let Some(place) = &mut self.place
        {
            place.recovered(self.settings.drain);
        }
    }

    /// So many samples are refused for good.
    pub(super) fn refused(&mut self, reason: &'static str, samples: usize, words: &str, again: bool) {
        // Sent twice since an answer was lost, they are probably there.
        let reason = if again { "sent_again" } else { reason };
        // A 2xx is a success, whatever it says beside (specification 2.0, "Partial Write").
        if !again && reason != "partial" {
            self.shared.refused(samples);
        }
        self.shared.stats.writes.failed(&self.shared.label, reason, samples);
        self.shared.refuses(reason, samples, words);
    }
}
