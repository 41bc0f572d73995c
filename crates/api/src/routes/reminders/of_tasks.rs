//! `/tasks/{task_id}/reminders`: reminders of a task.

use circadia_domain::ids::TaskId;
use circadia_domain::reminders::{ReminderId, ReminderSubject, ReminderView};

use super::dto::{CreateTaskReminderBody, UpdateTaskReminderBody};
use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, PathParam, Query};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_task_reminders, create_task_reminder, update_task_reminder, delete_task_reminder);
}

/// List a task's reminders
///
/// Oldest first.
#[utoipa::path(
    get,
    path = "/tasks/{task_id}/reminders",
    tag = "reminders",
    operation_id = "listTaskReminders",
    extensions(("x-scope" = json!("tasks:read"))),
    params(("task_id" = Uuid, Path, description = "The task's id"), PageRequest),
    responses((status = 200, description = "The reminders", body = Page<ReminderView>))
)]
async fn list_task_reminders(
    caller: Caller,
    id: PathParam<TaskId>,
    query: Query<PageRequest>,
) -> Result<Page<ReminderView>, Problem> {
    super::list(caller, ReminderSubject::Task(id.0), &query.0).await
}

/// Create a reminder of a task
///
/// It is sent once, so many days before the task is due, unless the task is done or cancelled by then; not while the task
/// has no date. Up to 20 of a task. Repeating the request with the same `id` and body gives the same answer.
#[utoipa::path(
    post,
    path = "/tasks/{task_id}/reminders",
    tag = "reminders",
    operation_id = "createTaskReminder",
    extensions(("x-scope" = json!("tasks:write"))),
    params(("task_id" = Uuid, Path, description = "The task's id")),
    request_body = CreateTaskReminderBody,
    responses(
        (status = 201, description = "The reminder", body = ReminderView),
        (status = 409, description = "`id_taken` or `limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_task_reminder(
    caller: Caller,
    id: PathParam<TaskId>,
    body: Body<CreateTaskReminderBody>,
) -> Result<Answer, Problem> {
    super::create(caller, body.0.of(id.0)).await
}

/// Change a reminder of a task
///
/// If its time changes, or it is enabled, it begins anew: it may be sent on a day on which it was sent before.
#[utoipa::path(
    patch,
    path = "/tasks/{task_id}/reminders/{reminder_id}",
    tag = "reminders",
    operation_id = "updateTaskReminder",
    extensions(("x-scope" = json!("tasks:write"))),
    params(
        ("task_id" = Uuid, Path, description = "The task's id"),
        ("reminder_id" = Uuid, Path, description = "The reminder's id"), IfMatch),
    request_body = UpdateTaskReminderBody,
    responses((status = 200, description = "The reminder after the change", body = ReminderView))
)]
async fn update_task_reminder(
    caller: Caller,
    id: PathParam<TaskId>,
    reminder: PathParam<ReminderId>,
    if_match: IfMatch,
    body: Body<UpdateTaskReminderBody>,
) -> Result<Answer, Problem> {
    super::update(caller, ReminderSubject::Task(id.0), reminder.0, if_match, body.0.into()).await
}

/// Delete a reminder of a task
///
/// What was enqueued of it by then is still sent.
#[utoipa::path(
    delete,
    path = "/tasks/{task_id}/reminders/{reminder_id}",
    tag = "reminders",
    operation_id = "deleteTaskReminder",
    extensions(("x-scope" = json!("tasks:write"))),
    params(
        ("task_id" = Uuid, Path, description = "The task's id"),
        ("reminder_id" = Uuid, Path, description = "The reminder's id"), IfMatch),
    responses((status = 204, description = "The reminder was deleted"))
)]
async fn delete_task_reminder(
    caller: Caller,
    id: PathParam<TaskId>,
    reminder: PathParam<ReminderId>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    super::delete(caller, ReminderSubject::Task(id.0), reminder.0, if_match).await
}
