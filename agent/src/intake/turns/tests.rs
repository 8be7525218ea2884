//! Compiled for tests only (`cfg(test)` stands in `turns.rs`). Turns are taken in order, and failures delay whom they tell of.

use super::*;

fn snapshot(job: &str) -> Arc<Snapshot> {
    let key = format!("job/{job}").parse().unwrap();
    let taken_at = std::time::SystemTime::UNIX_EPOCH;
    Arc::new(Snapshot::new(job, key, taken_at, vec![]))
}

fn turns(jobs: &[&str]) -> Turns {
    let mut turns = Turns::default();
    for job in jobs {
        assert_eq!(turns.offer(snapshot(job)), Taken::Kept);
    }
    turns
}

fn sent(turns: &mut Turns, now: Instant) -> Option<Arc<Snapshot>> {
    match turns.next(now) {
        Turn::Send(snapshot) => Some(snapshot),
        _ => None,
    }
}

#[test]
fn a_group_that_fails_holds_back_no_other() {
    let (mut turns, now) = (turns(&["a", "b", "c"]), Instant::now());
    let a = sent(&mut turns, now).unwrap();
    assert!(turns.failed(a, Scope::Group, Some(Duration::from_mins(1)), now));
    for job in ["b", "c"] {
        let next = sent(&mut turns, now).unwrap();
        assert_eq!(next.source, job);
        turns.settled(&next.key);
    }
    let Turn::Wait(until) = turns.next(now) else { panic!("it was asked to wait") };
    assert!(until >= now + Duration::from_mins(1));
    assert_eq!(sent(&mut turns, until).unwrap().source, "a");
}

#[test]
fn nobody_is_served_twice_before_all_were_served() {
    let (mut turns, now) = (turns(&["a", "b", "c"]), Instant::now());
    let mut order = String::new();
    for _ in 0..6 {
        let next = sent(&mut turns, now).unwrap();
        order.push_str(&next.source);
        // Each comes back at once.
        turns.settled(&next.key);
        turns.offer(next);
    }
    assert_eq!(order, "abcabc");
}

#[test]
fn a_gateway_that_cannot_be_reached_is_left_alone_as_a_whole() {
    let (mut turns, now) = (turns(&["a", "b"]), Instant::now());
    let a = sent(&mut turns, now).unwrap();
    turns.failed(a, Scope::Endpoint, Some(Duration::from_secs(1)), now);
    let Turn::Wait(until) = turns.next(now) else { panic!("it cannot be reached") };
    // The next group is tried then, not the same one again.
    assert_eq!(sent(&mut turns, until).unwrap().source, "b");
}

#[test]
fn at_the_end_each_is_tried_once_before_any_is_tried_again() {
    let (mut turns, now) = (turns(&["a", "b", "c"]), Instant::now());
    for _ in 0..2 {
        let next = sent(&mut turns, now).unwrap();
        turns.failed(next, Scope::Group, Some(Duration::from_mins(5)), now);
    }
    turns.close(now + Duration::from_secs(10));
    let mut order = String::new();
    for _ in 0..3 {
        let next = sent(&mut turns, now).unwrap();
        order.push_str(&next.source);
        // Longer than there is time: tried again before the end all the same.
        turns.failed(next, Scope::Group, Some(Duration::from_mins(5)), now);
    }
    assert_eq!(order, "cab");
    let Turn::Wait(until) = turns.next(now) else { panic!("all were tried") };
    assert!(until <= now + Duration::from_secs(1), "{:?}", until - now);
}

#[test]
fn at_the_end_an_endpoint_that_cannot_be_reached_is_tried_a_few_times() {
    let (mut turns, mut now) = (turns(&["a", "b"]), Instant::now());
    for _ in 0..10 {
        let next = sent(&mut turns, now).unwrap();
        turns.failed(next, Scope::Endpoint, None, now);
        now += Duration::from_mins(1);
    }
    // What failed before the end does not count.
    turns.close(now + Duration::from_hours(1));
    for _ in 0..LAST_TRIES {
        let next = sent(&mut turns, now).unwrap();
        turns.failed(next, Scope::Endpoint, None, now);
        now += Duration::from_mins(1);
    }
    assert!(matches!(turns.next(now), Turn::Nothing));
    assert_eq!(turns.clear(), 2);
}

