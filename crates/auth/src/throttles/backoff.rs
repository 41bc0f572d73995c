//! Back-off: a burst is free, and each further attempt has to wait twice as long as the one before, up to a bound.
//!
//! For guesses by strangers: a steady trickle of them is slowed down further than a limit with an even refill would.

use circadia_domain::civil::Instant;

use super::gcra::{MICROS_PER_SECOND, seconds_up};
#[cfg(feature = "redis")]
use super::rule::SharedRule;
use super::{Decision, Quota, Rule};

/// The longest wait, in waits of a single attempt: five minutes at `5/min`.
const LONGEST_STEPS: i64 = 25;
/// Attempts beyond the burst after which waits don't grow any more (2⁵ > 25).
const GROWTH: u32 = 5;

/// The burst of a quota at once; then waits of one, two, four… parts of its period, up to `LONGEST_STEPS`. Each period
/// in which nothing is tried forgives one attempt. Refused attempts count for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff(pub Quota);

/// What is known of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffState {
    /// Attempts that aren't forgiven, at most the burst and [`GROWTH`].
    level: u32,
    /// When the next attempt is allowed.
    free_at: Instant,
}

impl Backoff {
    fn most(self) -> u32 {
        self.0.burst().saturating_add(GROWTH)
    }

    /// Microseconds in which one attempt is forgiven.
    fn period(self) -> i64 {
        i64::from(self.0.period_seconds()) * MICROS_PER_SECOND
    }

    fn longest(self) -> i64 {
        self.0.step() * LONGEST_STEPS
    }

    /// Microseconds to wait after an attempt that made the level this.
    fn wait(self, level: u32) -> i64 {
        match level.checked_sub(self.0.burst()) {
            None => 0,
            Some(beyond) => (self.0.step() << beyond.min(GROWTH)).min(self.longest()),
        }
    }

    fn decision(self, allowed: bool, level: u32, wait: i64) -> Decision {
        Decision {
            allowed,
            limit: self.0.burst(),
            remaining: self.0.burst().saturating_sub(level),
            reset_seconds: seconds_up(wait.saturating_add(i64::from(level) * self.period())),
            retry_after_seconds: if allowed { 0 } else { seconds_up(wait) },
        }
    }
}

impl Rule for Backoff {
    type State = BackoffState;

    fn attempt(self, state: Option<BackoffState>, now: Instant) -> (Decision, BackoffState) {
        let BackoffState { level, free_at } = state.unwrap_or(BackoffState { level: 0, free_at: now });
        // A time further ahead than the wait means that the clock was set back; it must not lock anyone out.
        let wait = (free_at.micros() - now.micros()).min(self.wait(level));
        if wait > 0 {
            let free_at = Instant::from_micros(now.micros() + wait);
            return (self.decision(false, level, wait), BackoffState { level, free_at });
        }
        let forgiven = u32::try_from(-wait / self.period()).unwrap_or(u32::MAX);
        let level = level.saturating_sub(forgiven).saturating_add(1).min(self.most());
        let wait = self.wait(level);
        let free_at = Instant::from_micros(now.micros() + wait);
        (self.decision(true, level, wait), BackoffState { level, free_at })
    }

    fn later(self, known: Option<BackoffState>, told: BackoffState, now: Instant) -> BackoffState {
        let possible = |state: &BackoffState| state.free_at.micros() - now.micros() <= self.wait(state.level);
        known.filter(|known| possible(known) && told.free_at < known.free_at).unwrap_or(told)
    }

    fn memory_seconds(self) -> i64 {
        (self.longest() + i64::from(self.most()) * self.period()) / MICROS_PER_SECOND
    }
}

