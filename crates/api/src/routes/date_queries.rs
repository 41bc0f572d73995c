//! Queries by date: day, week and month views, and lists of a range of dates.

use circadia_domain::Error;
use circadia_domain::civil::{Date, DateRange, Instant, TEN_YEARS};
use circadia_domain::ids::UserId;
use circadia_domain::seek::{DateSeek, NewestSeek};
use circadia_domain::unit_of_work::Store;
use circadia_domain::violation::Violations;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Parsed, text};
use crate::http::page::{CountedPageRequest, PageRequest, Start};
use crate::http::problem::Problem;

/// The day, week or month to show.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct DateQuery {
    /// A day within it. Defaults to the user's today.
    pub(in crate::routes) date: Option<Date>,
}

impl Decode for DateQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { date: fields.optional("date") })
    }
}

/// Answers with the view of a date, which `look` reads for a user at an instant.
pub(in crate::routes) async fn view<T, B>(
    caller: &Caller,
    query: DateQuery,
    look: impl Fn(&mut dyn Store, UserId, Instant, Option<Date>) -> Result<T, Error> + Send + Sync + 'static,
) -> Result<Answer, Problem>
where
    T: Send + 'static,
    B: From<T> + Serialize,
{
    let (user, now) = (caller.user, caller.now);
    let seen = caller.query_replica(move |store| look(store, user, now, query.date)).await?;
    Answer::computed(&B::from(seen))
}

/// The dates to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct DatesQuery {
    /// The first date. Without it, there is no lower limit.
    from: Option<Date>,
    /// The last date. Without it, there is no upper limit.
    to: Option<Date>,
    /// The page to return.
    #[param(ignore)]
    pub(in crate::routes) page: PageRequest,
}

impl DatesQuery {
    /// The dates.
    pub(in crate::routes) fn range(&self) -> DateRange {
        let range = DateRange::new(self.from.unwrap_or(Date::MIN), self.to.unwrap_or(Date::MAX));
        // A reversed range was refused when the query was decoded.
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

/// The place of an item in a list by date and id, as cursors hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::routes) struct DateKey<I> {
    #[serde(rename = "d")]
    pub(in crate::routes) date: Date,
    #[serde(rename = "i")]
    pub(in crate::routes) id: I,
}

/// A list's order by date: earliest first, unless reversed.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::routes) struct DateOrder {
    reversed: bool,
}

impl DateOrder {
    /// Reads the query's `sort`.
    pub(in crate::routes) fn decode(fields: &mut Fields<'_>) -> Self {
        let reversed = fields.optional_with(
            "sort",
            text(|word| match word {
                "date" => Ok(false),
                "-date" => Ok(true),
                _ => Err(Violations::of("unknown_value", "must be `date` or `-date`")),
            }),
        );
        Self { reversed: reversed.unwrap_or(false) }
    }

    /// The order's name, as cursors hold it.
    pub(in crate::routes) const fn name(self) -> &'static str {
        if self.reversed { "-date" } else { "date" }
    }

    /// The part of the list to read for a page that begins at `start`: one more than the page has.
    pub(in crate::routes) fn seek<I: Copy>(self, page: &PageRequest, start: &Start<DateKey<I>>) -> DateSeek<I> {
        let (backwards, key) = start.direction();
        let beyond = key.map(|key| (key.date, key.id));
        DateSeek { reversed: self.reversed, beyond, backwards, limit: page.limit + 1 }
    }
}

/// The order of lists by instant, as cursors hold it: newest first.
pub(in crate::routes) const NEWEST_FIRST: &str = "-at";

/// The place of an item in a list by instant and id, as cursors hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::routes) struct InstantKey<I> {
    #[serde(rename = "t")]
    micros: i64,
    #[serde(rename = "i")]
    id: I,
}

impl<I> InstantKey<I> {
    pub(in crate::routes) const fn new(at: Instant, id: I) -> Self {
        Self { micros: at.micros(), id }
    }
}

/// Where a page of a list by instant begins, and the part of the list to read for it: one item more than the page has.
///
/// # Errors
/// `invalid_cursor`.
pub(in crate::routes) fn seek_newest<I: Copy + DeserializeOwned>(
    page: &CountedPageRequest,
) -> Result<(Start<InstantKey<I>>, NewestSeek<I>), Problem> {
    let (start, skip) = page.start::<InstantKey<I>>(NEWEST_FIRST)?;
    let (backwards, key) = start.direction();
    let beyond = key.map(|key| (Instant::from_micros(key.micros), key.id));
    Ok((start, NewestSeek { beyond, backwards, skip, limit: page.limit + 1 }))
}

/// The day to evaluate at.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct OnQuery {
    /// The day to evaluate at. Defaults to the user's today.
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
