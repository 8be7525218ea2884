//! Values by hand, and a simulation that knows nothing of the formulas.

use super::super::build::Run;
use super::*;

fn subject(run: &Run, lives: &[f64]) -> Subject<'static> {
    let run: &'static Run = Box::leak(Box::new(run.clone()));
    Subject {
        path: run.path,
        scenario: &run.scenario,
        cohort: &run.scenario.cohorts[0],
        times: &run.times,
        lives: lives.to_vec(),
        watched: vec![300.0, 310.0],
        living: 1000,
    }
}

fn of(path: Path, exit: Exit, lives: &[f64]) -> Subject<'static> {
    let mut run = Run::new(path, 100.0).exit(exit);
    run.scenario.cohorts[0].life = Some(Life::For(lives[0]));
    subject(&run, lives)
}

fn is(found: Option<Expected>, least: f64, most: f64) {
    let found = found.unwrap();
    assert!((found.least - least).abs() < 1e-3 && (found.most - most).abs() < 1e-3, "{found:?}");
}

#[test]
fn an_end_leaves_what_a_simulation_leaves() {
    for (life, period) in
        [(0.5, 5.0), (2.0, 5.0), (5.0, 5.0), (10.0, 5.0), (45.0, 5.0), (2.0, 1.0), (0.9, 1.0)]
    {
        for after in [0.0, 0.3] {
            // All phases, evenly: the last reading before all is gone is what was seen, at most all.
            let phases = 100_000;
            let end = life + after;
            let shares: Vec<f64> = (0..phases)
                .map(|phase| period * (f64::from(phase) + 0.5) / f64::from(phases))
                .map(
                    |first| if first > end { 0.0 } else { first + ((end - first) / period).floor() * period },
                )
                .map(|last| (last / life).min(1.0))
                .collect();
            let n = f64::from(phases);
            let mean = shares.iter().sum::<f64>() / n;
            let sigma = (shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / n).sqrt();
            let (share, deviation) = left(life, period, after);
            assert!((share - mean).abs() < 1e-3, "{life} {period} {after}: {share} {mean}");
            assert!((deviation - sigma).abs() < 1e-3, "{life} {period} {after}: {deviation} {sigma}");
        }
    }
}

#[test]
fn capture_by_path_and_exit() {
    let lives = [2.0; 24];
    // 0.2; sigma is sqrt(0.4/3 - 0.04) = 0.3055.
    is(expected("capture_ratio", &of(Path::PullStatic, Exit::Kill, &lives)), 0.0, 0.4171);
    is(expected("capture_ratio", &of(Path::PushReal, Exit::Kill, &lives)), 0.0, 0.4171);
    // 0.3/5 + 0.2; sigma is sqrt(0.06 + 0.4/3 - 0.26^2) = 0.3546.
    is(expected("capture_ratio", &of(Path::PullStatic, Exit::Term, &lives)), 0.0129, 0.5071);
    is(expected("capture_ratio", &of(Path::PushOurs, Exit::Term, &lives)), 0.98, 1.0);
    is(expected("capture_ratio", &of(Path::PullStatic, Exit::Linger, &lives)), 0.98, 1.0);
    // 1 - 5/90; sigma 5/(45 sqrt 12) = 0.03208.
    is(expected("capture_ratio", &of(Path::PullStatic, Exit::Kill, &[45.0; 6])), 0.8752, 1.0);
    assert_eq!(expected("capture_ratio", &of(Path::PullDiscovered, Exit::Kill, &lives)), None);
    // It stays on the list until it is gone: how much of that discovery leaves has no theory.
    assert_eq!(expected("capture_ratio", &of(Path::PullDiscovered, Exit::Linger, &[0.5; 24])), None);
    is(expected("capture_ratio", &of(Path::PushExec, Exit::AppKill, &lives)), 0.98, 1.0);
    assert_eq!(expected("capture_ratio", &of(Path::PushOurs, Exit::Stay, &lives)), None);
    is(expected("increase_ratio", &of(Path::PushOurs, Exit::Term, &[0.5; 24])), 0.0, 0.15);
    assert_eq!(expected("increase_ratio", &of(Path::PushOurs, Exit::Term, &[1.0; 24])), None);
}

