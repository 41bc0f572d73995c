//! `GET /sleep`, `DELETE /sleep?date=` and `POST /sleep/check`.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::sleep::{self, Conflict, SleepInput, SleepSlice};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::dto::{CheckSleepBody, SleepLogBody};
use crate::http::answer::{Answer, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, Query};
use crate::http::page::{Page, PageRequest, Start};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::routes::date_queries::DatesQuery;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_sleep, delete_sleep_of_date, check_sleep);
}

/// List my sleep
///
/// Logs whose date of waking lies in the range, naps included, by their start.
#[utoipa::path(
    get,
    path = "/sleep",
    tag = "sleep",
    operation_id = "listSleep",
    extensions(("x-scope" = json!("sleep:read"))),
    params(DatesQuery, PageRequest),
    responses((status = 200, description = "A page of logs", body = Page<SleepLogBody>))
)]
async fn list_sleep(caller: Caller, query: Query<DatesQuery>) -> Result<Page<SleepLogBody>, Problem> {
    let (dates, page) = (query.0.range(), query.0.page);
    // The start in microseconds, which is unique per user.
    let start = page.start::<i64>("start")?;
    let (after, before) = match &start {
        Start::Beginning => (None, None),
        Start::After(last) => (Some(Instant::from_micros(*last)), None),
        Start::Before(first) => (None, Some(Instant::from_micros(*first))),
    };
    let slice = SleepSlice { dates, after, before, limit: page.limit + 1, backwards: before.is_some() };
    let read = caller.query(move |store| sleep::list(store, caller.user, &slice));
    let found = Page::of_selected(read.await?, |log| log.sleep.start.micros(), "start", &page, &start);
    Ok(found.map(SleepLogBody::from))
}

/// The date to delete.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct WakingDateQuery {
    /// The date of waking.
    date: Date,
}

impl Decode for WakingDateQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { date: fields.required("date")? })
    }
}

/// Delete the sleep of a date
///
/// All logs with this date of waking, naps included.
#[utoipa::path(
    delete,
    path = "/sleep",
    tag = "sleep",
    operation_id = "deleteSleepOfDate",
    extensions(("x-scope" = json!("sleep:write"))),
    params(WakingDateQuery),
    responses(
        (status = 204, description = "The logs were deleted"),
        (status = 404, description = "`sleep_log_not_found`: there is no log with this date", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn delete_sleep_of_date(caller: Caller, query: Query<WakingDateQuery>) -> Result<NoContent, Problem> {
    let date = query.0.date;
    caller.write(move |tx| sleep::delete_of_date(tx, date)).await?;
    Ok(NoContent)
}

/// The logs that conflict with an interval.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepCheck)]
struct CheckAnswer {
    /// Whether it overlaps anything.
    overlaps: bool,
    /// The stored logs that it overlaps, by start.
    conflicts: Vec<Conflict>,
}

/// Check for overlaps
///
/// Compares an interval with the stored logs, without storing anything. To check a change of a log, send its id as
/// well.
#[utoipa::path(
    post,
    path = "/sleep/check",
    tag = "sleep",
    operation_id = "checkSleep",
    extensions(("x-scope" = json!("sleep:read"))),
    request_body = CheckSleepBody,
    responses((status = 200, description = "The conflicts", body = CheckAnswer))
)]
async fn check_sleep(caller: Caller, body: Body<CheckSleepBody>) -> Result<Answer, Problem> {
    let (now, changed) = (caller.now, body.0.id);
    let input = SleepInput::from(body.0);
    let conflicts = caller.query(move |store| sleep::check(store, caller.user, now, &input, changed)).await?;
    Answer::computed(&CheckAnswer { overlaps: !conflicts.is_empty(), conflicts })
}
