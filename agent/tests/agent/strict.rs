//! A receiver of remote write that takes the specification at its word: 1.0 and 2.0-rc.4.
//!
//! It judges each request by itself and against all that came before it, keeps every sample, and answers as the
//! test tells it. What breaks a rule is named by the rule, and refused with a 400, as a good receiver does.
//!
//! - [`Strict`]: the receiver; [`Mode`]: what it understands; [`Answer`]: what it says when it is told to
//! - [`judge`]: one request; [`history`]: each series over all requests
//! - [`Rule`], [`Violation`]: what is broken, and where the specification says so

mod answered;
mod answers;
mod built;
mod head;
mod history;
mod judge;
mod judged;
mod judged_parts;
mod labels;
mod mode;
mod ordered;
mod points;
mod real;
mod rule;
mod script;
mod series;
mod serve;
mod unpack;
mod v1;
mod v2;
mod wire;

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

pub(crate) use head::Head;
pub(crate) use mode::{Kind, Mode};
pub(crate) use rule::{Rule, Violation, told};
pub(crate) use script::Answer;
pub(crate) use series::{Message, Point, Series};

/// A request, as it was read and answered.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) head: Head,
    pub(crate) kind: Kind,
    /// Empty where it could not be read.
    pub(crate) message: Message,
    /// Compressed.
    pub(crate) bytes: Vec<u8>,
    /// When its body was there.
    pub(crate) at: Instant,
    /// 0 where no answer was given.
    pub(crate) status: u16,
    /// Which connection it came by, from 0.
    pub(crate) connection: usize,
}

/// All that the receiver knows.
#[derive(Debug, Default)]
struct State {
    script: script::Script,
    seen: Vec<Seen>,
    violations: Vec<Violation>,
    history: history::History,
    down: bool,
    /// Connections that ended, or were made to end, before an answer was due.
    torn: usize,
}

/// A receiver on a port of its own, until the process ends.
#[derive(Debug, Clone)]
pub(crate) struct Strict {
    pub(crate) url: String,
    mode: Mode,
    state: Arc<Mutex<State>>,
}

impl Strict {
    pub(crate) fn new(mode: Mode) -> Self {
        static HOST: AtomicU8 = AtomicU8::new(1);
        // An address of its own keeps its port free while nobody listens there.
        let host = [127, 78, 0, HOST.fetch_add(1, Ordering::SeqCst)];
        let listener = TcpListener::bind(SocketAddr::from((host, 0))).unwrap();
        let url = format!("http://{}/api/v1/write", listener.local_addr().unwrap());
        let strict = Self { url, mode, state: Arc::default() };
        let served = strict.clone();
        std::thread::spawn(move || serve::listen(&served, listener));
        strict
    }

    /// The next requests are answered so, one by one; those after them as the mode wants it.
    pub(crate) fn then(self, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.lock().script.next(answers);
        self
    }

    /// Every request that nothing else was said for is answered so.
    pub(crate) fn always(&self, answer: Answer) {
        self.lock().script.always(answer);
    }

    /// Nobody listens any more, and open connections end; or it listens again at the same place.
    pub(crate) fn down(&self, down: bool) {
        self.lock().down = down;
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    /// How many connections ended, or were made to end, before their answer.
    pub(crate) fn torn(&self) -> usize {
        self.lock().torn
    }

    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.lock().violations.clone()
    }

    /// The samples that were taken of a series, in the order in which they came.
    ///
    /// A series is written `name{a="1",b="2"}`, labels sorted.
    pub(crate) fn taken(&self, series: &str) -> Vec<Point> {
        self.lock().history.taken(series)
    }

    /// The series that begin like this and have samples.
    pub(crate) fn names(&self, start: &str) -> Vec<String> {
        self.lock().history.names(start)
    }

    /// What was refused for a time and did not come again.
    pub(crate) fn owed(&self) -> Vec<String> {
        self.lock().history.owed()
    }

    /// Nothing that came broke a rule.
    pub(crate) fn clean(&self, of: &str) {
        let violations = self.violations();
        assert!(violations.is_empty(), "{of}: {}", rule::told(&violations));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}
