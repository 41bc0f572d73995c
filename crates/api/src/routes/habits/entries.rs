//! `/habits/{habit_id}/entries`: entries for days that were done, skipped or missed.

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::habits::entries::{self, EntryPut, Written};
use circadia_domain::habits::{DayState, EntryInput, EntryPatch, EntryView, MAX_VALUE};
use circadia_domain::ids::HabitId;
use circadia_domain::quantity::QuantityChange;
use serde::Serialize;
use utoipa::ToSchema;

use super::today::{StreakSummaryBody, TodaySummaryBody};
use crate::http::answer::{Answer, IfMatch};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, PathParam, Query, quantity};
use crate::http::page::{Page, PageRequest, Start};
use crate::http::problem::{InputLocation, Problem};
use crate::http::rounding::six_places;
use crate::http::routing::{Routes, operations};
use crate::routes::date_queries::{DatesQuery, OnQuery};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_entries, increment, put_entry, patch_entry, get_entry, delete_entry);
}

/// An entry after a write, and what that changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EntryWritten)]
struct WrittenBody {
    /// The entry; null if none is left.
    entry: Option<EntryView>,
    /// What changed about the habit.
    habit: HabitAfterWriteBody,
    /// The totals of the entry's date, as `GET /habits/today?on=` of that date has them.
    summary: TodaySummaryBody,
}

/// A habit after a write to one of its entries.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HabitAfterWrite)]
struct HabitAfterWriteBody {
    /// The status of the entry's date.
    state: DayState,
    /// The streak as of today.
    streak: StreakSummaryBody,
    /// The strength of the habit today, 0–1.
    score: f64,
}

/// The answer to a write; its `ETag` is that of the entry.
fn written(written: Written) -> Result<Answer, Problem> {
    let Written { entry, is_new, day } = written;
    let habit = HabitAfterWriteBody {
        state: day.state,
        streak: StreakSummaryBody::from(&day.habit),
        score: six_places(day.habit.score),
    };
    let summary = TodaySummaryBody::from(day.totals);
    let Some(entry) = entry else { return Answer::computed(&WrittenBody { entry: None, habit, summary }) };
    let (rev, location) = (entry.rev, format!("/api/v1/habits/{}/entries/{}", entry.habit, entry.date));
    let body = WrittenBody { entry: Some(entry.into()), habit, summary };
    let answer = Answer::written(&body, &body.entry, rev)?;
    Ok(if is_new { answer.created(location) } else { answer })
}

impl Decode for EntryInput {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            state: fields.optional("state"),
            value: fields.optional_with("value", quantity(MAX_VALUE)),
            note: fields.optional("note"),
        })
    }
}

impl Decode for EntryPatch {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            note: fields.change_or_clear("note"),
            state: fields.change("state"),
            value: fields.change_or_clear_with("value", quantity(MAX_VALUE)),
        })
    }
}

/// A change of a day's value.
#[derive(Debug, ToSchema)]
pub(crate) struct IncrementBody {
    /// The amount to add, with up to three decimals; negative to subtract.
    pub(in crate::routes) by: QuantityChange,
}

impl Decode for IncrementBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { by: fields.required("by")? })
    }
}

/// List a habit's entries
///
/// By date.
#[utoipa::path(
    get,
    path = "/habits/{habit_id}/entries",
    tag = "entries",
    operation_id = "listEntries",
    extensions(("x-scope" = json!("habits:read"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), DatesQuery, PageRequest),
    responses((status = 200, description = "A page of entries", body = Page<EntryView>))
)]
async fn list_entries(
    caller: Caller,
    id: PathParam<HabitId>,
    query: Query<DatesQuery>,
) -> Result<Page<EntryView>, Problem> {
    let (dates, page) = (query.0.range(), query.0.page);
    let (from, to) = (dates.from(), dates.to());
    let start = page.start::<Date>("date")?;
    let range = match &start {
        Start::Beginning => Some(dates),
        Start::After(last) => last.succ().and_then(|next| DateRange::new(from.max(next), to)),
        Start::Before(first) => first.pred().and_then(|last| DateRange::new(from, to.min(last))),
    };
    let (more, backwards) = (page.limit + 1, matches!(start, Start::Before(_)));
    let read = caller.read(move |store| entries::list(store, caller.user, id.0, range, more, backwards));
    let found = Page::of_selected(read.await?, |entry| entry.date, "date", &page, &start);
    Ok(found.map(EntryView::from))
}

