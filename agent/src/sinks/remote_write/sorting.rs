//! The one place where an answer of a receiver is sorted.

use std::time::Duration;

use exposition::remote_write::Protocol;
use reqwest::StatusCode;

use super::client::Answer;

/// What becomes of the samples of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They are there; of so many the receiver says that it did not write them.
    Taken(usize),
    /// They are sent again, not before the time that was asked for.
    Again(Option<Duration>),
    /// They wait until somebody says rightly who we are.
    Held,
    /// Some of them are refused; which, smaller requests will tell.
    Some,
    /// They are too much for one request.
    TooMuch,
    /// So many of them are refused for good.
    Refused(usize),
}

/// Sorts an answer to a request of so many samples.
///
/// Specification 1.0 and 2.0, "Retries & Backoff": 5xx is tried again, 4xx is not but for 429. 408 is a proxy
/// that lost patience, and says nothing of the samples; 401 and 403 say nothing of them either.
pub(super) fn sort(answer: &Answer, protocol: Protocol, samples: usize) -> Verdict {
    let status = answer.status;
    let written = answer.written.filter(|_| protocol == Protocol::V2);
    match status.as_u16() {
        200..=299 => match written {
            Some(written) => Verdict::Taken(samples.saturating_sub(written)),
            // Only where 2.0 is set for good: it was not written then.
            None if protocol == Protocol::V2 => Verdict::Refused(samples),
            None => Verdict::Taken(0),
        },
        408 | 429 | 500.. => Verdict::Again(answer.after),
        401 | 403 => Verdict::Held,
        // What it wrote must not come again (2.0, "Partial Write").
        400..=499 if written.is_some() => Verdict::Refused(samples.saturating_sub(written.unwrap_or(0))),
        413 => Verdict::TooMuch,
        // Prometheus' 1.0 takes none of a request in which one sample is wrong.
        400 => Verdict::Some,
        _ if status.is_client_error() => Verdict::Refused(samples),
        // No redirect is followed: whoever mends the URL finds the samples in the spool.
        _ if status.is_redirection() => Verdict::Again(None),
        _ => Verdict::Again(answer.after),
    }
}

/// Whether an answer says that the receiver reads this protocol as no other.
pub(super) fn is_of_2_0(answer: &Answer) -> bool {
    answer.written.is_some()
}

/// Whether a refusal says that newer samples of a series are there, or these: what a request is told that comes a
/// second time. Prometheus, Thanos and Cortex say it in the first words, Mimir in the second.
pub(super) fn says_there(words: &str) -> bool {
    ["out of order", "duplicate sample", "sample-out-of-order", "sample-duplicate-timestamp"]
        .iter()
        .any(|said| words.contains(said))
}

/// A label value for an answer that is no success: those that are common by themselves.
pub(super) fn reason(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200..=299 => "not_written",
        300..=399 => "redirect",
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        408 => "408",
        409 => "409",
        413 => "413",
        415 => "415",
        422 => "422",
        429 => "429",
        500 => "500",
        502 => "502",
        503 => "503",
        504 => "504",
        _ if status.is_client_error() => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_its_verdict() {
        use Verdict::{Again, Held, Refused, Some as Part, Taken, TooMuch};
        let asked = Some(Duration::from_secs(7));
        let (one, two) = (Protocol::V1, Protocol::V2);
        for (status, written, protocol, want) in [
            (200, None, one, Taken(0)),
            (204, Some(3), one, Taken(0)),
            (204, Some(10), two, Taken(0)),
            (204, Some(8), two, Taken(2)),
            (204, None, two, Refused(10)),
            (400, None, one, Part),
            (400, Some(8), one, Part),
            (400, Some(8), two, Refused(2)),
            (400, Some(0), two, Refused(10)),
            (409, None, one, Refused(10)),
            (401, None, one, Held),
            (403, None, two, Held),
            (404, None, one, Refused(10)),
            (408, None, one, Again(asked)),
            (413, None, one, TooMuch),
            (429, None, one, Again(asked)),
            (500, None, one, Again(asked)),
            (503, None, two, Again(asked)),
            (599, None, one, Again(asked)),
            (302, None, one, Again(None)),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let answer = Answer { status, after: asked, written, resent: false, words: String::new() };
            assert_eq!(sort(&answer, protocol, 10), want, "{status} {written:?} {protocol:?}");
        }
    }
}
