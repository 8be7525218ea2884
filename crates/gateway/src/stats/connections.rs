//! What became of connections, as the accept loop counts it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Error, IntCounter, IntCounterVec, Opts};
use service::instruments::raise;
use service::server::ServerStats;

/// Shows the accept loop's counts.
pub(super) struct Connections {
    stats: Arc<ServerStats>,
    accepted: IntCounter,
    refused: IntCounterVec,
}

impl Connections {
    pub(super) fn new(stats: Arc<ServerStats>) -> Result<Self, Error> {
        let help = "Connections and requests refused before the gateway looked at them, by reason.";
        let options = Opts::new("pushpull_gateway_rejected_connections_total", help);
        let refused = IntCounterVec::new(options, &["reason"])?;
        let accepted = IntCounter::new("pushpull_gateway_connections_total", "Connections accepted.")?;
        Ok(Self { stats, accepted, refused })
    }
}

impl Collector for Connections {
    fn desc(&self) -> Vec<&Desc> {
        [self.accepted.desc(), self.refused.desc()].concat()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        raise(&self.accepted, self.stats.accepted.load(Relaxed));
        for (reason, count) in [
            ("too_many", &self.stats.refused),
            ("handshake", &self.stats.handshakes_failed),
            ("slow_head", &self.stats.slow_heads),
            ("unauthorized", &self.stats.unauthorized),
            ("logins", &self.stats.logins_refused),
        ] {
            raise(&self.refused.with_label_values(&[reason]), count.load(Relaxed));
        }
        [self.accepted.collect(), self.refused.collect()].concat()
    }
}