/// Set a day's entry
///
/// Putting twice is putting once: there is one entry per habit and date. The date must not be after today in UTC+14, or
/// before the habit's first day.
#[utoipa::path(
    put,
    path = "/habits/{habit_id}/entries/{date}",
    tag = "entries",
    operation_id = "putEntry",
    extensions(("x-scope" = json!("habits:write"))),
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("date" = String, Path, format = Date, description = "The date"),
        IfMatch,
        OnQuery,
    ),
    request_body = EntryInput,
    responses(
        (status = 200, description = "The entry, replacing an earlier one, and what changed", body = WrittenBody),
        (status = 201, description = "The entry, new for its date, and what changed", body = WrittenBody),
    )
)]
async fn put_entry(
    caller: Caller,
    id: PathParam<HabitId>,
    day: PathParam<Date>,
    if_match: IfMatch,
    query: Query<OnQuery>,
    body: Body<EntryInput>,
) -> Result<Answer, Problem> {
    let put = EntryPut { habit: id.0, date: day.0, input: body.0 };
    let stored = caller.write(move |tx| entries::put(tx, &put, &if_match.0, query.0.on));
    written(stored.await.map_err(date_is_in_path)?)
}

/// Change a day's entry
///
/// Merges the change into the entry; to replace it, put one. A note alone leaves the state and the value as they are.
#[utoipa::path(
    patch,
    path = "/habits/{habit_id}/entries/{date}",
    tag = "entries",
    operation_id = "patchEntry",
    extensions(("x-scope" = json!("habits:write"))),
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("date" = String, Path, format = Date, description = "The date"),
        IfMatch,
        OnQuery,
    ),
    request_body = EntryPatch,
    responses((status = 200, description = "The entry after the change, and what changed with it", body = WrittenBody))
)]
async fn patch_entry(
    caller: Caller,
    id: PathParam<HabitId>,
    day: PathParam<Date>,
    if_match: IfMatch,
    query: Query<OnQuery>,
    body: Body<EntryPatch>,
) -> Result<Answer, Problem> {
    let patch = body.0;
    let stored = caller.write(move |tx| entries::patch(tx, id.0, day.0, patch.clone(), &if_match.0, query.0.on));
    written(stored.await.map_err(date_is_in_path)?)
}

/// The date of an entry is in the path here; in a batch it is in the body.
fn date_is_in_path(problem: Problem) -> Problem {
    problem.with_place("/date", InputLocation::Path)
}

/// Get an entry
///
/// 404 `entry_not_found` where the day has none.
#[utoipa::path(
    get,
    path = "/habits/{habit_id}/entries/{date}",
    tag = "entries",
    operation_id = "getEntry",
    extensions(("x-scope" = json!("habits:read"))),
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("date" = String, Path, format = Date, description = "The date"),
    ),
    responses((status = 200, description = "The entry", body = EntryView))
)]
async fn get_entry(caller: Caller, id: PathParam<HabitId>, day: PathParam<Date>) -> Result<Answer, Problem> {
    let entry = caller.query(move |store| entries::find(store, caller.user, id.0, day.0)).await?;
    let rev = entry.rev;
    Answer::stored(&EntryView::from(entry), rev)
}

/// Delete an entry
///
/// Deletes what was entered by hand. If time was tracked on the day, an entry with the tracked minutes alone remains.
#[utoipa::path(
    delete,
    path = "/habits/{habit_id}/entries/{date}",
    tag = "entries",
    operation_id = "deleteEntry",
    extensions(("x-scope" = json!("habits:write"))),
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("date" = String, Path, format = Date, description = "The date"),
        IfMatch,
        OnQuery,
    ),
    responses((status = 200, description = "The entry that remains, if any, and what changed", body = WrittenBody))
)]
async fn delete_entry(
    caller: Caller,
    id: PathParam<HabitId>,
    day: PathParam<Date>,
    if_match: IfMatch,
    query: Query<OnQuery>,
) -> Result<Answer, Problem> {
    written(caller.write(move |tx| entries::delete(tx, id.0, day.0, &if_match.0, query.0.on)).await?)
}

/// Add to a day's value
///
/// Atomic: concurrent increments add up. A missing value counts as 0.
#[utoipa::path(
    post,
    path = "/habits/{habit_id}/entries/{date}/increment",
    tag = "entries",
    operation_id = "incrementEntry",
    extensions(("x-scope" = json!("habits:write"))),
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("date" = String, Path, format = Date, description = "The date"),
        OnQuery,
    ),
    request_body = IncrementBody,
    responses((status = 200, description = "The entry after the change, and what changed with it", body = WrittenBody))
)]
async fn increment(
    caller: Caller,
    id: PathParam<HabitId>,
    day: PathParam<Date>,
    query: Query<OnQuery>,
    body: Body<IncrementBody>,
) -> Result<Answer, Problem> {
    let by = body.0.by;
    let stored = caller.write(move |tx| entries::increment(tx, id.0, day.0, by, query.0.on));
    // A day without an entry has the value 0: it is changed, not made.
    written(Written { is_new: false, ..stored.await.map_err(date_is_in_path)? })
}
