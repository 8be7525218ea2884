//! Which protocol a receiver is spoken to in, and how that is found out.
//!
//! 2.0 is tried first. A receiver that refuses it, or takes it without saying that anything was written, gets
//! the same samples again: in zstd where it says that it is VictoriaMetrics, else as 1.0 (specification 2.0,
//! "Content-Type and Accept headers": such an answer counts as 415). A 415 of 1.0 leads back to 2.0: it says
//! that 1.0 was not the answer, and nothing of the samples.

use std::time::{Duration, Instant};

use exposition::remote_write::Protocol;
use reqwest::StatusCode;

use crate::config::Dialect;

/// How long 1.0 is good enough before 2.0 is tried again.
const REMEMBERED: Duration = Duration::from_hours(6);
/// The same where the receiver was away meanwhile, and may be another version now, or where it spoke 2.0 before.
const AFTER_ABSENCE: Duration = Duration::from_mins(10);

/// What was agreed with one receiver.
#[derive(Debug)]
pub(super) struct Dialogue {
    setting: Dialect,
    current: Protocol,
    /// It took something in this protocol.
    confirmed: bool,
    /// It reads 2.0, or nothing else: what it says of a request in 2.0 is about samples.
    reads_2_0: bool,
    /// When 2.0 was tried last.
    tried: Instant,
}

/// What to do about an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The answer is one about the samples.
    Stay,
    /// The same samples again, in the protocol that is the current one now.
    Again,
    /// The same, after asking whether it is VictoriaMetrics.
    Ask,
}

impl Dialogue {
    pub(super) fn new(setting: Dialect, now: Instant) -> Self {
        let current = match setting {
            Dialect::Auto | Dialect::V2 => Protocol::V2,
            Dialect::V1 => Protocol::V1,
            Dialect::Zstd => Protocol::Zstd,
        };
        Self { setting, current, confirmed: false, reads_2_0: false, tried: now }
    }

    /// The protocol of the next request.
    pub(super) fn current(&mut self, now: Instant) -> Protocol {
        // A proxy's one refusal is not to cost a receiver of 2.0 its protocol for hours.
        let remembered = if self.reads_2_0 { AFTER_ABSENCE } else { REMEMBERED };
        let is_old = now.saturating_duration_since(self.tried) > remembered;
        if self.setting == Dialect::Auto && self.current != Protocol::V2 && is_old {
            self.retry(now);
        }
        self.current
    }

    /// Nobody set a protocol: one that is not understood is no word about samples.
    pub(super) fn is_found_out(&self) -> bool {
        self.setting == Dialect::Auto
    }

    /// The protocol that the receiver has taken something in.
    pub(super) fn agreed(&self) -> Option<Protocol> {
        self.confirmed.then_some(self.current)
    }

    /// Nobody could be reached there: it may come back as another version.
    pub(super) fn away(&mut self, now: Instant) {
        let is_old = now.saturating_duration_since(self.tried) > AFTER_ABSENCE;
        if self.setting == Dialect::Auto && self.current != Protocol::V2 && is_old {
            self.retry(now);
        }
    }

    fn retry(&mut self, now: Instant) {
        (self.current, self.confirmed, self.tried) = (Protocol::V2, false, now);
    }

    /// An answer to a request in `used`; `written`: whether it said how much it wrote.
    pub(super) fn answered(&mut self, used: Protocol, status: StatusCode, written: bool) -> Turn {
        if used != self.current {
            // Another request found out meanwhile; what was taken is taken.
            let taken = status.is_success() && (used != Protocol::V2 || written);
            return if taken { Turn::Stay } else { Turn::Again };
        }
        let speaks = match used {
            // Whatever it says of the samples, it says it in 2.0.
            Protocol::V2 => written,
            _ => status.is_success(),
        };
        if speaks {
            self.confirmed = true;
            self.reads_2_0 |= used == Protocol::V2;
            return Turn::Stay;
        }
        if self.setting != Dialect::Auto {
            return Turn::Stay;
        }
        let is_type = status == StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let unreadable = status == StatusCode::BAD_REQUEST && !self.confirmed;
        match used {
            Protocol::V2 if status.is_success() => {
                self.reads_2_0 = false;
                self.go(Protocol::V1);
                Turn::Ask
            }
            Protocol::V2 if is_type || (unreadable && !self.reads_2_0) => {
                self.go(Protocol::V1);
                Turn::Again
            }
            Protocol::Zstd if is_type || unreadable => {
                self.go(Protocol::V1);
                Turn::Again
            }
            Protocol::V1 if is_type || (unreadable && self.reads_2_0) => {
                self.reads_2_0 = true;
                self.go(Protocol::V2);
                Turn::Again
            }
            _ => Turn::Stay,
        }
    }

