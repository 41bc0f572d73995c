//! Quotations of a provider.

use circadia_domain::civil::Date;
use circadia_domain::quotes::{Quote, QuoteAuthor, QuoteRepository, QuoteText};
use circadia_domain::users::Locale;
use diesel::prelude::*;

use crate::convert::number;
use crate::dialect::insert_rows;
use crate::row::{Stored as _, load_rows, row};
use crate::schema::quotes;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

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
}
