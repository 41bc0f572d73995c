//! `/timer`: the timer that runs.

use std::sync::Arc;

use actix_web::{delete, get, post};
use circadia_domain::civil::Instant;
use circadia_domain::ids::{HabitId, TaskId, TimeEntryId};
use circadia_domain::time_entries::TimeNote;
use circadia_domain::timer::{self, StartTimer, StopTimer, Timer};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::time_entries::TimeEntryBody;
use crate::http::answer::{Answer, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, text};
use crate::http::problem::{Problem, ProblemDoc};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_timer).service(start_timer).service(stop_timer).service(discard_timer);
}

/// Whether a timer runs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimerState)]
struct TimerStateBody {
    /// The timer; null if none runs.
    running: Option<TimerBody>,
}

/// A timer that runs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Timer)]
struct TimerBody {
    /// The habit that the time is spent on.
    #[schema(value_type = Option<Uuid>)]
    habit_id: Option<HabitId>,
    /// The task that the time is spent on.
    #[schema(value_type = Option<Uuid>)]
    task_id: Option<TaskId>,
    /// A note, for the time entry.
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<TimeNote>,
    /// Since when it runs.
    #[schema(value_type = String, format = DateTime)]
    started_at: Instant,
}

impl From<Option<Timer>> for TimerStateBody {
    fn from(timer: Option<Timer>) -> Self {
        Self {
            running: timer.map(|timer| TimerBody {
                habit_id: timer.habit,
                task_id: timer.task,
                note: timer.note,
                started_at: timer.started_at,
            }),
        }
    }
}

/// A timer to start.
#[derive(Debug, ToSchema)]
pub struct StartTimerBody {
    /// The habit that the time is spent on.
    #[schema(value_type = Option<Uuid>)]
    habit_id: Option<HabitId>,
    /// The task that the time is spent on.
    #[schema(value_type = Option<Uuid>)]
    task_id: Option<TaskId>,
    /// A note, for the time entry.
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<TimeNote>,
    /// Since when it runs, at most 31 days back; now if absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Instant>,
}

impl Decode for StartTimerBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            habit_id: fields.optional("habit_id", text(HabitId::parse_reference)),
            task_id: fields.optional("task_id", text(TaskId::parse_reference)),
            note: fields.optional("note", text(TimeNote::parse)).flatten(),
            started_at: fields.optional("started_at", text(Instant::parse)),
        })
    }
}

/// How the timer is to be stopped. An empty object will do.
#[derive(Debug, ToSchema)]
pub struct StopTimerBody {
    /// The id of the time entry that becomes of it (of the first, if there are several), if the client wants to choose
    /// it: then the same request again answers like the first time.
    #[schema(value_type = Option<Uuid>)]
    id: Option<TimeEntryId>,
    /// Until when it ran, after its beginning and not in the future; now if absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Instant>,
    /// The note of the time entry; the timer's own if absent.
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Option<TimeNote>,
}

impl Decode for StopTimerBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            id: fields.optional("id", text(TimeEntryId::parse)),
            ended_at: fields.optional("ended_at", text(Instant::parse)),
            note: fields.optional("note", text(TimeNote::parse)).flatten(),
        })
    }
}

/// What became of the timer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StoppedTimer)]
struct StoppedBody {
    /// The minutes of all entries together.
    minutes: u64,
    /// The time entries: one for each of the user's days that it ran on, and one more after each 24 hours of a day.
    items: Vec<TimeEntryBody>,
}

/// Does a timer run?
#[utoipa::path(
    tag = "time",
    operation_id = "getTimer",
    responses((status = 200, description = "The timer, or that none runs", body = TimerStateBody))
)]
#[get("/timer")]
async fn get_timer(caller: Caller) -> Result<Answer, Problem> {
    let timer = caller.read(move |store| timer::find(store, caller.user)).await?;
    Answer::computed(&TimerStateBody::from(timer))
}

/// Start the timer
///
/// One at most runs for a user, on whatever device, and goes on until it is stopped or discarded.
#[utoipa::path(
    tag = "time",
    operation_id = "startTimer",
    request_body = StartTimerBody,
    responses(
        (status = 201, description = "The timer runs", body = TimerStateBody),
        (status = 409, description = "`timer_running`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/timer/start")]
async fn start_timer(caller: Caller, body: Body<StartTimerBody>) -> Result<Answer, Problem> {
    let StartTimerBody { habit_id, task_id, note, started_at } = body.value;
    let new = StartTimer { habit: habit_id, task: task_id, note, started_at };
    let timer = caller.write(move |tx| timer::start(tx, new)).await?;
    Ok(Answer::computed(&TimerStateBody::from(Some(timer)))?.created("/api/v1/timer".to_owned()))
}

/// Stop the timer
///
/// Its minutes, rounded and at least 1, become a time entry; where it ran over the beginning of a day of the user (by
/// their time zone and day start), each day gets its own.
#[utoipa::path(
    tag = "time",
    operation_id = "stopTimer",
    request_body = StopTimerBody,
    responses(
        (status = 201, description = "The time entries that became of it", body = StoppedBody),
        (status = 409, description = "`timer_not_running` or `id_taken`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/timer/stop")]
async fn stop_timer(caller: Caller, body: Body<StopTimerBody>) -> Result<Answer, Problem> {
    let StopTimerBody { id, ended_at, note } = body.value;
    let stop = StopTimer { id, ended_at, note, request_digest: body.digest };
    let ids = Arc::clone(&caller.context.ids);
    let stopped = caller.write(move |tx| timer::stop(tx, &*ids, &stop)).await?;
    let entries = stopped.into_inner();
    let minutes = entries.iter().map(|entry| u64::from(entry.minutes)).sum();
    let items: Vec<TimeEntryBody> = entries.into_iter().map(TimeEntryBody::from).collect();
    let location = items.first().map_or_else(String::new, |entry| format!("/api/v1/time-entries/{}", entry.id));
    Ok(Answer::computed(&StoppedBody { minutes, items })?.created(location))
}

/// Discard the timer
///
/// Nothing becomes of it.
#[utoipa::path(
    tag = "time",
    operation_id = "discardTimer",
    responses(
        (status = 204, description = "No timer runs any more"),
        (status = 404, description = "`timer_not_found`: none ran", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[delete("/timer")]
async fn discard_timer(caller: Caller) -> Result<NoContent, Problem> {
    caller.write(timer::discard).await?;
    Ok(NoContent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<StartTimerBody>();
        assert_documented::<StopTimerBody>();
    }
}
