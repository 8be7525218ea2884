//! What holds for any life, any samples of a counter that is never ahead, and any polls.

use proptest::prelude::*;

use super::super::super::observed::Seen;
use super::super::super::path::Path;
use super::super::super::scenario::Exit;
use super::super::build::{BEGAN, Run};

fn run() -> impl Strategy<Value = Run> {
    let pod = (proptest::collection::vec(0.0_f64..50.0, 0..30), 1.0_f64..50.0, any::<bool>());
    let path = proptest::sample::select(Path::ALL.to_vec());
    let exit = proptest::sample::select(vec![Exit::Kill, Exit::Term, Exit::AppKill, Exit::AgentKill]);
    (proptest::collection::vec(pod, 1..5), path, exit, 0.0_f64..5.0).prop_map(|(pods, path, exit, phase)| {
        let mut run = Run::new(path, 60.0).exit(exit).fault(15.0, 25.0);
        for (truth, until, lives) in &pods {
            let end = if *lives { 60.0 } else { *until };
            let truth: Vec<f64> = truth.iter().copied().filter(|at| *at < end).collect();
            let at = |time: f64| truth.iter().filter(|event| **event <= time).count() as f64;
            let samples: Vec<_> =
                (0..12).map(|step| f64::from(step) * 5.0 + phase).map(|time| (time, at(time))).collect();
            run = run.pod(&truth, (!lives).then_some(*until)).raw(&samples, Some(at(60.0)));
        }
        for second in 1..=60 {
            let time = f64::from(second);
            // A poll returns the last sample.
            let sampled = ((time - phase) / 5.0).floor() * 5.0 + phase;
            let seen = |pod: usize| {
                let truth = &run.observed.pods[pod].truth;
                let value = truth.iter().filter(|event| **event <= BEGAN + sampled).count() as f64;
                let up = Some(if second % 7 == 0 { 0.0 } else { 1.0 });
                Some(Seen { value: Some(value), up, pushed: Some(BEGAN + sampled), ..Seen::default() })
            };
            let seen: Vec<_> = (0..run.observed.pods.len()).map(seen).collect();
            run = run.poll(time, &seen);
        }
        run
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn shares_are_shares_and_times_are_not_negative(run in run()) {
        for (name, figure) in run.cell().figures {
            let value = figure.value.unwrap();
            let share = name.ends_with("_ratio") && !name.starts_with("rate_") && name != "backfill_ratio";
            prop_assert!(value >= 0.0 && (!share || value <= 1.0 + 1e-12), "{} {}", name, value);
            prop_assert!(figure.censored <= figure.n, "{} {:?}", name, figure);
            if let Some([low, high]) = figure.interval {
                prop_assert!(low <= high, "{} {:?}", name, figure);
            }
        }
    }

    #[test]
    fn the_order_of_instances_changes_no_value(mut run in run()) {
        let before = run.cell().figures;
        let last = run.observed.pods.len() - 1;
        run.observed.pods.reverse();
        for raw in &mut run.observed.raw {
            raw.pod = last - raw.pod;
        }
        for seen in run.observed.polls.iter_mut().flat_map(|poll| &mut poll.seen) {
            seen.pod = last - seen.pod;
        }
        let after = run.cell().figures;
        prop_assert_eq!(before.len(), after.len());
        for (name, figure) in before {
            let (one, other) = (figure.value.unwrap(), after[&name].value.unwrap());
            prop_assert!((one - other).abs() < 1e-9, "{} {} {}", name, one, other);
        }
    }
}
