//! `/time-entries` and `/time-entries/{time_entry_id}`: making, reading, changing and deleting time entries.

use circadia_domain::ids::TimeEntryId;
use circadia_domain::time_entries::{self, NewTimeEntry, TimeEntry, TimeEntryPatch};

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

/// Log time
///
/// If the habit is measured in minutes on that day, the minutes are added to the day's value. The habit's entry shows
/// them separately from what is entered by hand. Repeating the request with the same `id` and body gives the same
/// answer.
#[utoipa::path(
    post,
    path = "/time-entries",
    tag = "time",
    operation_id = "createTimeEntry",
    extensions(("x-scope" = json!("time:write"))),
    request_body = NewTimeEntry,
    responses(
        (status = 201, description = "The time entry", body = TimeEntry),
        (status = 409, description = "`id_taken`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_time_entry(caller: Caller, body: Body<NewTimeEntry>) -> Result<Answer, Problem> {
    let id = body.0.id;
    let created = caller.write(move |tx| time_entries::create(tx, body.0)).await?;
    Ok(answer(&created.into_inner())?.created(format!("/api/v1/time-entries/{id}")))
}

/// Get a time entry
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
/// Its minutes are removed from the previous day and habit and added to the new ones.
#[utoipa::path(
    patch,
    path = "/time-entries/{time_entry_id}",
    tag = "time",
    operation_id = "updateTimeEntry",
    extensions(("x-scope" = json!("time:write"))),
    params(("time_entry_id" = Uuid, Path, description = "The time entry's id"), IfMatch),
    request_body = TimeEntryPatch,
    responses((status = 200, description = "The time entry after the change", body = TimeEntry))
)]
async fn update_time_entry(
    caller: Caller,
    id: PathParam<TimeEntryId>,
    if_match: IfMatch,
    body: Body<TimeEntryPatch>,
) -> Result<Answer, Problem> {
    let changed = caller.write(move |tx| time_entries::update(tx, id.0, &if_match.0, body.0)).await?;
    answer(&changed)
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
