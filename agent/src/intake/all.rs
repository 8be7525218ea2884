//! The ways to all endpoints, which come and go with the settings.

use std::sync::{Arc, Mutex, PoisonError};

use super::Intake;

/// The intakes of all endpoints there are; clones are of the same.
#[derive(Debug, Clone, Default)]
pub struct Intakes(Arc<Mutex<Vec<Arc<Intake>>>>);

impl Intakes {
    /// Those of this moment.
    pub fn all(&self) -> Vec<Arc<Intake>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One more.
    pub(crate) fn add(&self, intake: Arc<Intake>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(intake);
    }

    /// One less.
    pub(crate) fn remove(&self, intake: &Arc<Intake>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| !Arc::ptr_eq(other, intake));
    }
}
