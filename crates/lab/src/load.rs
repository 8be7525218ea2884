//! Requests at planned times: the n-th one starts at n / rate, whatever became of those before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Client;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What became of the requests.
#[derive(Debug, Default)]
pub struct Tally {
    /// Answered with a status below 400.
    pub ok: AtomicU64,
    /// Everything else, a planned request that found too many in flight included.
    pub failed: AtomicU64,
}

/// Sends `rate` requests a second, at most `concurrent` at once, until `stop`.
pub async fn run(
    client: Client,
    url: String,
    rate: f64,
    concurrent: usize,
    tally: Arc<Tally>,
    stop: CancellationToken,
) {
    let began = Instant::now();
    let places = Arc::new(Semaphore::new(concurrent));
    let mut number = 0_u32;
    loop {
        let planned = began + Duration::from_secs_f64(f64::from(number) / rate);
        tokio::select! {
            () = tokio::time::sleep_until(planned) => {}
            () = stop.cancelled() => return,
        }
        number = number.saturating_add(1);
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tally.failed.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        let (client, url, tally) = (client.clone(), url.clone(), Arc::clone(&tally));
        tokio::spawn(async move {
            let _place = place;
            let answer = client.get(&url).send().await;
            let ok = answer.is_ok_and(|answer| answer.status().as_u16() < 400);
            let count = if ok { &tally.ok } else { &tally.failed };
            count.fetch_add(1, Ordering::Relaxed);
        });
    }
}
