//! The generic cell rate algorithm (ITU-T I.371): a burst of n, refilled evenly at n per period. `governor` decides.
//!
//! The state of a key is one instant: when its allowance is full again. It can be kept in memory, in a database row, or
//! in Redis, whose script uses the same arithmetic.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::time::Duration;

use circadia_domain::civil::Instant;
use governor::RateLimiter;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{NotKeyed, StateStore};

use super::Rule;
#[cfg(feature = "redis")]
use super::rule::SharedRule;

pub(super) const MICROS_PER_SECOND: i64 = 1_000_000;

/// A rate limit: a burst of `burst`, refilled at `burst` per `period_seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    burst: u32,
    period_seconds: u32,
}

impl Quota {
    /// `burst` at once, and per `period_seconds`; each at least 1, and a period at most a day.
    pub fn new(burst: u32, period_seconds: u32) -> Self {
        Self { burst: burst.max(1), period_seconds: period_seconds.clamp(1, 86_400) }
    }

    /// The same, for constants.
    pub(crate) const fn of(burst: u32, period_seconds: u32) -> Self {
        assert!(burst > 0 && 0 < period_seconds && period_seconds <= 86_400, "within the bounds");
        Self { burst, period_seconds }
    }

    /// The burst size.
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// Seconds for a full refill.
    pub const fn period_seconds(self) -> u32 {
        self.period_seconds
    }

    /// Microseconds of allowance per attempt.
    pub(super) fn step(self) -> i64 {
        (i64::from(self.period_seconds) * MICROS_PER_SECOND / i64::from(self.burst)).max(1)
    }

    /// Microseconds of a full allowance.
    pub(super) fn capacity(self) -> i64 {
        self.step() * i64::from(self.burst)
    }

    /// The decision on an attempt that brings the used allowance to `used` microseconds.
    pub(super) fn decision(self, allowed: bool, used: i64) -> Decision {
        let (step, capacity) = (self.step(), self.capacity());
        Decision {
            allowed,
            limit: self.burst,
            remaining: u32::try_from((capacity - used) / step).unwrap_or(0),
            reset_seconds: seconds_up(used),
            retry_after_seconds: if allowed { 0 } else { seconds_up(used + step - capacity) },
        }
    }

    /// Counts an attempt at `now`, given the time at which the allowance is full again (`None` if it is full). Returns
    /// the decision and the time to store.
    pub(crate) fn attempt(self, full_at: Option<Instant>, now: Instant) -> (Decision, Instant) {
        // A time further ahead than a full allowance means that the clock was set back; it must not lock anyone out.
        let used = full_at.map_or(0, |full| (full.micros() - now.micros()).clamp(0, self.capacity()));
        let state = Used(Cell::new(nanos(used)));
        let limiter = RateLimiter::<_, _, _, NoOpMiddleware<Duration>>::new(self.governor(), state, AtZero);
        let allowed = limiter.check().is_ok();
        let used = i64::try_from(limiter.into_state_store().0.get().as_u64() / 1_000).unwrap_or(i64::MAX);
        (self.decision(allowed, used), Instant::from_micros(now.micros() + used))
    }

    fn governor(self) -> governor::Quota {
        let step = Duration::from_micros(self.step().unsigned_abs());
        let burst = NonZeroU32::new(self.burst).unwrap_or(NonZeroU32::MIN);
        // `with_period` returns `None` only for an empty period, and a step is at least a microsecond.
        governor::Quota::with_period(step).unwrap_or_else(|| governor::Quota::per_second(burst)).allow_burst(burst)
    }
}

impl Rule for Quota {
    type State = Instant;

    fn attempt(self, full_at: Option<Instant>, now: Instant) -> (Decision, Instant) {
        Self::attempt(self, full_at, now)
    }

    fn later(self, known: Option<Instant>, told: Instant, now: Instant) -> Instant {
        // What lies further ahead was noted before the clock was set back.
        let possible = |at: &Instant| at.micros() - now.micros() <= self.capacity();
        known.filter(possible).map_or(told, |known| known.max(told))
    }

    fn memory_seconds(self) -> i64 {
        self.period_seconds.into()
    }
}

