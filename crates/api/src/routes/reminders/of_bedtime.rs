//! `/sleep/reminders`: reminders of the time to go to bed.

use circadia_domain::reminders::{ReminderId, ReminderSubject, ReminderView};

use super::dto::{CreateBedtimeReminderBody, UpdateBedtimeReminderBody};
use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, PathParam, Query};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(
        routes,
        list_bedtime_reminders,
        create_bedtime_reminder,
        update_bedtime_reminder,
        delete_bedtime_reminder
    );
}

/// List the reminders of bedtime
///
/// Oldest first.
#[utoipa::path(
    get,
    path = "/sleep/reminders",
    tag = "reminders",
    operation_id = "listBedtimeReminders",
    extensions(("x-scope" = json!("sleep:read"))),
    params(PageRequest),
    responses((status = 200, description = "The reminders", body = Page<ReminderView>))
)]
async fn list_bedtime_reminders(caller: Caller, query: Query<PageRequest>) -> Result<Page<ReminderView>, Problem> {
    super::list(caller, ReminderSubject::Bedtime, &query.0).await
}

/// Create a reminder of bedtime
///
/// It is sent so many minutes before one has to be in bed to sleep as long as the sleep goal (`sleep_goal_minutes` of `/me`)
/// and to wake at `wake_time`. Up to 20. Repeating the request with the same `id` and body gives the same answer.
#[utoipa::path(
    post,
    path = "/sleep/reminders",
    tag = "reminders",
    operation_id = "createBedtimeReminder",
    extensions(("x-scope" = json!("sleep:write"))),
    request_body = CreateBedtimeReminderBody,
    responses(
        (status = 201, description = "The reminder", body = ReminderView),
        (status = 409, description = "`id_taken` or `limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_bedtime_reminder(caller: Caller, body: Body<CreateBedtimeReminderBody>) -> Result<Answer, Problem> {
    super::create(caller, body.0.into()).await
}

/// Change a reminder of bedtime
///
/// If its time or its days change, or it is enabled, it begins anew: it may be sent on a day on which it was sent before.
#[utoipa::path(
    patch,
    path = "/sleep/reminders/{reminder_id}",
    tag = "reminders",
    operation_id = "updateBedtimeReminder",
    extensions(("x-scope" = json!("sleep:write"))),
    params(
        ("reminder_id" = Uuid, Path, description = "The reminder's id"), IfMatch),
    request_body = UpdateBedtimeReminderBody,
    responses((status = 200, description = "The reminder after the change", body = ReminderView))
)]
async fn update_bedtime_reminder(
    caller: Caller,
    reminder: PathParam<ReminderId>,
    if_match: IfMatch,
    body: Body<UpdateBedtimeReminderBody>,
) -> Result<Answer, Problem> {
    super::update(caller, ReminderSubject::Bedtime, reminder.0, if_match, body.0.into()).await
}

/// Delete a reminder of bedtime
///
/// What was enqueued of it by then is still sent.
#[utoipa::path(
    delete,
    path = "/sleep/reminders/{reminder_id}",
    tag = "reminders",
    operation_id = "deleteBedtimeReminder",
    extensions(("x-scope" = json!("sleep:write"))),
    params(
        ("reminder_id" = Uuid, Path, description = "The reminder's id"), IfMatch),
    responses((status = 204, description = "The reminder was deleted"))
)]
async fn delete_bedtime_reminder(
    caller: Caller,
    reminder: PathParam<ReminderId>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    super::delete(caller, ReminderSubject::Bedtime, reminder.0, if_match).await
}
