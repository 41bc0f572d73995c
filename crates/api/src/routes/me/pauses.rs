//! `/me/pauses`: pauses of all habits.

use circadia_domain::ids::SharedPauseId;
use circadia_domain::shared_pauses::{self, NewSharedPause, SharedPause, SharedPausePatch};

use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, PathParam, Query};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(
        routes,
        list_shared_pauses,
        create_shared_pause,
        get_shared_pause,
        update_shared_pause,
        delete_shared_pause
    );
}

impl Decode for NewSharedPause {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.new_id(SharedPauseId::parse);
        let from = fields.required("from");
        let to = fields.optional("to");
        let note = fields.optional("note");
        let except_habits = fields.optional("except_habits").unwrap_or_default();
        let request_digest = fields.request_digest();
        Some(Self { id: id?, from: from?, to, note, except_habits, request_digest })
    }
}

impl Decode for SharedPausePatch {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            from: fields.change("from"),
            to: fields.change_or_clear("to"),
            note: fields.change_or_clear("note"),
            except_habits: fields.change_or_clear("except_habits").map(Option::unwrap_or_default),
        })
    }
}

fn answer(pause: &SharedPause) -> Result<Answer, Problem> {
    Answer::stored(pause, pause.rev)
}

/// List the pauses of all my habits
///
/// By first day. Days that were lost at the date line are among them (`source` is `date_line`): when the time zone in
/// your settings moves your clock ahead by 12 hours or more, a day that is lived for less than 13 hours because of it is
/// paused by itself. What is done on it counts nevertheless.
#[utoipa::path(
    get,
    path = "/me/pauses",
    tag = "plans",
    operation_id = "listSharedPauses",
    extensions(("x-scope" = json!("habits:read"))),
    params(PageRequest),
    responses((status = 200, description = "A page of pauses", body = Page<SharedPause>))
)]
async fn list_shared_pauses(caller: Caller, query: Query<PageRequest>) -> Result<Page<SharedPause>, Problem> {
    let pauses = caller.query(move |store| shared_pauses::list(store, caller.user)).await?;
    let key = |pause: &SharedPause| (pause.from.days_since_epoch(), pause.id);
    Page::of_sorted(pauses, key, "from", &query.0, |a, b| a < b)
}

/// Pause all my habits
///
/// For holidays or illness: nothing is due, and no streak is broken. Holds for habits that are made later, too, but not
/// for those in `except_habits`. Repeating the request with the same `id` and body gives the same answer.
#[utoipa::path(
    post,
    path = "/me/pauses",
    tag = "plans",
    operation_id = "createSharedPause",
    extensions(("x-scope" = json!("habits:write"))),
    request_body = NewSharedPause,
    responses(
        (status = 201, description = "The pause", body = SharedPause),
        (status = 409, description = "`id_taken` or `limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_shared_pause(caller: Caller, body: Body<NewSharedPause>) -> Result<Answer, Problem> {
    let created = caller.write(move |tx| shared_pauses::create(tx, body.0.clone())).await?.into_inner();
    let location = format!("/api/v1/me/pauses/{}", created.id);
    Ok(answer(&created)?.created(location))
}

/// Get a pause of all my habits
///
/// It is listed among the pauses of each habit, too, as `shared`.
#[utoipa::path(
    get,
    path = "/me/pauses/{shared_pause_id}",
    tag = "plans",
    operation_id = "getSharedPause",
    extensions(("x-scope" = json!("habits:read"))),
    params(("shared_pause_id" = Uuid, Path, description = "The pause's id")),
    responses((status = 200, description = "The pause", body = SharedPause))
)]
async fn get_shared_pause(caller: Caller, id: PathParam<SharedPauseId>) -> Result<Answer, Problem> {
    let pause = caller.query(move |store| shared_pauses::find(store, caller.user, id.0)).await?;
    answer(&pause)
}

/// Change a pause of all my habits
///
/// Other days make one whose `source` is `date_line` your own.
#[utoipa::path(
    patch,
    path = "/me/pauses/{shared_pause_id}",
    tag = "plans",
    operation_id = "updateSharedPause",
    extensions(("x-scope" = json!("habits:write"))),
    params(("shared_pause_id" = Uuid, Path, description = "The pause's id"), IfMatch),
    request_body = SharedPausePatch,
    responses((status = 200, description = "The pause after the change", body = SharedPause))
)]
async fn update_shared_pause(
    caller: Caller,
    id: PathParam<SharedPauseId>,
    if_match: IfMatch,
    body: Body<SharedPausePatch>,
) -> Result<Answer, Problem> {
    let changed = caller.write(move |tx| shared_pauses::update(tx, id.0, &if_match.0, body.0.clone())).await?;
    answer(&changed)
}

/// Remove a pause of all my habits
///
/// They are due again on its days.
#[utoipa::path(
    delete,
    path = "/me/pauses/{shared_pause_id}",
    tag = "plans",
    operation_id = "deleteSharedPause",
    extensions(("x-scope" = json!("habits:write"))),
    params(("shared_pause_id" = Uuid, Path, description = "The pause's id"), IfMatch),
    responses((status = 204, description = "The pause was deleted"))
)]
async fn delete_shared_pause(
    caller: Caller,
    id: PathParam<SharedPauseId>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    caller.write(move |tx| shared_pauses::delete(tx, id.0, &if_match.0)).await?;
    Ok(NoContent)
}
