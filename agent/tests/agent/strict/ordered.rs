//! Each rule over many requests: order, retries, markers.

use exposition::remote_write::STALE;

use super::built::{NOW, head, one, packed_one, series};
use super::history::{History, Outcome};
use super::judge::judge;
use super::rule::Found;
use super::{Kind, Message, Rule};

/// What is sent of `c`: its samples, in milliseconds after the start.
fn sent(samples: &[(i64, f64)]) -> Message {
    let samples: Vec<(i64, f64)> = samples.iter().map(|(at, value)| (NOW + at, *value)).collect();
    judge(&head(Kind::V1), &packed_one(&one(&[("__name__", "c")], &samples))).0
}

/// The requests one by one, each with what becomes of it; the rules that the last breaks.
fn last(requests: &[(&[(i64, f64)], Outcome)]) -> Vec<Rule> {
    let (mut history, mut rules) = (History::default(), Vec::new());
    for (samples, outcome) in requests {
        let (message, mut found) = (sent(samples), Found::default());
        history.arrive(Kind::V1, &message, &mut found);
        history.settle(Kind::V1, &message, *outcome);
        rules = found.0.into_iter().map(|(rule, _)| rule).collect();
    }
    rules
}

#[test]
fn what_breaks_the_order_or_is_sent_again_is_named() {
    use Outcome::{Dropped, Owed, Taken, Unheard};
    let stale = f64::from_bits(STALE);
    for (requests, expected) in [
        (&[(&[(1, 1.0)][..], Taken), (&[(2, 2.0)], Taken)][..], &[][..]),
        (&[(&[(2, 1.0)], Taken), (&[(1, 2.0)], Taken)], &[Rule::OutOfOrder]),
        (&[(&[(1, 1.0)], Taken), (&[(1, 2.0)], Taken)], &[Rule::OutOfOrder]),
        (&[(&[(1, 1.0)], Taken), (&[(1, 1.0)], Taken)], &[Rule::Resent]),
        // A retry is right, alone or with what came meanwhile.
        (&[(&[(1, 1.0)], Owed), (&[(1, 1.0)], Taken)], &[]),
        (&[(&[(1, 1.0)], Owed), (&[(1, 1.0), (2, 2.0)], Taken)], &[]),
        (&[(&[(1, 1.0)], Owed), (&[(1, 1.5)], Taken)], &[Rule::ChangedOnRetry]),
        (&[(&[(1, 1.0)], Owed), (&[(2, 2.0)], Taken)], &[Rule::Overtaken]),
        // What was taken without the sender's knowledge may come again, and must.
        (&[(&[(1, 1.0)], Unheard), (&[(1, 1.0)], Taken)], &[]),
        (&[(&[(1, 1.0)], Unheard), (&[(2, 1.0)], Taken)], &[Rule::Overtaken]),
        (&[(&[(1, 1.0)], Dropped), (&[(1, 1.0)], Taken)], &[Rule::RefusedResent]),
        (&[(&[(1, 1.0)], Dropped), (&[(2, 1.0)], Taken)], &[]),
        // The half of a refused request is another request.
        (&[(&[(1, 1.0), (2, 2.0)], Dropped), (&[(1, 1.0)], Taken)], &[]),
        (&[(&[(1, 1.0)], Taken), (&[(2, stale)], Taken)], &[]),
        (&[(&[(1, 1.0)], Taken), (&[(2, stale)], Owed), (&[(2, stale)], Taken)], &[]),
        (&[(&[(1, 1.0)], Taken), (&[(2, stale)], Taken), (&[(3, stale)], Taken)], &[Rule::MarkerTwice]),
        (&[(&[(1, 1.0)], Taken), (&[(2, stale)], Taken), (&[(3, 1.0)], Taken)], &[]),
        (&[(&[(2, stale)], Taken)], &[Rule::MarkerOfNothing]),
        (&[(&[(1, 1.0), (2, stale)], Taken)], &[]),
    ] {
        assert_eq!(last(requests), expected, "{requests:?}");
    }
}

#[test]
fn a_later_sample_waits_for_the_answer_to_the_earlier() {
    let (mut history, mut found) = (History::default(), Found::default());
    history.arrive(Kind::V1, &sent(&[(1, 1.0)]), &mut found);
    history.arrive(Kind::V1, &sent(&[(2, 1.0)]), &mut found);
    assert_eq!(found.0, [(Rule::InFlight, "c".to_owned())]);
}

#[test]
fn what_was_taken_and_what_is_owed_are_known_by_series() {
    let mut history = History::default();
    for (samples, outcome) in [
        (&[(1, 1.0)][..], Outcome::Taken),
        (&[(2, 2.0)], Outcome::Unheard),
        (&[(2, 2.0)], Outcome::Taken),
        (&[(3, 3.0)], Outcome::Owed),
    ] {
        let message = sent(samples);
        history.arrive(Kind::V1, &message, &mut Found::default());
        history.settle(Kind::V1, &message, outcome);
    }
    let values: Vec<f64> = history.taken("c").iter().map(super::Point::value).collect();
    assert_eq!(values, [1.0, 2.0], "once each");
    assert_eq!(history.owed().len(), 1, "{:?}", history.owed());
    assert_eq!(history.names(""), ["c"]);
}

#[test]
fn the_same_series_twice_in_a_request_counts_together() {
    let labels = &[("__name__", "c")];
    let mut request = one(labels, &[(NOW + 1, 1.0)]);
    request.timeseries.push(series(labels, &[(NOW, 1.0)]));
    let (message, mut found) = judge(&head(Kind::V1), &packed_one(&request));
    History::default().arrive(Kind::V1, &message, &mut found);
    assert_eq!(found.0.into_iter().map(|(rule, _)| rule).collect::<Vec<_>>(), [Rule::OutOfOrder]);
}
