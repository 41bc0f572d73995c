//! What quotations need of a store.

use super::Quote;
use crate::civil::Date;
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
}
