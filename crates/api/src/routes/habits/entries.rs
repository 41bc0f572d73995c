//! `/habits/{habit_id}/entries`: what was done, skipped or missed on a day.

use actix_web::{delete, get, post, put};
use circadia_domain::civil::{Date, DateRange, Instant};
use circadia_domain::habits::entries::{self, EntryPut};
use circadia_domain::habits::{Entry, EntryInput, EntryNote, EntryState, MAX_VALUE};
use circadia_domain::ids::HabitId;
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, Parsed, PathParam, Query, date, integer, text};
use crate::http::page::{Page, PageRequest, Start};
use crate::http::problem::{InputLocation, Problem};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_entries).service(increment).service(put_entry).service(get_entry).service(delete_entry);
}

/// What a day was.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = EntryState)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntryStateBody {
    /// Done.
    Done,
    /// Left out on purpose: neither counts nor breaks.
    Skipped,
    /// Not done; for counts and minutes: the target isn't met.
    Missed,
}

/// An entry: at most one per habit and date.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Entry)]
pub(crate) struct EntryBody {
    /// The habit it is about.
    #[schema(value_type = Uuid)]
    habit_id: HabitId,
    /// The date it is about.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// What the day was; for counts and minutes, what its value makes it.
    state: EntryStateBody,
    /// The day's value: what was entered by hand plus the tracked minutes; null without one.
    value: Option<u32>,
    /// What was entered by hand; null without it.
    manual_value: Option<u32>,
    /// The minutes of the day's time entries.
    tracked_minutes: u32,
    /// A note.
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<EntryNote>,
    /// When it was first made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Instant,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Instant,
}

impl From<Entry> for EntryBody {
    fn from(entry: Entry) -> Self {
        Self {
            habit_id: entry.habit,
            date: entry.date,
            state: match entry.state {
                EntryState::Done => EntryStateBody::Done,
                EntryState::Skipped => EntryStateBody::Skipped,
                EntryState::Missed => EntryStateBody::Missed,
            },
            value: entry.total(),
            manual_value: entry.value,
            tracked_minutes: entry.tracked_minutes,
            note: entry.note,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}

fn answer(entry: Entry) -> Result<Answer, Problem> {
    let rev = entry.rev;
    Answer::stored(&EntryBody::from(entry), rev)
}

/// What is said about a day.
#[derive(Debug, ToSchema)]
pub(crate) struct PutEntryBody {
    /// What the day was; may be left out where `value` says it.
    #[schema(value_type = Option<EntryStateBody>)]
    state: Option<EntryState>,
    /// A count, or minutes; not for habits that are only checked. `done` without a value stores the target.
    #[schema(value_type = Option<u32>, minimum = 0, maximum = 1_000_000)]
    value: Option<u32>,
    /// A note.
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<EntryNote>,
}

pub(in crate::routes) fn state(word: &str) -> Parsed<EntryState> {
    match word {
        "done" => Ok(EntryState::Done),
        "skipped" => Ok(EntryState::Skipped),
        "missed" => Ok(EntryState::Missed),
        _ => Err(Violations::of("unknown_value", "must be `done`, `skipped` or `missed`")),
    }
}

pub(in crate::routes) fn value(given: i64) -> Parsed<u32> {
    match u32::try_from(given) {
        Ok(value @ 0..=MAX_VALUE) => Ok(value),
        _ => Err(Violations::of("out_of_range", format!("must be between 0 and {MAX_VALUE}"))),
    }
}

pub(in crate::routes) fn input(fields: &mut Fields<'_>) -> EntryInput {
    EntryInput {
        state: fields.optional("state", text(state)),
        value: fields.optional("value", integer(value)),
        note: fields.optional("note", text(EntryNote::parse)).flatten(),
    }
}

impl Decode for PutEntryBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let EntryInput { state, value, note } = input(fields);
        Some(Self { state, value, note })
    }
}

/// What to add.
#[derive(Debug, ToSchema)]
pub(crate) struct IncrementBody {
    /// By how much; below 0 takes away.
    #[schema(value_type = i32, minimum = -1_000_000, maximum = 1_000_000, example = 1)]
    by: i64,
}

impl Decode for IncrementBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let by = fields.required(
            "by",
            integer(|by| {
                if by != 0 && by.unsigned_abs() <= u64::from(MAX_VALUE) {
                    Ok(by)
                } else {
                    Err(Violations::of("out_of_range", "must be between -1000000 and 1000000, and not 0"))
                }
            }),
        );
        Some(Self { by: by? })
    }
}

/// Which entries.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// The first day; the first of all if absent.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day; the last of all if absent.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    #[param(ignore)]
    page: PageRequest,
}

impl Decode for ListQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.optional("from", text(date));
        let to = fields.optional("to", text(date));
        fields.note_reversed(from, to);
        Some(Self { from, to, page: PageRequest::decode(fields)? })
    }
}