#[test]
fn increase_by_remote_write_goes_on_after_the_last_sample() {
    // One reading or two: what `promtool test rules` shows of `0 40` is 60, of `0 20 40` 50.
    is(expected("increase_ratio", &of(Path::RemoteWrite, Exit::Term, &[2.0; 24])), 1.15, 1.55);
    is(expected("increase_ratio", &of(Path::RemoteWrite, Exit::Term, &[46.0; 24])), 0.945_45, 1.1);
    assert_eq!(expected("increase_ratio", &of(Path::RemoteWrite, Exit::Kill, &[2.0; 24])), None);
}

#[test]
fn times_by_path() {
    let long = [45.0; 12];
    is(expected("freshness_p50_seconds", &of(Path::PullStatic, Exit::Kill, &long)), 2.1, 2.9);
    is(expected("freshness_p95_seconds", &of(Path::PullStatic, Exit::Stay, &long)), 3.95, 5.55);
    // 3 x 5 / 12 more.
    is(expected("freshness_p50_seconds", &of(Path::PushReal, Exit::Kill, &long)), 3.35, 6.65);
    is(expected("freshness_p95_seconds", &of(Path::PushReal, Exit::Kill, &long)), 0.0, 10.8);
    assert_eq!(expected("freshness_p50_seconds", &of(Path::PushReal, Exit::Kill, &[10.0])), None);
    is(expected("ghost_p50_seconds", &of(Path::PullDiscovered, Exit::Term, &long)), 0.0, 11.5);
    is(expected("detection_max_seconds", &of(Path::PullDiscovered, Exit::Kill, &long)), 0.0, 11.5);
    assert_eq!(expected("detection_p50_seconds", &of(Path::PullStatic, Exit::Kill, &[0.5; 12])), None);
    is(expected("ghost_max_seconds", &of(Path::PushOurs, Exit::Kill, &long)), 0.0, 30.0);
    is(expected("ghost_p50_seconds", &of(Path::PushReal, Exit::Kill, &long)), 299.0, 311.0);
    is(expected("detection_threshold_seconds", &of(Path::PushReal, Exit::Kill, &long)), 9.977, 12.5);
    is(expected("detection_max_seconds", &of(Path::PullStatic, Exit::AppKill, &long)), 0.0, 6.0);
    is(expected("detection_p50_seconds", &of(Path::PullStatic, Exit::Kill, &long)), 0.9375, 5.0625);
    is(expected("detection_max_seconds", &of(Path::PushOurs, Exit::AppKill, &long)), 0.0, 11.0);
    let mut born_over = Run::new(Path::PullDiscovered, 100.0).exit(Exit::Kill);
    born_over.scenario.cohorts[0].birth = Birth::Over(0.0, 50.0);
    is(expected("first_sample_p50_seconds", &subject(&born_over, &long)), 4.0, 8.0);
    is(expected("first_sample_max_seconds", &of(Path::PullDiscovered, Exit::Kill, &long)), 0.0, 12.0);
}

#[test]
fn nothing_is_expected_of_what_is_disturbed() {
    use super::super::super::scenario::Fault;
    let mut run = Run::new(Path::PushReal, 100.0).exit(Exit::Term);
    run.scenario.faults = vec![Fault::LinkCut { at: 1.0, seconds: 2.0 }];
    assert_eq!(expected("capture_ratio", &subject(&run, &[5.0])), None);
    run.scenario.faults.clear();
    run.scenario.network = Network::Bad { loss: 0.05, kilobits: 512 };
    assert_eq!(expected("capture_ratio", &subject(&run, &[5.0])), None);
    run.scenario.network = Network::Nat;
    is(expected("capture_ratio", &subject(&run, &[5.0])), 0.98, 1.0);
    run.path = Path::PullStatic;
    is(expected("capture_ratio", &subject(&run, &[5.0])), 0.0, 0.0);
    is(expected("seen_ratio", &subject(&run, &[5.0])), 0.0, 0.0);
    let one = Run::new(Path::PushReal, 100.0).exit(Exit::Term).one_identity();
    assert_eq!(expected("capture_ratio", &subject(&one, &[5.0])), None);
}
