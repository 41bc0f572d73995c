//! What the screens of a day, a week or a month have in common, and lists of some days.

use circadia_domain::Error;
use circadia_domain::civil::{Date, DateRange, Instant};
use circadia_domain::ids::UserId;
use circadia_domain::unit_of_work::Store;
use serde::Serialize;
use utoipa::IntoParams;

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, date, text};
use crate::http::page::PageRequest;
use crate::http::problem::Problem;

/// Which day, week or month.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct DateQuery {
    /// A day of it; the user's today if absent.
    #[param(value_type = Option<String>, format = Date)]
    pub(in crate::routes) date: Option<Date>,
}

impl Decode for DateQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { date: fields.optional("date", text(date)) })
    }
}

/// Answers what the screen of a date shows: `look` reads it, for a user, at an instant.
pub(in crate::routes) async fn view<T, B>(
    caller: &Caller,
    query: DateQuery,
    look: impl FnOnce(&mut dyn Store, UserId, Instant, Option<Date>) -> Result<T, Error> + Send + 'static,
) -> Result<Answer, Problem>
where
    T: Send + 'static,
    B: From<T> + Serialize,
{
    let (user, now) = (caller.user, caller.now);
    let seen = caller.read(move |store| look(store, user, now, query.date)).await?;
    Answer::computed(&B::from(seen))
}

/// Which dates of a list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct DatesQuery {
    /// The first date; the first of all if absent.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last date; the last of all if absent.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// Which part of it.
    #[param(ignore)]
    pub(in crate::routes) page: PageRequest,
}

impl DatesQuery {
    /// The dates.
    pub(in crate::routes) fn range(&self) -> DateRange {
        let range = DateRange::new(self.from.unwrap_or(Date::MIN), self.to.unwrap_or(Date::MAX));
        // Reversed ones were refused.
        range.unwrap_or(DateRange::ALL)
    }
}

impl Decode for DatesQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.optional("from", text(date));
        let to = fields.optional("to", text(date));
        fields.note_reversed(from, to);
        Some(Self { from, to, page: PageRequest::decode(fields)? })
    }
}
