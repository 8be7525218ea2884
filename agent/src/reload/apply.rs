//! From the settings in effect to others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use exposition::GroupingKey;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::leaving::leave;
use super::{Outcome, said};
use crate::config::{Endpoint, Settings};
use crate::discovery::Name;
use crate::identity::Identity;
use crate::intake::Intake;
use crate::listening::Listening;
use crate::pipeline::{Change, Times, Way};
use crate::plan::{Made, Plan, compare};
use crate::sinks::push::Push;
use crate::stats::Stats;

/// What runs, and what it is that runs.
pub(crate) struct Live {
    pub(crate) plan: Plan,
    pub(crate) stats: Arc<Stats>,
    pub(crate) changes: mpsc::Sender<Vec<Change>>,
    pub(crate) names: BTreeMap<GroupingKey, Watch>,
    pub(crate) listening: Listening,
    pub(crate) stop: CancellationToken,
}

/// A name that is asked for, until told not to.
pub(crate) struct Watch {
    stop: CancellationToken,
    task: JoinHandle<Name>,
}

impl Watch {
    pub(crate) fn of(
        name: Name,
        times: Times,
        changes: &mpsc::Sender<Vec<Change>>,
        all: &CancellationToken,
    ) -> Self {
        let stop = all.child_token();
        let task = tokio::spawn(name.watch(times.interval, changes.clone(), stop.clone()));
        Self { stop, task }
    }

    async fn end(self) -> Option<Name> {
        self.stop.cancel();
        self.task.await.ok()
    }
}

/// Begins to push to an endpoint.
pub(crate) fn way(endpoint: &Endpoint, stats: &Arc<Stats>, stop: &CancellationToken) -> Way {
    let intake = Arc::new(Intake::new(&endpoint.label(), Arc::clone(stats)));
    Way::to(Push::new(endpoint, Arc::clone(stats)), intake, stop)
}

impl Live {
    /// Goes over to these settings, or says why nothing changed.
    pub(super) async fn reload(&mut self, settings: &Settings, identity: &Identity) -> Outcome {
        let (before, next) = (self.plan.clone(), Plan::new(settings, identity));
        let parts = compare(&before.parts, &next.parts);
        let ends = compare(&before.endpoints, &next.endpoints);

        // All that may fail.
        let listener = if before.listen == next.listen {
            None
        } else {
            let listener = Listening::bind(next.listen).await.map_err(|why| format!("{why}\n"))?;
            let url = listener.local_addr().map_err(|error| format!("pull.listen: {error}\n"))?;
            Some((listener, url))
        };
        let mut made = Vec::new();
        for part in parts.changed.iter().map(|(_, part)| part).chain(&parts.new) {
            made.push(part.make(&self.stats).map_err(|error| format!("{}: {error:#}\n", part.name))?);
        }

        let mut names = self.named(&next).await;
        let mut changes = Vec::new();
        let called: BTreeSet<&str> = next.parts.values().map(|part| part.name.as_str()).collect();
        let old = parts.changed.iter().map(|(old, new)| (*old, Some(*new)));
        for (old, new) in old.chain(parts.gone.iter().map(|old| (*old, None))) {
            changes.extend(leave(old, new, names.get(&old.key), &called));
        }
        let mut found = Vec::new();
        for (part, made) in parts.changed.iter().map(|(_, part)| part).chain(&parts.new).zip(made) {
            match made {
                Made::Source(source) => changes.push(Change::Join(source)),
                Made::Name(mut name) => {
                    if let Some(old) = names.remove(&part.key) {
                        changes.extend(name.take_over(&old).into_iter().map(Change::Join));
                    }
                    found.push((part.key.clone(), *name));
                }
            }
        }
        // Names that did not change, but are to be asked for at another pace.
        found.extend(names.into_iter().filter(|(key, _)| before.parts.get(key) == next.parts.get(key)));
        changes.push(Change::Times(next.times));
        for endpoint in &ends.gone {
            changes.push(Change::Close(endpoint.label(), Arc::clone(&self.stats)));
        }
        changes.extend(ends.changed.iter().map(|(_, new)| Change::Alter(Box::new((*new).clone()))));
        changes.extend(ends.new.iter().map(|new| Change::Open(way(new, &self.stats, &self.stop))));

        let (sender, done) = oneshot::channel();
        changes.push(Change::Done(sender));
        let stops = || "the agent stops\n".to_owned();
        self.changes.send(changes).await.map_err(|_| stops())?;
        done.await.map_err(|_| stops())?;
        for (key, name) in found {
            let watch = Watch::of(name, next.times, &self.changes, &self.stop);
            self.names.insert(key, watch);
        }
        let mut said = said::sources(&parts) + &said::endpoints(&ends);
        if let Some((listener, url)) = listener {
            self.listening.moves(listener);
            said.push_str(&format!("answering at http://{url}\n"));
        }
        if before.log != next.log {
            said.push_str("log: needs a restart, the old one stays\n");
        }
        let log = before.log.clone();
        self.plan = Plan { log, ..next };
        Ok(said)
    }

    /// Ends the names that do not go on as they are, and gives them back.
    async fn named(&mut self, next: &Plan) -> BTreeMap<GroupingKey, Name> {
        let mut ended = BTreeMap::new();
        let retimed = self.plan.times.interval != next.times.interval;
        let stays = |key: &GroupingKey| !retimed && self.plan.parts.get(key) == next.parts.get(key);
        let keys: Vec<GroupingKey> = self.names.keys().filter(|key| !stays(key)).cloned().collect();
        for key in keys {
            let Some(watch) = self.names.remove(&key) else { continue };
            if let Some(name) = watch.end().await {
                ended.insert(key, name);
            }
        }
        ended
    }
}
