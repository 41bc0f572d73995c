//! `POST /moods` and `/moods/moments/{moment_id}`.

use circadia_domain::ids::MoodMomentId;
use circadia_domain::moods::{self, MomentPatch, MoodMoment, NewMoment};

use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, PathParam};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, create_moment, get_moment, update_moment, delete_moment);
}

fn answer(moment: &MoodMoment) -> Result<Answer, Problem> {
    Answer::stored(moment, moment.rev)
}

/// Log a moment's mood
///
/// At most 100 per day. Repeating the request with the same `id` and body gives the same answer.
#[utoipa::path(
    post,
    path = "/moods",
    tag = "moods",
    operation_id = "createMoodMoment",
    extensions(("x-scope" = json!("moods:write"))),
    request_body = NewMoment,
    responses(
        (status = 201, description = "The moment", body = MoodMoment),
        (status = 409, description = "`id_taken` or `limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_moment(caller: Caller, body: Body<NewMoment>) -> Result<Answer, Problem> {
    let id = body.0.id;
    let created = caller.write(move |tx| moods::create_moment(tx, body.0.clone())).await?;
    Ok(answer(&created.into_inner())?.created(format!("/api/v1/moods/moments/{id}")))
}

/// Get a moment
///
/// `date` is the user's day that it belongs to.
#[utoipa::path(
    get,
    path = "/moods/moments/{moment_id}",
    tag = "moods",
    operation_id = "getMoodMoment",
    extensions(("x-scope" = json!("moods:read"))),
    params(("moment_id" = Uuid, Path, description = "The moment's id")),
    responses((status = 200, description = "The moment", body = MoodMoment))
)]
async fn get_moment(caller: Caller, id: PathParam<MoodMomentId>) -> Result<Answer, Problem> {
    let found = caller.query(move |store| moods::find_moment(store, caller.user, id.0)).await?;
    answer(&found)
}

/// Change a moment
///
/// `at` may move it to another day.
#[utoipa::path(
    patch,
    path = "/moods/moments/{moment_id}",
    tag = "moods",
    operation_id = "updateMoodMoment",
    extensions(("x-scope" = json!("moods:write"))),
    params(("moment_id" = Uuid, Path, description = "The moment's id"), IfMatch),
    request_body = MomentPatch,
    responses(
        (status = 200, description = "The moment after the change", body = MoodMoment),
        (status = 409, description = "`limit_reached`: the target day already has 100 moments", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn update_moment(
    caller: Caller,
    id: PathParam<MoodMomentId>,
    if_match: IfMatch,
    body: Body<MomentPatch>,
) -> Result<Answer, Problem> {
    let changed = caller.write(move |tx| moods::update_moment(tx, id.0, &if_match.0, body.0.clone())).await?;
    answer(&changed)
}

/// Delete a moment
///
/// The day's value is then the mean of its other moments, unless one was set for the day.
#[utoipa::path(
    delete,
    path = "/moods/moments/{moment_id}",
    tag = "moods",
    operation_id = "deleteMoodMoment",
    extensions(("x-scope" = json!("moods:write"))),
    params(("moment_id" = Uuid, Path, description = "The moment's id"), IfMatch),
    responses((status = 204, description = "The moment was deleted"))
)]
async fn delete_moment(caller: Caller, id: PathParam<MoodMomentId>, if_match: IfMatch) -> Result<NoContent, Problem> {
    caller.write(move |tx| moods::delete_moment(tx, id.0, &if_match.0)).await?;
    Ok(NoContent)
}
