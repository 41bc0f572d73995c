//! `/quotes`: a thought for the day.

use circadia_domain::civil::Date;
use circadia_domain::quotes::{self, QuoteAuthor, QuoteOfTheDay, QuoteText, Source};
use circadia_domain::users::Locale;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::Query;
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::routes::date_queries::OnQuery;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_quote_of_the_day);
}

/// The quotation of a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteOfTheDay)]
struct QuoteBody {
    /// The user's day.
    date: Date,
    /// What was said.
    text: QuoteText,
    /// Who said it.
    author: QuoteAuthor,
    /// The language it is in; null if it isn't known.
    locale: Option<Locale>,
    /// Where it is from.
    source: Source,
}

impl From<QuoteOfTheDay> for QuoteBody {
    fn from(day: QuoteOfTheDay) -> Self {
        Self {
            date: day.date,
            text: day.quote.text,
            author: day.quote.author,
            locale: day.quote.locale,
            source: day.source,
        }
    }
}

/// Get the quotation of the day
///
/// The same for a user all their day, and another one tomorrow; in their language where there is one.
#[utoipa::path(
    get,
    path = "/quotes/today",
    tag = "quotes",
    operation_id = "getQuoteOfTheDay",
    extensions(("x-scope" = json!("profile:read"))),
    params(OnQuery),
    responses((status = 200, description = "The quotation", body = QuoteBody))
)]
async fn get_quote_of_the_day(caller: Caller, query: Query<OnQuery>) -> Result<Answer, Problem> {
    let (now, on) = (caller.now, query.0.on);
    let found = caller.read(move |store| quotes::today(store, caller.user, now, on)).await?;
    Answer::computed(&QuoteBody::from(found))
}
