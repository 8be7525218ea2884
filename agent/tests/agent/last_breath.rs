//! Whatever an agent is doing when it is told to stop, the value of that moment arrives.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use agent::Mode;
use agent::config::Settings;
use agent::identity::Identity;
use agent::pipeline::Hurry;
use agent::reload::Reloads;
use agent::status::events::Events;
use tokio_util::sync::CancellationToken;

use super::doubles::{Double, answer};
use super::process::{Agent, eventually, start};

const GRACE: Duration = Duration::from_secs(10);

/// Counts until it is told to stop.
#[derive(Default)]
struct Counter {
    value: AtomicU64,
    stopped: AtomicBool,
}

struct Stage {
    counters: Arc<Vec<Counter>>,
    target: Double,
    gateway: Double,
    arrived: Arc<Mutex<HashMap<String, u64>>>,
}

/// A target at `/AT` for each counter, and a gateway that keeps the last value of each instance.
fn stage(count: usize) -> Stage {
    let counters: Arc<Vec<Counter>> = Arc::new((0..count).map(|_| Counter::default()).collect());
    let all = Arc::clone(&counters);
    let target = Double::new(move |request, stream| {
        let at: usize = request.line.trim_start_matches("GET /").parse().unwrap();
        let body = format!("# TYPE c counter\nc {}\n", all[at].value.load(Ordering::SeqCst));
        answer(stream, "200 OK", "content-type: text/plain\r\n", body.as_bytes());
    });
    let arrived = Arc::new(Mutex::new(HashMap::new()));
    let kept = Arc::clone(&arrived);
    let gateway = Double::new(move |request, stream| {
        let value = request.body.lines().find_map(|line| line.strip_prefix("c ")?.parse().ok());
        let path = request.line.split(['?', ' ']).nth(1).unwrap_or_default().to_owned();
        if let Some(value) = value {
            kept.lock().unwrap().insert(path, value);
        }
        answer(stream, "200 OK", "", b"");
    });
    let counting = Arc::clone(&counters);
    std::thread::spawn(move || {
        while counting.iter().any(|counter| !counter.stopped.load(Ordering::SeqCst)) {
            for counter in counting.iter().filter(|counter| !counter.stopped.load(Ordering::SeqCst)) {
                counter.value.fetch_add(1, Ordering::SeqCst);
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
    });
    Stage { counters, target, gateway, arrived }
}

impl Stage {
    fn settings(&self, at: usize) -> String {
        format!(
            "interval = \"1s\"\n[identity]\njob = \"j\"\ninstance = \"{at}\"\n[host]\nenabled = false\n\
             [scrape]\nurl = \"{}/{at}\"\ntimeout = \"1s\"\n[shutdown]\ngrace = \"{}s\"\n\
             [push]\nurl = \"{}\"\n",
            self.target.url,
            GRACE.as_secs(),
            self.gateway.url
        )
    }

    fn arrived(&self, at: usize) -> Option<u64> {
        self.arrived.lock().unwrap().get(&format!("/metrics/job/j/instance/{at}")).copied()
    }

    /// Told to stop, as its agent is; the last value.
    fn stop(&self, at: usize) -> u64 {
        let counter = &self.counters[at];
        counter.stopped.store(true, Ordering::SeqCst);
        // One more may be under way: what is read from now on holds.
        std::thread::park_timeout(Duration::from_millis(2));
        counter.value.load(Ordering::SeqCst)
    }
}

#[test]
fn two_hundred_agents_that_stop_at_random_moments_leave_the_value_of_that_moment() {
    let stage = Arc::new(stage(200));
    service::crypto::install();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        // So many at once as a busy machine can serve in time.
        let places = Arc::new(tokio::sync::Semaphore::new(25));
        let mut runs = tokio::task::JoinSet::new();
        for at in 0..200 {
            let place = Arc::clone(&places).acquire_owned().await.unwrap();
            let run = breathes_once_more(Arc::clone(&stage), at);
            runs.spawn(async move {
                run.await;
                drop(place);
            });
        }
        while let Some(run) = runs.join_next().await {
            run.unwrap();
        }
    });
}

async fn breathes_once_more(stage: Arc<Stage>, at: usize) {
    let settings: Settings = toml::from_str(&stage.settings(at)).unwrap();
    let identity = Identity::resolve(&settings, &|_| None, &mut |key, message| panic!("{key}: {message}"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stop = CancellationToken::new();
    let reloads = Reloads { load: Arc::new(|| panic!("nobody asks")), signal: None };
    let mode = Mode::Serve(listener, Hurry::none(), Events::default(), reloads);
    let running = tokio::spawn(agent::run(settings, identity, mode, stop.clone()));
    // Half of them in the midst of the first scrape or push, the others anywhere up to after the second.
    let longest = if at.is_multiple_of(2) { 30_000 } else { 1_200_000 };
    let phase = Duration::from_micros(rand::random::<u64>() % longest);
    tokio::time::sleep(phase).await;
    let last = stage.stop(at);
    let told = Instant::now();
    stop.cancel();
    let left = tokio::time::timeout(GRACE, running).await.expect("within the grace").unwrap().unwrap();
    assert_eq!(left, Vec::new(), "{at} after {phase:?}");
    assert_eq!(
        stage.arrived(at),
        Some(last),
        "{at} stopped {phase:?} after its start, {:?} ago",
        told.elapsed()
    );
}

#[test]
fn processes_that_are_told_by_a_signal_do_so_too() {
    let stage = stage(16);
    let mut agents: Vec<Agent> = (0..16).map(|at| start(&stage.settings(at))).collect();
    eventually("all values", || (0..16).all(|at| stage.arrived(at).is_some()));
    let lasts: Vec<u64> = agents
        .iter()
        .enumerate()
        .map(|(at, agent)| {
            std::thread::park_timeout(Duration::from_micros(rand::random::<u64>() % 40_000));
            let last = stage.stop(at);
            agent.terminate();
            last
        })
        .collect();
    let told = Instant::now();
    for (at, (agent, last)) in agents.iter_mut().zip(lasts).enumerate() {
        assert_eq!(agent.wait(), Some(0), "{}", agent.log());
        assert_eq!(stage.arrived(at), Some(last), "{}", agent.log());
    }
    assert!(told.elapsed() < GRACE, "{:?}", told.elapsed());
}
