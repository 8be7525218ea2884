//! The ways to all endpoints and receivers, which come and go with the settings.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Intake;
use crate::sinks::remote_write::Receiver;

/// The intakes of all there are; clones are of the same.
#[derive(Debug, Clone, Default)]
pub struct Intakes(Arc<Mutex<All>>);

#[derive(Debug, Default)]
struct All {
    pushes: Vec<Arc<Intake>>,
    receivers: Vec<Receiver>,
}

impl Intakes {
    fn lock(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those of gateways, at this moment.
    pub fn all(&self) -> Vec<Arc<Intake>> {
        self.lock().pushes.clone()
    }

    /// Those of receivers of remote write, at this moment.
    pub fn receivers(&self) -> Vec<Receiver> {
        self.lock().receivers.clone()
    }

    /// One more.
    pub(crate) fn add(&self, intake: Arc<Intake>) {
        self.lock().pushes.push(intake);
    }

    /// One less.
    pub(crate) fn remove(&self, intake: &Arc<Intake>) {
        self.lock().pushes.retain(|other| !Arc::ptr_eq(other, intake));
    }

    /// One receiver more.
    pub(crate) fn write_to(&self, receiver: Receiver) {
        self.lock().receivers.push(receiver);
    }

    /// One receiver less.
    pub(crate) fn write_no_more(&self, endpoint: &str) {
        self.lock().receivers.retain(|receiver| receiver.endpoint() != endpoint);
    }
}
