//! What is counted, and when; each of it by name.

use service::instruments::now_seconds;

use super::Stats;

/// Why a snapshot is given up.
const DROPPED: &[&str] = &["superseded", "shutdown", "full"];
/// Why a push is tried again: what may go wrong on the way, and the answers that may pass.
const RETRIED: &[&str] =
    &["connect", "timeout", "request", "setup", "proxy", "408", "429", "500", "502", "503", "504"];
/// The answers that gateways and what stands before them refuse a push with.
const REFUSED: &[&str] = &["400", "401", "403", "404", "405", "413"];

/// So many groups of an endpoint are named where other agents push them, too.
const CONFLICTS: usize = 20;

impl Stats {
    /// Alerts need the series before the first failure.
    pub fn endpoint(&self, endpoint: &str) {
        for counter in [&self.sent, &self.sent_bytes, &self.merged, &self.native_histograms] {
            counter.with_label_values(&[endpoint]);
        }
        for (counter, reasons) in
            [(&self.dropped, DROPPED), (&self.retried, RETRIED), (&self.refused, REFUSED)]
        {
            for reason in reasons {
                counter.with_label_values(&[endpoint, reason]);
            }
        }
        self.waiting(endpoint, 0);
        self.quarantined(endpoint, 0);
        self.conflicting.with_label_values(&[endpoint]);
    }

    /// So many snapshots wait for an endpoint.
    pub fn waiting(&self, endpoint: &str, count: usize) {
        self.waiting.with_label_values(&[endpoint]).set(count as f64);
    }

    /// So many families are left out of pushes to an endpoint.
    pub fn quarantined(&self, endpoint: &str, count: usize) {
        self.quarantined.with_label_values(&[endpoint]).set(count as f64);
    }

    /// The clock here is so far ahead of an endpoint's.
    pub fn clock_skew(&self, endpoint: &str, seconds: f64) {
        self.clock_skew.with_label_values(&[endpoint]).set(seconds);
    }

    /// Whether this one of an endpoint's gateways is pushed to.
    pub fn gateway(&self, endpoint: &str, gateway: &str, in_use: bool) {
        self.gateway.with_label_values(&[endpoint, gateway]).set(f64::from(u8::from(in_use)));
    }

    /// A source was read, or failed for a reason.
    pub fn collected(&self, source: &str, failure: Option<&'static str>) {
        self.sources.collected(source, failure);
    }

    /// Samples of one page were left out.
    pub fn dropped_samples(&self, source: &str, reason: &'static str, count: usize) {
        self.sources.dropped(source, reason, count as u64);
    }

    /// A source that may fail, or drop samples, for these reasons: alerts need the series before.
    pub fn source(&self, source: &str, failures: &[&'static str], drops: &[&'static str]) {
        self.sources.begins(source, failures, drops);
    }

    /// An endpoint took a snapshot.
    pub fn sent(&self, endpoint: &str, bytes: usize, now: f64) {
        self.sent.with_label_values(&[endpoint]).inc();
        self.sent_bytes.with_label_values(&[endpoint]).inc_by(bytes as u64);
        self.last_sent.with_label_values(&[endpoint]).set(now);
        self.up.with_label_values(&[endpoint]).set(1.0);
    }

    /// An endpoint refused a snapshot.
    pub fn refused(&self, endpoint: &str, reason: &str) {
        self.refused.with_label_values(&[endpoint, reason]).inc();
        self.up.with_label_values(&[endpoint]).set(1.0);
    }

    /// A push failed and will be tried again.
    pub fn retried(&self, endpoint: &str, reason: &str) {
        self.retried.with_label_values(&[endpoint, reason]).inc();
        self.up.with_label_values(&[endpoint]).set(0.0);
    }

    /// Samples were left out of a push.
    pub fn merged(&self, endpoint: &str, count: usize) {
        self.merged.with_label_values(&[endpoint]).inc_by(count as u64);
    }

    /// Native histograms were left out of a push.
    pub fn native_histograms(&self, endpoint: &str, count: usize) {
        self.native_histograms.with_label_values(&[endpoint]).inc_by(count as u64);
    }

    /// Another agent begins to push a group, or pushes it no more; `all` groups are pushed so now.
    pub fn conflict(&self, endpoint: &str, group: &str, begins: bool, all: usize) {
        self.conflicting.with_label_values(&[endpoint]).set(all as f64);
        if !begins {
            // What is not there need not be removed.
            let _ = self.conflict.remove_label_values(&[endpoint, group]);
        } else if all <= CONFLICTS {
            self.conflict.with_label_values(&[endpoint, group]).set(1.0);
        }
    }

    /// A snapshot was given up.
    pub fn dropped(&self, endpoint: &str, reason: &str) {
        self.dropped.with_label_values(&[endpoint, reason]).inc();
    }

    /// The settings were read again; whether that worked.
    pub fn reloaded(&self, worked: bool) {
        self.reload_successful.set(f64::from(u8::from(worked)));
        if worked {
            self.reload_success_time.set(now_seconds());
        }
    }
}
