//! Who waits for a password to be hashed, and how long that may be.
//!
//! A hash is slow on purpose, and one at a time is worked on, so that whoever guesses gets one core at the most.
//! They take turns by who asks: of each address and name one is in the common queue, and all others behind it. A
//! right password so waits for a few hashes, however many guesses of others wait.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many of one address and name wait; one more is told to come again.
const MOST: usize = 16;

/// Whose turn it is: an address, and the user; all names that are nobody's are one.
pub(super) type Asker = (IpAddr, Option<Arc<str>>);

/// The queues.
#[derive(Debug)]
pub(super) struct Logins {
    all: Arc<Semaphore>,
    lanes: Mutex<HashMap<Asker, Lane>>,
}

#[derive(Debug)]
struct Lane {
    turn: Arc<Semaphore>,
    waiting: usize,
}

/// One that may hash until this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _place: Place,
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Default for Logins {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(1)), lanes: Mutex::default() }
    }
}

impl Logins {
    /// Waits for a turn; none where too many of the same asker wait.
    pub(super) async fn turn(self: &Arc<Self>, asker: Asker) -> Option<Turn> {
        let (place, lane) = self.enter((network(asker.0), asker.1))?;
        let own = lane.acquire_owned().await.ok()?;
        let all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Turn { _place: place, _own: own, _all: all })
    }

    fn enter(self: &Arc<Self>, asker: Asker) -> Option<(Place, Arc<Semaphore>)> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes
            .entry(asker.clone())
            .or_insert_with(|| Lane { turn: Arc::new(Semaphore::new(1)), waiting: 0 });
        if lane.waiting >= MOST {
            return None;
        }
        lane.waiting += 1;
        Some((Place { logins: Arc::clone(self), asker }, Arc::clone(&lane.turn)))
    }
}

/// A place in a lane, given back also by one whose client went away.
#[derive(Debug)]
struct Place {
    logins: Arc<Logins>,
    asker: Asker,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lanes = self.logins.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(lane) = lanes.get_mut(&self.asker) else { return };
        lane.waiting -= 1;
        if lane.waiting == 0 {
            lanes.remove(&self.asker);
        }
    }
}

/// Of IPv6 addresses a single customer has some 2^64, and they count as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6((six.to_bits() >> 64 << 64).into()),
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_asks_much_waits_behind_itself() {
        let logins = Arc::new(Logins::default());
        let asker = |address: &str, user: Option<&str>| (address.parse().unwrap(), user.map(Arc::from));
        let turn = |address: &str, user: Option<&str>| {
            let (logins, asker) = (Arc::clone(&logins), asker(address, user));
            tokio::spawn(async move { logins.turn(asker).await })
        };
        let working = logins.turn(asker("10.0.0.1", None)).await.unwrap();
        let mut guesses: Vec<_> = (1..MOST).map(|_| turn("10.0.0.1", None)).collect();
        let waiting = |logins: &Logins| {
            let lanes = logins.lanes.lock().unwrap();
            (lanes.len(), lanes[&asker("10.0.0.1", None)].waiting)
        };
        while waiting(&logins) != (1, MOST) {
            tokio::task::yield_now().await;
        }
        assert!(logins.turn(asker("10.0.0.1", None)).await.is_none(), "one more than may wait");
        let right = [turn("10.0.0.1", Some("me")), turn("10.0.0.2", None), turn("2001:db8::1", None)];
        while waiting(&logins).0 < 4 {
            tokio::task::yield_now().await;
        }
        drop(working);
        for one in right {
            let done = one.await.unwrap().unwrap();
            assert!(!guesses.iter().any(tokio::task::JoinHandle::is_finished), "a guess came first");
            drop(done);
        }
        for guess in guesses.drain(..) {
            assert!(guess.await.unwrap().is_some());
        }
        assert!(logins.lanes.lock().unwrap().is_empty(), "nobody waits, so nothing is kept");
        assert_eq!(network("2001:db8::1".parse().unwrap()), network("2001:db8::ffff:1".parse().unwrap()));
        assert_eq!(network("::ffff:10.0.0.1".parse().unwrap()), network("10.0.0.1".parse().unwrap()));
    }
}
