//! `/quotes`: the quotation of the day.

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
    routes.tag("quotes", "A thought for the day.");
    operations!(routes, get_quote_of_the_day);
}

/// The quotation of a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteOfTheDay)]
pub(super) struct QuoteBody {
    /// The date in the user's time zone.
    date: Date,
    /// The text.
    text: QuoteText,
    /// The author.
    author: QuoteAuthor,
    /// The language; null if it isn't known.
    locale: Option<Locale>,
    /// The source.
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
/// A user gets the same quotation for a whole day, in their language if there is one.
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
    let found = caller.query(move |store| quotes::today(store, caller.user, now, on)).await?;
    Answer::computed(&QuoteBody::from(found))
}
