//! The gateway's own metrics, under the real one's names where they mean the same.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use exposition::{Kind, Page, registry};
use prometheus::core::{Collector, Desc};
use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType, Summary};
use prometheus::{Error, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use crate::store::Store;

/// All of them.
#[derive(Debug)]
pub struct Stats {
    registry: Registry,
    requests: IntCounterVec,
    refused: IntCounterVec,
    durations: Sums,
    sizes: Sums,
    groups: IntGauge,
    series: IntGauge,
    bodies: IntGauge,
    expired: IntCounter,
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
        let durations = Sums::new(
            "pushgateway_http_push_duration_seconds",
            "HTTP request duration for pushes to the Pushgateway.",
        )?;
        let sizes = Sums::new(
            "pushgateway_http_push_size_bytes",
            "HTTP request size for pushes to the Pushgateway.",
        )?;
        let groups = IntGauge::new("pushpull_gateway_groups", "Groups held.")?;
        let series = IntGauge::new("pushpull_gateway_series", "Series held in all groups.")?;
        let bodies = IntGauge::new(
            "pushpull_gateway_body_bytes",
            "Room taken by bodies that are being received or worked on.",
        )?;
        let expired = IntCounter::new(
            "pushpull_gateway_expired_groups_total",
            "Groups that ended because their time had come.",
        )?;
        let options = Opts::new("pushgateway_build_info", "The version of the gateway; always 1.");
        let info = prometheus::GaugeVec::new(options, &["version"])?;
        info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1.0);
        let collectors: [Box<dyn Collector>; 8] = [
            Box::new(durations.clone()),
            Box::new(sizes.clone()),
            Box::new(groups.clone()),
            Box::new(series.clone()),
            Box::new(bodies.clone()),
            Box::new(expired.clone()),
            Box::new(info),
            service::process::collector()?,
        ];
        for collector in collectors {
            registry.register(collector)?;
        }
        for reason in ["syntax", "inconsistent", "too_large", "groups", "key", "ttl", "body", "busy"] {
            refused.with_label_values(&[reason]);
        }
        Ok(Self { registry, requests, refused, durations, sizes, groups, series, bodies, expired })
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

    /// Measures a push.
    pub fn push(&self, method: &'static str, took: Duration, bytes: usize) {
        self.durations.observe(method, took.as_secs_f64());
        self.sizes.observe(method, bytes as f64);
    }

    /// All as a page.
    pub fn page(&self, store: &Store, body_bytes: usize) -> Page {
        self.bodies.set(i64::try_from(body_bytes).unwrap_or(i64::MAX));
        let groups = store.lock();
        self.groups.set(i64::try_from(groups.iter().len()).unwrap_or(i64::MAX));
        self.series.set(i64::try_from(groups.series()).unwrap_or(i64::MAX));
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

/// A summary of sums and counts by method. The real one adds quantiles over a sliding window.
#[derive(Debug, Clone)]
struct Sums {
    desc: Desc,
    sums: std::sync::Arc<Mutex<HashMap<&'static str, (f64, u64)>>>,
}

impl Sums {
    fn new(name: &str, help: &str) -> Result<Self, Error> {
        let desc = Desc::new(name.to_owned(), help.to_owned(), vec!["method".to_owned()], HashMap::new())?;
        let sums = std::sync::Arc::new(Mutex::new(HashMap::from([("post", (0.0, 0)), ("put", (0.0, 0))])));
        Ok(Self { desc, sums })
    }

    fn observe(&self, method: &'static str, value: f64) {
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        let (sum, count) = sums.entry(method).or_default();
        *sum += value;
        *count += 1;
    }
}

impl Collector for Sums {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        let metrics = sums.iter().map(|(method, (sum, count))| {
            let mut label = LabelPair::default();
            label.set_name("method".to_owned());
            label.set_value((*method).to_owned());
            let mut summary = Summary::default();
            summary.set_sample_sum(*sum);
            summary.set_sample_count(*count);
            let mut metric = Metric::default();
            metric.set_label(vec![label]);
            metric.set_summary(summary);
            metric
        });
        let mut family = MetricFamily::default();
        family.set_name(self.desc.fq_name.clone());
        family.set_help(self.desc.help.clone());
        family.set_field_type(MetricType::SUMMARY);
        family.set_metric(metrics.collect());
        vec![family]
    }
}
