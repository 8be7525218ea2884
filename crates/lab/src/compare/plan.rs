//! What is run in which lane, and how long it will take.

use std::collections::VecDeque;
use std::time::Duration;

use super::scenario::{Scenario, Times};

/// One run that is to be done.
#[derive(Debug, Clone)]
pub struct Job {
    /// What.
    pub scenario: Scenario,
    /// Which repeat, from 1.
    pub repeat: u32,
}

/// All runs, by how they may be run.
#[derive(Debug, Default)]
pub struct Plan {
    /// One after the other, with nothing beside.
    pub alone: VecDeque<Job>,
    /// One after the other, beside the lanes, where there are several.
    pub beside: VecDeque<Job>,
    /// In so many lanes, whichever is free takes the next; the longest first.
    pub shared: VecDeque<Job>,
    /// How many lanes.
    pub lanes: usize,
}

impl Plan {
    /// Sorts jobs into lanes.
    pub fn new(jobs: Vec<Job>, lanes: usize) -> Self {
        let mut plan = Self { lanes, ..Self::default() };
        for job in jobs {
            let queue = match (job.scenario.alone, job.scenario.beside) {
                (true, _) => &mut plan.alone,
                // One lane is all that the machine can do.
                (_, true) if lanes > 1 => &mut plan.beside,
                _ => &mut plan.shared,
            };
            queue.push_back(job);
        }
        let length = |job: &Job| job.scenario.seconds + job.scenario.hold;
        plan.shared.make_contiguous().sort_by(|one, other| length(other).total_cmp(&length(one)));
        plan
    }

    /// How many runs.
    pub fn runs(&self) -> usize {
        self.alone.len() + self.beside.len() + self.shared.len()
    }

    /// How long all will take.
    pub fn time(&self, times: &Times) -> Duration {
        let sum = |jobs: &VecDeque<Job>| jobs.iter().map(|job| seconds(&job.scenario, times)).sum::<f64>();
        let mut lanes = vec![0.0; self.lanes.max(1)];
        for job in &self.shared {
            // As it is run: the lane that is free first takes the next.
            lanes.sort_by(f64::total_cmp);
            lanes[0] += seconds(&job.scenario, times);
        }
        let beside = lanes.into_iter().fold(sum(&self.beside), f64::max);
        Duration::from_secs_f64(sum(&self.alone) + beside)
    }
}

/// How long one run takes: Prometheus 2.42 begins to scrape up to 10 s after its start.
pub fn seconds(scenario: &Scenario, times: &Times) -> f64 {
    let start = 11.0 + times.scrape;
    let end = 2.0;
    start + scenario.seconds + scenario.hold + end
}

/// `2 min 40 s`, without more than anybody reads.
pub fn shown(time: Duration) -> String {
    let seconds = time.as_secs_f64().ceil();
    let (minutes, rest) = ((seconds / 60.0).floor(), seconds % 60.0);
    if minutes < 1.0 { format!("{rest:.0} s") } else { format!("{minutes:.0} min {rest:.0} s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::scenario::{full, quick};

    fn plan((times, scenarios): (Times, Vec<Scenario>), repeats: u32, lanes: usize) -> (Plan, Duration) {
        let jobs = (1..=repeats)
            .flat_map(|repeat| scenarios.iter().cloned().map(move |scenario| Job { scenario, repeat }))
            .collect();
        let plan = Plan::new(jobs, lanes);
        let time = plan.time(&times);
        (plan, time)
    }

    #[test]
    fn quick_takes_three_minutes_and_three_full_repeats_an_hour() {
        let (plan, time) = plan(quick(), 1, super::super::LANES_QUICK);
        assert!(time < Duration::from_mins(3), "{time:?}");
        assert_eq!(plan.alone.len() + plan.beside.len(), 2);
        let (plan, time) = self::plan(full(), 3, 1);
        assert!(time < Duration::from_mins(70), "{time:?}");
        assert_eq!((plan.runs(), plan.beside.len()), (36, 0));
    }

    #[test]
    fn more_lanes_take_less_time_but_never_less_than_the_lane_beside() {
        let times: Vec<Duration> = [1, 2, 16].map(|lanes| plan(quick(), 1, lanes).1).to_vec();
        assert!(times[0] > times[1] && times[1] > times[2], "{times:?}");
        let (plan, time) = plan(quick(), 3, 100);
        let beside: f64 = plan.beside.iter().map(|job| seconds(&job.scenario, &quick().0)).sum();
        assert!(time.as_secs_f64() >= beside, "{time:?} {beside}");
        assert_eq!(shown(Duration::from_secs(160)), "2 min 40 s");
        assert_eq!(shown(Duration::from_millis(9_100)), "10 s");
    }
}
