//! From the settings in effect to others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::leaving::leave;
use super::{Outcome, said, writes};
use crate::config::{Endpoint, Settings};
use crate::discovery::{Claims, Finder};
use crate::identity::Identity;
use crate::intake::Intake;
use crate::listening::{self, Listening};
use crate::pipeline::{Change, Times, Way};
use crate::plan::{Id, Made, Plan, compare};
use crate::sinks::push::Push;
use crate::stats::Stats;

/// What runs, and what it is that runs.
pub(crate) struct Live {
    pub(crate) plan: Plan,
    pub(crate) stats: Arc<Stats>,
    pub(crate) changes: mpsc::Sender<Vec<Change>>,
    pub(crate) finders: BTreeMap<Id, Watch>,
    /// What lists may not have.
    pub(crate) claims: Claims,
    pub(crate) listening: Listening,
    pub(crate) stop: CancellationToken,
}

/// A name that is asked for or a list that is read, until told not to.
pub(crate) struct Watch {
    stop: CancellationToken,
    is_list: bool,
    task: JoinHandle<Finder>,
}

impl Watch {
    pub(crate) fn of(
        finder: Finder,
        times: Times,
        changes: &mpsc::Sender<Vec<Change>>,
        all: &CancellationToken,
    ) -> Self {
        let stop = all.child_token();
        let is_list = matches!(finder, Finder::List(_));
        let task = tokio::spawn(finder.watch(times.interval, changes.clone(), stop.clone()));
        Self { stop, is_list, task }
    }

    async fn end(self) -> Option<Finder> {
        self.stop.cancel();
        self.task.await.ok()
    }
}

/// Begins to push to an endpoint; one that cannot be reached is tried to the very end where the run `insists`.
pub(crate) fn way(
    endpoint: &Endpoint,
    times: Times,
    stats: &Arc<Stats>,
    stop: &CancellationToken,
    insists: bool,
) -> Way {
    let intake = Intake::new(&endpoint.label(), Arc::clone(stats)).each(times.interval);
    let intake = Arc::new(if insists { intake.insistent() } else { intake });
    Way::to(Push::new(endpoint, Arc::clone(stats)), intake, stop)
}

impl Live {
    /// Goes over to these settings, or says why nothing changed.
    pub(super) async fn reload(&mut self, settings: &Settings, identity: &Identity) -> Outcome {
        let (before, next) = (self.plan.clone(), Plan::new(settings, identity));
        let parts = compare(&before.parts, &next.parts);
        let ends = compare(&before.endpoints, &next.endpoints);
        let receivers = compare(&before.receivers, &next.receivers);

        // All that may fail.
        let web = (before.web != next.web).then(|| listening::web(next.web.as_deref())).transpose()?;
        let listener = if before.listen == next.listen {
            None
        } else {
            let listener = Listening::bind(next.listen).await.map_err(|why| format!("{why}\n"))?;
            let url = listener.local_addr().map_err(|error| format!("pull.listen: {error}\n"))?;
            Some((listener, url))
        };
        let mut made = Vec::new();
        for part in parts.changed.iter().map(|(_, part)| part).chain(&parts.new) {
            made.push(
                part.make(&self.claims, &self.stats)
                    .map_err(|error| format!("{}: {error:#}\n", part.name))?,
            );
        }

        let mut opened = writes::open(&receivers, &self.stats)?;

        next.settle(&self.claims);
        let mut finders = self.ended(&next).await;
        let mut changes: Vec<Change> = finders.values_mut().flat_map(Finder::give_way).collect();
        let called: BTreeSet<&str> = next.parts.values().map(|part| part.name.as_str()).collect();
        let old = parts.changed.iter().map(|(old, new)| (*old, Some(*new)));
        for (old, new) in old.chain(parts.gone.iter().map(|old| (*old, None))) {
            changes.extend(leave(old, new, finders.get(&old.id()), &called));
        }
        let mut found = Vec::new();
        for (part, made) in parts.changed.iter().map(|(_, part)| part).chain(&parts.new).zip(made) {
            match made {
                Made::Source(source) => changes.push(Change::Join(source)),
                Made::Finder(mut finder) => {
                    if let Some(old) = finders.remove(&part.id()) {
                        changes.extend(finder.take_over(&old).into_iter().map(Change::Join));
                    }
                    found.push((part.id(), finder));
                }
            }
        }
        // Those that did not change, but are to go on at another pace, or to leave something to others.
        found.extend(finders.into_iter().filter(|(id, _)| before.parts.get(id) == next.parts.get(id)));
        changes.push(Change::Times(next.times));
        for endpoint in &ends.gone {
            changes.push(Change::Close(endpoint.label(), Arc::clone(&self.stats)));
        }
        changes.extend(ends.changed.iter().map(|(_, new)| Change::Alter(Box::new((*new).clone()))));
        changes.extend(
            ends.new.iter().map(|new| Change::Open(way(new, next.times, &self.stats, &self.stop, false))),
        );

        changes.extend(writes::changes(&receivers, &mut opened, &self.stats, &self.stop));

        // Whoever reloads has mended something, perhaps over there: an administrator waits for no minute.
        changes.push(Change::LetIn);
        let (sender, done) = oneshot::channel();
        changes.push(Change::Done(sender));
        let stops = || "the agent stops\n".to_owned();
        self.changes.send(changes).await.map_err(|_| stops())?;
        done.await.map_err(|_| stops())?;
        for (id, finder) in found {
            let watch = Watch::of(finder, next.times, &self.changes, &self.stop);
            self.finders.insert(id, watch);
        }
        let mut said = said::times(before.times, next.times)
            + &said::sources(&parts)
            + &said::endpoints(&ends)
            + &said::receivers(&receivers);
        if let Some(web) = web {
            self.listening.secure(web);
        }
        if let Some((listener, address)) = listener {
            self.listening.moves(listener).map_err(|error| format!("pull.listen: {error}\n"))?;
            said.push_str(&format!("answering at {}://{address}\n", self.listening.scheme()));
        } else if before.web != next.web {
            self.listening.again().map_err(|error| format!("pull.web_config_file: {error}\n"))?;
            said.push_str(&format!("answering {} now\n", self.listening.scheme()));
        }
        if before.log != next.log {
            said.push_str("log: needs a restart, the old one stays\n");
        }
        let log = before.log.clone();
        self.plan = Plan { log, ..next };
        Ok(said)
    }

    /// Ends the finders that do not go on as they are, and gives them back; of lists all, since each may have
    /// what is now another's.
    async fn ended(&mut self, next: &Plan) -> BTreeMap<Id, Finder> {
        let mut ended = BTreeMap::new();
        let retimed = self.plan.times.interval != next.times.interval;
        let stays = |id: &Id| !retimed && self.plan.parts.get(id) == next.parts.get(id);
        let ids = self.finders.iter().filter(|(id, watch)| watch.is_list || !stays(id));
        let ids: Vec<Id> = ids.map(|(id, _)| id.clone()).collect();
        for id in ids {
            let Some(watch) = self.finders.remove(&id) else { continue };
            if let Some(finder) = watch.end().await {
                ended.insert(id, finder);
            }
        }
        ended
    }
}