/// List a habit's entries
///
/// By date.
#[utoipa::path(
    tag = "entries",
    operation_id = "listEntries",
    params(("habit_id" = Uuid, Path, description = "The habit's id"), ListQuery, PageRequest),
    responses((status = 200, description = "A page of entries", body = Page<EntryBody>))
)]
#[get("/habits/{habit_id}/entries")]
async fn list_entries(
    caller: Caller,
    id: PathParam<HabitId>,
    query: Query<ListQuery>,
) -> Result<Page<EntryBody>, Problem> {
    let ListQuery { from, to, page } = query.0;
    let start = page.start::<Date>("date")?;
    let (from, to) = (from.unwrap_or(Date::MIN), to.unwrap_or(Date::MAX));
    let range = match &start {
        Start::Beginning => DateRange::new(from, to),
        Start::After(last) => last.succ().and_then(|next| DateRange::new(from.max(next), to)),
        Start::Before(first) => first.pred().and_then(|last| DateRange::new(from, to.min(last))),
    };
    let (more, backwards) = (page.limit + 1, matches!(start, Start::Before(_)));
    let read = caller.read(move |store| entries::list(store, caller.user, id.0, range, more, backwards));
    let found = Page::of_selected(read.await?, |entry| entry.date, "date", &page, &start);
    Ok(found.map(EntryBody::from))
}

/// Say what a day was
///
/// Putting twice is putting once: there is one entry per habit and date. A date may lie up to today in UTC+14, and not
/// before the habit's first day.
#[utoipa::path(
    tag = "entries",
    operation_id = "putEntry",
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("date" = String, Path, format = Date, description = "The date"),
    ),
    request_body = PutEntryBody,
    responses(
        (status = 200, description = "The entry, which took the place of the one before", body = EntryBody),
        (status = 201, description = "The entry, the first of its date", body = EntryBody),
    )
)]
#[put("/habits/{habit_id}/entries/{date}")]
async fn put_entry(
    caller: Caller,
    id: PathParam<HabitId>,
    day: PathParam<Date>,
    if_match: IfMatch,
    body: Body<PutEntryBody>,
) -> Result<Answer, Problem> {
    let PutEntryBody { state, value, note } = body.value;
    let put = EntryPut { habit: id.0, date: day.0, input: EntryInput { state, value, note } };
    let written = caller.write(move |tx| entries::put(tx, &put, &if_match.0));
    let (entry, is_new) = written.await.map_err(date_is_in_path)?;
    let location = format!("/api/v1/habits/{}/entries/{}", entry.habit, entry.date);
    let answer = answer(entry)?;
    Ok(if is_new { answer.created(location) } else { answer })
}

/// The date of an entry stands in the path, and not, as in a batch, in the body.
fn date_is_in_path(problem: Problem) -> Problem {
    problem.with_place("/date", InputLocation::Path)
}

/// Get an entry
#[utoipa::path(
    tag = "entries",
    operation_id = "getEntry",
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("date" = String, Path, format = Date, description = "The date"),
    ),
    responses((status = 200, description = "The entry", body = EntryBody))
)]
#[get("/habits/{habit_id}/entries/{date}")]
async fn get_entry(caller: Caller, id: PathParam<HabitId>, day: PathParam<Date>) -> Result<Answer, Problem> {
    let entry = caller.read(move |store| entries::find(store, caller.user, id.0, day.0)).await?;
    answer(entry)
}

/// Delete an entry
///
/// What was said by hand. If time was tracked on the day, an entry of that alone goes on.
#[utoipa::path(
    tag = "entries",
    operation_id = "deleteEntry",
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("date" = String, Path, format = Date, description = "The date"),
    ),
    responses((status = 204, description = "The entry is gone"))
)]
#[delete("/habits/{habit_id}/entries/{date}")]
async fn delete_entry(
    caller: Caller,
    id: PathParam<HabitId>,
    day: PathParam<Date>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    caller.write(move |tx| entries::delete(tx, id.0, day.0, &if_match.0)).await?;
    Ok(NoContent)
}

/// Add to a day's value
///
/// Atomic: parallel increments add up. What isn't there counts as 0.
#[utoipa::path(
    tag = "entries",
    operation_id = "incrementEntry",
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("date" = String, Path, format = Date, description = "The date"),
    ),
    request_body = IncrementBody,
    responses((status = 200, description = "The entry as it is now", body = EntryBody))
)]
#[post("/habits/{habit_id}/entries/{date}/increment")]
async fn increment(
    caller: Caller,
    id: PathParam<HabitId>,
    day: PathParam<Date>,
    body: Body<IncrementBody>,
) -> Result<Answer, Problem> {
    let by = body.value.by;
    let written = caller.write(move |tx| entries::increment(tx, id.0, day.0, by));
    answer(written.await.map_err(date_is_in_path)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<PutEntryBody>();
        assert_documented::<IncrementBody>();
    }
}
