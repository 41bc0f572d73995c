//! `/habits` and `/habits/{habit_id}`: making, reading, changing, archiving and deleting habits.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use circadia_domain::habits::{self, Habit, HabitPatch};
use circadia_domain::ids::HabitId;
use circadia_domain::users::User;
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::{CreateHabitBody, HabitBody, UpdateHabitBody};
use crate::app::App;
use crate::conditional::{Answer, IfMatch};
use crate::identity::Principal;
use crate::input::{Body, PathParam};
use crate::problem::{Problem, ProblemDoc};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_habit)
        .service(archive_habit)
        .service(restore_habit)
        .service(get_habit)
        .service(update_habit)
        .service(delete_habit);
}

fn answer(app: &App, habit: Habit, user: &User) -> Result<Answer, Problem> {
    let rev = habit.rev;
    Answer::stored(&HabitBody::new(habit, user.today(app.now())), rev)
}

/// Make a habit
///
/// The same request with the same `id` again answers like the first time.
#[utoipa::path(
    tag = "habits",
    operation_id = "createHabit",
    request_body = CreateHabitBody,
    responses(
        (status = 201, description = "The habit", body = HabitBody, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        (status = 409, description = "`id_taken` or `limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/habits")]
async fn create_habit(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    body: Body<CreateHabitBody>,
) -> Result<HttpResponse, Problem> {
    let new = body.value.into_new(|| app.ids.fresh().into(), body.digest);
    let id = new.id;
    let (created, user) = app.unit_of_work.write(principal.user, app.now(), move |tx| habits::create(tx, new)).await?;
    answer(&app, created.into_inner(), &user)?.created(format!("/api/v1/habits/{id}")).to(&request)
}

/// Get a habit
#[utoipa::path(
    tag = "habits",
    operation_id = "getHabit",
    params(("habit_id" = Uuid, Path, description = "The habit's id")),
    responses((status = 200, description = "The habit", body = HabitBody))
)]
#[get("/habits/{habit_id}")]
async fn get_habit(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: PathParam<HabitId>,
) -> Result<HttpResponse, Problem> {
    let (habit, user) = app.unit_of_work.read(move |store| habits::find(store, principal.user, id.0)).await?;
    answer(&app, habit, &user)?.to(&request)
}

/// Change a habit
///
/// A new `schedule` or `kind` holds from today on; the past keeps its own.
#[utoipa::path(
    tag = "habits",
    operation_id = "updateHabit",
    params(("habit_id" = Uuid, Path, description = "The habit's id")),
    request_body = UpdateHabitBody,
    responses((status = 200, description = "The habit as it is now", body = HabitBody))
)]
#[patch("/habits/{habit_id}")]
async fn update_habit(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: PathParam<HabitId>,
    if_match: IfMatch,
    body: Body<UpdateHabitBody>,
) -> Result<HttpResponse, Problem> {
    let patch = HabitPatch::from(body.value);
    let changed =
        app.unit_of_work.write(principal.user, app.now(), move |tx| habits::update(tx, id.0, &if_match.0, patch));
    let (habit, user) = changed.await?;
    answer(&app, habit, &user)?.to(&request)
}

/// Delete a habit
///
/// With all its entries. To keep them, archive it instead.
#[utoipa::path(
    tag = "habits",
    operation_id = "deleteHabit",
    params(("habit_id" = Uuid, Path, description = "The habit's id")),
    responses((status = 204, description = "The habit is gone"))
)]
#[delete("/habits/{habit_id}")]
async fn delete_habit(
    app: Data<App>,
    principal: Principal,
    id: PathParam<HabitId>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    app.unit_of_work.write(principal.user, app.now(), move |tx| habits::delete(tx, id.0, &if_match.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Archive a habit
///
/// Puts it away: it is no longer part of *today*, and keeps its entries.
#[utoipa::path(
    tag = "habits",
    operation_id = "archiveHabit",
    params(("habit_id" = Uuid, Path, description = "The habit's id")),
    responses((status = 200, description = "The habit as it is now", body = HabitBody))
)]
#[post("/habits/{habit_id}/archive")]
async fn archive_habit(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: PathParam<HabitId>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    let changed = app.unit_of_work.write(principal.user, app.now(), move |tx| habits::archive(tx, id.0, &if_match.0));
    let (habit, user) = changed.await?;
    answer(&app, habit, &user)?.to(&request)
}

/// Restore a habit
///
/// Takes an archived habit up again. One whose last day is past needs another `ends_on` instead.
#[utoipa::path(
    tag = "habits",
    operation_id = "restoreHabit",
    params(("habit_id" = Uuid, Path, description = "The habit's id")),
    responses(
        (status = 200, description = "The habit as it is now", body = HabitBody),
        (status = 409, description = "`habit_ended`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/habits/{habit_id}/restore")]
async fn restore_habit(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: PathParam<HabitId>,
    if_match: IfMatch,
) -> Result<HttpResponse, Problem> {
    let changed = app.unit_of_work.write(principal.user, app.now(), move |tx| habits::restore(tx, id.0, &if_match.0));
    let (habit, user) = changed.await?;
    answer(&app, habit, &user)?.to(&request)
}
