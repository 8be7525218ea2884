//! A scenario and a seed become births, lifetimes and exits: the same seed, the same schedule.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::scenario::{Birth, Exit, Life, Scenario};

/// The longest that a discovery takes to learn of a birth or an exit, in seconds.
const LAG: f64 = 1.0;

/// One instance, before it lives. Seconds are of the scenario's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Its cohort's place in the scenario.
    pub cohort: usize,
    /// Its label `instance` where it is scraped.
    pub instance: String,
    /// Its label `instance` where it is pushed: replicas with one identity share it.
    pub group: String,
    /// When its processes are started.
    pub birth: f64,
    /// When it gets the signal; none: it lives until the run ends.
    pub death: Option<f64>,
    /// How it ends.
    pub exit: Exit,
    /// How much later the discovery learns of its birth, and of its exit.
    pub lag: f64,
}

/// All instances of a scenario, cohort after cohort.
pub fn of(scenario: &Scenario, seed: u64) -> Vec<Planned> {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut planned = Vec::new();
    for (place, cohort) in scenario.cohorts.iter().enumerate() {
        for number in 0..cohort.pods {
            let birth = match cohort.birth {
                Birth::At(at) => at,
                Birth::Over(from, until) => within(&mut random, from, until),
                Birth::Every { first, step } => first + step * number as f64,
            };
            let life = cohort.life.map(|life| match life {
                Life::For(seconds) => seconds,
                Life::Between(least, most) => within(&mut random, least, most),
            });
            let instance = format!("{}-{number}", cohort.name);
            planned.push(Planned {
                cohort: place,
                group: if cohort.one_identity { cohort.name.clone() } else { instance.clone() },
                instance,
                birth,
                death: life.filter(|_| cohort.exit != Exit::Stay).map(|life| birth + life),
                exit: cohort.exit,
                lag: within(&mut random, 0.0, LAG),
            });
        }
    }
    planned
}

/// The seed of one run: other scenarios and other repeats have others, whatever else is run.
pub fn seed(of_all: u64, scenario: &str, repeat: u32) -> u64 {
    // FNV-1a: the same in all versions of std.
    let bytes = scenario.bytes().chain(repeat.to_le_bytes()).chain(of_all.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn within(random: &mut SmallRng, from: f64, until: f64) -> f64 {
    if from < until { random.random_range(from..until) } else { from }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::compare::scenario::{full, quick};

    fn named(name: &str) -> Scenario {
        quick().1.into_iter().find(|scenario| scenario.name == name).unwrap()
    }

    #[test]
    fn the_same_seed_is_the_same_schedule_and_another_is_another() {
        let scenario = named("lifetimes");
        assert_eq!(of(&scenario, 7), of(&scenario, 7));
        assert_ne!(of(&scenario, 7), of(&scenario, 8));
        assert_eq!(seed(1, "lifetimes", 2), seed(1, "lifetimes", 2));
        let seeds = [seed(1, "nat", 1), seed(1, "nat", 2), seed(2, "nat", 1), seed(1, "burst", 1)];
        assert_eq!(BTreeSet::from(seeds).len(), 4, "{seeds:?}");
    }

    #[test]
    fn births_and_lives_are_as_the_cohort_says() {
        let scenario = named("lifetimes");
        for pod in of(&scenario, 3) {
            let cohort = &scenario.cohorts[pod.cohort];
            let Birth::Over(from, until) = cohort.birth else { panic!("{cohort:?}") };
            assert!((from..until).contains(&pod.birth) && (0.0..LAG).contains(&pod.lag), "{pod:?}");
            let Some(Life::For(life)) = cohort.life else { panic!("{cohort:?}") };
            assert!((pod.death.unwrap() - pod.birth - life).abs() < 1e-9, "{pod:?}");
        }
        let births: Vec<f64> = of(&named("rolling"), 3).iter().map(|pod| pod.birth).collect();
        assert_eq!(births[..3], [0.0, 1.0, 2.0]);
        assert!(of(&named("steady"), 3).iter().all(|pod| pod.death.is_none()));
    }

    #[test]
    fn instances_differ_everywhere_and_groups_only_where_they_are_to() {
        for scenario in full().1 {
            let planned = of(&scenario, 1);
            let instances: BTreeSet<_> = planned.iter().map(|pod| &pod.instance).collect();
            let groups: BTreeSet<_> = planned.iter().map(|pod| &pod.group).collect();
            assert_eq!(instances.len(), planned.len(), "{}", scenario.name);
            let shared = scenario.name == "one-identity";
            assert_eq!(groups.len(), if shared { 1 } else { planned.len() }, "{}", scenario.name);
        }
    }
}
