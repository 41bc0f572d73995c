//! `/habits/{habit_id}/pauses`: pauses of a habit.

use circadia_domain::civil::Date;
use circadia_domain::habits::{self, Pause, PauseSource};
use circadia_domain::idempotency::Creation;
use circadia_domain::ids::{HabitId, PauseId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, PathParam, Query, text};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_pauses, create_pause, update_pause, delete_pause);
}

/// A pause: nothing is due on its days, and they break no streak.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Pause)]
struct PauseBody {
    /// The pause's id.
    id: PauseId,
    /// The first day.
    from: Date,
    /// The last day; null without an end.
    to: Option<Date>,
    /// Where it comes from. Only the habit's own ones can be changed here.
    source: PauseSource,
}

impl From<&Pause> for PauseBody {
    fn from(pause: &Pause) -> Self {
        Self { id: pause.id, from: pause.from, to: pause.to, source: pause.source }
    }
}

/// A pause to create.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"from": "2026-03-09", "to": "2026-03-13"}))]
pub(in crate::routes) struct CreatePauseBody {
    /// The id. Generated if absent.
    id: Option<PauseId>,
    /// The first day.
    from: Date,
    /// The last day. Without it, the pause has no end.
    to: Option<Date>,
}

impl Decode for CreatePauseBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.optional_with("id", text(PauseId::parse));
        let from = fields.required("from");
        let to = fields.optional("to");
        Some(Self { id, from: from?, to })
    }
}

/// A change of a pause (RFC 7396): what is absent stays, null clears.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"to": "2026-03-15"}))]
pub(in crate::routes) struct UpdatePauseBody {
    /// The first day.
    #[schema(nullable = false)]
    from: Option<Date>,
    /// The last day.
    to: Option<Option<Date>>,
}

impl Decode for UpdatePauseBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.change("from");
        let to = fields.change_or_clear("to");
        Some(Self { from, to })
    }
}

/// List a habit's pauses
///
/// By first day: the habit's own ones, and those of all habits (`source` is `shared` or `date_line`; see
/// `GET /me/pauses`) that touch its days.
#[utoipa::path(
    get,
    path = "/habits/{habit_id}/pauses",
    tag = "plans",
    operation_id = "listPauses",
    extensions(("x-scope" = json!("habits:read"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id"), PageRequest),
    responses((status = 200, description = "The pauses", body = Page<PauseBody>))
)]
async fn list_pauses(
    caller: Caller,
    id: PathParam<HabitId>,
    query: Query<PageRequest>,
) -> Result<Page<PauseBody>, Problem> {
    let (habit, _) = caller.query(move |store| habits::find(store, caller.user, id.0)).await?;
    let mut pauses: Vec<PauseBody> = habit.timeline.pauses().iter().map(PauseBody::from).collect();
    let key = |pause: &PauseBody| (pause.from.days_since_epoch(), pause.id);
    pauses.sort_by_key(key);
    Page::of_sorted(pauses, key, "from", &query.0, |a, b| a < b)
}

/// Pause a habit
///
/// Nothing is due in a pause, and it breaks no streak. Pauses may overlap.
#[utoipa::path(
    post,
    path = "/habits/{habit_id}/pauses",
    tag = "plans",
    operation_id = "createPause",
    extensions(("x-scope" = json!("habits:write"))),
    params(("habit_id" = Uuid, Path, description = "The habit's id")),
    request_body = CreatePauseBody,
    responses(
        (status = 201, description = "The pause", body = PauseBody),
        (status = 409, description = "`id_taken`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_pause(caller: Caller, id: PathParam<HabitId>, body: Body<CreatePauseBody>) -> Result<Answer, Problem> {
    let CreatePauseBody { id: pause, from, to } = body.0;
    let pause = Pause { id: pause.unwrap_or_else(|| caller.fresh_id()), from, to, source: PauseSource::Own };
    let location = format!("/api/v1/habits/{}/pauses/{}", id.0, pause.id);
    let made = caller.write(move |tx| habits::create_pause(tx, id.0, pause.clone()));
    let (habit, created) = made.await?;
    Ok(Answer::stored(&PauseBody::from(&Creation::into_inner(created)), habit.rev)?.created(location))
}

/// Change a pause
///
/// Only one of its own: those of all habits are changed at `/me/pauses`.
#[utoipa::path(
    patch,
    path = "/habits/{habit_id}/pauses/{pause_id}",
    tag = "plans",
    operation_id = "updatePause",
    extensions(("x-scope" = json!("habits:write"))),
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("pause_id" = Uuid, Path, description = "The pause's id"), IfMatch),
    request_body = UpdatePauseBody,
    responses(
        (status = 200, description = "The pause after the change", body = PauseBody),
        (status = 409, description = "`pause_shared`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn update_pause(
    caller: Caller,
    id: PathParam<HabitId>,
    pause: PathParam<PauseId>,
    if_match: IfMatch,
    body: Body<UpdatePauseBody>,
) -> Result<Answer, Problem> {
    let UpdatePauseBody { from, to } = body.0;
    let changed = caller.write(move |tx| habits::update_pause(tx, id.0, pause.0, &if_match.0, from, to));
    let (habit, pause) = changed.await?;
    Answer::stored(&PauseBody::from(&pause), habit.rev)
}

/// Remove a pause
///
/// The habit is due again on these days. Only one of its own: those of all habits are removed at `/me/pauses`.
#[utoipa::path(
    delete,
    path = "/habits/{habit_id}/pauses/{pause_id}",
    tag = "plans",
    operation_id = "deletePause",
    extensions(("x-scope" = json!("habits:write"))),
    params(
        ("habit_id" = Uuid, Path, description = "The habit's id"),
        ("pause_id" = Uuid, Path, description = "The pause's id"), IfMatch),
    responses(
        (status = 204, description = "The pause was deleted"),
        (status = 409, description = "`pause_shared`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn delete_pause(
    caller: Caller,
    id: PathParam<HabitId>,
    pause: PathParam<PauseId>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    caller.write(move |tx| habits::delete_pause(tx, id.0, pause.0, &if_match.0)).await?;
    Ok(NoContent)
}
