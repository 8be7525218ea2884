//! What is counted of sources and endpoints ends with them: they come and go for ever.

use prometheus::core::Collector;
use prometheus::proto::{LabelPair, Metric, MetricFamily};

use super::Stats;

impl Stats {
    /// A source that will not come back under this name.
    pub fn forget(&self, source: &str) {
        self.sources.forget(source);
    }

    /// An endpoint that is not pushed to any more.
    pub fn forget_endpoint(&self, endpoint: &str) {
        self.forget_gateways(endpoint);
        for group in values(&self.conflict, endpoint, "group") {
            let _ = self.conflict.remove_label_values(&[endpoint, &group]);
        }
        for gauges in
            [&self.last_sent, &self.up, &self.waiting, &self.quarantined, &self.clock_skew, &self.conflicting]
        {
            // What is not there need not be removed.
            let _ = gauges.remove_label_values(&[endpoint]);
        }
        for counters in [&self.sent, &self.sent_bytes, &self.merged, &self.native_histograms] {
            let _ = counters.remove_label_values(&[endpoint]);
        }
        for counters in [&self.dropped, &self.retried, &self.refused] {
            for reason in values(counters, endpoint, "reason") {
                let _ = counters.remove_label_values(&[endpoint, &reason]);
            }
        }
    }

    /// The gateways of an endpoint, which are others from now on.
    pub fn forget_gateways(&self, endpoint: &str) {
        for gateway in values(&self.gateway, endpoint, "gateway") {
            let _ = self.gateway.remove_label_values(&[endpoint, &gateway]);
        }
    }
}

/// The values of a label beside this endpoint: statuses of answers, for one, are in no list.
pub(super) fn values(counters: &impl Collector, endpoint: &str, name: &str) -> Vec<String> {
    let families = counters.collect();
    let metrics = families.iter().flat_map(MetricFamily::get_metric);
    let labels = metrics.map(Metric::get_label);
    let value = |labels: &[LabelPair], name: &str| {
        labels.iter().find(|label| label.name() == name).map(|label| label.value().to_owned())
    };
    let of = labels.filter(|labels| value(labels, "endpoint").as_deref() == Some(endpoint));
    of.filter_map(|labels| value(labels, name)).collect()
}
