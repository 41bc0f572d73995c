//! `/time-entries` and `/time-entries/{time_entry_id}`: making, reading, changing and deleting time entries.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use circadia_domain::ids::TimeEntryId;
use circadia_domain::time_entries::{self, TimeEntry, TimeEntryPatch};
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::{CreateTimeEntryBody, TimeEntryBody, UpdateTimeEntryBody};
use crate::app::App;
use crate::conditional::{Answer, IfMatch};
use crate::identity::Principal;
use crate::input::{Body, PathParam};
use crate::problem::{Problem, ProblemDoc};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_time_entry).service(get_time_entry).service(update_time_entry).service(delete_time_entry);
}

fn answer(entry: TimeEntry) -> Result<Answer, Problem> {
    let rev = entry.rev;
    Answer::stored(&TimeEntryBody::from(entry), rev)
}

/// Say what time was spent on
///
/// The minutes become part of the value of the habit's day, beside what is entered by hand, if the habit is measured in
/// minutes on that day: its entry shows both. The same request with the same `id` again answers like the first time.
#[utoipa::path(
    tag = "time",
    operation_id = "createTimeEntry",
    request_body = CreateTimeEntryBody,
    responses(
        (status = 201, description = "The time entry", body = TimeEntryBody),
        (status = 409, description = "`id_taken`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/time-entries")]
async fn create_time_entry(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    body: Body<CreateTimeEntryBody>,
) -> Result<HttpResponse, Problem> {
    let new = body.value.into_new(|| app.ids.fresh().into(), body.digest);
    let id = new.id;
    let created = app.unit_of_work.write(principal.user, app.now(), move |tx| time_entries::create(tx, new)).await?;
    answer(created.into_inner())?.created(format!("/api/v1/time-entries/{id}")).to(&request)
}

/// Get a time entry
#[utoipa::path(
    tag = "time",
    operation_id = "getTimeEntry",
    params(("time_entry_id" = Uuid, Path, description = "The time entry's id")),
    responses((status = 200, description = "The time entry", body = TimeEntryBody))
)]
#[get("/time-entries/{time_entry_id}")]
async fn get_time_entry(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: PathParam<TimeEntryId>,
) -> Result<HttpResponse, Problem> {
    let found = app.unit_of_work.read(move |store| time_entries::find(store, principal.user, id.0)).await?;
    answer(found)?.to(&request)
}

/// Change a time entry
///
/// Its minutes leave the day and habit they were part of, and join those they are part of now.
#[utoipa::path(
    tag = "time",
    operation_id = "updateTimeEntry",
    params(("time_entry_id" = Uuid, Path, description = "The time entry's id")),
    request_body = UpdateTimeEntryBody,
    responses((status = 200, description = "The time entry as it is now", body = TimeEntryBody))
)]
#[patch("/time-entries/{time_entry_id}")]
async fn update_time_entry(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: PathParam<TimeEntryId>,
    if_match: IfMatch,
    body: Body<UpdateTimeEntryBody>,
) -> Result<HttpResponse, Problem> {
    let patch = TimeEntryPatch::from(body.value);
    let changed = app
        .unit_of_work
        .write(principal.user, app.now(), move |tx| time_entries::update(tx, id.0, &if_match.0, patch))
        .await?;
    answer(changed)?.to(&request)
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
    app: Data<App>,
    principal: Principal,
    id: PathParam<TimeEntryId>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    app.unit_of_work.write(principal.user, app.now(), move |tx| time_entries::delete(tx, id.0, &if_match.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}
