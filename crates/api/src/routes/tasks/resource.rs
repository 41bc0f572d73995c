//! `/tasks` and `/tasks/{task_id}`: making, reading, changing, moving and deleting tasks.

use actix_web::{delete, get, patch, post};
use circadia_domain::ids::TaskId;
use circadia_domain::tasks::{self, NewTask, Task, TaskPatch};
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::TransitionBody;
use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, PathParam};
use crate::http::problem::{Problem, ProblemDoc};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_task).service(transition_task).service(get_task).service(update_task).service(delete_task);
}

fn answer(task: &Task) -> Result<Answer, Problem> {
    Answer::stored(task, task.rev)
}

/// Make a task
///
/// It begins as `todo`. The same request with the same `id` again answers like the first time.
#[utoipa::path(
    tag = "tasks",
    operation_id = "createTask",
    request_body = NewTask,
    responses(
        (status = 201, description = "The task", body = Task),
        (status = 409, description = "`id_taken` or `limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/tasks")]
async fn create_task(caller: Caller, body: Body<NewTask>) -> Result<Answer, Problem> {
    let id = body.0.id;
    let created = caller.write(move |tx| tasks::create(tx, body.0)).await?;
    Ok(answer(&created.into_inner())?.created(format!("/api/v1/tasks/{id}")))
}

/// Get a task
#[utoipa::path(
    tag = "tasks",
    operation_id = "getTask",
    params(("task_id" = Uuid, Path, description = "The task's id")),
    responses((status = 200, description = "The task", body = Task))
)]
#[get("/tasks/{task_id}")]
async fn get_task(caller: Caller, id: PathParam<TaskId>) -> Result<Answer, Problem> {
    let found = caller.read(move |store| tasks::find(store, caller.user, id.0)).await?;
    answer(&found)
}

/// Change a task
///
/// All but its status, which `POST /tasks/{task_id}/transition` changes.
#[utoipa::path(
    tag = "tasks",
    operation_id = "updateTask",
    params(("task_id" = Uuid, Path, description = "The task's id")),
    request_body = TaskPatch,
    responses((status = 200, description = "The task as it is now", body = Task))
)]
#[patch("/tasks/{task_id}")]
async fn update_task(
    caller: Caller,
    id: PathParam<TaskId>,
    if_match: IfMatch,
    body: Body<TaskPatch>,
) -> Result<Answer, Problem> {
    let changed = caller.write(move |tx| tasks::update(tx, id.0, &if_match.0, body.0)).await?;
    answer(&changed)
}

/// Take a task to another status
///
/// Only `todo` → `in_progress`, `done`, `cancelled`; `in_progress` → `todo`, `done`, `cancelled`; `done` → `todo`;
/// `cancelled` → `todo`. `completed_at` is set when it becomes `done`, and cleared when it is taken up again.
#[utoipa::path(
    tag = "tasks",
    operation_id = "transitionTask",
    params(("task_id" = Uuid, Path, description = "The task's id")),
    request_body = TransitionBody,
    responses(
        (status = 200, description = "The task as it is now", body = Task),
        (status = 409, description = "`illegal_transition`: says what is allowed", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/tasks/{task_id}/transition")]
async fn transition_task(
    caller: Caller,
    id: PathParam<TaskId>,
    if_match: IfMatch,
    body: Body<TransitionBody>,
) -> Result<Answer, Problem> {
    let to = body.0.to;
    let changed = caller.write(move |tx| tasks::transition(tx, id.0, &if_match.0, to)).await?;
    answer(&changed)
}

/// Delete a task
///
/// The time that was spent on it stays, with its habit or as nobody's.
#[utoipa::path(
    tag = "tasks",
    operation_id = "deleteTask",
    params(("task_id" = Uuid, Path, description = "The task's id")),
    responses((status = 204, description = "The task is gone"))
)]
#[delete("/tasks/{task_id}")]
async fn delete_task(caller: Caller, id: PathParam<TaskId>, if_match: IfMatch) -> Result<NoContent, Problem> {
    caller.write(move |tx| tasks::delete(tx, id.0, &if_match.0)).await?;
    Ok(NoContent)
}
