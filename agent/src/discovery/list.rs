//! Targets from a list in Prometheus' form, in files or from a server.
//!
//! A list that cannot be read, or has a fault, leaves the targets that it had when it was right.

mod succession;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use exposition::GroupingKey;
use url::Url;

use super::files::{Files, Texts};
use super::groups::{self, Found, Group};
use super::web::Web;
use super::{Claims, MOST};
use crate::config::{Discovery, Target, shown};
use crate::pipeline::Change;
use crate::sources::scrape::Scrape;
use crate::stats::Stats;
use crate::transport::Clients;

/// One list, or the lists of one pattern.
#[derive(Debug)]
pub struct List {
    /// Its path or URL, for people.
    shown: String,
    from: From,
    target: Target,
    form: Url,
    key: GroupingKey,
    claims: Claims,
    clients: Clients,
    stats: Arc<Stats>,
    /// What each file said when it was last right.
    good: BTreeMap<String, Vec<Group>>,
    known: BTreeMap<Found, String>,
    failing: Option<String>,
}

#[derive(Debug)]
enum From {
    Files(Files),
    Web(Box<Web>),
}

impl List {
    /// Nothing is known yet; `key` is that of the targets but for their instance and labels.
    pub fn new(target: &Target, key: GroupingKey, claims: Claims, stats: Arc<Stats>) -> anyhow::Result<Self> {
        let place = target.targets.clone().unwrap_or_default();
        let from = match target.discovery {
            Discovery::Http => From::Web(Box::new(Web::new(&place, target))),
            _ => From::Files(Files::new(&place)),
        };
        let shown = shown(&place);
        stats.source(&shown, &["discovery"], &[]);
        Ok(Self {
            shown,
            from,
            form: Url::parse(&target.url)?,
            target: target.clone(),
            key,
            claims,
            clients: Clients::default(),
            stats,
            good: BTreeMap::new(),
            known: BTreeMap::new(),
            failing: None,
        })
    }

    /// What is new and what is gone since the last look.
    pub(super) async fn look(&mut self) -> Vec<Change> {
        let texts = match &mut self.from {
            From::Files(files) => files.read().await,
            From::Web(web) => web.read().await.map(|text| Texts::from([(self.shown.clone(), Ok(text))])),
        };
        let mut wrong = Vec::new();
        match texts {
            Ok(texts) => self.take(texts, &mut wrong),
            Err(why) => wrong.push(format!("{} {why}", self.shown)),
        }
        let changes = self.compare(&mut wrong);
        self.note(&wrong);
        changes
    }

    /// What is right in these replaces what was; files that are gone have no targets.
    fn take(&mut self, texts: Texts, wrong: &mut Vec<String>) {
        self.good.retain(|file, _| texts.contains_key(file));
        for (file, text) in texts {
            let extension = Path::new(&file).extension().unwrap_or_default().to_ascii_lowercase();
            let is_yaml = matches!(self.from, From::Files(_)) && (extension == "yml" || extension == "yaml");
            match text.and_then(|text| groups::parse(&text, is_yaml)) {
                Ok(groups) => drop(self.good.insert(file, groups)),
                Err(why) => wrong.push(format!("{file} {why}")),
            }
        }
    }

    fn compare(&mut self, wrong: &mut Vec<String>) -> Vec<Change> {
        let groups = self.good.values().flatten();
        let mut wanted: BTreeSet<Found> =
            groups.flat_map(|group| group.targets(&self.form, &self.key, wrong)).collect();
        if wanted.len() > MOST {
            wrong.push(format!("{} has {} targets, of which {MOST} are scraped", self.shown, wanted.len()));
            // Those that are scraped already go on.
            let (old, new): (Vec<_>, Vec<_>) =
                wanted.into_iter().partition(|found| self.known.contains_key(found));
            wanted = old.into_iter().chain(new).take(MOST).collect();
        }
        let mut changes = Vec::new();
        self.known.retain(|found, name| {
            let stays = wanted.contains(found);
            if !stays {
                tracing::info!(target = name, list = self.shown, "is on the list no more");
                self.claims.release(&found.key, name);
                changes.push(Change::gone(name.clone()));
            }
            stays
        });
        for found in wanted {
            if self.known.contains_key(&found) {
                continue;
            }
            let Some(name) = self.claims.take(&found.key, &shown(found.url.as_str())) else {
                wrong.push(format!("{} names the group {} that another target has", self.shown, found.key));
                continue;
            };
            tracing::info!(target = name, list = self.shown, "found");
            let target = Target { url: found.url.to_string(), ..self.target.clone() };
            let stats = Arc::clone(&self.stats);
            let scrape = Scrape::one_of_many(name.clone(), &target, found.key.clone(), &self.clients, stats);
            changes.push(Change::Join(Box::new(scrape)));
            self.known.insert(found, name);
        }
        changes
    }

    /// Counts each look, and logs what is wrong once.
    fn note(&mut self, wrong: &[String]) {
        let failure = (!wrong.is_empty()).then(|| {
            let more =
                if wrong.len() > 1 { format!("; and {} more", wrong.len() - 1) } else { String::new() };
            format!("{}{more}", wrong[0])
        });
        self.stats.collected(&self.shown, failure.as_ref().map(|_| "discovery"));
        if self.failing == failure {
            return;
        }
        if let Some(message) = &failure {
            tracing::warn!(target = self.shown, "list of targets: {message}; what was right before stays");
        } else {
            tracing::info!(target = self.shown, "the list of targets is right again");
        }
        self.failing = failure;
    }
}

impl List {
    /// Between two looks.
    pub(super) fn every(&self) -> Duration {
        self.target.refresh()
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.failing.clone()
    }

    /// Names of all its sources.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        self.known.values().map(String::as_str)
    }
}
