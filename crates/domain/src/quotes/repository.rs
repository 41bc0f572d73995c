//! What quotations need of a store.

use super::{Feed, Quote};
use crate::civil::{Date, Instant};
use crate::error::StoreError;

/// Quotations of a provider in a store. They belong to no user.
pub trait QuoteRepository {
    /// The set that is in force on a date, in its order: the one with the latest first day that isn't after it. Empty
    /// if there is none.
    fn quotes_in_force(&mut self, date: Date) -> Result<Vec<Quote>, StoreError>;

    /// Stores the set that is in force from a date on, in place of the one that was to be.
    fn replace_quotes(&mut self, from: Date, quotes: &[Quote]) -> Result<(), StoreError>;

    /// Removes sets that are in force on no date from `date` on.
    fn forget_quotes_before(&mut self, date: Date) -> Result<(), StoreError>;

    /// What is known of the feed.
    fn feed(&mut self) -> Result<Feed, StoreError>;

    /// Takes the feed on lease if it is due. Of two units of work at once, one gets it. For a writing unit of work that
    /// belongs to no user and is committed before the provider is asked.
    fn lease_feed(&mut self, now: Instant, until: Instant) -> Result<bool, StoreError>;

    /// Ends the lease that runs until `lease`, and sets when the feed is due next. Returns whether there was such a
    /// lease.
    fn release_feed(&mut self, lease: Instant, next_at: Instant, failures: i32) -> Result<bool, StoreError>;
}
