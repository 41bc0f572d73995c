//! `POST /sleep` and `/sleep/{sleep_log_id}`.

use actix_web::{delete, get, patch, post};
use circadia_domain::ids::SleepLogId;
use circadia_domain::sleep::{self, NewSleepLog, OnOverlap, SleepInput, SleepLog, SleepPatch};
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::dto::{CreateSleepLogBody, SleepLogBody, SleepOverlapDoc, UpdateSleepLogBody};
use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, Parsed, PathParam, Query, text};
use crate::http::problem::Problem;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_sleep_log).service(get_sleep_log).service(update_sleep_log).service(delete_sleep_log);
}

/// What becomes of stored logs that overlap.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = OnOverlap)]
#[serde(rename_all = "snake_case")]
enum OnOverlapDoc {
    /// They stay, and the request is refused with `sleep_overlap`.
    Refuse,
    /// They are deleted in the same transaction.
    Replace,
}

/// What becomes of stored logs that overlap.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct OverlapQuery {
    /// `refuse` (default) or `replace`.
    #[param(inline)]
    on_overlap: Option<OnOverlapDoc>,
}

fn on_overlap(word: &str) -> Parsed<OnOverlapDoc> {
    match word {
        "refuse" => Ok(OnOverlapDoc::Refuse),
        "replace" => Ok(OnOverlapDoc::Replace),
        _ => Err(Violations::of("unknown_value", "must be `refuse` or `replace`")),
    }
}

impl Decode for OverlapQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { on_overlap: fields.optional("on_overlap", text(on_overlap)) })
    }
}

impl From<OverlapQuery> for OnOverlap {
    fn from(query: OverlapQuery) -> Self {
        match query.on_overlap {
            None | Some(OnOverlapDoc::Refuse) => Self::Refuse,
            Some(OnOverlapDoc::Replace) => Self::Replace,
        }
    }
}

fn answer(log: SleepLog) -> Result<Answer, Problem> {
    let rev = log.rev;
    Answer::stored(&SleepLogBody::from(log), rev)
}

/// Log a sleep
///
/// Intervals are half-open, and no two of a user ever overlap: one that does is refused with what is in its way, or
/// takes its place. The same request with the same `id` again answers like the first time.
#[utoipa::path(
    tag = "sleep",
    operation_id = "createSleepLog",
    params(OverlapQuery),
    request_body = CreateSleepLogBody,
    responses(
        (status = 201, description = "The log", body = SleepLogBody),
        (status = 409, description = "`sleep_overlap`, with `conflicts`; or `id_taken`", body = SleepOverlapDoc, content_type = "application/problem+json"),
    )
)]
#[post("/sleep")]
async fn create_sleep_log(
    caller: Caller,
    query: Query<OverlapQuery>,
    body: Body<CreateSleepLogBody>,
) -> Result<Answer, Problem> {
    let id = body.value.id.unwrap_or_else(|| caller.fresh_id());
    let new = NewSleepLog { id, input: SleepInput::from(body.value), request_digest: body.digest };
    let on_overlap = OnOverlap::from(query.0);
    let created = caller.write(move |tx| sleep::create(tx, new, on_overlap)).await?;
    Ok(answer(created.into_inner())?.created(format!("/api/v1/sleep/{id}")))
}

/// Get a log of sleep
#[utoipa::path(
    tag = "sleep",
    operation_id = "getSleepLog",
    params(("sleep_log_id" = Uuid, Path, description = "The log's id")),
    responses((status = 200, description = "The log", body = SleepLogBody))
)]
#[get("/sleep/{sleep_log_id}")]
async fn get_sleep_log(caller: Caller, id: PathParam<SleepLogId>) -> Result<Answer, Problem> {
    let found = caller.read(move |store| sleep::find(store, caller.user, id.0)).await?;
    answer(found)
}

/// Change a log of sleep
///
/// What is said of making one holds for the log as it is after the change; it is never in its own way.
#[utoipa::path(
    tag = "sleep",
    operation_id = "updateSleepLog",
    params(("sleep_log_id" = Uuid, Path, description = "The log's id"), OverlapQuery),
    request_body = UpdateSleepLogBody,
    responses(
        (status = 200, description = "The log as it is now", body = SleepLogBody),
        (status = 409, description = "`sleep_overlap`, with `conflicts`", body = SleepOverlapDoc, content_type = "application/problem+json"),
    )
)]
#[patch("/sleep/{sleep_log_id}")]
async fn update_sleep_log(
    caller: Caller,
    id: PathParam<SleepLogId>,
    query: Query<OverlapQuery>,
    if_match: IfMatch,
    body: Body<UpdateSleepLogBody>,
) -> Result<Answer, Problem> {
    let patch = SleepPatch::from(body.value);
    let on_overlap = OnOverlap::from(query.0);
    let changed = caller.write(move |tx| sleep::update(tx, id.0, &if_match.0, patch, on_overlap)).await?;
    answer(changed)
}

/// Delete a log of sleep
#[utoipa::path(
    tag = "sleep",
    operation_id = "deleteSleepLog",
    params(("sleep_log_id" = Uuid, Path, description = "The log's id")),
    responses((status = 204, description = "The log is gone"))
)]
#[delete("/sleep/{sleep_log_id}")]
async fn delete_sleep_log(caller: Caller, id: PathParam<SleepLogId>, if_match: IfMatch) -> Result<NoContent, Problem> {
    caller.write(move |tx| sleep::delete(tx, id.0, &if_match.0)).await?;
    Ok(NoContent)
}
