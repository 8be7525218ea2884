//! What settings ask for, as parts that can be compared: one a group, and one an endpoint.
//!
//! A part that is equal before and after a reload goes on as if nothing had been: its connection, what it
//! counted, when it is read, and what it failed of.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use exposition::GroupingKey;
use service::logs::LogSettings;

use crate::config::{Discovery, Endpoint, HostSettings, RemoteWrite, Settings, Target, Textfile};
use crate::discovery::{Claims, Finder, List, Name};
use crate::identity::Identity;
use crate::pipeline::Times;
use crate::sources::Source;
use crate::sources::host::{Host, LONGEST};
use crate::sources::own::Own;
use crate::sources::scrape::Scrape;
use crate::sources::textfile::Textfiles;
use crate::stats::Stats;

/// What a part is found by in other settings: its group, and where its targets are, if that is a list. Which
/// groups a list fills is not known before it is read.
pub(crate) type Id = (GroupingKey, String);

/// All that settings ask for.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) parts: BTreeMap<Id, Part>,
    /// By their names in logs and metrics, which no two have in common.
    pub(crate) endpoints: BTreeMap<String, Endpoint>,
    /// Receivers of remote write, likewise.
    pub(crate) receivers: BTreeMap<String, RemoteWrite>,
    pub(crate) times: Times,
    pub(crate) listen: SocketAddr,
    pub(crate) web: Option<PathBuf>,
    pub(crate) log: LogSettings,
}

/// What fills one group; for a name or a list, one group a target.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) key: GroupingKey,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Page(Target),
    /// A name or a list.
    Found(Target),
    /// With the interval, as far as it matters to it.
    Textfile(Textfile, Duration),
    /// With the interval, as far as it matters to it.
    Host(HostSettings, Duration),
    Own,
}

impl Plan {
    pub(crate) fn new(settings: &Settings, identity: &Identity) -> Self {
        let mut parts = Vec::new();
        let named = identity.names(settings).into_iter().zip(&identity.targets);
        for (target, (name, key)) in settings.scrape.0.iter().zip(named) {
            let kind = match target.discovery {
                Discovery::None => Kind::Page(target.clone()),
                Discovery::Dns | Discovery::File | Discovery::Http => Kind::Found(target.clone()),
            };
            parts.push(Part { name, key: key.clone(), kind });
        }
        for (textfile, key) in settings.textfile.0.iter().zip(&identity.textfiles) {
            let kind = Kind::Textfile(textfile.clone(), settings.interval.min(LONGEST * 2));
            parts.push(Part { name: textfile.name(), key: key.clone(), kind });
        }
        if settings.host.enabled {
            let kind = Kind::Host(settings.host.clone(), settings.interval.min(LONGEST * 2));
            parts.push(Part { name: "host".to_owned(), key: identity.host.clone(), kind });
        }
        parts.push(Part { name: "own".to_owned(), key: identity.own.clone(), kind: Kind::Own });
        Self {
            parts: parts.into_iter().map(|part| (part.id(), part)).collect(),
            endpoints: settings.push.0.iter().map(|endpoint| (endpoint.label(), endpoint.clone())).collect(),
            receivers: settings.remote_write.0.iter().map(|one| (one.label(), one.clone())).collect(),
            times: Times::new(settings.interval, settings.shutdown.grace, &identity.own),
            listen: settings.pull.listen,
            web: settings.pull.web_config_file.clone(),
            log: settings.log.clone(),
        }
    }

    /// Tells lists what is not theirs.
    pub(crate) fn settle(&self, claims: &Claims) {
        let keys = self.parts.values().map(|part| part.key.clone());
        claims.settle(keys, self.parts.values().map(|part| part.name.clone()));
    }
}

/// A part that can run.
pub(crate) enum Made {
    Source(Box<dyn Source>),
    Finder(Finder),
}

impl Part {
    pub(crate) fn id(&self) -> Id {
        let list = match &self.kind {
            Kind::Found(target) => target.targets.clone().unwrap_or_default(),
            _ => String::new(),
        };
        (self.key.clone(), list)
    }

    pub(crate) fn make(&self, claims: &Claims, stats: &Arc<Stats>) -> anyhow::Result<Made> {
        let (key, stats) = (self.key.clone(), Arc::clone(stats));
        Ok(match &self.kind {
            Kind::Page(target) => Made::Source(Box::new(Scrape::new(&self.name, target, None, key, stats))),
            Kind::Found(target) if target.discovery.is_list() => {
                let list = List::new(target, key, claims.clone(), stats)?;
                Made::Finder(Finder::List(Box::new(list)))
            }
            Kind::Found(target) => {
                let name = Name::new(self.name.clone(), target, key, stats)?;
                Made::Finder(Finder::Name(Box::new(name)))
            }
            Kind::Textfile(settings, interval) => {
                Made::Source(Box::new(Textfiles::new(settings, *interval, key, stats)))
            }
            Kind::Host(settings, interval) => {
                Made::Source(Box::new(Host::new(settings, *interval, key, stats)))
            }
            Kind::Own => Made::Source(Box::new(Own::new(key, stats))),
        })
    }
}

/// How one list of parts differs from the one before it.
#[derive(Debug)]
pub(crate) struct Difference<'a, V> {
    pub(crate) gone: Vec<&'a V>,
    /// Before and after.
    pub(crate) changed: Vec<(&'a V, &'a V)>,
    pub(crate) new: Vec<&'a V>,
    pub(crate) kept: usize,
}

pub(crate) fn compare<'a, K: Ord, V: PartialEq>(
    before: &'a BTreeMap<K, V>,
    after: &'a BTreeMap<K, V>,
) -> Difference<'a, V> {
    let both: Vec<(&V, &V)> =
        before.iter().filter_map(|(key, old)| after.get(key).map(|new| (old, new))).collect();
    Difference {
        gone: before.iter().filter(|(key, _)| !after.contains_key(key)).map(|(_, old)| old).collect(),
        new: after.iter().filter(|(key, _)| !before.contains_key(key)).map(|(_, new)| new).collect(),
        kept: both.iter().filter(|(old, new)| old == new).count(),
        changed: both.into_iter().filter(|(old, new)| old != new).collect(),
    }
}
