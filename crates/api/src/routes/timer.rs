//! `/timer`: the running timer.

use std::sync::Arc;

use circadia_domain::ids::TimeEntryId;
use circadia_domain::time_entries::{Piece, TimeEntry};
use circadia_domain::timer::{self, StartTimer, StopTimer, Timer};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::answer::{Answer, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, OptionalBody, Query, text};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_timer, start_timer, stop_timer, discard_timer);
}

/// Whether a timer runs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimerState)]
struct TimerStateBody {
    /// The timer; null if none runs.
    running: Option<Timer>,
}

impl Decode for StartTimer {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            habit: fields.optional("habit_id"),
            task: fields.optional("task_id"),
            note: fields.optional("note"),
            started_at: fields.optional("started_at"),
            timezone: fields.optional("timezone"),
            offset: fields.offset_of("started_at"),
        })
    }
}

impl Decode for StopTimer {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            id: fields.optional_with("id", text(TimeEntryId::parse)),
            ended_at: fields.optional("ended_at"),
            note: fields.optional("note"),
            request_digest: fields.request_digest(),
        })
    }
}

/// The result of stopping the timer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoppedTimer)]
struct StoppedBody {
    /// The total minutes of all entries.
    minutes: u64,
    /// The time entries: one for each of the user's days that it ran on, and one more after each 24 hours of a day.
    items: Vec<TimeEntry>,
}

/// Whether a long time is meant.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct ConfirmQuery {
    /// Whether the time entries are to be written even if the timer ran for more than 24 hours.
    confirm: Option<bool>,
}

impl Decode for ConfirmQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { confirm: fields.optional("confirm") })
    }
}

/// Why the timer wasn't stopped.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LongTimerProblem)]
struct LongTimerDoc {
    #[serde(flatten)]
    problem: ProblemDoc,
    /// The total minutes of all entries; with `timer_ran_long`.
    #[schema(nullable = false)]
    minutes: Option<u64>,
    /// The time entries that would be written; with `timer_ran_long`.
    #[schema(nullable = false)]
    items: Option<Vec<Piece>>,
}

/// Get the timer
///
/// `running` is null if none runs.
#[utoipa::path(
    get,
    path = "/timer",
    tag = "time",
    operation_id = "getTimer",
    extensions(("x-scope" = json!("time:read"))),
    responses((status = 200, description = "The timer's state", body = TimerStateBody))
)]
async fn get_timer(caller: Caller) -> Result<Answer, Problem> {
    let running = caller.query(move |store| timer::find(store, caller.user)).await?;
    Answer::computed(&TimerStateBody { running })
}

/// Start the timer
///
/// A user has at most one running timer, across all devices. It runs until it is stopped or discarded.
#[utoipa::path(
    post,
    path = "/timer/start",
    tag = "time",
    operation_id = "startTimer",
    extensions(("x-scope" = json!("time:write"))),
    request_body = Option<StartTimer>,
    responses(
        (status = 201, description = "The timer runs", body = TimerStateBody),
        (status = 409, description = "`timer_running`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn start_timer(caller: Caller, body: OptionalBody<StartTimer>) -> Result<Answer, Problem> {
    let timer = caller.write(move |tx| timer::start(tx, body.0.clone().unwrap_or_default())).await?;
    Ok(Answer::computed(&TimerStateBody { running: Some(timer) })?.created("/api/v1/timer".to_owned()))
}

/// Stop the timer
///
/// Its minutes, rounded and at least 1, become a time entry. If it ran across the start of a day (by the user's time
/// zone and day start), each day gets its own entry. A timer that ran for more than 24 hours may have been forgotten:
/// without `confirm` it runs on, and the answer says what would be written.
#[utoipa::path(
    post,
    path = "/timer/stop",
    tag = "time",
    operation_id = "stopTimer",
    extensions(("x-scope" = json!("time:write"))),
    params(ConfirmQuery),
    request_body = Option<StopTimer>,
    responses(
        (status = 201, description = "The new time entries", body = StoppedBody),
        (status = 409, description = "`timer_ran_long`, with what would be written: it ran for more than 24 hours, and that isn't confirmed; or `timer_not_running`, `id_taken`", body = LongTimerDoc, content_type = "application/problem+json"),
    )
)]
async fn stop_timer(
    caller: Caller,
    query: Query<ConfirmQuery>,
    body: OptionalBody<StopTimer>,
) -> Result<Answer, Problem> {
    let (stop, confirmed) = (body.0.unwrap_or_default(), query.0.confirm.unwrap_or(false));
    let ids = Arc::clone(&caller.context.ids);
    let stopped = caller.write(move |tx| timer::stop(tx, &*ids, &stop, confirmed)).await?;
    let items = stopped.into_inner();
    let minutes = items.iter().map(|entry| u64::from(entry.minutes)).sum();
    let location = items.first().map_or_else(String::new, |entry| format!("/api/v1/time-entries/{}", entry.id));
    Ok(Answer::computed(&StoppedBody { minutes, items })?.created(location))
}

/// Discard the timer
///
/// No time entry is created.
#[utoipa::path(
    delete,
    path = "/timer",
    tag = "time",
    operation_id = "discardTimer",
    extensions(("x-scope" = json!("time:write"))),
    responses(
        (status = 204, description = "The timer was discarded"),
        (status = 404, description = "`timer_not_found`: no timer is running", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn discard_timer(caller: Caller) -> Result<NoContent, Problem> {
    caller.write(timer::discard).await?;
    Ok(NoContent)
}
