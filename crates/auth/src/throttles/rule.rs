//! What a throttle counts by.

use std::fmt;

use circadia_domain::civil::Instant;

use super::Decision;

/// How an attempt changes what is known of a key. A pure function, so that one process decides as Redis does.
pub trait Rule: Copy + fmt::Debug + Send + Sync + 'static {
    /// What is known of a key.
    type State: Copy + fmt::Debug + Send + Sync;

    /// Counts an attempt at `now`, given the state before (`None` if nothing counts any more). Returns the decision and
    /// the state after.
    fn attempt(self, state: Option<Self::State>, now: Instant) -> (Decision, Self::State);

    /// The later of what this process knew and what Redis answered at `now`.
    fn later(self, known: Option<Self::State>, told: Self::State, now: Instant) -> Self::State;

    /// Seconds after an attempt from which on it doesn't count, whatever came before.
    fn memory_seconds(self) -> i64;
}

/// A rule as one atomic step in Redis.
#[cfg(feature = "redis")]
pub(super) trait SharedRule: Rule {
    /// A script in Lua: counts an attempt on `KEYS[1]`, and answers three integers.
    const SCRIPT: &'static str;

    /// The script's arguments. `known` is what this process last knew of the key, in case that Redis lost it.
    fn arguments(self, known: Option<Self::State>, now: Instant) -> Vec<i64>;

    /// The decision that the script's answer means, and the state after it.
    fn read(self, answer: (i64, i64, i64), now: Instant) -> (Decision, Self::State);
}
