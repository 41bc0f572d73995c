//! What the screens of a day, a week or a month have in common, and lists of some days.

use circadia_domain::Error;
use circadia_domain::civil::{Date, DateRange, Instant, TEN_YEARS};
use circadia_domain::ids::UserId;
use circadia_domain::unit_of_work::Store;
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::IntoParams;

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Parsed};
use crate::http::page::PageRequest;
use crate::http::problem::Problem;

/// Which day, week or month.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct DateQuery {
    /// A day of it; the user's today if absent.
    pub(in crate::routes) date: Option<Date>,
}

impl Decode for DateQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { date: fields.optional("date") })
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
    from: Option<Date>,
    /// The last date; the last of all if absent.
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
        let from = fields.optional("from");
        let to = fields.optional("to");
        fields.note_reversed(from, to);
        Some(Self { from, to, page: PageRequest::decode(fields)? })
    }
}

/// As of which day.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct OnQuery {
    /// As of this day; the user's today if absent.
    pub on: Option<Date>,
}

impl Decode for OnQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { on: fields.optional("on") })
    }
}

/// A range of dates, at most ten years long.
pub(in crate::routes) fn range(from: Date, to: Date) -> Parsed<DateRange> {
    match DateRange::new(from, to) {
        Some(range) if range.len() <= TEN_YEARS => Ok(range),
        Some(range) => {
            let detail = format!("makes {} days; at most {TEN_YEARS} can be asked for", range.len());
            Err(Violations::at("/to", "too_many", detail))
        }
        None => Err(Violations::at("/to", "before_start", "must not lie before `from`")),
    }
}
