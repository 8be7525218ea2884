//! What the exchanges with an endpoint's gateways tell: which is in use, what stays behind, and the time there.

use std::time::Instant;

use exposition::GroupingKey;

use super::{Answer, Failure, Gateway};

impl Gateway {
    /// Notes which gateway is in use, and says so where it is another than before.
    pub(super) fn works(&mut self, at: usize, tries_first: bool, failed: Option<&Result<Answer, Failure>>) {
        let Some(before) = self.failover.worked(at, Instant::now(), tries_first) else { return };
        self.tell();
        let (gateway, before) = (&self.places[at].shown, &self.places[before].shown);
        match failed {
            Some(Ok(Answer { status, .. })) => {
                tracing::warn!(
                    about = self.label,
                    gateway,
                    "pushing to another gateway: {before} answers {status}"
                );
            }
            Some(Err(Failure { message, .. })) => {
                tracing::warn!(
                    about = self.label,
                    gateway,
                    "pushing to another gateway: {before}: {message}"
                );
            }
            None => tracing::info!(about = self.label, gateway, "pushing to the gateway before again"),
        }
    }

    pub(super) fn tell(&self) {
        if self.places.len() > 1 {
            for (at, place) in self.places.iter().enumerate() {
                self.stats.gateway(&self.label, &place.shown, at == self.failover.current());
            }
        }
    }

    /// Deletes a group where it was pushed to meanwhile: with two of them Prometheus would see both.
    pub(super) async fn tidy(&mut self, key: &GroupingKey, at: usize) {
        for behind in self.held.behind(key, at) {
            let message = match self.ask(behind, &format!("/metrics/{key}"), None).await {
                Ok(Answer { status, .. }) if status.is_success() => continue,
                Ok(Answer { status, words, .. }) => format!("{status}: {words}"),
                Err(failure) => {
                    self.held.lost(behind);
                    failure.message
                }
            };
            let gateway = &self.places[behind].shown;
            tracing::warn!(about = self.label, gateway, group = %key, "the group stays there for its ttl: {message}");
        }
    }

    pub(super) fn clock(&mut self, skew: Option<f64>) {
        let Some(skew) = skew else { return };
        self.stats.clock_skew(&self.label, skew);
        match self.clock.saw(skew) {
            Some(message) if self.clock.off => tracing::warn!(about = self.label, "{message}"),
            Some(message) => tracing::info!(about = self.label, "{message}"),
            None => {}
        }
    }
}
