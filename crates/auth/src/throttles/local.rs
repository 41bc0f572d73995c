//! A throttle within one process.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use circadia_domain::civil::Instant;

use super::{Decision, Quota, Rule, Throttle};
use crate::bounded::Bounded;
use crate::bytes::sha256;

/// Maximum number of keys, about 100 bytes each.
const CACHE_CAPACITY: usize = 131_072;

/// Keys are kept until nothing of them counts any more, and at most twice that long. They are hashed, so long keys take no more
/// memory. Concurrent attempts are counted exactly. Only a flood of more keys within a period than the capacity makes
/// the throttle forget keys, which is why IP addresses are throttled too.
#[derive(Debug)]
pub struct LocalThrottle<R: Rule = Quota> {
    rule: R,
    states: Bounded<R::State>,
    aged_at: Mutex<Option<Instant>>,
}

impl<R: Rule> LocalThrottle<R> {
    /// A throttle with this rule for each key.
    pub fn new(rule: R) -> Self {
        Self { rule, states: Bounded::new(CACHE_CAPACITY), aged_at: Mutex::new(None) }
    }

    /// Counts an attempt and returns the decision.
    pub fn attempt(&self, key: &str, now: Instant) -> Decision {
        self.age(now);
        let decision = self.states.update(sha256(key.as_bytes()), |state| {
            let (decision, state) = self.rule.attempt(state, now);
            (state, decision)
        });
        decision.unwrap_or_else(|| self.rule.attempt(None, now).0)
    }

    /// What is known of a key.
    #[cfg(feature = "redis")]
    pub(super) fn known(&self, key: &str) -> Option<R::State> {
        self.states.get(&sha256(key.as_bytes()))
    }

    /// Notes what a shared store said of a key.
    #[cfg(feature = "redis")]
    pub(super) fn note(&self, key: &str, told: R::State, now: Instant) {
        self.age(now);
        self.states.update(sha256(key.as_bytes()), |known| (self.rule.later(known, told, now), ()));
    }

    /// Once in a while, drops the keys that nothing of counts any more.
    fn age(&self, now: Instant) {
        let mut aged_at = self.aged_at.lock().unwrap_or_else(PoisonError::into_inner);
        let due = aged_at.is_none_or(|at| at.plus_seconds(self.rule.memory_seconds()) <= now);
        if due {
            *aged_at = Some(now);
            drop(aged_at);
            self.states.age();
        }
    }
}

impl<R: Rule> Throttle for LocalThrottle<R> {
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
        assert!(throttle.states.len() <= 130, "{}", throttle.states.len());
    }

    #[test]
    fn a_flood_of_names_takes_bounded_memory() {
        let throttle = LocalThrottle::new(Quota::new(5, 60));
        for name in 0..CACHE_CAPACITY * 2 {
            throttle.attempt(&name.to_string(), NOW);
        }
        assert!(throttle.states.len() <= CACHE_CAPACITY);
    }
}
