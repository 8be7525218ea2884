//! Until a receiver may be asked again.

use std::time::{Duration, Instant as Clock};

use humantime::format_duration;
use tokio::time::{Instant, sleep_until};

use super::{End, Worker};
use crate::sinks::remote_write::client::{Answer, Failure};
use crate::sinks::remote_write::sorting;

/// Between two tries of who is not let in; whoever asks on and on is locked out by many.
const PACE: Duration = Duration::from_mins(1);
/// What the last try has until the end of all.
const LAST_TRY: Duration = Duration::from_secs(1);
/// Between two looks at the files that say who we are.
const LOOK: Duration = Duration::from_secs(1);

impl Worker {
    /// Nobody answered; waits, and says why the worker ends where it does.
    pub(super) async fn failed(&mut self, failure: &Failure) -> Option<End> {
        if failure.reason == "connect" {
            self.shared.dialogue().away(Clock::now());
        }
        self.again(failure.reason, &failure.message, None).await
    }

    /// Waits for the next try.
    pub(super) async fn again(
        &mut self,
        reason: &'static str,
        message: &str,
        after: Option<Duration>,
    ) -> Option<End> {
        self.shared.stats.writes.retried(&self.shared.label, reason);
        let most = self.settings.max_retry_after;
        match after.filter(|asked| *asked > most) {
            Some(asked) => {
                let (asked, most) = (format_duration(asked), format_duration(most));
                let cut = format!("it asks for no request within {asked}, and max_retry_after is {most}");
                self.shared.failing("max_retry_after", &format!("{cut}: {message}"));
            }
            None => self.shared.failing(reason, message),
        }
        let after = after.map(|asked| asked.min(most));
        if let Some(asked) = after {
            // It asks all of us, not one shard.
            self.shared.leave_alone(Some(Instant::now() + asked));
        }
        let wait = self.backoff.from(self.settings.min_backoff, after, self.settings.max_backoff);
        self.wait(Instant::now() + wait, after.is_some()).await
    }

    /// Waits while the receiver has asked to be left alone.
    pub(super) async fn quiet(&mut self) -> Option<End> {
        while let Some(until) = self.shared.left_alone() {
            if let Some(end) = self.wait(until, true).await {
                return Some(end);
            }
        }
        None
    }

    /// Not let in: waits until the files that say who we are say something else, or for a minute.
    pub(super) async fn hold(&mut self, answer: &Answer) -> Option<End> {
        self.held = true;
        let remedy = self.client.keeps_out().await;
        let reason = sorting::reason(answer.status);
        self.shared.held(reason, &format!("{}: {}", answer.status, answer.words), &remedy);
        let asked = answer.after.map_or(PACE, |asked| asked.min(self.settings.max_retry_after).max(PACE));
        let until = Instant::now() + asked;
        while Instant::now() < until {
            if let Some(end) = self.wait(until.min(Instant::now() + LOOK), true).await {
                return Some(end);
            }
            if self.client.has_changed().await {
                break;
            }
        }
        None
    }

    /// Nothing of all that was sent is taken: a pause, in which more comes together. Not at the end of all.
    pub(super) async fn rest(&mut self) {
        let wait = self.pause.from(self.settings.min_backoff, None, self.settings.max_backoff);
        let mut closing = self.shared.closing.subscribe();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.stop.cancelled() => {}
            _ = closing.wait_for(Option::is_some) => {}
        }
    }

    /// Waits until then, unless the worker is to end; near the end of all there may be no time for it.
    async fn wait(&mut self, until: Instant, asked: bool) -> Option<End> {
        let mut closing = self.shared.closing.subscribe();
        self.shared.next_try(Some(until));
        let ended = loop {
            let end = *closing.borrow_and_update();
            // What waits on a disk may as well wait there; what is in memory is tried while there is time, and once
            // more at the very end.
            let tries = !self.shared.may_wait() && !asked;
            let last = end.map(|end| end.checked_sub(LAST_TRY).unwrap_or(end));
            if last.is_some_and(|last| !tries || Instant::now() >= last) {
                break Some(End::Left);
            }
            tokio::select! {
                () = sleep_until(last.map_or(until, |last| last.min(until))) => break None,
                () = self.stop.cancelled() => break Some(End::Stopped),
                Ok(()) = closing.changed() => {}
            }
        };
        self.shared.next_try(None);
        ended
    }
}
