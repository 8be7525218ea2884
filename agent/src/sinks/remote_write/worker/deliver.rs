//! Parts in their order: together where that goes, apart where a receiver refuses them together.

use exposition::remote_write::Record;

use super::exchange::{Outcome, Refusal};
use super::refusals::HOPELESS;
use super::{End, Worker};
use crate::sinks::remote_write::Shared;
use crate::sinks::remote_write::gather::{Part, Place, fitting, samples};

/// Parts that lie side by side, from the first to before the last.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: usize,
    until: usize,
    /// They may have been taken before.
    again: bool,
    way: Way,
}

/// How parts are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Together,
    /// Some at the beginning are there, and it is not known how many; `same`: they went out together before, and were
    /// taken together or not at all.
    OneByOne {
        same: bool,
    },
    /// Half of what was refused where everything is: it is not searched any further.
    Probe,
}

impl Stretch {
    fn is_one_by_one(&self) -> bool {
        matches!(self.way, Way::OneByOne { .. })
    }
}

impl Worker {
    /// Sends parts, in their order, until none is left; why not, where the worker ends before.
    pub(super) async fn deliver(&mut self, parts: Vec<Part>) -> Option<End> {
        let again = !self.is_new && parts.first().is_some_and(|part| part.seq < self.shared.from_before);
        let whole = Stretch { from: 0, until: parts.len(), again, way: Way::Together };
        // The next one last.
        let mut stretches = vec![whole];
        let mut all_refused = true;
        while let Some(stretch) = stretches.pop() {
            let until = if stretch.is_one_by_one() { stretch.from + 1 } else { stretch.until };
            let most = self.shared.samples_per_send(&self.settings);
            let count = fitting(&parts[stretch.from..until], most);
            let this = Stretch { until: stretch.from + count, ..stretch };
            let these = &parts[this.from..this.until];
            let records: Vec<Record> = these.iter().map(|part| part.record.clone()).collect();
            if this.until < stretch.until {
                stretches.push(Stretch { from: this.until, ..stretch });
            }
            match self.exchange(&records, this.again).await {
                Outcome::Taken => {
                    all_refused = false;
                    // What is behind it is new.
                    if let Some(next) = stretches.last_mut().filter(|_| this.is_one_by_one()) {
                        next.way = Way::Together;
                    }
                }
                Outcome::Refused => {}
                Outcome::Smaller(refusal) if count > 1 => {
                    if let Some((first, second)) = self.apart_from(this, &refusal) {
                        stretches.extend([second, first].into_iter().flatten());
                        continue;
                    }
                    self.refused(refusal.reason, samples(these), &refusal.words, refusal.again);
                }
                Outcome::Smaller(refusal) => {
                    let taken = match self.bisect(these[0].record.clone(), &refusal).await {
                        Ok(taken) => taken,
                        Err(end) => return Some(end),
                    };
                    all_refused &= !taken;
                    if this.way == (Way::OneByOne { same: true }) && !taken && refusal.is_there() {
                        // All went out as one request: the others are there, too.
                        let rest = stretches.pop().map_or(this.until, |rest| rest.until);
                        self.refused(refusal.reason, samples(&parts[this.until..rest]), &refusal.words, true);
                        self.done(&parts[this.until..rest]).await;
                    }
                }
                Outcome::Ends(end) => return Some(end),
            }
            self.done(&parts[this.from..this.until]).await;
        }
        if all_refused {
            self.shared.nothing_taken();
            self.rest().await;
        }
        None
    }

    /// How parts that were refused together are sent, the first ones first; not at all where that is hopeless.
    fn apart_from(&self, it: Stretch, refusal: &Refusal) -> Option<(Option<Stretch>, Option<Stretch>)> {
        let it = Stretch { again: refusal.again, ..it };
        if refusal.is_there() {
            return Some((Some(Stretch { way: Way::OneByOne { same: refusal.same }, ..it }), None));
        }
        let is_hopeless = self.refusals > HOPELESS;
        if is_hopeless && it.way == Way::Probe {
            return None;
        }
        let middle = usize::midpoint(it.from, it.until);
        let it = Stretch { way: if is_hopeless { Way::Probe } else { Way::Together }, ..it };
        Some((Some(Stretch { until: middle, ..it }), Some(Stretch { from: middle, ..it })))
    }

    /// They are done with.
    async fn done(&mut self, parts: &[Part]) {
        let receipts: Vec<_> = parts.iter().filter_map(|part| part.receipt).collect();
        let ack = move |_: &mut Place, shared: &Shared| {
            for receipt in receipts {
                shared.spool.ack(receipt);
            }
        };
        if self.shared.is_kept {
            self.apart(ack).await;
        } else {
            self.here(ack);
        }
        self.shared.changed();
    }
}
