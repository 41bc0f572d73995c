//! `/quotes`: a thought for the day.

use actix_web::get;
use circadia_domain::civil::Date;
use circadia_domain::quotes::{self, QuoteOfTheDay, Source};
use circadia_domain::users::Locale;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Query, date, text};
use crate::http::problem::Problem;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_quote_of_the_day);
}

/// Of which day.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct DayQuery {
    /// Of this day; of the user's today if absent. Of a day to come, what is known by now.
    #[param(value_type = Option<String>, format = Date)]
    on: Option<Date>,
}

impl Decode for DayQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { on: fields.optional("on", text(date)) })
    }
}

/// The quotation of a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteOfTheDay)]
struct QuoteBody {
    /// The user's day.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// What was said.
    #[schema(max_length = 500)]
    text: String,
    /// Who said it.
    #[schema(max_length = 100)]
    author: String,
    /// The language it is in; null if it isn't known.
    #[schema(value_type = Option<String>, example = "en")]
    locale: Option<Locale>,
    /// Where it is from.
    source: SourceBody,
}

/// Where a quotation is from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QuoteSource)]
#[serde(rename_all = "snake_case")]
enum SourceBody {
    /// It comes with the program.
    BuiltIn,
    /// The configured provider gave it.
    Provider,
}

impl From<QuoteOfTheDay> for QuoteBody {
    fn from(day: QuoteOfTheDay) -> Self {
        Self {
            date: day.date,
            text: day.quote.text.to_string(),
            author: day.quote.author.to_string(),
            locale: day.quote.locale,
            source: match day.source {
                Source::BuiltIn => SourceBody::BuiltIn,
                Source::Provider => SourceBody::Provider,
            },
        }
    }
}

/// Get the quotation of the day
///
/// The same for a user all their day, and another one tomorrow; in their language where there is one.
#[utoipa::path(
    tag = "quotes",
    operation_id = "getQuoteOfTheDay",
    params(DayQuery),
    responses((status = 200, description = "The quotation", body = QuoteBody))
)]
#[get("/quotes/today")]
async fn get_quote_of_the_day(caller: Caller, query: Query<DayQuery>) -> Result<Answer, Problem> {
    let (now, on) = (caller.now, query.0.on);
    let found = caller.read(move |store| quotes::today(store, caller.user, now, on)).await?;
    Answer::computed(&QuoteBody::from(found))
}
