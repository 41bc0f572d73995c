//! `/habits/{habit_id}/reminders`: reminders of a habit.

use circadia_domain::ids::HabitId;
use circadia_domain::reminders::{ReminderId, ReminderSubject, ReminderView};

use super::dto::{CreateHabitReminderBody, UpdateHabitReminderBody};
use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, PathParam, Query};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_habit_reminders, create_habit_reminder, update_habit_reminder, delete_habit_reminder);
}

/// List a habit's reminders
///
/// Oldest first.
#[utoipa::path(
    get,
    path = "/habits/{habit_id}/reminders",
    tag = "reminders",
    operation_id = "listHabitReminders",
    extensions(("x-scope" = json!("habits:read"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), PageRequest),
    responses((status = 200, description = "The reminders", body = Page<ReminderView>))
)]
async fn list_habit_reminders(
    caller: Caller,
    id: PathParam<HabitId>,
    query: Query<PageRequest>,
) -> Result<Page<ReminderView>, Problem> {
    super::list(caller, ReminderSubject::Habit(id.0), &query.0).await
}

/// Create a reminder of a habit
///
/// It is sent at a time of day, on days on which the habit is due and not yet done, once a day at most. Up to 20 of a habit.
/// Repeating the request with the same `id` and body gives the same answer.
#[utoipa::path(
    post,
    path = "/habits/{habit_id}/reminders",
    tag = "reminders",
    operation_id = "createHabitReminder",
    extensions(("x-scope" = json!("habits:write"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id")),
    request_body = CreateHabitReminderBody,
    responses(
        (status = 201, description = "The reminder", body = ReminderView),
        (status = 409, description = "`id_taken` or `limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_habit_reminder(
    caller: Caller,
    id: PathParam<HabitId>,
    body: Body<CreateHabitReminderBody>,
) -> Result<Answer, Problem> {
    super::create(caller, body.0.of(id.0)).await
}

/// Change a reminder of a habit
///
/// If its time or its days change, or it is enabled, it begins anew: it may be sent on a day on which it was sent before.
#[utoipa::path(
    patch,
    path = "/habits/{habit_id}/reminders/{reminder_id}",
    tag = "reminders",
    operation_id = "updateHabitReminder",
    extensions(("x-scope" = json!("habits:write"))),
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("reminder_id" = Uuid, Path, description = "The reminder's id"), IfMatch),
    request_body = UpdateHabitReminderBody,
    responses((status = 200, description = "The reminder after the change", body = ReminderView))
)]
async fn update_habit_reminder(
    caller: Caller,
    id: PathParam<HabitId>,
    reminder: PathParam<ReminderId>,
    if_match: IfMatch,
    body: Body<UpdateHabitReminderBody>,
) -> Result<Answer, Problem> {
    super::update(caller, ReminderSubject::Habit(id.0), reminder.0, if_match, body.0.into()).await
}

/// Delete a reminder of a habit
///
/// What was enqueued of it by then is still sent.
#[utoipa::path(
    delete,
    path = "/habits/{habit_id}/reminders/{reminder_id}",
    tag = "reminders",
    operation_id = "deleteHabitReminder",
    extensions(("x-scope" = json!("habits:write"))),
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("reminder_id" = Uuid, Path, description = "The reminder's id"), IfMatch),
    responses((status = 204, description = "The reminder was deleted"))
)]
async fn delete_habit_reminder(
    caller: Caller,
    id: PathParam<HabitId>,
    reminder: PathParam<ReminderId>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    super::delete(caller, ReminderSubject::Habit(id.0), reminder.0, if_match).await
}
