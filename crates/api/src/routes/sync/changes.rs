//! `GET /sync`: what changed behind a cursor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use circadia_domain::code::Code;
use circadia_domain::revision::Revision;
use circadia_domain::sync::{self, Change, Cursor, MAX_CHANGES, SyncPage, SyncState, SyncType, SyncTypes};
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Parsed, Query, any_text, integer, text};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_changes);
}

/// What is to be synced.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct SyncQuery {
    /// The `cursor` of the last answer, with the same `types`. Without it, everything there is.
    cursor: Option<String>,
    /// Types of items, separated by commas: `settings`, `theme`, `habit`, `shared_pause`, `task`, `entry`, `time_entry`,
    /// `timer`, `sleep_log`, `mood`, `mood_moment`, `reminder`. All of them if absent.
    #[param(value_type = Option<String>, example = "habit,entry")]
    types: SyncTypes,
    /// The maximum number of changes; 1,000 if absent.
    #[param(required = false, value_type = u32, minimum = 1, maximum = 1000)]
    limit: usize,
}

impl Decode for SyncQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let cursor = fields.optional_with("cursor", any_text);
        let types = fields.optional_with("types", text(types)).unwrap_or_else(SyncTypes::all);
        let limit = fields.optional_with("limit", integer(limit)).unwrap_or(MAX_CHANGES);
        Some(Self { cursor, types, limit })
    }
}

fn types(given: &str) -> Parsed<SyncTypes> {
    let types: Vec<SyncType> = given.split(',').map(SyncType::parse).collect::<Parsed<_>>()?;
    Ok(SyncTypes::of(types))
}

fn limit(limit: i64) -> Parsed<usize> {
    match usize::try_from(limit) {
        Ok(limit @ 1..=MAX_CHANGES) => Ok(limit),
        _ => Err(Violations::of("out_of_range", format!("must be between 1 and {MAX_CHANGES}"))),
    }
}

/// What changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SyncChanges)]
pub(super) struct ChangesBody {
    /// The changes, in the order of their revisions. Once there is no more, every item that is referred to is known.
    changes: Vec<Change>,
    /// The `cursor` of the next request.
    cursor: String,
    /// Whether there are more changes already.
    has_more: bool,
    /// The account's revision.
    #[schema(value_type = i64)]
    revision: Revision,
    /// What a copy is that has all changes, to find out whether one is missing; null while there is more.
    state: Option<SyncState>,
}

impl TryFrom<SyncPage> for ChangesBody {
    type Error = Problem;

    fn try_from(page: SyncPage) -> Result<Self, Problem> {
        let SyncPage { changes, cursor, has_more, revision, state } = page;
        Ok(Self { changes, cursor: cursor_text(&cursor)?, has_more, revision, state })
    }
}

/// A cursor as clients have it: base64url of JSON.
fn cursor_text(cursor: &Cursor) -> Result<String, Problem> {
    let json = serde_json::to_vec(cursor).map_err(|error| Problem::internal(&error))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

fn cursor_of(text: &str) -> Result<Cursor, Problem> {
    let json = URL_SAFE_NO_PAD.decode(text).ok();
    json.and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(|| Problem::of(Code::InvalidCursor, "The cursor wasn't given out by this API."))
}

/// Get changes
///
/// What changed since the `cursor` of the last answer, deleted items included; without one, everything there is. Ask again
/// with each answer's `cursor` while it `has_more`: nothing is missed, whatever is written in between. 410
/// `sync_cursor_expired` after 180 days without a sync: forget everything and begin without a cursor.
#[utoipa::path(
    get,
    path = "/sync",
    tag = "sync",
    operation_id = "getChanges",
    extensions(("x-scope" = json!("read"))),
    params(SyncQuery),
    responses(
        (status = 200, description = "The changes", body = ChangesBody),
        (status = 410, description = "`sync_cursor_expired`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn get_changes(caller: Caller, query: Query<SyncQuery>) -> Result<Answer, Problem> {
    let SyncQuery { cursor, types, limit } = query.0;
    let cursor = cursor.as_deref().map(cursor_of).transpose()?;
    let page = caller.read(move |store| sync::changes(store, caller.user, types, cursor, limit)).await?;
    Answer::computed(&ChangesBody::try_from(page)?)
}
