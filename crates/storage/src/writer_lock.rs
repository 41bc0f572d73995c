//! The queue of SQLite's writers.
//!
//! SQLite has one writer at a time. Its own waiting is polling with growing pauses, which starves the unlucky; so the
//! writers of this process queue here, in order, before they take a connection. `busy_timeout` remains for other
//! processes.

use std::time::Duration;

use circadia_domain::error::StoreError;
use parking_lot::{FairMutex, FairMutexGuard};

/// Lets one writer in at a time, in the order of their coming.
#[derive(Debug, Default)]
pub(crate) struct WriterLock(FairMutex<()>);

impl WriterLock {
    /// Waits for this writer's turn, which lasts as long as the guard.
    pub(crate) fn wait(&self, at_most: Duration) -> Result<FairMutexGuard<'_, ()>, StoreError> {
        self.0.try_lock_for(at_most).ok_or_else(|| {
            StoreError::Unavailable(format!("other writers kept the database busy for {} ms", at_most.as_millis()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_waits_and_gives_up_in_time() {
        let lock = WriterLock::default();
        let first = lock.wait(Duration::from_millis(1)).unwrap();
        assert!(matches!(lock.wait(Duration::from_millis(1)), Err(StoreError::Unavailable(_))));
        drop(first);
        assert!(lock.wait(Duration::from_millis(1)).is_ok());
    }
}
