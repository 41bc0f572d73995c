//! `/time-entries` and `/time-entries/{time_entry_id}`: making, reading, changing and deleting time entries.

use std::sync::Arc;

use circadia_domain::ids::TimeEntryId;
use circadia_domain::time_entries::{self, NewTimeEntry, TimeEntry, TimeEntryPatch, WrittenTime};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, PathParam};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, create_time_entry, get_time_entry, update_time_entry, delete_time_entry);
}

fn answer(entry: &TimeEntry) -> Result<Answer, Problem> {
    Answer::stored(entry, entry.rev)
}

/// A time entry that was written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WrittenTimeEntry)]
struct WrittenBody {
    #[serde(flatten)]
    entry: TimeEntry,
    /// The entries of the days after, if it went on over the start of a day; else absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    continued: Vec<TimeEntry>,
}

fn written(written: WrittenTime) -> Result<Answer, Problem> {
    let rev = written.entry.rev;
    Answer::stored(&WrittenBody { entry: written.entry, continued: written.continued }, rev)
}

/// Log time
///
/// If the habit is measured in minutes on that day, the minutes are added to the day's value. The habit's entry shows
/// them separately from what is entered by hand. From `started_at` to `ended_at`, each of the user's days gets an entry of
/// its own: the first is answered, with the others in `continued`. Unless the user allows overlapping time, a day's
/// entries have no more minutes than the day. Repeating the request with the same `id` and body gives the same answer.
#[utoipa::path(
    post,
    path = "/time-entries",
    tag = "time",
    operation_id = "createTimeEntry",
    extensions(("x-scope" = json!("time:write"))),
    request_body = NewTimeEntry,
    responses(
        (status = 201, description = "The time entry", body = WrittenBody),
        (status = 409, description = "`id_taken`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_time_entry(caller: Caller, body: Body<NewTimeEntry>) -> Result<Answer, Problem> {
    let id = body.0.id;
    let ids = Arc::clone(&caller.context.ids);
    let created = caller.write(move |tx| time_entries::create(tx, &*ids, body.0.clone())).await?;
    Ok(written(created.into_inner())?.created(format!("/api/v1/time-entries/{id}")))
}

/// Get a time entry
///
/// `date` is the user's day that its minutes count for.
#[utoipa::path(
    get,
    path = "/time-entries/{time_entry_id}",
    tag = "time",
    operation_id = "getTimeEntry",
    extensions(("x-scope" = json!("time:read"))),
    params(("time_entry_id" = Uuid, Path, description = "The time entry's id")),
    responses((status = 200, description = "The time entry", body = TimeEntry))
)]
async fn get_time_entry(caller: Caller, id: PathParam<TimeEntryId>) -> Result<Answer, Problem> {
    let found = caller.query(move |store| time_entries::find(store, caller.user, id.0)).await?;
    answer(&found)
}

/// Change a time entry
///
/// Its minutes are removed from the previous day and habit and added to the new ones. If it then goes on over the start
/// of a day, it keeps the first day's part; the others are in `continued`.
#[utoipa::path(
    patch,
    path = "/time-entries/{time_entry_id}",
    tag = "time",
    operation_id = "updateTimeEntry",
    extensions(("x-scope" = json!("time:write"))),
    params(("time_entry_id" = Uuid, Path, description = "The time entry's id"), IfMatch),
    request_body = TimeEntryPatch,
    responses((status = 200, description = "The time entry after the change", body = WrittenBody))
)]
async fn update_time_entry(
    caller: Caller,
    id: PathParam<TimeEntryId>,
    if_match: IfMatch,
    body: Body<TimeEntryPatch>,
) -> Result<Answer, Problem> {
    let ids = Arc::clone(&caller.context.ids);
    let changed = caller.write(move |tx| time_entries::update(tx, &*ids, id.0, &if_match.0, body.0.clone())).await?;
    written(changed)
}

/// Delete a time entry
///
/// Its minutes are removed from the day. A habit entry that existed only because of them is deleted, too.
#[utoipa::path(
    delete,
    path = "/time-entries/{time_entry_id}",
    tag = "time",
    operation_id = "deleteTimeEntry",
    extensions(("x-scope" = json!("time:write"))),
    params(("time_entry_id" = Uuid, Path, description = "The time entry's id"), IfMatch),
    responses((status = 204, description = "The time entry was deleted"))
)]
async fn delete_time_entry(
    caller: Caller,
    id: PathParam<TimeEntryId>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    caller.write(move |tx| time_entries::delete(tx, id.0, &if_match.0)).await?;
    Ok(NoContent)
}
