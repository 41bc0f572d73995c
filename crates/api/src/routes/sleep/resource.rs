//! `POST /sleep` and `/sleep/{sleep_log_id}`.

use circadia_domain::ids::SleepLogId;
use circadia_domain::sleep::{self, NewSleepLog, OnOverlap, SleepLog, SleepPatch};
use utoipa::IntoParams;

use super::dto::{SleepLogBody, SleepOverlapDoc};
use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, PathParam, Query};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, create_sleep_log, get_sleep_log, update_sleep_log, delete_sleep_log);
}

/// What to do with stored logs that overlap.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct OverlapQuery {
    /// `refuse` (default) or `replace`.
    #[param(inline)]
    on_overlap: Option<OnOverlap>,
}

impl Decode for OverlapQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { on_overlap: fields.optional("on_overlap") })
    }
}

fn answer(log: SleepLog) -> Result<Answer, Problem> {
    let rev = log.rev;
    Answer::stored(&SleepLogBody::from(log), rev)
}

/// Log a sleep
///
/// Intervals are half-open, and a user's logs never overlap: an overlapping log is refused with its conflicts, or
/// replaces them. Repeating the request with the same `id` and body gives the same answer.
#[utoipa::path(
    post,
    path = "/sleep",
    tag = "sleep",
    operation_id = "createSleepLog",
    extensions(("x-scope" = json!("sleep:write"))),
    params(OverlapQuery),
    request_body = NewSleepLog,
    responses(
        (status = 201, description = "The log", body = SleepLogBody),
        (status = 409, description = "`sleep_overlap`, with `conflicts`; or `id_taken`", body = SleepOverlapDoc, content_type = "application/problem+json"),
    )
)]
async fn create_sleep_log(
    caller: Caller,
    query: Query<OverlapQuery>,
    body: Body<NewSleepLog>,
) -> Result<Answer, Problem> {
    let (id, on_overlap) = (body.0.id, query.0.on_overlap.unwrap_or_default());
    let created = caller.write(move |tx| sleep::create(tx, body.0.clone(), on_overlap)).await?;
    Ok(answer(created.into_inner())?.created(format!("/api/v1/sleep/{id}")))
}

/// Get a log of sleep
///
/// `date` is the day of waking.
#[utoipa::path(
    get,
    path = "/sleep/{sleep_log_id}",
    tag = "sleep",
    operation_id = "getSleepLog",
    extensions(("x-scope" = json!("sleep:read"))),
    params(("sleep_log_id" = Uuid, Path, description = "The log's id")),
    responses((status = 200, description = "The log", body = SleepLogBody))
)]
async fn get_sleep_log(caller: Caller, id: PathParam<SleepLogId>) -> Result<Answer, Problem> {
    let found = caller.query(move |store| sleep::find(store, caller.user, id.0)).await?;
    answer(found)
}

/// Change a log of sleep
///
/// The rules for creating a log apply to the changed log. It never conflicts with itself.
#[utoipa::path(
    patch,
    path = "/sleep/{sleep_log_id}",
    tag = "sleep",
    operation_id = "updateSleepLog",
    extensions(("x-scope" = json!("sleep:write"))),
    params(("sleep_log_id" = Uuid, Path, description = "The log's id"), OverlapQuery, IfMatch),
    request_body = SleepPatch,
    responses(
        (status = 200, description = "The log after the change", body = SleepLogBody),
        (status = 409, description = "`sleep_overlap`, with `conflicts`", body = SleepOverlapDoc, content_type = "application/problem+json"),
    )
)]
async fn update_sleep_log(
    caller: Caller,
    id: PathParam<SleepLogId>,
    query: Query<OverlapQuery>,
    if_match: IfMatch,
    body: Body<SleepPatch>,
) -> Result<Answer, Problem> {
    let on_overlap = query.0.on_overlap.unwrap_or_default();
    let changed = caller.write(move |tx| sleep::update(tx, id.0, &if_match.0, body.0.clone(), on_overlap)).await?;
    answer(changed)
}

/// Delete a log of sleep
///
/// `DELETE /sleep` deletes those of a date.
#[utoipa::path(
    delete,
    path = "/sleep/{sleep_log_id}",
    tag = "sleep",
    operation_id = "deleteSleepLog",
    extensions(("x-scope" = json!("sleep:write"))),
    params(("sleep_log_id" = Uuid, Path, description = "The log's id"), IfMatch),
    responses((status = 204, description = "The log was deleted"))
)]
async fn delete_sleep_log(caller: Caller, id: PathParam<SleepLogId>, if_match: IfMatch) -> Result<NoContent, Problem> {
    caller.write(move |tx| sleep::delete(tx, id.0, &if_match.0)).await?;
    Ok(NoContent)
}
