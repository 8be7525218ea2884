//! The scenarios themselves, in the order in which the report shows them.

use super::super::path::Path;
use super::{Birth, Cohort, Exit, Fault, Life, Network, Scenario, Times};

/// As services run: 5 s intervals, the usual look-back.
pub fn full() -> (Times, Vec<Scenario>) {
    let times = Times { scrape: 5.0, push: 5.0, lookback: 300.0, lifetime: 20.0, rate: 20.0 };
    let lives = [(0.5, 24), (1.0, 24), (2.0, 24), (5.0, 24), (10.0, 12), (20.0, 8), (45.0, 6)];
    (times, list(&times, &lives, 100.0))
}

/// The same in short: 1 s intervals, and lifetimes a fifth as long.
pub fn quick() -> (Times, Vec<Scenario>) {
    let times = Times { scrape: 1.0, push: 1.0, lookback: 60.0, lifetime: 4.0, rate: 20.0 };
    let lives = [(0.5, 12), (1.0, 12), (2.0, 12), (5.0, 6), (9.0, 4)];
    (times, list(&times, &lives, 20.0))
}

/// For tests of the command: three instances at the most, and figures that prove nothing.
pub fn tiny() -> (Times, Vec<Scenario>) {
    let times = Times { scrape: 0.5, push: 0.5, lookback: 5.0, lifetime: 2.0, rate: 20.0 };
    let mut scenarios = list(&times, &[(0.5, 1), (1.0, 1)], 2.0);
    for scenario in &mut scenarios {
        scenario.paths.retain(|path| !matches!(path, Path::PullDiscovered | Path::PushRealFile));
        scenario.cohorts.iter_mut().for_each(|cohort| cohort.pods = cohort.pods.min(2));
    }
    (times, scenarios)
}

