//! The scenario's clock: faults, discovery and counting, in their order, while instances live their own lives.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use super::bill::{self, Reading};
use super::events::{self, Event};
use super::observed::{Happened, Observed};
use super::path::Path;
use super::pod::{Lived, Place, now};
use super::scenario::{Fault, Scenario};
use super::schedule::Planned;
use super::stage::Stage;
use super::watchers::{Part, Watchers};

/// Between two looks at what the processes use.
const LOOK: Duration = Duration::from_millis(250);

/// The instances' tasks; each returns after the run's end, or too early with an error.
pub(super) type Pods = JoinSet<(usize, anyhow::Result<Lived>)>;

/// The scenario's clock, and all that happens by it beside the instances' own lives.
pub(super) struct Direction<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) stage: &'a Stage,
    pub(super) watchers: Watchers,
    pub(super) planned: &'a [Planned],
    pub(super) receivers: Vec<(Path, SocketAddr)>,
    pub(super) place: Arc<Place>,
    /// What had moved when costs began to be counted.
    pub(super) counting: Option<Reading>,
}

impl Direction<'_> {
    /// Until the hold is over.
    ///
    /// # Errors
    ///
    /// Where anything that takes part cannot do its part, or has died on its own.
    pub(super) async fn run(&mut self, observed: &mut Observed, pods: &mut Pods) -> anyhow::Result<()> {
        let began = self.place.began;
        let at = |seconds: f64| began + Duration::from_secs_f64(seconds);
        let end = at(self.scenario.seconds + self.scenario.hold);
        let events = events::of(self.scenario, &self.place.times, self.planned);
        let mut events = events.into_iter().map(|(seconds, event)| (at(seconds), event)).peekable();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let next = events.peek().map_or(end, |(at, _)| *at);
            tokio::select! {
                () = sleep_until(next) => match events.next() {
                    Some((_, event)) => self.happens(event, observed).await?,
                    None => return Ok(()),
                },
                _ = looks.tick() => self.look().await?,
                Some(ended) = pods.join_next() => {
                    let (number, lived) = ended.context("an instance's task")?;
                    let name = &self.planned[number].instance;
                    lived.map(drop).and_then(|()| anyhow::bail!("instance {name} ended before the run"))?;
                }
            }
        }
    }

    async fn happens(&mut self, event: Event, observed: &mut Observed) -> anyhow::Result<()> {
        let instance = |number: usize| &self.planned[number].instance;
        match event {
            Event::Registered(number) => self.watchers.born(instance(number)),
            Event::Removed(number) => self.watchers.died(instance(number)),
            Event::Count => {
                self.measure();
                self.place.meter.begin();
                self.counting = Some(bill::read(self.stage, &self.receivers).await?);
                Ok(())
            }
            Event::Calm => {
                self.place.calm.cancel();
                self.measure();
                let Some(before) = &self.counting else { return Ok(()) };
                let (paths, meter) = (&self.scenario.paths, &self.place.meter);
                observed.costs =
                    bill::costs(before, self.stage, &self.watchers, &self.receivers, paths, meter).await?;
                Ok(())
            }
            Event::Fails(number) => {
                let what = match self.scenario.faults[number] {
                    Fault::GatewaysDown { .. } => {
                        self.measure();
                        self.watchers.kill_receivers().await;
                        "gateways down"
                    }
                    Fault::LinkCut { .. } => {
                        self.stage.cut()?;
                        "link cut"
                    }
                };
                let (from, until) = (now(), f64::INFINITY);
                observed.faults.push(Happened { what: what.to_owned(), from, until });
                Ok(())
            }
            Event::Works(number) => {
                match self.scenario.faults[number] {
                    Fault::GatewaysDown { .. } => self.watchers.start_receivers().await?,
                    Fault::LinkCut { .. } => self.stage.restore()?,
                }
                if let Some(fault) = observed.faults.iter_mut().rev().find(|fault| fault.until.is_infinite())
                {
                    fault.until = now();
                }
                Ok(())
            }
        }
    }

    /// What all processes use, and whether the watchers live.
    async fn look(&mut self) -> anyhow::Result<()> {
        self.measure();
        self.watchers.check().await
    }

    /// The watchers may have other processes than before.
    fn measure(&self) {
        for &path in &self.scenario.paths {
            for (name, part) in [("gateway", Part::Gateway), ("prometheus", Part::Prometheus)] {
                self.place.meter.are(name, path, &self.watchers.pids(path, part));
            }
        }
        self.place.meter.sample();
    }
}
