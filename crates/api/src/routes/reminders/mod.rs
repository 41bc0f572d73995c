//! Reminders of habits, of tasks and of bedtime: `/habits/{habit_id}/reminders`, `/tasks/{task_id}/reminders`,
//! `/sleep/reminders`, `/reminders/upcoming`.

pub(in crate::routes) mod dto;
mod of_bedtime;
mod of_habits;
mod of_tasks;

use circadia_domain::reminders::{
    self, MAX_UPCOMING_DAYS, NewReminder, Reminder, ReminderId, ReminderNotice, ReminderPatch, ReminderSubject,
    ReminderView,
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Query, between};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("reminders", "Of habits that are due and not done, of tasks, and of the time to go to bed.");
    of_habits::routes(routes);
    of_tasks::routes(routes);
    of_bedtime::routes(routes);
    operations!(routes, list_upcoming_reminders);
}

async fn list(caller: Caller, subject: ReminderSubject, page: &PageRequest) -> Result<Page<ReminderView>, Problem> {
    let found = caller.query(move |store| reminders::list(store, caller.user, subject)).await?;
    let found = found.into_iter().map(ReminderView::from).collect();
    Page::of_sorted(found, |reminder| (reminder.created_at.micros(), reminder.id), "created_at", page, |a, b| a < b)
}

async fn create(caller: Caller, new: NewReminder) -> Result<Answer, Problem> {
    let location = match new.rule.subject() {
        ReminderSubject::Habit(habit) => format!("/api/v1/habits/{habit}/reminders/{}", new.id),
        ReminderSubject::Task(task) => format!("/api/v1/tasks/{task}/reminders/{}", new.id),
        ReminderSubject::Bedtime => format!("/api/v1/sleep/reminders/{}", new.id),
    };
    let created = caller.write(move |tx| reminders::create(tx, &new)).await?;
    Ok(answer(created.into_inner())?.created(location))
}

async fn update(
    caller: Caller,
    subject: ReminderSubject,
    id: ReminderId,
    if_match: IfMatch,
    patch: ReminderPatch,
) -> Result<Answer, Problem> {
    answer(caller.write(move |tx| reminders::update(tx, subject, id, &if_match.0, &patch)).await?)
}

async fn delete(
    caller: Caller,
    subject: ReminderSubject,
    id: ReminderId,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    caller.write(move |tx| reminders::delete(tx, subject, id, &if_match.0)).await?;
    Ok(NoContent)
}

fn answer(reminder: Reminder) -> Result<Answer, Problem> {
    let rev = reminder.rev;
    Answer::stored(&ReminderView::from(reminder), rev)
}

/// How far to look ahead.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct UpcomingQuery {
    /// Days from now.
    #[param(value_type = Option<i32>, minimum = 1, maximum = 31, default = 7)]
    days: Option<u32>,
}

impl Decode for UpcomingQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { days: fields.optional_with("days", between(1, MAX_UPCOMING_DAYS.unsigned_abs())) })
    }
}

const DEFAULT_DAYS: i32 = 7;

/// What is to be reminded of in the next days.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UpcomingReminders)]
struct UpcomingBody {
    /// In order of time, the first 1,000.
    #[schema(max_items = 1000)]
    items: Vec<ReminderNotice>,
}

/// List the reminders of the next days
///
/// For apps that show notifications by themselves: each reminder that is enabled, by the days on which it falls, as it is
/// known now. A habit that isn't due on a day, or is done, has none there; a quota has them as if nothing more were done.
/// Ask again when something changes. A personal access token needs the scopes of habits, sleep and tasks.
#[utoipa::path(
    get,
    path = "/reminders/upcoming",
    tag = "reminders",
    operation_id = "listUpcomingReminders",
    extensions(("x-scope" = json!("habits:read sleep:read tasks:read"))),
    params(UpcomingQuery),
    responses((status = 200, description = "The reminders, the next one first", body = UpcomingBody))
)]
async fn list_upcoming_reminders(caller: Caller, query: Query<UpcomingQuery>) -> Result<Answer, Problem> {
    let (user, now) = (caller.user, caller.now);
    let days = query.0.days.and_then(|days| i32::try_from(days).ok()).unwrap_or(DEFAULT_DAYS);
    let items = caller.query_replica(move |store| reminders::upcoming(store, user, now, days)).await?;
    Answer::computed(&UpcomingBody { items })
}