#[cfg(feature = "redis")]
impl SharedRule for Backoff {
    /// The state of a key is `level:free_at`; it expires in Redis a minute after everything is forgiven.
    const SCRIPT: &'static str = "
        local now, burst, step, period = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
        local longest, growth = tonumber(ARGV[5]), tonumber(ARGV[6])
        local level, free_at = tonumber(ARGV[7]), tonumber(ARGV[8])
        local stored = redis.call('GET', KEYS[1])
        if stored then
            local before, at = string.match(stored, '^(%d+):(%d+)$')
            level, free_at = tonumber(before) or 0, tonumber(at) or 0
        end
        local wait_of = function(count)
            if count < burst then return 0 end
            return math.min(step * 2 ^ math.min(count - burst, growth), longest)
        end
        local wait = math.min(free_at - now, wait_of(level))
        local allowed = wait <= 0
        if allowed then
            level = math.min(math.max(level - math.floor(-wait / period), 0) + 1, burst + growth)
            wait = wait_of(level)
        end
        local kept = math.ceil((wait + level * period) / 1000) + 60000
        redis.call('SET', KEYS[1], string.format('%d:%.0f', level, now + wait), 'PX', kept)
        return {allowed and 1 or 0, level, wait}
    ";

    fn arguments(self, known: Option<BackoffState>, now: Instant) -> Vec<i64> {
        let (level, free_at) = known.map_or((0, 0), |known| (i64::from(known.level), known.free_at.micros()));
        let (burst, growth) = (i64::from(self.0.burst()), i64::from(GROWTH));
        vec![now.micros(), burst, self.0.step(), self.period(), self.longest(), growth, level, free_at]
    }

    fn read(self, (allowed, level, wait): (i64, i64, i64), now: Instant) -> (Decision, BackoffState) {
        let level = u32::try_from(level).unwrap_or(u32::MAX);
        let free_at = Instant::from_micros(now.micros() + wait);
        (self.decision(allowed == 1, level, wait), BackoffState { level, free_at })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::NOW;

    #[test]
    fn after_a_burst_each_wait_is_twice_the_one_before_up_to_five_minutes() {
        let rule = Backoff(Quota::new(5, 60));
        let (mut state, mut now) = (None, NOW);
        for wait in [0, 0, 0, 0, 12, 24, 48, 96, 192, 300, 300, 300] {
            let (decision, after) = rule.attempt(state, now);
            assert!(decision.allowed);
            if wait > 0 {
                let early = now.plus_seconds(wait - 1);
                assert_eq!(rule.attempt(Some(after), early).0.retry_after_seconds, 1, "{wait}");
                // Refused attempts make no wait longer.
                assert_eq!(rule.attempt(Some(after), early).1, after);
            }
            (state, now) = (Some(after), now.plus_seconds(wait));
        }
        // In peace for a minute, one is forgiven; after ten, all are.
        assert_eq!(rule.attempt(state, now.plus_seconds(60)).1.free_at, now.plus_seconds(360));
        assert_eq!(rule.attempt(state, now.plus_seconds(600)).0.remaining, 4);
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let rule = Backoff(Quota::new(5, 60));
        let mut state = None;
        for _ in 0..5 {
            state = Some(rule.attempt(state, NOW.plus_seconds(86_400)).1);
        }
        assert!(rule.attempt(state, NOW).0.retry_after_seconds <= 12);
    }

    proptest! {
        #[test]
        fn attempts_are_bounded_over_any_time_and_waits_are_never_longer_than_the_bound(
            gaps in prop::collection::vec(0_i64..400_000_000, 1..200),
        ) {
            let rule = Backoff(Quota::new(5, 60));
            let (mut state, mut now, mut passed) = (None, NOW, 0_i64);
            for gap in gaps {
                now = Instant::from_micros(now.micros() + gap);
                let (decision, after) = rule.attempt(state, now);
                state = Some(after);
                passed += i64::from(decision.allowed);
                prop_assert!(decision.retry_after_seconds <= 300);
                // At most one attempt a minute in the long run: each minute forgives one.
                prop_assert!(passed <= 5 + i64::from(GROWTH) + (now.micros() - NOW.micros()) / rule.period());
            }
        }
    }
}