#[cfg(feature = "redis")]
impl SharedRule for Quota {
    /// The state of a key is the time at which its allowance is full again, by the callers' clocks; it expires in Redis
    /// a minute later.
    const SCRIPT: &'static str = "
        local now, step, capacity, known = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
        local stored = redis.call('GET', KEYS[1])
        local ahead = tonumber(stored or known) - now
        local used = math.min(math.max(ahead, 0), capacity)
        local allowed = used + step <= capacity
        if allowed then used = used + step end
        if allowed or ahead > capacity or not stored then
            redis.call('SET', KEYS[1], string.format('%.0f', now + used), 'PX', math.ceil(used / 1000) + 60000)
        end
        return {allowed and 1 or 0, used, 0}
    ";

    fn arguments(self, known: Option<Instant>, now: Instant) -> Vec<i64> {
        vec![now.micros(), self.step(), self.capacity(), known.map_or(0, Instant::micros)]
    }

    fn read(self, (allowed, used, _): (i64, i64, i64), now: Instant) -> (Decision, Instant) {
        (self.decision(allowed == 1, used), Instant::from_micros(now.micros() + used))
    }
}

fn nanos(micros: i64) -> Nanos {
    Nanos::new(micros.unsigned_abs().saturating_mul(1_000))
}

/// The used part of an allowance at the attempt being counted.
struct Used(Cell<Nanos>);

impl StateStore for Used {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (outcome, used) = decide(Some(self.0.get()))?;
        self.0.set(used);
        Ok(outcome)
    }
}

/// A clock fixed at the attempt being counted; the used allowance is passed as time.
#[derive(Debug, Clone, Copy)]
struct AtZero;

impl Clock for AtZero {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

/// Whole seconds, rounded up.
pub(super) fn seconds_up(micros: i64) -> u32 {
    u32::try_from((micros + MICROS_PER_SECOND - 1) / MICROS_PER_SECOND).unwrap_or(u32::MAX)
}

/// A throttle's decision on an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether the attempt is allowed.
    pub allowed: bool,
    /// The burst size.
    pub limit: u32,
    /// Attempts left.
    pub remaining: u32,
    /// Seconds until the allowance is full.
    pub reset_seconds: u32,
    /// Seconds until the next attempt is allowed; 0 if this one is.
    pub retry_after_seconds: u32,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::NOW;

    #[test]
    fn the_sixth_attempt_of_a_burst_is_refused_and_the_allowance_refills_evenly() {
        let quota = Quota::new(5, 60);
        let mut full_at = None;
        let mut attempt = |seconds: i64| {
            let (decision, full) = quota.attempt(full_at, NOW.plus_seconds(seconds));
            full_at = Some(full);
            decision
        };
        for remaining in (0..5).rev() {
            let decision = attempt(0);
            assert_eq!(
                (decision.allowed, decision.remaining, decision.reset_seconds),
                (true, remaining, 60 - 12 * remaining)
            );
        }
        let sixth = attempt(0);
        assert_eq!(
            sixth,
            Decision { allowed: false, limit: 5, remaining: 0, reset_seconds: 60, retry_after_seconds: 12 }
        );
        // Refused attempts use up nothing.
        assert_eq!(attempt(11).retry_after_seconds, 1);
        assert!(attempt(12).allowed);
        assert!(!attempt(12).allowed);
        assert_eq!(attempt(1_000).remaining, 4);
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let quota = Quota::new(5, 60);
        let (_, full_at) = quota.attempt(None, NOW.plus_seconds(86_400));
        assert!(quota.attempt(Some(full_at), NOW).0.retry_after_seconds <= 12);
    }

    proptest! {
        #[test]
        fn no_more_than_the_burst_and_the_refill_ever_pass(
            burst in 1_u32..20, period in 1_u32..600, gaps in prop::collection::vec(0_i64..30_000_000, 1..200),
        ) {
            let quota = Quota::new(burst, period);
            let (mut full_at, mut now, mut passed) = (None, NOW, 0_i64);
            for gap in gaps {
                now = Instant::from_micros(now.micros() + gap);
                let (decision, full) = quota.attempt(full_at, now);
                full_at = Some(full);
                passed += i64::from(decision.allowed);
                if !decision.allowed {
                    let after = now.plus_seconds(i64::from(decision.retry_after_seconds));
                    prop_assert!(quota.attempt(full_at, after).0.allowed);
                }
                let elapsed = now.micros() - NOW.micros();
                prop_assert!(passed <= i64::from(burst) + elapsed / quota.step());
            }
        }
    }
}
