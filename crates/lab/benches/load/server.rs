//! A small server on the second processor: it notes when requests arrive, and freezes where it is asked to.

use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_setaffinity};
use service::server::{self, ServerSettings};
use tokio_util::sync::CancellationToken;
use warp::Filter;

/// Does nothing for 0.2 s every 2 s.
pub(crate) struct Freeze;

pub(crate) struct Server {
    pub(crate) url: String,
    arrivals: Arc<Mutex<Vec<Instant>>>,
}

impl Server {
    pub(crate) fn start(freeze: Option<Freeze>) -> Self {
        let (sender, receiver) = mpsc::channel();
        let arrivals = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&arrivals);
        std::thread::spawn(move || {
            let mut second = CpuSet::new();
            second.set(1);
            // With one processor it shares the first.
            let _ = sched_setaffinity(None, &second);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                if freeze.is_some() {
                    tokio::spawn(freezing());
                }
                let hello = warp::path::end().map(|| "hello");
                let pace = warp::path("pace").map(move || {
                    noted.lock().unwrap().push(Instant::now());
                    "hello"
                });
                let listener = server::bind("127.0.0.1:0".parse().unwrap(), "").await.unwrap();
                sender.send(format!("http://{}/", listener.local_addr().unwrap())).unwrap();
                let (settings, stop) = (ServerSettings::default(), CancellationToken::new());
                let service = warp::service(hello.or(pace));
                server::serve(listener, service, &settings, Arc::default(), stop).await.unwrap();
            });
        });
        Self { url: receiver.recv().unwrap(), arrivals }
    }

    /// When requests arrived since the last call.
    pub(crate) fn arrivals(&self) -> Vec<Instant> {
        std::mem::take(&mut self.arrivals.lock().unwrap())
    }
}

async fn freezing() {
    let mut ticks = tokio::time::interval(Duration::from_secs(2));
    ticks.tick().await;
    loop {
        ticks.tick().await;
        // The whole thread, so that nothing is accepted, read or answered.
        std::thread::sleep(Duration::from_millis(200));
    }
}
