//! A thought for the day: one quotation, constant during a user's day.
//!
//! Quotations come in sets. A fetched set takes effect on a civil date that hasn't begun anywhere on Earth yet
//! ([`first_day_of_a_new_set`]), so the set of a date never changes during that date, in any zone and on any replica,
//! and no state per user is needed. Before the first set, and without a provider, the built-in one applies.

mod built_in;
mod choice;
mod feed;
mod repository;

pub use built_in::built_in;
pub use choice::choose;
pub use feed::{first_day_of_a_new_set, take_up};
pub use repository::QuoteRepository;

use crate::civil::{Date, Instant};
use crate::error::Error;
use crate::error::StoreError;
use crate::ids::UserId;
use crate::text::Line;
use crate::unit_of_work::Store;
use crate::users::{self, Locale};

/// The text: 1–500 characters.
pub type QuoteText = Line<500>;
/// The author: 1–100 characters.
pub type QuoteAuthor = Line<100>;

/// Minimum size of a set. Providers report "too many requests" in the form of a quotation.
pub const LEAST_QUOTES: usize = 5;
/// The most quotations that are kept of a set.
pub const MOST_QUOTES: usize = 500;

/// A quotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The text.
    pub text: QuoteText,
    /// The author.
    pub author: QuoteAuthor,
    /// The language it is in, if that is known.
    pub locale: Option<Locale>,
}

words! {
    /// Where a quotation is from.
    #[cfg_attr(feature = "openapi", schema(as = QuoteSource))]
    pub enum Source {
        /// It comes with the program.
        BuiltIn = "built_in",
        /// The configured provider gave it.
        Provider = "provider",
    }
}

/// The quotation of a user's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteOfTheDay {
    /// Which day.
    pub date: Date,
    /// The quotation.
    pub quote: Quote,
    /// Where it is from.
    pub source: Source,
}

/// The quotation of a user's day; of today if no day is named. Two statements.
pub fn today(store: &mut dyn Store, user: UserId, now: Instant, on: Option<Date>) -> Result<QuoteOfTheDay, Error> {
    let user = users::find(store, user)?;
    of_day(store, user.id, &user.settings.locale, on.unwrap_or_else(|| user.today(now)))
}

/// The quotation of a day for a user who has this locale. One statement.
pub(crate) fn of_day(store: &mut dyn Store, user: UserId, locale: &Locale, date: Date) -> Result<QuoteOfTheDay, Error> {
    let of_provider = store.quotes_in_force(date)?;
    if let Some(quote) = choose(&of_provider, user, date, locale) {
        return Ok(QuoteOfTheDay { date, quote: quote.clone(), source: Source::Provider });
    }
    let quote =
        choose(built_in(), user, date, locale).ok_or_else(|| StoreError::Defect("no quotation is built in".into()))?;
    Ok(QuoteOfTheDay { date, quote: quote.clone(), source: Source::BuiltIn })
}