#[test]
fn what_is_not_let_in_waits_long_and_goes_on_when_told_to() {
    for (scope, other) in [(Scope::Group, true), (Scope::Endpoint, false)] {
        let (mut turns, now) = (turns(&["a", "b"]), Instant::now());
        turns.wait_at_most(Duration::from_secs(1));
        let a = sent(&mut turns, now).unwrap();
        assert!(turns.held(a, scope, Duration::from_mins(1), now));
        // The newest takes the place of what is held, and is no reason to try sooner.
        assert_eq!(turns.offer(snapshot("a")), Taken::Replaced);
        assert_eq!(sent(&mut turns, now).is_some(), other);
        let Turn::Wait(until) = turns.next(now) else { panic!("{scope:?}") };
        assert!(turns.is_held() && until >= now + Duration::from_mins(1), "{scope:?}");
        turns.anew();
        assert!(!turns.is_held() && sent(&mut turns, now).is_some(), "{scope:?}");
    }
}

#[test]
fn of_a_group_only_the_newest_waits_and_there_are_only_so_many() {
    let (mut turns, now) = (turns(&["a"]), Instant::now());
    assert_eq!(turns.offer(snapshot("a")), Taken::Replaced);
    let old = sent(&mut turns, now).unwrap();
    turns.offer(snapshot("a"));
    assert!(!turns.failed(old, Scope::Group, None, now));
    for at in 1..MOST {
        turns.offer(snapshot(&format!("n{at}")));
    }
    assert_eq!(turns.offer(snapshot("one-more")), Taken::Full);
    assert_eq!(turns.offer(snapshot("a")), Taken::Replaced);
}

#[test]
fn no_failure_is_waited_for_longer_than_an_interval() {
    let (interval, mut now) = (Duration::from_secs(2), Instant::now());
    let mut turns = Turns::default();
    turns.wait_at_most(interval);
    let mut longest = Duration::ZERO;
    for _ in 0..200 {
        turns.failed(snapshot("a"), Scope::Endpoint, None, now);
        let Turn::Wait(until) = turns.next(now) else { continue };
        longest = longest.max(until - now);
        now = until;
    }
    assert!(longest <= interval && longest > interval / 2, "{longest:?}");
}

#[test]
fn who_was_turned_away_is_let_in_and_who_failed_otherwise_waits_on() {
    let (mut turns, now) = (turns(&["a", "b"]), Instant::now());
    let a = sent(&mut turns, now).unwrap();
    assert!(turns.held(a, Scope::Group, Duration::from_mins(1), now));
    let b = sent(&mut turns, now).unwrap();
    assert!(turns.failed(b, Scope::Group, Some(Duration::from_mins(1)), now));
    turns.let_in();
    assert_eq!(sent(&mut turns, now).unwrap().source, "a");
    assert!(matches!(turns.next(now), Turn::Wait(_)));
    // All of them, where nobody is let in; but not where nobody answers.
    let mut turns = Turns::default();
    turns.offer(snapshot("c"));
    for held in [true, false] {
        let c = sent(&mut turns, now).unwrap();
        let asked = Duration::from_mins(1);
        assert!(if held {
            turns.held(c, Scope::Endpoint, asked, now)
        } else {
            turns.failed(c, Scope::Endpoint, Some(asked), now)
        });
        turns.let_in();
        assert_eq!(matches!(turns.next(now), Turn::Wait(_)), !held);
        turns.offer(snapshot("c"));
    }
}

#[test]
fn who_insists_tries_until_the_end_who_cannot_be_reached() {
    for insists in [false, true] {
        let (mut turns, mut now) = (turns(&["a"]), Instant::now());
        if insists {
            turns.insist();
        }
        turns.close(now + Duration::from_mins(10));
        let mut tries = 0;
        while tries < 100 {
            match turns.next(now) {
                Turn::Send(a) => {
                    tries += 1;
                    turns.failed(a, Scope::Endpoint, None, now);
                }
                Turn::Wait(until) => {
                    assert!(!insists || until - now <= INSISTENT, "{:?}", until - now);
                    now = until;
                }
                Turn::Nothing => break,
            }
        }
        assert_eq!(tries, if insists { 100 } else { LAST_TRIES });
    }
}
