//! `/habits` and `/habits/{habit_id}`: making, reading, changing, archiving and deleting habits.

use circadia_domain::habits::{self, Habit, HabitPatch, NewHabit};
use circadia_domain::ids::HabitId;
use circadia_domain::users::Settings;

use super::dto::HabitBody;
use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, PathParam};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, create_habit, archive_habit, restore_habit, get_habit, update_habit, delete_habit);
}

fn answer(caller: &Caller, habit: Habit, settings: &Settings) -> Result<Answer, Problem> {
    let rev = habit.rev;
    Answer::stored(&HabitBody::new(habit, settings.today(caller.now)), rev)
}

/// Create a habit
///
/// Repeating the request with the same `id` and body gives the same answer.
#[utoipa::path(
    post,
    path = "/habits",
    tag = "habits",
    operation_id = "createHabit",
    extensions(("x-scope" = json!("habits:write"))),
    request_body = NewHabit,
    responses(
        (status = 201, description = "The habit", body = HabitBody, headers(("ETag" = String, description = "Its revision"), ("Location" = String, description = "Its address"))),
        (status = 409, description = "`id_taken` or `limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_habit(caller: Caller, body: Body<NewHabit>) -> Result<Answer, Problem> {
    let id = body.0.id;
    let (created, settings) = caller.write(move |tx| habits::create(tx, body.0.clone())).await?;
    Ok(answer(&caller, created.into_inner(), &settings)?.created(format!("/api/v1/habits/{id}")))
}

/// Get a habit
///
/// `kind` and `schedule` are those of the plan that applies today; `GET /habits/{habit_id}/plans` has all of them.
#[utoipa::path(
    get,
    path = "/habits/{habit_id}",
    tag = "habits",
    operation_id = "getHabit",
    extensions(("x-scope" = json!("habits:read"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id")),
    responses((status = 200, description = "The habit", body = HabitBody))
)]
async fn get_habit(caller: Caller, id: PathParam<HabitId>) -> Result<Answer, Problem> {
    let (habit, settings) = caller.query(move |store| habits::find(store, caller.user, id.0)).await?;
    answer(&caller, habit, &settings)
}

/// Change a habit
///
/// A new `schedule` or `kind` applies from today on. Past days keep the previous one.
#[utoipa::path(
    patch,
    path = "/habits/{habit_id}",
    tag = "habits",
    operation_id = "updateHabit",
    extensions(("x-scope" = json!("habits:write"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), IfMatch),
    request_body = HabitPatch,
    responses((status = 200, description = "The habit after the change", body = HabitBody))
)]
async fn update_habit(
    caller: Caller,
    id: PathParam<HabitId>,
    if_match: IfMatch,
    body: Body<HabitPatch>,
) -> Result<Answer, Problem> {
    let changed = caller.write(move |tx| habits::update(tx, id.0, &if_match.0, body.0.clone()));
    let (habit, settings) = changed.await?;
    answer(&caller, habit, &settings)
}

/// Delete a habit
///
/// Also deletes all its entries. To keep them, archive the habit instead.
#[utoipa::path(
    delete,
    path = "/habits/{habit_id}",
    tag = "habits",
    operation_id = "deleteHabit",
    extensions(("x-scope" = json!("habits:write"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), IfMatch),
    responses((status = 204, description = "The habit was deleted"))
)]
async fn delete_habit(caller: Caller, id: PathParam<HabitId>, if_match: IfMatch) -> Result<NoContent, Problem> {
    caller.write(move |tx| habits::delete(tx, id.0, &if_match.0)).await?;
    Ok(NoContent)
}

/// Archive a habit
///
/// The habit no longer appears in *today*. Its entries are kept.
#[utoipa::path(
    post,
    path = "/habits/{habit_id}/archive",
    tag = "habits",
    operation_id = "archiveHabit",
    extensions(("x-scope" = json!("habits:write"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), IfMatch),
    responses((status = 200, description = "The habit after the change", body = HabitBody))
)]
async fn archive_habit(caller: Caller, id: PathParam<HabitId>, if_match: IfMatch) -> Result<Answer, Problem> {
    let changed = caller.write(move |tx| habits::archive(tx, id.0, &if_match.0));
    let (habit, settings) = changed.await?;
    answer(&caller, habit, &settings)
}

/// Restore a habit
///
/// Makes an archived habit active again. A habit whose last day has passed needs a new `ends_on` instead.
#[utoipa::path(
    post,
    path = "/habits/{habit_id}/restore",
    tag = "habits",
    operation_id = "restoreHabit",
    extensions(("x-scope" = json!("habits:write"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), IfMatch),
    responses(
        (status = 200, description = "The habit after the change", body = HabitBody),
        (status = 409, description = "`habit_ended`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn restore_habit(caller: Caller, id: PathParam<HabitId>, if_match: IfMatch) -> Result<Answer, Problem> {
    let changed = caller.write(move |tx| habits::restore(tx, id.0, &if_match.0));
    let (habit, settings) = changed.await?;
    answer(&caller, habit, &settings)
}
