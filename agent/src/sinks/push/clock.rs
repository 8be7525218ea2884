//! The clock here against that of a gateway, from the `Date` of its answers.

use std::time::{Duration, SystemTime};

/// A gateway that puts its own time on what it gets, and a Prometheus beside it, may differ so much.
const MUCH: f64 = 60.0;

/// What the answers of one endpoint tell.
#[derive(Debug, Default)]
pub(super) struct Clock {
    pub(super) off: bool,
}

/// How far the clock here is ahead, in seconds; below zero it is behind. Half a second is the least that
/// `Date` can tell, as it is in whole ones.
pub(super) fn skew(date: &str, asked: SystemTime, answered: SystemTime) -> Option<f64> {
    let there = httpdate::parse_http_date(date).ok()? + Duration::from_millis(500);
    let here = asked + answered.duration_since(asked).unwrap_or_default() / 2;
    Some(match here.duration_since(there) {
        Ok(ahead) => ahead.as_secs_f64(),
        Err(behind) => -behind.duration().as_secs_f64(),
    })
}

impl Clock {
    /// What to say of this skew, where that is new: once when it becomes much, once when it is not any more.
    pub(super) fn saw(&mut self, skew: f64) -> Option<String> {
        let is_off = skew.abs() > MUCH;
        if std::mem::replace(&mut self.off, is_off) == is_off {
            return None;
        }
        let by = humantime::format_duration(Duration::from_secs_f64(skew.abs().round()));
        let message = match is_off {
            true if skew > 0.0 => format!("the clock here is {by} ahead of the endpoint's"),
            true => format!("the clock here is {by} behind the endpoint's"),
            false => "the clock here and the endpoint's agree again".to_owned(),
        };
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skew_has_a_direction_and_is_told_once() {
        let (date, at) =
            ("Thu, 01 Jan 1970 00:20:00 GMT", |s| SystemTime::UNIX_EPOCH + Duration::from_secs(s));
        assert_eq!(skew(date, at(0), at(1)), Some(-1200.0));
        assert_eq!(skew(date, at(2400), at(2401)), Some(1200.0));
        assert_eq!(skew("yesterday", at(0), at(1)), None);
        let mut clock = Clock::default();
        assert_eq!(clock.saw(59.0), None);
        assert_eq!(clock.saw(-1200.0).as_deref(), Some("the clock here is 20m behind the endpoint's"));
        assert_eq!(clock.saw(-1201.0), None);
        assert!(clock.saw(0.2).is_some_and(|said| said.contains("agree again")));
    }
}
