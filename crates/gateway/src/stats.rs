//! The gateway's own metrics, under the real one's names where they mean the same.

pub mod build;
mod connections;
mod pushes;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exposition::{Kind, Page, registry};
use prometheus::core::Collector;
use prometheus::{Error, Gauge, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use crate::store::Store;
use connections::Connections;
use pushes::Pushes;
use service::server::ServerStats;

/// All of them.
#[derive(Debug)]
pub struct Stats {
    registry: Registry,
    requests: IntCounterVec,
    refused: IntCounterVec,
    pushes: Pushes,
    connections: Arc<ServerStats>,
    groups: IntGauge,
    series: IntGauge,
    stored: IntGauge,
    bodies: IntGauge,
    expired: IntCounter,
    reloaded: IntGauge,
    reload_time: Gauge,
}

impl Stats {
    /// Makes and registers them.
    pub fn new() -> Result<Self, Error> {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, Error>(counters)
        };
        let requests = counters(
            "pushgateway_http_requests_total",
            "Total HTTP requests processed by the Pushgateway, excluding scrapes.",
            &["handler", "code", "method"],
        )?;
        let refused =
            counters("pushpull_gateway_refused_pushes_total", "Pushes refused, by reason.", &["reason"])?;
        let pushes = Pushes::new(&registry)?;
        let connections = Arc::new(ServerStats::default());
        let groups = IntGauge::new("pushpull_gateway_groups", "Groups held.")?;
        let series = IntGauge::new("pushpull_gateway_series", "Series held in all groups.")?;
        let stored = IntGauge::new("pushpull_gateway_stored_bytes", "Bytes of the text of all series held.")?;
        let bodies = IntGauge::new(
            "pushpull_gateway_body_bytes",
            "Room taken by bodies that are being received or worked on.",
        )?;
        let expired = IntCounter::new(
            "pushpull_gateway_expired_groups_total",
            "Groups that ended because their time had come.",
        )?;
        let reloaded = IntGauge::new(
            "pushpull_gateway_config_last_reload_successful",
            "Whether the settings file was all right when it was last read.",
        )?;
        let reload_time = Gauge::new(
            "pushpull_gateway_config_last_reload_success_timestamp_seconds",
            "Unix time when settings were last taken.",
        )?;
        registry.register(Box::new(reloaded.clone()))?;
        registry.register(Box::new(reload_time.clone()))?;
        let collectors: [Box<dyn Collector>; 8] = [
            Box::new(Connections::new(Arc::clone(&connections))?),
            Box::new(groups.clone()),
            Box::new(series.clone()),
            Box::new(stored.clone()),
            Box::new(bodies.clone()),
            Box::new(expired.clone()),
            build::info()?,
            service::process::collector()?,
        ];
        for collector in collectors {
            registry.register(collector)?;
        }
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
            pushes,
            connections,
            groups,
            series,
            stored,
            bodies,
            expired,
            reloaded,
            reload_time,
        })
    }

    /// For metrics that not every gateway has.
    pub fn registry(&self) -> &Registry {
        &self.registry
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
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.reload_time.set(now.as_secs_f64());
        }
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
    pub fn page(&self, store: &Store, body_bytes: usize) -> Page {
        self.bodies.set(i64::try_from(body_bytes).unwrap_or(i64::MAX));
        let groups = store.lock();
        self.groups.set(i64::try_from(groups.len()).unwrap_or(i64::MAX));
        self.series.set(i64::try_from(groups.series()).unwrap_or(i64::MAX));
        self.stored.set(i64::try_from(groups.bytes()).unwrap_or(i64::MAX));
        self.expired.inc_by(groups.expired().saturating_sub(self.expired.get()));
        drop(groups);
        if let Some(journal) = store.journal() {
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
