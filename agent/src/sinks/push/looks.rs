//! Looking before a push whether somebody else pushes the group, and telling what is found.

use std::time::{Duration, Instant};

use exposition::GroupingKey;

use super::Push;
use super::pusher::{Pusher, in_line};
use super::rivals::{self, News};

/// What reading a gateway's page may take before a push.
const LOOK: Duration = Duration::from_secs(2);

impl Push {
    /// Reads who pushed this group last, where the gateway does not say so by itself.
    pub(super) async fn look(&mut self, key: &GroupingKey) {
        let began = Instant::now();
        let looks = self.rivals.wants_a_look(key, began);
        if !looks && !self.rivals.suspects(key, began) {
            return;
        }
        // Two agents with one identity read their sources at the same moments. Each would look before
        // the other pushes, and whoever pushes last would never know.
        let wait = if looks { Pusher::any_offset() } else { self.pusher.offset() };
        tokio::time::sleep(wait).await;
        if looks {
            self.read(key).await;
        }
        self.rivals.waited(began.elapsed(), Instant::now());
    }

    async fn read(&mut self, key: &GroupingKey) {
        let mut before = None;
        let read = self.gateway.lines(rivals::LONGEST, |line| before = before.or_else(|| in_line(line, key)));
        // A push is not to come late for this.
        let bytes = match tokio::time::timeout(LOOK, read).await {
            Ok(Ok(read)) => read.bytes,
            // The push that follows says what is wrong.
            Ok(Err(failure)) if failure.reason != "body" => return,
            // It is too long, or too slow: not again soon.
            Ok(Err(_)) | Err(_) => rivals::LONGEST,
        };
        let news = self.rivals.looked(key, bytes, before);
        self.tell(key, news);
    }

    pub(super) fn tell(&self, key: &GroupingKey, news: Option<News>) {
        let (endpoint, conflicts) = (&self.label, self.rivals.conflicts());
        match news {
            None => return,
            Some(News::Conflict) => tracing::warn!(
                about = endpoint,
                group = %key,
                "another agent pushes this group, too, and each takes the other's values away: \
                 give one of them another identity.instance, or another job"
            ),
            Some(News::Over) => {
                tracing::info!(about = endpoint, group = %key, "no other agent pushes this group any more");
            }
        }
        self.stats.conflict(endpoint, &key.to_string(), news == Some(News::Conflict), conflicts);
    }

    pub(super) fn forget(&mut self, key: &GroupingKey) {
        self.rivals.forget(key);
        self.stats.conflict(&self.label, &key.to_string(), false, self.rivals.conflicts());
    }
}
