//! The rules against a naive model: any sequence of pushes, deletions and waits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use exposition::{GroupingKey, Limits, Page};
use gateway::groups::{Groups, Method, Moment};
use gateway::{page, push};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Act {
    Push { put: bool, job: u8, names: Vec<u8>, life: Option<u8> },
    Delete { job: u8 },
    Wait { seconds: u8 },
}

fn act() -> impl Strategy<Value = Act> {
    let push = (any::<bool>(), 0..4_u8, prop::collection::vec(0..5_u8, 0..4), prop::option::of(1..20_u8));
    prop_oneof![
        4 => push.prop_map(|(put, job, names, life)| Act::Push { put, job, names, life }),
        1 => (0..4_u8).prop_map(|job| Act::Delete { job }),
        1 => (1..15_u8).prop_map(|seconds| Act::Wait { seconds }),
    ]
}

type Model = BTreeMap<u8, (BTreeMap<u8, usize>, Option<u64>)>;

proptest! {
    #[test]
    fn groups_do_what_a_naive_model_does(acts in prop::collection::vec(act(), 1..40)) {
        let start = Moment { wall: SystemTime::now(), steady: Instant::now() };
        let (mut groups, mut model, mut clock) = (Groups::new([].into(), 100), Model::new(), 0_u64);
        for (number, act) in acts.iter().enumerate() {
            let now = Moment { steady: start.steady + Duration::from_secs(clock), ..start };
            match act {
                Act::Push { put, job, names, life } => {
                    let mut unique = names.clone();
                    unique.sort_unstable();
                    unique.dedup();
                    let body: String = unique.iter().map(|name| format!("m{name} {number}\n")).collect();
                    let key = GroupingKey::new(format!("j{job}"), [("a", "b")]).unwrap();
                    let made = push::prepare(body.into(), &key, &Limits::NONE).unwrap();
                    let method = if *put { Method::Put } else { Method::Post };
                    let life_time = life.map(|life| Duration::from_secs(u64::from(life)));
                    groups.push(method, &key, made, life_time, now).unwrap();
                    let group = model.entry(*job).or_default();
                    if *put {
                        group.0.clear();
                    }
                    group.0.extend(unique.iter().map(|name| (*name, number)));
                    group.1 = life.map(|life| clock + u64::from(life));
                }
                Act::Delete { job } => {
                    let key = GroupingKey::new(format!("j{job}"), [("a", "b")]).unwrap();
                    prop_assert_eq!(groups.delete(&key), model.remove(job).is_some());
                }
                Act::Wait { seconds } => clock += u64::from(*seconds),
            }
            model.retain(|_, (_, end)| end.is_none_or(|end| end > clock));
            groups.expire(start.steady + Duration::from_secs(clock));
            let text = page::metrics(&groups, &Page::empty());
            let shown = Page::parse_pushed(text, &Limits::NONE).unwrap();
            let mut ours: Vec<(String, String, usize)> = shown
                .samples()
                .filter(|sample| sample.name().starts_with('m'))
                .map(|sample| {
                    let job = sample.label("job").unwrap().into_owned();
                    (job, sample.name().to_owned(), sample.value_text().parse().unwrap())
                })
                .collect();
            ours.sort();
            let mut want: Vec<_> = model
                .iter()
                .flat_map(|(job, (names, _))| names.iter().map(move |(name, value)| (format!("j{job}"), format!("m{name}"), *value)))
                .collect();
            want.sort();
            prop_assert_eq!(&ours, &want);
            prop_assert_eq!(groups.series(), want.len());
            prop_assert_eq!(groups.len(), model.len());
            prop_assert_eq!(groups.iter().map(|group| group.series).sum::<usize>(), want.len());
        }
    }
}
