//! The queue of SQLite's writers.
//!
//! SQLite has one writer at a time. Its own `busy_timeout` polls with growing pauses, which can starve a writer. So the
//! writers of this process queue here, first come, first served, before they take a connection; `busy_timeout` remains
//! for other processes.

use std::time::Duration;

use circadia_domain::error::StoreError;
use parking_lot::{FairMutex, FairMutexGuard};

/// A fair mutex: the longest waiting writer is next.
#[derive(Debug, Default)]
pub(crate) struct WriterLock(FairMutex<()>);

impl WriterLock {
    /// Waits for the lock, which the guard releases.
    pub(crate) fn lock(&self, timeout: Duration) -> Result<FairMutexGuard<'_, ()>, StoreError> {
        self.0.try_lock_for(timeout).ok_or_else(|| {
            StoreError::Unavailable(format!("other writers kept the database busy for {} ms", timeout.as_millis()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_waits_and_gives_up_in_time() {
        let lock = WriterLock::default();
        let first = lock.lock(Duration::from_millis(1)).unwrap();
        assert!(matches!(lock.lock(Duration::from_millis(1)), Err(StoreError::Unavailable(_))));
        drop(first);
        assert!(lock.lock(Duration::from_millis(1)).is_ok());
    }
}
