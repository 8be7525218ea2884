//! A directory that somebody deleted while it was in use: it is made again, so that what comes in is kept.
//!
//! Files that are open go on without a name, and end with the process. What was in others is found to be gone when
//! it is read, and is counted then.

use std::io;

use super::disk::Disk;
use super::lock::Lock;
use super::store::Store;

impl Store {
    /// Looks whether what is written now would still be there after a restart.
    pub(super) fn mend(&mut self, now_ms: i64) {
        let Some(disk) = &mut self.disk else { return };
        match disk.mend() {
            Ok(false) => {}
            Ok(true) => {
                let dir = disk.dir.display();
                tracing::error!(%dir, "the spool was deleted while it was in use, and is begun anew");
                // Of what is done with, too, nothing is on the disk any more.
                self.unkept = true;
                self.keep();
            }
            Err(error) => self.refused(&error, now_ms),
        }
    }
}

impl Disk {
    /// Begins anew what was deleted; whether something was.
    fn mend(&mut self) -> io::Result<bool> {
        let mut is_new = false;
        if !self.lock.is_of(&self.dir) {
            std::fs::create_dir_all(&self.dir)?;
            let another = || io::Error::other("it was deleted, and another agent has it now");
            self.lock = Lock::take(&self.dir)?.ok_or_else(another)?;
            is_new = true;
        }
        if self.cursor.as_ref().is_some_and(|cursor| is_new || cursor.is_gone()) {
            (self.cursor, is_new) = (None, true);
        }
        if let Some(last) = self.segments.back_mut()
            && !last.ended
            && last.is_gone()
        {
            // Nothing may come behind it, and what is in it is read as long as it is open.
            (last.ended, is_new) = (true, true);
        }
        Ok(is_new)
    }
}
