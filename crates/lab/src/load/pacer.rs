//! Waiting for an instant, more exactly than the runtime's ticks of one millisecond.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::unix::AsyncFd;

/// The kernel's timer wakes late by some tens of microseconds: so much of the wait is spent asking the
/// clock instead, between other tasks' turns, so that answers are read meanwhile.
const MARGIN: Duration = Duration::from_micros(80);

/// A timer of its own for one connection.
#[derive(Debug)]
pub struct Pacer {
    timer: AsyncFd<OwnedFd>,
}

impl Pacer {
    /// Takes a timer from the kernel; needs a runtime.
    #[allow(deprecated, reason = "its successor is unsafe for what an OwnedFd keeps by its type")]
    pub fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        Ok(Self { timer: AsyncFd::new(timerfd_create(TimerfdClockId::Monotonic, flags)?)? })
    }

    /// Returns at `instant`, or at once where that is past.
    pub async fn until(&self, instant: Instant) -> io::Result<()> {
        while let Some(left) = instant.saturating_duration_since(Instant::now()).checked_sub(MARGIN) {
            self.sleep(left).await?;
        }
        while Instant::now() < instant {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn sleep(&self, time: Duration) -> io::Result<()> {
        // Zero would disarm the timer; of more than a day the caller sleeps the rest.
        let time = time.clamp(Duration::from_nanos(1), Duration::from_hours(24));
        let it_value = Timespec::try_from(time).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
        let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &Itimerspec { it_interval, it_value })?;
        loop {
            let mut ready = self.timer.readable().await?;
            let expired = ready.try_io(|timer| {
                let mut count = [0; 8];
                Ok(rustix::io::read(timer, &mut count).map(|_| ())?)
            });
            if let Ok(expired) = expired {
                return expired;
            }
        }
    }
}
