//! The article's four scenarios by name.

use std::time::Duration;

/// Rate, users and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scenario {
    /// What it is called.
    pub name: &'static str,
    /// Requests a second.
    pub rate: u32,
    /// Users, each with one connection.
    pub users: usize,
    /// How long it takes, in minutes.
    pub minutes: u32,
}

/// All of them.
pub const SCENARIOS: [Scenario; 4] = [
    Scenario { name: "baseline", rate: 10, users: 1, minutes: 2 },
    Scenario { name: "moderate", rate: 50, users: 10, minutes: 5 },
    Scenario { name: "high", rate: 100, users: 20, minutes: 3 },
    Scenario { name: "endurance", rate: 25, users: 5, minutes: 30 },
];

impl Scenario {
    /// The one with this name; an error says which there are.
    pub fn named(name: &str) -> Result<Self, String> {
        SCENARIOS.into_iter().find(|scenario| scenario.name == name).ok_or_else(|| {
            let all: Vec<String> = SCENARIOS.iter().map(Self::to_string).collect();
            format!("expected one of {}", all.join(", "))
        })
    }

    /// Its time, shortened.
    pub fn duration(&self, scale: f64) -> Duration {
        Duration::from_mins(u64::from(self.minutes)).mul_f64(scale)
    }
}

impl std::fmt::Display for Scenario {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, rate, users, minutes } = self;
        let plural = if *users == 1 { "" } else { "s" };
        write!(out, "{name} ({rate}/s, {users} user{plural}, {minutes} min)")
    }
}
