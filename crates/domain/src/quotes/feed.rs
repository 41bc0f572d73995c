//! The provider's feed: when to fetch it, and storing the result.

use super::{LEAST_QUOTES, MOST_QUOTES, Quote};
use crate::civil::{Date, Instant, latest_date_on_earth};
use crate::error::StoreError;
use crate::unit_of_work::Store;

/// Lease of a refresh, in seconds; afterwards another replica may try.
pub const LEASE_SECONDS: i64 = 120;
/// Seconds of the first pause after a failure; it doubles up to the usual interval.
const FIRST_PAUSE: i64 = 60;
/// How many days a set is kept that is no longer in force.
const KEPT_DAYS: i32 = 7;

/// What is known of the feed: one row for all replicas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// When to fetch next.
    pub next_at: Instant,
    /// Until when a user is at it.
    pub leased_until: Instant,
    /// How often asking failed since it last succeeded.
    pub failures: i32,
}

impl Feed {
    /// Whether a fetch is due.
    pub fn is_due(&self, now: Instant) -> bool {
        self.next_at <= now && self.leased_until <= now
    }
}

/// The first civil date that a set fetched now may be in force on: none that has begun anywhere on Earth.
pub fn first_day_of_a_new_set(now: Instant) -> Date {
    latest_date_on_earth(now).saturating_add_days(1)
}

/// Seconds until the next fetch after this many consecutive failures: 1, 2, 4 … minutes, at most `interval`.
pub fn retry_after(failures: i32, interval: i64) -> i64 {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(20);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(interval)
}

/// Stores the provider's quotations, if they differ from the last set, and releases the feed until the next refresh.
/// `lease` is the end of the caller's lease. Returns whether the caller still held it; if not, nothing is stored. Runs
/// in a writing unit of work without an owner.
///
/// # Errors
/// `StoreError` of the store.
pub fn take_up(
    store: &mut dyn Store,
    lease: Instant,
    quotes: &[Quote],
    now: Instant,
    interval: i64,
) -> Result<bool, StoreError> {
    if !store.release_feed(lease, now.plus_seconds(interval), 0)? {
        return Ok(false);
    }
    let quotes = quotes.get(..MOST_QUOTES).unwrap_or(quotes);
    if quotes.len() >= LEAST_QUOTES && store.quotes_in_force(Date::MAX)? != quotes {
        store.replace_quotes(first_day_of_a_new_set(now), quotes)?;
    }
    store.forget_quotes_before(first_day_of_a_new_set(now).saturating_add_days(-KEPT_DAYS))?;
    Ok(true)
}

/// Records a failed or invalid fetch; the next one is due after [`retry_after`]. Returns whether the caller still held
/// the lease. Runs in a writing unit of work without an owner.
///
/// # Errors
/// `StoreError` of the store.
pub fn note_failure(
    store: &mut dyn Store,
    lease: Instant,
    feed: &Feed,
    now: Instant,
    interval: i64,
) -> Result<bool, StoreError> {
    let failures = feed.failures.saturating_add(1);
    store.release_feed(lease, now.plus_seconds(retry_after(failures, interval)), failures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_interval() {
        let pauses: Vec<i64> = (1..8).map(|failures| retry_after(failures, 3600)).collect();
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1920, 3600]);
        assert_eq!((retry_after(i32::MAX, 3600), retry_after(0, 3600), retry_after(9, 30)), (3600, 60, 30));
    }

    #[test]
    fn a_new_set_waits_for_a_day_that_has_begun_nowhere() {
        let at = |text: &str| first_day_of_a_new_set(Instant::parse(text).unwrap()).to_string();
        // 10:00 UTC is midnight in Kiritimati.
        assert_eq!(at("2026-03-11T09:59:59Z"), "2026-03-12");
        assert_eq!(at("2026-03-11T10:00:00Z"), "2026-03-13");
    }
}
