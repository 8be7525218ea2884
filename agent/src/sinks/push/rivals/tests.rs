//! Who is found to be a rival, and what finding out may cost.

use super::super::pusher::in_line;
use super::*;

fn rivals() -> (Rivals, GroupingKey) {
    (Rivals::new(Pusher(1), 100), "job/j/instance/i".parse().unwrap())
}

#[test]
fn a_predecessor_is_no_rival_and_neither_is_one_that_leaves() {
    let (mut rivals, key) = rivals();
    assert_eq!(rivals.pushed(&key, Some("2")), None);
    assert_eq!(rivals.pushed(&key, Some("-2")), None, "its last push came after our first");
    for _ in 0..100 {
        assert_eq!(rivals.pushed(&key, Some("1")), None);
    }
    assert_eq!(rivals.pushed(&key, Some("-1")), None, "our own, of a source that came back");
}

#[test]
fn jobs_that_push_once_each_are_found_at_the_second_in_nine_pushes() {
    let (mut rivals, key) = rivals();
    rivals.pushed(&key, Some(""));
    let mut befores = ["-2", "1", "1", "1", "1", "1", "1", "1", "-3"].into_iter();
    assert_eq!(befores.position(|before| rivals.pushed(&key, Some(before)).is_some()), Some(8));
}

/// Both push at once when they start and then at the same ticks, in whatever order at each of them.
#[test]
fn two_find_each_other_within_two_intervals_in_any_order() {
    for orders in 0..4 {
        let (mut first, key) = rivals();
        let mut second = Rivals::new(Pusher(2), 100);
        let (mut told, mut before) = ([false; 2], String::new());
        let mut push = |rivals: &mut Rivals, at: usize| {
            told[at] |= rivals.pushed(&key, Some(&before)) == Some(News::Conflict);
            before = (at + 1).to_string();
        };
        push(&mut first, 0);
        push(&mut second, 1);
        for tick in 0..2 {
            if orders >> tick & 1 == 0 {
                push(&mut first, 0);
                push(&mut second, 1);
            } else {
                push(&mut second, 1);
                push(&mut first, 0);
            }
        }
        assert_eq!(told, [true; 2], "{orders:02b}");
    }
}

#[test]
fn one_that_pushes_again_and_again_is_found_at_once_and_told_once() {
    let (mut rivals, key) = rivals();
    rivals.pushed(&key, Some(""));
    assert_eq!(rivals.pushed(&key, Some("2")), Some(News::Conflict));
    assert_eq!(rivals.pushed(&key, Some("2")), None);
    assert_eq!((rivals.pushed(&key, Some("3")), rivals.conflicts()), (None, 1));
    let over = (0..100).position(|_| rivals.pushed(&key, Some("1")) == Some(News::Over));
    assert_eq!((over, rivals.conflicts()), (Some(15), 0));
}

#[test]
fn one_that_pushes_an_eighth_as_often_is_told_once() {
    let (mut rivals, key) = rivals();
    rivals.pushed(&key, Some(""));
    for round in 0..10 {
        for before in ["2", "1", "1", "1", "1", "1", "1", "1"] {
            let news = rivals.pushed(&key, Some(before));
            assert_eq!(news, (round == 0 && before == "2").then_some(News::Conflict), "{round}");
        }
    }
}

#[test]
fn a_page_is_read_for_what_it_costs_and_for_each_group_in_turn() {
    let (mut rivals, one) = rivals();
    let two: GroupingKey = "job/k".parse().unwrap();
    let mut now = Instant::now();
    assert!(!rivals.wants_a_look(&one, now), "it was not pushed yet");
    for key in [&one, &two] {
        rivals.pushed(key, None);
    }
    // 6,400 bytes are there at first, and 100 more with each push: a page of 1,000 is one in ten.
    let mut looks = [0, 0];
    for round in 0..1_000 {
        for (at, key) in [&one, &two].into_iter().enumerate() {
            now += Duration::from_secs(1);
            if rivals.wants_a_look(key, now) {
                assert_eq!(rivals.looked(key, 1_000, Some(1.0)), None);
                looks[at] += u32::from(round >= 100);
            }
        }
    }
    assert!(looks.iter().all(|count| (80..=100).contains(count)), "{looks:?}");
    rivals.pushed(&one, Some("1"));
    assert!(!rivals.wants_a_look(&one, now), "a gateway that says it is not read");
}

#[test]
fn an_id_is_read_of_its_own_group_alone() {
    let (_, key) = rivals();
    for (line, want) in [
        (
            "pushpull_agent_pusher_id{instance=\"i\",job=\"j\"} 2.81474976710655e+14",
            Some(281_474_976_710_655.0),
        ),
        ("pushpull_agent_pusher_id{instance=\"x\",job=\"j\"} 7", None),
        ("pushpull_agent_pusher_id{exported_job=\"a\",instance=\"i\",job=\"j\"} 7", None),
        ("pushpull_agent_pusher_ids{instance=\"i\",job=\"j\"} 7", None),
        ("# TYPE pushpull_agent_pusher_id gauge", None),
    ] {
        assert_eq!(in_line(line.as_bytes(), &key), want, "{line}");
    }
}

#[test]
fn two_groups_that_are_pushed_one_right_after_the_other_take_turns() {
    let (mut rivals, one) = rivals();
    let two: GroupingKey = "job/k".parse().unwrap();
    for key in [&one, &two] {
        rivals.pushed(key, None);
    }
    let mut now = Instant::now();
    let mut looks = [0, 0];
    for _ in 0..20 {
        now += Duration::from_secs(15);
        for (at, key) in [&one, &two].into_iter().enumerate() {
            now += Duration::from_millis(100);
            if rivals.wants_a_look(key, now) {
                rivals.looked(key, 1, None);
                rivals.waited(Duration::from_millis(100), now);
                looks[at] += 1;
            }
        }
    }
    assert_eq!(looks, [10, 10]);
}