    /// It says that it takes zstd.
    pub(super) fn takes_zstd(&mut self) {
        if self.setting == Dialect::Auto && !self.confirmed {
            self.go(Protocol::Zstd);
        }
    }

    fn go(&mut self, protocol: Protocol) {
        (self.current, self.confirmed) = (protocol, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: StatusCode = StatusCode::NO_CONTENT;
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    const UNSUPPORTED: StatusCode = StatusCode::UNSUPPORTED_MEDIA_TYPE;

    #[test]
    fn what_a_receiver_says_decides_how_it_is_spoken_to() {
        let (two, one, zstd) = (Protocol::V2, Protocol::V1, Protocol::Zstd);
        let rows = [
            ("2.0", vec![(two, OK, true, Turn::Stay)], two),
            ("1.0 that refuses the type", vec![(two, UNSUPPORTED, false, Turn::Again)], one),
            ("1.0 that cannot read it", vec![(two, BAD, false, Turn::Again)], one),
            (
                "1.0 that takes no notice",
                vec![(two, OK, false, Turn::Ask), (one, OK, false, Turn::Stay)],
                one,
            ),
            ("2.0 that refuses a sample", vec![(two, BAD, true, Turn::Stay)], two),
            ("2.0 later", vec![(two, OK, true, Turn::Stay), (two, BAD, false, Turn::Stay)], two),
            ("down", vec![(two, StatusCode::BAD_GATEWAY, false, Turn::Stay)], two),
            ("rolled back", vec![(two, OK, true, Turn::Stay), (two, OK, false, Turn::Ask)], one),
            (
                "2.0 only behind a proxy that once refused the type",
                vec![
                    (two, OK, true, Turn::Stay),
                    (two, UNSUPPORTED, false, Turn::Again),
                    (one, UNSUPPORTED, false, Turn::Again),
                    (two, OK, true, Turn::Stay),
                ],
                two,
            ),
            (
                "2.0 only behind a proxy that once could not read it",
                vec![
                    (two, BAD, false, Turn::Again),
                    (one, UNSUPPORTED, false, Turn::Again),
                    // It reads nothing else: this is about the samples.
                    (two, BAD, false, Turn::Stay),
                ],
                two,
            ),
            (
                "2.0 that calls 1.0 a bad request",
                vec![
                    (two, OK, true, Turn::Stay),
                    (two, UNSUPPORTED, false, Turn::Again),
                    (one, BAD, false, Turn::Again),
                    (two, BAD, false, Turn::Stay),
                ],
                two,
            ),
            (
                "rolled back, and refuses a sample",
                vec![(two, OK, true, Turn::Stay), (two, OK, false, Turn::Ask), (one, BAD, false, Turn::Stay)],
                one,
            ),
            ("late answer", vec![(two, UNSUPPORTED, false, Turn::Again), (two, OK, false, Turn::Again)], one),
            (
                "late, but taken",
                vec![(two, UNSUPPORTED, false, Turn::Again), (two, OK, true, Turn::Stay)],
                one,
            ),
        ];
        for (name, answers, last) in rows {
            let now = Instant::now();
            let mut dialogue = Dialogue::new(Dialect::Auto, now);
            for (used, status, written, want) in answers {
                assert_eq!(dialogue.answered(used, status, written), want, "{name}");
            }
            assert_eq!(dialogue.current(now), last, "{name}");
        }
        let mut dialogue = Dialogue::new(Dialect::Auto, Instant::now());
        dialogue.answered(two, OK, false);
        dialogue.takes_zstd();
        assert_eq!(dialogue.current(Instant::now()), zstd);
        assert_eq!(dialogue.answered(zstd, BAD, false), Turn::Again);
        assert_eq!(dialogue.current(Instant::now()), one);
    }

    #[test]
    fn what_is_set_is_spoken_and_what_was_found_is_forgotten_in_time() {
        let now = Instant::now();
        let mut fixed = Dialogue::new(Dialect::V2, now);
        assert_eq!(fixed.answered(Protocol::V2, UNSUPPORTED, false), Turn::Stay);
        let mut auto = Dialogue::new(Dialect::Auto, now);
        auto.answered(Protocol::V2, UNSUPPORTED, false);
        auto.away(now + Duration::from_mins(9));
        assert_eq!(auto.current(now + Duration::from_mins(9)), Protocol::V1);
        auto.away(now + Duration::from_mins(11));
        assert_eq!(auto.current(now + Duration::from_mins(11)), Protocol::V2);
        auto.answered(Protocol::V2, UNSUPPORTED, false);
        assert_eq!(auto.current(now + Duration::from_hours(7)), Protocol::V2);
    }
}
