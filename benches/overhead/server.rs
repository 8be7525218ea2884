//! Our API on a thread of its own, with the CPU time that the kernel counts for it.

use std::sync::Arc;
use std::sync::mpsc;

use api::config::{Settings, Work};
use api::front::Front;
use api::limits::Limits;
use api::metrics::Instruments;
use api::routes;
use service::server;
use tokio_util::sync::CancellationToken;

pub(crate) struct Server {
    pub(crate) address: String,
    thread: i32,
}

pub(crate) fn start<I: Instruments>(instruments: I) -> Server {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let work = Work { min: std::time::Duration::ZERO, max: std::time::Duration::ZERO };
            let settings = Settings { work, ..Settings::default() };
            let listener = server::bind("127.0.0.1:0".parse().unwrap(), "").await.unwrap();
            let address = listener.local_addr().unwrap().to_string();
            sender.send((address, rustix::thread::gettid().as_raw_nonzero().get())).unwrap();
            let stop = CancellationToken::new();
            let registry = prometheus::Registry::new();
            let limits = Limits::new(&settings.limits);
            let routes =
                routes::service(&settings, &registry, instruments.clone(), limits.clone(), stop.clone());
            let service = Front::new(routes, instruments, limits);
            server::serve(listener, service, &settings.server(), Arc::default(), stop).await.unwrap();
        });
    });
    let (address, thread) = receiver.recv().unwrap();
    Server { address, thread }
}

impl Server {
    /// CPU time so far, in nanoseconds (`proc_pid_schedstat`).
    pub(crate) fn cpu_ns(&self) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/self/task/{}/schedstat", self.thread)).unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    }
}
