//! Each address of a name is a target, as with `docker compose up --scale`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use exposition::GroupingKey;
use url::Url;

use super::MOST;
use crate::config::Target;
use crate::pipeline::Change;
use crate::sources::Source;
use crate::sources::scrape::Scrape;
use crate::stats::Stats;

/// One name whose addresses are targets.
#[derive(Debug)]
pub struct Name {
    /// What its targets are called, before their address.
    called: String,
    target: Target,
    key: GroupingKey,
    /// What a resolver is asked: `api:8000`.
    asked: String,
    /// Names of sources by address.
    known: BTreeMap<SocketAddr, String>,
    failing: Option<String>,
    stats: Arc<Stats>,
}

impl Name {
    /// Nothing is known yet; `key` is that of the targets but for their instance.
    pub fn new(called: String, target: &Target, key: GroupingKey, stats: Arc<Stats>) -> anyhow::Result<Self> {
        let url = Url::parse(&target.url)?;
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(80));
        let asked = format!("{}:{port}", host.trim_matches(['[', ']']));
        stats.source(&asked, &["discovery"], &[]);
        let (target, known) = (target.clone(), BTreeMap::new());
        Ok(Self { called, target, key, asked, known, failing: None, stats })
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, String> {
        let answer = tokio::net::lookup_host(&self.asked);
        match tokio::time::timeout(self.target.timeout(), answer).await {
            Ok(Ok(addresses)) => Ok(addresses.collect()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {:?}", self.target.timeout())),
        }
    }

    /// What is new and what is gone.
    fn changes(&mut self, addresses: Vec<SocketAddr>) -> Vec<Change> {
        // A host with both kinds of address is one target, not two.
        let is_old = addresses.iter().any(SocketAddr::is_ipv4);
        let mut wanted: Vec<SocketAddr> =
            addresses.into_iter().filter(|address| address.is_ipv4() == is_old).collect();
        wanted.sort();
        wanted.dedup();
        if wanted.len() > MOST {
            self.note(&format!("{} addresses, of which the first {MOST} are scraped", wanted.len()));
            wanted.truncate(MOST);
        }
        let mut changes = Vec::new();
        self.known.retain(|address, source| {
            let stays = wanted.contains(address);
            if !stays {
                tracing::info!(target = source, "not among the addresses of its name any more");
                changes.push(Change::gone(source.clone()));
            }
            stays
        });
        for address in wanted {
            if self.known.contains_key(&address) {
                continue;
            }
            match self.source(address) {
                Ok(source) => {
                    tracing::info!(target = source.name(), "found");
                    self.known.insert(address, source.name().to_owned());
                    changes.push(Change::Join(source));
                }
                Err(error) => self.note(&format!("{address}: {error:#}")),
            }
        }
        changes
    }

    fn source(&self, address: SocketAddr) -> anyhow::Result<Box<dyn Source>> {
        let mut labels = self.key.labels().clone();
        labels.insert("instance".to_owned(), address.to_string());
        let key = GroupingKey::new(self.key.job(), labels)?;
        let stats = Arc::clone(&self.stats);
        Ok(Box::new(Scrape::new(&self.called, &self.target, Some(address), key, stats)))
    }

    fn note(&mut self, message: &str) {
        self.stats.collected(&self.asked, Some("discovery"));
        if self.failing.as_deref() != Some(message) {
            tracing::warn!(name = self.asked, "addresses cannot be had: {message}");
            self.failing = Some(message.to_owned());
        }
    }
}

impl Name {
    /// What is new and what is gone since the last look.
    pub(super) async fn look(&mut self) -> Vec<Change> {
        match self.addresses().await {
            Ok(addresses) => {
                self.failing = None;
                self.changes(addresses)
            }
            Err(message) => {
                self.note(&message);
                Vec::new()
            }
        }
    }

    pub(super) fn failure(&self) -> Option<String> {
        let message = self.failing.as_ref()?;
        Some(format!("addresses of {} cannot be had: {message}", self.asked))
    }

    /// Names of all its sources.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        self.known.values().map(String::as_str)
    }

    /// Sources for what another knew.
    pub(super) fn take_over(&mut self, other: &Self) -> Vec<Box<dyn Source>> {
        let addresses = other.known.keys().copied().collect();
        let joined = self.changes(addresses).into_iter().filter_map(Change::joined);
        joined.collect()
    }

    /// Counts nothing any more of a name that is not asked for.
    pub(super) fn forget(&self) {
        self.stats.forget(&self.asked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> Name {
        service::crypto::install();
        let target = Target::at("http://api:8000/metrics");
        let stats = Arc::new(Stats::new().unwrap());
        let key = "job/api/instance/x/env/test".parse().unwrap();
        Name::new(target.url.clone(), &target, key, stats).unwrap()
    }

    fn said(changes: &[Change]) -> Vec<String> {
        let say = |change: &Change| match change {
            Change::Join(source) => format!("+{}", source.name()),
            Change::Leave(source, _) => format!("-{source}"),
            other => panic!("{other:?}"),
        };
        changes.iter().map(say).collect()
    }

    #[test]
    fn addresses_that_come_and_go_are_targets_that_come_and_go() {
        let mut name = name();
        let at = |addresses: &[&str]| addresses.iter().map(|address| address.parse().unwrap()).collect();
        let url = "http://api:8000/metrics at";
        let first = name.changes(at(&["10.0.0.2:8000", "10.0.0.1:8000", "10.0.0.1:8000"]));
        assert_eq!(said(&first), [format!("+{url} 10.0.0.1:8000"), format!("+{url} 10.0.0.2:8000")]);
        assert!(name.changes(at(&["10.0.0.1:8000", "10.0.0.2:8000"])).is_empty());
        let second = name.changes(at(&["10.0.0.2:8000", "10.0.0.3:8000"]));
        assert_eq!(said(&second), [format!("-{url} 10.0.0.1:8000"), format!("+{url} 10.0.0.3:8000")]);
    }

    #[test]
    fn a_host_with_old_and_new_addresses_is_one_target() {
        let addresses = vec!["[::1]:8000".parse().unwrap(), "127.0.0.1:8000".parse().unwrap()];
        assert_eq!(said(&name().changes(addresses)), ["+http://api:8000/metrics at 127.0.0.1:8000"]);
    }

    #[test]
    fn groups_of_one_name_differ_in_the_instance() {
        let mut name = name();
        let changes = name.changes(vec!["10.0.0.1:8000".parse().unwrap()]);
        let [Change::Join(_)] = changes.as_slice() else { panic!("{changes:?}") };
        let key = name.source("10.0.0.1:8000".parse().unwrap()).unwrap().gone().unwrap().key;
        assert_eq!(key, "job/api/env/test/instance/10.0.0.1:8000".parse().unwrap());
    }
}
