//! A fleet after an outage: what waits comes back paced, and not all at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use agent::intake::Intake;
use agent::pipeline::Way;
use agent::sinks::{Scope, SendError, Sink};
use agent::snapshot::Snapshot;
use agent::stats::Stats;
use tokio_util::sync::CancellationToken;

const AGENTS: usize = 300;
const INTERVAL: Duration = Duration::from_secs(15);

/// One gateway for all of them.
#[derive(Clone, Default)]
struct Gateway {
    down: Arc<AtomicBool>,
    taken: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
}

impl Sink for Gateway {
    async fn send(&mut self, _: &Snapshot) -> Result<(), SendError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            return Err(SendError::Again { after: None, scope: Scope::Endpoint });
        }
        self.taken.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn alter(&mut self, _: &agent::config::Endpoint) {}

    fn ending(&self) -> Duration {
        Duration::ZERO
    }

    async fn end(&mut self) -> usize {
        0
    }
}

#[tokio::test(start_paused = true)]
async fn three_hundred_agents_come_back_below_twice_their_steady_rate() {
    let (gateway, stop) = (Gateway::default(), CancellationToken::new());
    for number in 0..AGENTS {
        let stats = Arc::new(Stats::new().unwrap());
        let intake = Arc::new(Intake::new("gateway", stats).each(INTERVAL));
        let way = Way::to(gateway.clone(), Arc::clone(&intake), &stop);
        tokio::spawn(async move {
            let _way = way;
            // Each at a moment of its own, as the ticks of a fleet are.
            tokio::time::sleep(INTERVAL * u32::try_from(number).unwrap() / u32::try_from(AGENTS).unwrap())
                .await;
            loop {
                let snapshot = Snapshot::new(
                    "s",
                    format!("job/{number}").parse().unwrap(),
                    std::time::SystemTime::UNIX_EPOCH,
                    Vec::new(),
                );
                intake.offer(Arc::new(snapshot));
                tokio::time::sleep(INTERVAL).await;
            }
        });
    }
    let asked_in = async |time: Duration| {
        let before = gateway.asked.load(Ordering::SeqCst);
        tokio::time::sleep(time).await;
        gateway.asked.load(Ordering::SeqCst) - before
    };
    tokio::time::sleep(INTERVAL * 2).await;
    let steady = asked_in(INTERVAL).await;
    assert!(steady.abs_diff(AGENTS) <= 1, "{steady}");
    gateway.down.store(true, Ordering::SeqCst);
    tokio::time::sleep(INTERVAL * 8).await;
    // While it is down, too, it is not asked without end.
    let down = asked_in(INTERVAL * 4).await;
    assert!(down < 3 * 4 * AGENTS, "{down} tries in 4 intervals");
    gateway.down.store(false, Ordering::SeqCst);
    let taken = gateway.taken.load(Ordering::SeqCst);
    let back = asked_in(INTERVAL).await;
    assert!(back < 2 * AGENTS, "{back} pushes in the first interval");
    assert!(gateway.taken.load(Ordering::SeqCst) - taken >= AGENTS, "all are back within an interval");
    let after = asked_in(INTERVAL).await;
    assert!(after < AGENTS * 11 / 10, "{after}");
}
