//! Quotations of a provider, and the schedule of its feed.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::error::StoreError;
use circadia_domain::quotes::{Feed, Quote, QuoteAuthor, QuoteRepository, QuoteText};
use circadia_domain::users::Locale;
use diesel::prelude::*;

use crate::convert::number;
use crate::dialect::insert_rows;
use crate::row::{Stored as _, load_rows, row};
use crate::schema::{quote_feed, quotes};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

/// The id of the only row of `quote_feed`.
const FEED_ID: i32 = 1;

row! {
    #[diesel(table_name = quotes, primary_key(valid_from, position))]
    struct QuoteRow of Quote {
        text: Sql<QuoteText>,
        author: Sql<QuoteAuthor>,
        locale: Option<Sql<Locale>>,
    }
}

impl QuoteRepository for Transaction {
    fn quotes_in_force(&mut self, date: Date) -> Result<Vec<Quote>> {
        let others = diesel::alias!(quotes as others);
        let latest = others
            .filter(others.field(quotes::valid_from).le(Sql(date)))
            .order(others.field(quotes::valid_from).desc())
            .select(others.field(quotes::valid_from))
            .single_value();
        load_rows!(
            self,
            quotes::table.filter(quotes::valid_from.nullable().eq(latest)).order(quotes::position),
            QuoteRow
        )
    }

    fn replace_quotes(&mut self, from: Date, set: &[Quote]) -> Result<()> {
        diesel::delete(quotes::table.filter(quotes::valid_from.eq(Sql(from))))
            .execute(self.connection())
            .classified()?;
        let rows = set
            .iter()
            .enumerate()
            .map(|(position, quote)| {
                let position: i32 = number(position)?;
                Ok((quotes::valid_from.eq(Sql(from)), quotes::position.eq(position), QuoteRow::from_domain(quote)?))
            })
            .collect::<Result<Vec<_>>>()?;
        insert_rows!(self.connection(), quotes, rows, on (valid_from, position) replace (text, author, locale))
            .classified()
    }

    fn forget_quotes_before(&mut self, date: Date) -> Result<()> {
        let in_force: Option<Sql<Date>> = quotes::table
            .filter(quotes::valid_from.le(Sql(date)))
            .order(quotes::valid_from.desc())
            .select(quotes::valid_from)
            .first(self.connection())
            .optional()
            .classified()?;
        let Some(in_force) = in_force else { return Ok(()) };
        diesel::delete(quotes::table.filter(quotes::valid_from.lt(in_force)))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn feed(&mut self) -> Result<Feed> {
        let found: Option<(Sql<Instant>, Sql<Instant>, i32)> = quote_feed::table
            .find(FEED_ID)
            .select((quote_feed::next_at, quote_feed::leased_until, quote_feed::failures))
            .first(self.connection())
            .optional()
            .classified()?;
        let (Sql(next_at), Sql(leased_until), failures) =
            found.ok_or_else(|| StoreError::Corrupt("the row of quote_feed is missing".into()))?;
        Ok(Feed { next_at, leased_until, failures })
    }

    fn lease_feed(&mut self, now: Instant, until: Instant) -> Result<bool> {
        let due = quote_feed::table
            .find(FEED_ID)
            .filter(quote_feed::next_at.le(Sql(now)))
            .filter(quote_feed::leased_until.le(Sql(now)));
        let taken =
            diesel::update(due).set(quote_feed::leased_until.eq(Sql(until))).execute(self.connection()).classified()?;
        Ok(taken == 1)
    }

    fn release_feed(&mut self, lease: Instant, next_at: Instant, failures: i32) -> Result<bool> {
        let held = quote_feed::table.find(FEED_ID).filter(quote_feed::leased_until.eq(Sql(lease)));
        let released = diesel::update(held)
            .set((
                quote_feed::leased_until.eq(Sql(Instant::from_micros(0))),
                quote_feed::next_at.eq(Sql(next_at)),
                quote_feed::failures.eq(failures),
            ))
            .execute(self.connection())
            .classified()?;
        Ok(released == 1)
    }
}
