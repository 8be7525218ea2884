//! What happens beside births and exits, in the order of the scenario's clock.

use super::pod::after;
use super::scenario::{Exit, Fault, Scenario, Times};
use super::schedule::Planned;

/// Seconds until Prometheus has discovered what was there at the beginning.
const DISCOVERED: f64 = 12.0;

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The discovery learns of an instance.
    Registered(usize),
    /// The discovery learns that an instance has ended.
    Removed(usize),
    /// Costs are counted from here on.
    Count,
    /// No more events; costs are not counted any more.
    Calm,
    /// A fault begins; its place in the scenario.
    Fails(usize),
    /// It ends.
    Works(usize),
}

/// All, by their time in seconds.
pub fn of(scenario: &Scenario, times: &Times, planned: &[Planned]) -> Vec<(f64, Event)> {
    let mut events = vec![
        // Until then not all ways work as they will: discovery takes the longest.
        ((2.0 * times.scrape.max(times.push)).max(DISCOVERED).min(scenario.seconds / 2.0), Event::Count),
        (scenario.seconds, Event::Calm),
    ];
    for (number, pod) in planned.iter().enumerate() {
        events.push((pod.birth + pod.lag, Event::Registered(number)));
        // An agent's death is not the instance's.
        if let Some(death) = pod.death.filter(|_| pod.exit != Exit::AgentKill) {
            events.push((death + after(pod.exit, times) + pod.lag, Event::Removed(number)));
        }
    }
    for (number, fault) in scenario.faults.iter().enumerate() {
        let (Fault::GatewaysDown { at, seconds } | Fault::LinkCut { at, seconds }) = *fault;
        events.extend([(at, Event::Fails(number)), (at + seconds, Event::Works(number))]);
    }
    events.sort_by(|one, other| one.0.total_cmp(&other.0));
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::scenario::quick;
    use crate::compare::schedule;

    #[test]
    fn events_are_in_order_and_each_removal_follows_its_registration() {
        let (times, scenarios) = quick();
        for scenario in scenarios {
            let events = of(&scenario, &times, &schedule::of(&scenario, 5));
            assert!(events.is_sorted_by(|one, other| one.0 <= other.0), "{events:?}");
            let at = |wanted| events.iter().position(|(_, event)| *event == wanted);
            for (place, (_, event)) in events.iter().enumerate() {
                if let Event::Removed(number) = event {
                    assert!(at(Event::Registered(*number)).unwrap() < place);
                }
            }
            assert!(at(Event::Count).unwrap() < at(Event::Calm).unwrap(), "{}", scenario.name);
        }
    }
}
