//! When groups end.

use std::time::Instant;

use super::{Groups, Id, Moment};

impl Groups {
    /// Ends the groups whose time has come; says how many.
    pub fn expire(&mut self, now: Instant) -> usize {
        let mut ended = 0;
        while let Some((deadline, id)) =
            self.deadlines.first().copied().filter(|(deadline, _)| *deadline <= now)
        {
            self.deadlines.remove(&(deadline, id));
            self.end(id);
            ended += 1;
        }
        self.expired += ended as u64;
        ended
    }

    /// How many groups have ended so far because their time had come.
    pub fn expired(&self) -> u64 {
        self.expired
    }

    /// When the next group ends.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    pub(super) fn set_deadline(&mut self, id: Id, deadline: Option<Instant>) {
        let Some(group) = self.group_mut(id) else { return };
        group.ends = deadline.map(|deadline| Moment::now().wall_at(deadline));
        if let Some(before) = std::mem::replace(&mut group.expires, deadline) {
            self.deadlines.remove(&(before, id));
        }
        self.deadlines.extend(deadline.map(|deadline| (deadline, id)));
    }
}
