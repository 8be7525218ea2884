//! Durations that nobody means: so short that they only cost, or longer than a life.

use std::time::Duration;

use humantime::format_duration;

use super::Wrong;

/// What a duration may be, both ends among them.
pub(super) struct Bounds {
    least: Duration,
    most: Duration,
}

/// Longer than this is a slip: the settings are reloaded, or the machine is renewed, before it is over. As
/// humantime counts a year.
const YEAR: Duration = Duration::from_hours(8_766);
const DAY: Duration = Duration::from_hours(24);

/// Between two readings: a page is not read, packed and pushed in less.
pub(super) const INTERVAL: Bounds = Bounds { least: Duration::from_millis(10), most: YEAR };
/// For an exchange or an end: no answer comes in less, none that comes later is waited for.
pub(super) const WAIT: Bounds = Bounds { least: Duration::from_millis(1), most: DAY };
/// For a scrape, which is never longer than the interval.
pub(super) const SCRAPE: Bounds = Bounds { least: Duration::from_millis(1), most: YEAR };
/// Between two tries: shorter, they would be a flood.
pub(super) const PAUSE: Bounds = Bounds { least: Duration::from_millis(10), most: DAY };
/// Between two looks at a list: somebody else's server may answer them.
pub(super) const LOOK: Bounds = Bounds { least: Duration::from_millis(100), most: YEAR };
/// What is sent to others as a life, in whole seconds or parts of them.
pub(super) const LIFE: Bounds = Bounds { least: Duration::from_millis(1), most: YEAR };
/// Between two signs of life on a connection, which the system counts in whole seconds.
pub(super) const SILENCE: Bounds = Bounds { least: Duration::from_secs(1), most: DAY };
/// Of what waits on a disk: a second is the unit of its clock.
pub(super) const KEPT: Bounds = Bounds { least: Duration::from_secs(1), most: YEAR };
/// How long samples wait for others to go with them.
pub(super) const BATCH: Bounds = Bounds { least: Duration::ZERO, most: Duration::from_mins(5) };
/// Of groups that are deleted; longer than any machine lives is a way to say never.
pub(super) const AGE: Bounds =
    Bounds { least: Duration::from_secs(1), most: Duration::from_hours(8_766 * 100) };

impl Bounds {
    /// Says so where the value is none of these.
    pub(super) fn check(&self, key: &str, value: Duration, wrong: &mut Wrong<'_>) {
        if value < self.least || value > self.most {
            wrong(key, self.expected(value));
        }
    }

    /// What was expected, and what came instead.
    pub(super) fn expected(&self, value: Duration) -> String {
        let [least, most, got] = [self.least, self.most, value].map(format_duration);
        format!("expected a duration from {least} to {most}, got {got}")
    }
}
