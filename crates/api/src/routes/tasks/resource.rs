//! `/tasks` and `/tasks/{task_id}`: making, reading, changing, moving and deleting tasks.

use circadia_domain::ids::TaskId;
use circadia_domain::tasks::{self, NewTask, Task, TaskPatch};

use super::dto::TransitionBody;
use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, PathParam};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, create_task, transition_task, get_task, update_task, delete_task);
}

fn answer(task: &Task) -> Result<Answer, Problem> {
    Answer::stored(task, task.rev)
}

/// Create a task
///
/// It starts as `todo`. Repeating the request with the same `id` and body gives the same answer.
#[utoipa::path(
    post,
    path = "/tasks",
    tag = "tasks",
    operation_id = "createTask",
    extensions(("x-scope" = json!("tasks:write"))),
    request_body = NewTask,
    responses(
        (status = 201, description = "The task", body = Task),
        (status = 409, description = "`id_taken` or `limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_task(caller: Caller, body: Body<NewTask>) -> Result<Answer, Problem> {
    let id = body.0.id;
    let created = caller.write(move |tx| tasks::create(tx, body.0.clone())).await?;
    Ok(answer(&created.into_inner())?.created(format!("/api/v1/tasks/{id}")))
}

/// Get a task
///
/// Its status is changed by `POST /tasks/{task_id}/transition`.
#[utoipa::path(
    get,
    path = "/tasks/{task_id}",
    tag = "tasks",
    operation_id = "getTask",
    extensions(("x-scope" = json!("tasks:read"))),
    params(("task_id" = Uuid, Path, description = "The task's id")),
    responses((status = 200, description = "The task", body = Task))
)]
async fn get_task(caller: Caller, id: PathParam<TaskId>) -> Result<Answer, Problem> {
    let found = caller.query(move |store| tasks::find(store, caller.user, id.0)).await?;
    answer(&found)
}

/// Change a task
///
/// Changes everything but the status, which `POST /tasks/{task_id}/transition` changes.
#[utoipa::path(
    patch,
    path = "/tasks/{task_id}",
    tag = "tasks",
    operation_id = "updateTask",
    extensions(("x-scope" = json!("tasks:write"))),
    params(("task_id" = Uuid, Path, description = "The task's id"), IfMatch),
    request_body = TaskPatch,
    responses((status = 200, description = "The task after the change", body = Task))
)]
async fn update_task(
    caller: Caller,
    id: PathParam<TaskId>,
    if_match: IfMatch,
    body: Body<TaskPatch>,
) -> Result<Answer, Problem> {
    let changed = caller.write(move |tx| tasks::update(tx, id.0, &if_match.0, body.0.clone())).await?;
    answer(&changed)
}

/// Change a task's status
///
/// Only `todo` → `in_progress`, `done`, `cancelled`; `in_progress` → `todo`, `done`, `cancelled`; `done` → `todo`;
/// `cancelled` → `todo`. `completed_at` is set when it becomes `done`, and cleared when it is reopened.
#[utoipa::path(
    post,
    path = "/tasks/{task_id}/transition",
    tag = "tasks",
    operation_id = "transitionTask",
    extensions(("x-scope" = json!("tasks:write"))),
    params(("task_id" = Uuid, Path, description = "The task's id"), IfMatch),
    request_body = TransitionBody,
    responses(
        (status = 200, description = "The task after the change", body = Task),
        (status = 409, description = "`illegal_transition`: says what is allowed", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
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
/// Its time entries are kept, without the task.
#[utoipa::path(
    delete,
    path = "/tasks/{task_id}",
    tag = "tasks",
    operation_id = "deleteTask",
    extensions(("x-scope" = json!("tasks:write"))),
    params(("task_id" = Uuid, Path, description = "The task's id"), IfMatch),
    responses((status = 204, description = "The task was deleted"))
)]
async fn delete_task(caller: Caller, id: PathParam<TaskId>, if_match: IfMatch) -> Result<NoContent, Problem> {
    caller.write(move |tx| tasks::delete(tx, id.0, &if_match.0)).await?;
    Ok(NoContent)
}
