//! Storing what the provider's feed gave.

use super::{LEAST_QUOTES, MOST_QUOTES, Quote};
use crate::civil::{Date, Instant, latest_date_on_earth};
use crate::error::StoreError;
use crate::unit_of_work::Store;

/// How many days a set is kept that is no longer in force.
const KEPT_DAYS: i32 = 7;

/// The first civil date that a set fetched now may be in force on: none that has begun anywhere on Earth.
pub fn first_day_of_a_new_set(now: Instant) -> Date {
    latest_date_on_earth(now).saturating_add_days(1)
}

/// Stores the provider's quotations, if they differ from the last set, and removes sets of the past. Doing it twice is
/// like doing it once. Runs in a writing unit of work without an owner.
///
/// # Errors
/// `StoreError` of the store.
pub fn take_up(store: &mut dyn Store, quotes: &[Quote], now: Instant) -> Result<(), StoreError> {
    let quotes = quotes.get(..MOST_QUOTES).unwrap_or(quotes);
    if quotes.len() >= LEAST_QUOTES && store.quotes_in_force(Date::MAX)? != quotes {
        store.replace_quotes(first_day_of_a_new_set(now), quotes)?;
    }
    store.forget_quotes_before(first_day_of_a_new_set(now).saturating_add_days(-KEPT_DAYS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_set_waits_for_a_day_that_has_begun_nowhere() {
        let at = |text: &str| first_day_of_a_new_set(Instant::parse(text).unwrap()).to_string();
        // 10:00 UTC is midnight in Kiritimati.
        assert_eq!(at("2026-03-11T09:59:59Z"), "2026-03-12");
        assert_eq!(at("2026-03-11T10:00:00Z"), "2026-03-13");
    }
}
