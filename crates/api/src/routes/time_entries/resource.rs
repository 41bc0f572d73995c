//! `/time-entries` and `/time-entries/{time_entry_id}`: making, reading, changing and deleting time entries.

use actix_web::{delete, get, patch, post};
use circadia_domain::ids::TimeEntryId;
use circadia_domain::time_entries::{self, NewTimeEntry, TimeEntry, TimeEntryPatch};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, PathParam};
use crate::http::problem::{Problem, ProblemDoc};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_time_entry).service(get_time_entry).service(update_time_entry).service(delete_time_entry);
}

fn answer(entry: &TimeEntry) -> Result<Answer, Problem> {
    Answer::stored(entry, entry.rev)
}

/// Say what time was spent on
///
/// The minutes become part of the value of the habit's day, beside what is entered by hand, if the habit is measured in
/// minutes on that day: its entry shows both. The same request with the same `id` again answers like the first time.
#[utoipa::path(
    tag = "time",
    operation_id = "createTimeEntry",
    request_body = NewTimeEntry,
    responses(
        (status = 201, description = "The time entry", body = TimeEntry),
        (status = 409, description = "`id_taken`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/time-entries")]
async fn create_time_entry(caller: Caller, body: Body<NewTimeEntry>) -> Result<Answer, Problem> {
    let id = body.0.id;
    let created = caller.write(move |tx| time_entries::create(tx, body.0)).await?;
    Ok(answer(&created.into_inner())?.created(format!("/api/v1/time-entries/{id}")))
}

/// Get a time entry
#[utoipa::path(
    tag = "time",
    operation_id = "getTimeEntry",
    params(("time_entry_id" = Uuid, Path, description = "The time entry's id")),
    responses((status = 200, description = "The time entry", body = TimeEntry))
)]
#[get("/time-entries/{time_entry_id}")]
async fn get_time_entry(caller: Caller, id: PathParam<TimeEntryId>) -> Result<Answer, Problem> {
    let found = caller.read(move |store| time_entries::find(store, caller.user, id.0)).await?;
    answer(&found)
}

/// Change a time entry
///
/// Its minutes leave the day and habit they were part of, and join those they are part of now.
#[utoipa::path(
    tag = "time",
    operation_id = "updateTimeEntry",
    params(("time_entry_id" = Uuid, Path, description = "The time entry's id")),
    request_body = TimeEntryPatch,
    responses((status = 200, description = "The time entry as it is now", body = TimeEntry))
)]
#[patch("/time-entries/{time_entry_id}")]
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
/// Its minutes leave the day they were part of. An entry of a habit that was there only because of them goes, too.
#[utoipa::path(
    tag = "time",
    operation_id = "deleteTimeEntry",
    params(("time_entry_id" = Uuid, Path, description = "The time entry's id")),
    responses((status = 204, description = "The time entry is gone"))
)]
#[delete("/time-entries/{time_entry_id}")]
async fn delete_time_entry(
    caller: Caller,
    id: PathParam<TimeEntryId>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    caller.write(move |tx| time_entries::delete(tx, id.0, &if_match.0)).await?;
    Ok(NoContent)
}