fn list(times: &Times, lives: &[(f64, usize)], window: f64) -> Vec<Scenario> {
    // One unit is an interval of scraping: the scenarios scale with it.
    let unit = times.scrape;
    let longest = lives.iter().map(|(life, _)| *life).fold(0.0, f64::max);
    let main =
        vec![Path::PullStatic, Path::PullDiscovered, Path::PushOurs, Path::PushReal, Path::RemoteWrite];
    // Where it matters how an instance ends, its app is also an agent's child.
    let with_exec = [main.as_slice(), &[Path::PushExec]].concat();
    let with_file = [main.as_slice(), &[Path::PushRealFile]].concat();
    let scenario = |name, question, cohorts: Vec<Cohort>, seconds| Scenario {
        name,
        question,
        paths: main.clone(),
        cohorts,
        faults: Vec::new(),
        network: Network::Plain,
        seconds,
        hold: 2.0 * unit + 2.0,
        alone: false,
        beside: false,
    };
    let stay = |name: &str, pods| cohort(name, pods, Birth::At(0.0), None, Exit::Stay);
    let mut short = Vec::new();
    for (exit, word) in [(Exit::Kill, "kill"), (Exit::Term, "term")] {
        for &(life, pods) in lives {
            let name = format!("{life}s-{word}");
            short.push(cohort(&name, pods, Birth::Over(0.0, window), Some(Life::For(life)), exit));
        }
    }
    let lives_linger = lives.iter().take(3);
    short.extend(lives_linger.map(|&(life, pods)| {
        let name = format!("{life}s-linger");
        cohort(&name, pods, Birth::Over(0.0, window), Some(Life::For(life)), Exit::Linger)
    }));
    let late = Birth::At(0.0);
    // Long enough to be discovered: what was never seen is no ghost.
    let seen = Life::Between((2.0 * unit).max(8.0), (4.0 * unit).max(10.0));
    vec![
        Scenario {
            alone: true,
            ..scenario(
                "steady",
                "What does each way cost, and how old is what it shows, while nothing happens?",
                vec![stay("steady", 10)],
                // Half of it may pass until all is discovered.
                (12.0 * unit).max(24.0),
            )
        },
        Scenario {
            paths: with_exec.clone(),
            ..scenario(
                "lifetimes",
                "How many events of an instance that lives for so long are ever seen?",
                short,
                window + longest,
            )
        },
        Scenario {
            hold: 2.0 * unit + 2.0 + times.lookback,
            beside: true,
            ..scenario(
                "ghosts",
                "For how long does a dead instance look alive?",
                vec![
                    cohort("kill", 6, late, Some(seen), Exit::Kill),
                    cohort("term", 6, late, Some(seen), Exit::Term),
                ],
                (4.0 * unit).max(10.0),
            )
        },
        Scenario {
            paths: with_exec.clone(),
            ..scenario(
                "rolling",
                "What is seen of a deployment whose instances are replaced one after the other?",
                vec![cohort(
                    "replaced",
                    10,
                    Birth::Every { first: 0.0, step: unit },
                    Some(Life::For(4.0 * unit)),
                    Exit::Term,
                )],
                13.0 * unit,
            )
        },
        scenario(
            "burst",
            "What is seen when one instance becomes twenty, and one again?",
            vec![
                stay("base", 1),
                cohort("burst", 19, Birth::At(2.0 * unit), Some(Life::For(4.0 * unit)), Exit::Term),
            ],
            8.0 * unit,
        ),
        Scenario {
            network: Network::Nat,
            ..scenario(
                "nat",
                "What is seen of instances that can reach out and can't be reached?",
                vec![
                    stay("inside", 3),
                    cohort("inside-term", 3, late, Some(Life::Between(3.0 * unit, 5.0 * unit)), Exit::Term),
                ],
                7.0 * unit,
            )
        },
        Scenario {
            paths: with_file,
            faults: vec![Fault::GatewaysDown { at: 4.0 * unit, seconds: 4.0 * unit }],
            ..scenario(
                "gateway-down",
                "What is missing, and what looks wrong, after the gateway, or what is written to, was down for four intervals?",
                vec![
                    stay("through", 3),
                    cohort("ends-within", 3, late, Some(Life::For(6.0 * unit)), Exit::Term),
                ],
                12.0 * unit,
            )
        },
        Scenario {
            paths: with_exec.clone(),
            ..scenario(
                "api-crash",
                "The API crashes and its agent lives on: who notices, and when?",
                vec![cohort("crash", 10, late, Some(Life::Between(4.0 * unit, 6.0 * unit)), Exit::AppKill)],
                9.0 * unit,
            )
        },
        Scenario {
            network: Network::Bad { loss: 0.05, kilobits: 512 },
            ..scenario(
                "bad-link",
                "What comes through a slow link that loses one packet in twenty each way?",
                vec![stay("far", 4)],
                10.0 * unit,
            )
        },
        Scenario {
            faults: vec![Fault::LinkCut { at: 4.0 * unit, seconds: 4.0 * unit }],
            ..scenario(
                "link-cut",
                "What does an outage of the network for four intervals look like, then and afterwards?",
                vec![stay("far", 3)],
                12.0 * unit,
            )
        },
        scenario(
            "one-identity",
            "Two replicas that were told the same name: what do their counters add up to?",
            vec![Cohort {
                one_identity: true,
                // One is older: its counter is ahead.
                birth: Birth::Every { first: 0.0, step: 2.0 * unit },
                ..stay("replicas", 2)
            }],
            8.0 * unit,
        ),
        Scenario {
            paths: with_exec.clone(),
            ..scenario(
                "agent-crash",
                "The agent crashes and its API lives on: who notices, and when?",
                vec![cohort("crash", 10, late, Some(Life::Between(4.0 * unit, 6.0 * unit)), Exit::AgentKill)],
                9.0 * unit,
            )
        },
    ]
}

fn cohort(name: &str, pods: usize, birth: Birth, life: Option<Life>, exit: Exit) -> Cohort {
    Cohort { name: name.to_owned(), pods, birth, life, exit, one_identity: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_and_every_instance_ends_before_the_hold() {
        for (_, scenarios) in [full(), quick(), tiny()] {
            let mut names: Vec<_> = scenarios.iter().map(|scenario| scenario.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), scenarios.len());
            for scenario in &scenarios {
                for cohort in &scenario.cohorts {
                    let born = match cohort.birth {
                        Birth::At(at) => at,
                        Birth::Over(_, until) => until,
                        Birth::Every { first, step } => first + step * (cohort.pods - 1) as f64,
                    };
                    let life = match cohort.life {
                        Some(Life::For(seconds) | Life::Between(_, seconds)) => seconds,
                        None => 0.0,
                    };
                    assert!(born + life <= scenario.seconds, "{} {}", scenario.name, cohort.name);
                }
            }
        }
    }
}
