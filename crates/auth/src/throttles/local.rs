//! A throttle within one process.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use circadia_domain::civil::Instant;

use super::{Decision, Quota, Throttle};
use crate::bounded::Bounded;
use crate::bytes::sha256;

/// Maximum number of keys, about 100 bytes each.
const CACHE_CAPACITY: usize = 131_072;

/// Keys are kept until their allowance is full, and at most twice that long. They are hashed, so long keys take no more
/// memory. Concurrent attempts are counted exactly. Only a flood of more keys within a period than the capacity makes
/// the throttle forget keys, which is why IP addresses are throttled too.
#[derive(Debug)]
pub struct LocalThrottle {
    quota: Quota,
    full_at: Bounded<Instant>,
    aged_at: Mutex<Option<Instant>>,
}

impl LocalThrottle {
    /// A throttle with this quota for each key.
    pub fn new(quota: Quota) -> Self {
        Self { quota, full_at: Bounded::new(CACHE_CAPACITY), aged_at: Mutex::new(None) }
    }

    /// Counts an attempt and returns the decision.
    pub fn attempt(&self, key: &str, now: Instant) -> Decision {
        self.age(now);
        let decision = self.full_at.update(sha256(key.as_bytes()), |full_at| {
            let (decision, full_at) = self.quota.attempt(full_at, now);
            (full_at, decision)
        });
        decision.unwrap_or_else(|| self.quota.attempt(None, now).0)
    }

    /// Once per period, drops the keys not used for a whole period: their allowance is full.
    fn age(&self, now: Instant) {
        let mut aged_at = self.aged_at.lock().unwrap_or_else(PoisonError::into_inner);
        let due = aged_at.is_none_or(|at| at.plus_seconds(i64::from(self.quota.period_seconds())) <= now);
        if due {
            *aged_at = Some(now);
            drop(aged_at);
            self.full_at.age();
        }
    }
}

impl Throttle for LocalThrottle {
    fn attempt<'a>(&'a self, key: &'a str, now: Instant) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>> {
        let decision = Self::attempt(self, key, now);
        Box::pin(std::future::ready(decision))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NOW;

    #[test]
    fn each_account_has_its_own_allowance() {
        let throttle = LocalThrottle::new(Quota::new(5, 60));
        for _ in 0..5 {
            assert!(throttle.attempt("ada", NOW).allowed);
        }
        assert!(!throttle.attempt("ada", NOW).allowed);
        assert!(throttle.attempt("grace", NOW).allowed);
    }

    #[test]
    fn a_burst_from_many_threads_is_counted_exactly() {
        let throttle = LocalThrottle::new(Quota::new(5, 60));
        let passed: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..100).filter(|_| throttle.attempt("ada", NOW).allowed).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(passed, 5);
    }

    #[test]
    fn nobody_is_forgotten_before_the_allowance_is_full() {
        let throttle = LocalThrottle::new(Quota::new(5, 60));
        for second in 0..600 {
            throttle.attempt("ada", NOW.plus_seconds(second));
            throttle.attempt(&format!("other {second}"), NOW.plus_seconds(second));
        }
        // Tried every second, ada never has more than what a refill gives.
        assert!(throttle.attempt("ada", NOW.plus_seconds(600)).remaining <= 1);
        assert!(throttle.full_at.len() <= 130, "{}", throttle.full_at.len());
    }

    #[test]
    fn a_flood_of_names_takes_bounded_memory() {
        let throttle = LocalThrottle::new(Quota::new(5, 60));
        for name in 0..CACHE_CAPACITY * 2 {
            throttle.attempt(&name.to_string(), NOW);
        }
        assert!(throttle.full_at.len() <= CACHE_CAPACITY);
    }
}
