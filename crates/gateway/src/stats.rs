//! The gateway's own metrics, under the real one's names where they mean the same.

pub mod build;
mod connections;
mod pushes;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use exposition::{Kind, Page, registry};
use prometheus::{Error, Gauge, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use crate::groups::Snapshot;
use crate::persistence::Journal;
use connections::Connections;
use pushes::Pushes;
use service::instruments::{now_seconds, raise, registered};
use service::server::ServerStats;

/// All of them.
#[derive(Debug)]
pub struct Stats {
    registry: Registry,
    requests: IntCounterVec,
    refused: IntCounterVec,
    unread: IntCounter,
    pushes: Pushes,
    connections: Arc<ServerStats>,
    groups: IntGauge,
    series: IntGauge,
    stored: IntGauge,
    bodies: IntGauge,
    expired: IntCounter,
    reloaded: IntGauge,
    reload_time: Gauge,
    web: IntGauge,
}

impl Stats {
    /// Makes and registers them.
    pub fn new() -> Result<Self, Error> {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, labels: &[&str]| {
            registered(&registry, IntCounterVec::new(Opts::new(name, help), labels))
        };
        let requests = counters(
            "pushgateway_http_requests_total",
            "Total HTTP requests processed by the Pushgateway, excluding scrapes.",
            &["handler", "code", "method"],
        )?;
        let refused =
            counters("pushpull_gateway_refused_pushes_total", "Pushes refused, by reason.", &["reason"])?;
        let help = "Scrapes, pages and lists that were not given, since too much of such was not read yet.";
        let unread = registered(&registry, IntCounter::new("pushpull_gateway_refused_answers_total", help))?;
        let pushes = Pushes::new(&registry)?;
        let connections = Arc::new(ServerStats::default());
        let gauge = |name: &str, help: &str| registered(&registry, IntGauge::new(name, help));
        let groups = gauge("pushpull_gateway_groups", "Groups held.")?;
        let series = gauge("pushpull_gateway_series", "Series held in all groups.")?;
        let stored = gauge(
            "pushpull_gateway_stored_bytes",
            "Bytes of the text of all series held, and of their help.",
        )?;
        let help = "Room taken by bodies that are being received or worked on.";
        let bodies = gauge("pushpull_gateway_body_bytes", help)?;
        let help = "Groups that ended because their time had come.";
        let expired = registered(&registry, IntCounter::new("pushpull_gateway_expired_groups_total", help))?;
        let help = "Whether the settings file was all right when it was last read.";
        let reloaded = gauge("pushpull_gateway_config_last_reload_successful", help)?;
        let help = "Unix time when settings were last taken.";
        let name = "pushpull_gateway_config_last_reload_success_timestamp_seconds";
        let reload_time = registered(&registry, Gauge::new(name, help))?;
        let help =
            "Whether --web.config.file holds as it is on the disk: 0 while what is wrong in it is not taken.";
        let web = gauge("pushpull_gateway_web_config_last_reload_successful", help)?;
        registry.register(Box::new(Connections::new(Arc::clone(&connections))?))?;
        registry.register(build::info()?)?;
        registry.register(service::process::collector()?)?;
        for reason in [
            "syntax",
            "inconsistent",
            "too_large",
            "groups",
            "key",
            "ttl",
            "origin",
            "idempotency-key",
            "body",
            "busy",
            "forbidden",
            "group_series",
            "stored_bytes",
        ] {
            refused.with_label_values(&[reason]);
        }
        Ok(Self {
            registry,
            requests,
            refused,
            unread,
            pushes,
            connections,
            groups,
            series,
            stored,
            bodies,
            expired,
            reloaded,
            reload_time,
            web,
        })
    }

    /// For metrics that not every gateway has.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Counts an answer for which there was no room.
    pub fn unread(&self) {
        self.unread.inc();
    }

    /// Counts a request.
    pub fn request(&self, handler: &str, code: u16, method: &str) {
        const KNOWN: [&str; 8] = ["get", "head", "post", "put", "patch", "delete", "options", "trace"];
        let (code, method) = (code.to_string(), method.to_lowercase());
        // A label value stays for ever, and a client may call a method anything.
        let method = KNOWN.into_iter().find(|known| *known == method).unwrap_or("other");
        self.requests.with_label_values(&[handler, code.as_str(), method]).inc();
    }

    /// Counts a push that was refused.
    pub fn refused(&self, reason: &str) {
        self.refused.with_label_values(&[reason]).inc();
    }

    /// Notes whether the settings could be read.
    pub fn reloaded(&self, successful: bool) {
        self.reloaded.set(successful.into());
        if successful {
            self.reload_time.set(now_seconds());
        }
    }

    /// Notes whether the web configuration is as its file.
    pub fn web(&self, fresh: bool) {
        self.web.set(fresh.into());
    }

    /// Measures a push: its time, and the bytes of its request, head and all.
    pub fn push(&self, method: &'static str, took: Duration, bytes: usize) {
        self.pushes.observe(method, took, bytes);
    }

    /// Where the accept loop counts.
    pub fn connections(&self) -> Arc<ServerStats> {
        Arc::clone(&self.connections)
    }

    /// All as a page.
    pub fn page(
        &self,
        groups: &Snapshot,
        expired: u64,
        journal: Option<&Journal>,
        body_bytes: usize,
    ) -> Page {
        let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        self.bodies.set(whole(body_bytes));
        self.groups.set(whole(groups.len()));
        self.series.set(whole(groups.series()));
        self.stored.set(whole(groups.bytes()));
        raise(&self.expired, expired);
        if let Some(journal) = journal {
            journal.show();
        }
        registry::page(&self.registry)
    }

    /// The types that no push may contradict: also those of families that show only once used.
    pub fn kinds(&self) -> HashMap<String, Kind> {
        let shown = registry::page(&self.registry);
        let mut kinds: HashMap<String, Kind> =
            shown.families().map(|family| (family.name().to_owned(), family.kind())).collect();
        kinds.insert("pushgateway_http_requests_total".to_owned(), Kind::Counter);
        for name in crate::push::OWN_TIMES {
            kinds.insert(name.to_owned(), Kind::Gauge);
        }
        kinds
    }
}
