//! Whether a thread waits for its database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the beginnings and ends of a thread's calls of its database: while it waits for one, the count is odd. Clones
/// share the count, so that other threads can see that one makes no progress.
#[derive(Debug, Clone, Default)]
pub struct DatabaseCalls(Arc<AtomicU64>);

impl DatabaseCalls {
    /// A call begins. Only for the thread whose calls these are.
    pub fn begin(&self) {
        self.0.store((self.count() + 1) | 1, Ordering::Relaxed);
    }

    /// The call has ended.
    pub fn end(&self) {
        self.0.store((self.count() | 1) + 1, Ordering::Relaxed);
    }

    /// How many have begun or ended. The same count twice, if it is odd, is the same call.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether a count is that of a call that hasn't ended.
    pub const fn is_waiting(count: u64) -> bool {
        count % 2 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_odd_during_a_call_and_differs_from_call_to_call() {
        let calls = DatabaseCalls::default();
        let watched = calls.clone();
        assert!(!DatabaseCalls::is_waiting(watched.count()));
        calls.begin();
        let first = watched.count();
        assert!(DatabaseCalls::is_waiting(first));
        // An end that was never told of.
        calls.begin();
        assert!(DatabaseCalls::is_waiting(watched.count()) && watched.count() != first);
        calls.end();
        assert!(!DatabaseCalls::is_waiting(watched.count()));
        calls.end();
        assert!(!DatabaseCalls::is_waiting(watched.count()));
    }
}
