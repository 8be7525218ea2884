//! How long pushes took and how large they were, by method, as the real one's summaries say it.

use std::sync::Arc;
use std::time::Duration;

use prometheus::{Error, Registry};
use quanta::Instant;
use service::summary::{Summary, SummaryCollector};

/// The real one's objectives.
const QUANTILES: [f64; 3] = [0.1, 0.5, 0.9];
const METHODS: [&str; 2] = ["post", "put"];

/// Time and size, each by method.
#[derive(Debug)]
pub(super) struct Pushes([(Arc<Summary>, Arc<Summary>); 2]);

impl Pushes {
    pub(super) fn new(registry: &Registry) -> Result<Self, Error> {
        let summary = |name: &str, help: &str, method: &str| {
            let summary = Arc::new(Summary::new(name, help, &QUANTILES, &[("method", method)])?);
            registry.register(Box::new(SummaryCollector(Arc::clone(&summary))))?;
            Ok::<_, Error>(summary)
        };
        let both = |method: &str| {
            let duration = summary(
                "pushgateway_http_push_duration_seconds",
                "HTTP request duration for pushes to the Pushgateway.",
                method,
            )?;
            let size = summary(
                "pushgateway_http_push_size_bytes",
                "HTTP request size for pushes to the Pushgateway.",
                method,
            )?;
            Ok::<_, Error>((duration, size))
        };
        let [post, put] = METHODS.map(both);
        Ok(Self([post?, put?]))
    }

    pub(super) fn observe(&self, method: &str, took: Duration, bytes: usize) {
        let now = Instant::now();
        let [post, put] = &self.0;
        let (duration, size) = if method == METHODS[0] { post } else { put };
        duration.observe(took.as_secs_f64(), now);
        size.observe(bytes as f64, now);
    }
}
