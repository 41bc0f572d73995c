//! `/me/sessions`: the user's sessions.
use circadia_domain::civil::Instant;
use circadia_domain::ids::SessionId;
use circadia_domain::sessions::{Session, SessionKind};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::NoContent;
use crate::http::caller::Caller;
use crate::http::input::{PathParam, Query};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_sessions, end_one);
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionItemBody {
    /// The session's id.
    pub id: SessionId,
    /// How its client authenticates.
    pub kind: SessionKind,
    /// The device's name.
    #[schema(example = "Ada's phone")]
    pub device: Option<String>,
    /// The user agent of the latest request.
    pub user_agent: Option<String>,
    /// The IP address of the latest request.
    #[schema(example = "192.0.2.1")]
    pub ip: Option<String>,
    /// When it was opened.
    pub created_at: Instant,
    /// When it was last used, to within a few minutes; for token sessions, when the tokens were last refreshed.
    pub last_used_at: Instant,
    /// When it expires.
    pub expires_at: Instant,
    /// Whether this request belongs to it.
    pub current: bool,
}

impl SessionItemBody {
    fn new(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id,
            kind: session.kind,
            device: session.device,
            user_agent: session.user_agent,
            ip: session.ip,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
            current: session.id == current,
        }
    }
}

/// List my sessions
///
/// The active sessions, most recently used first.
#[utoipa::path(
    get,
    path = "/me/sessions",
    tag = "me",
    operation_id = "listSessions",
    params(PageRequest),
    responses((status = 200, description = "The sessions", body = Page<SessionItemBody>))
)]
async fn list_sessions(caller: Caller, query: Query<PageRequest>) -> Result<Page<SessionItemBody>, Problem> {
    let (sessions, current) = (caller.sessions.list(caller.user).await?, caller.principal.session);
    let items = sessions.into_iter().map(|session| SessionItemBody::new(session, current)).collect();
    let key = |item: &SessionItemBody| (item.last_used_at.micros(), item.id);
    Page::of_sorted(items, key, "-last_used_at", &query.0, |a, b| a > b)
}

/// End a session
///
/// Signs that device or browser out; every server refuses it within a second. The session of this request can be ended
/// as well.
#[utoipa::path(
    delete,
    path = "/me/sessions/{session_id}",
    tag = "me",
    operation_id = "endSessionOf",
    params(("session_id" = Uuid, Path, description = "The session's id")),
    responses((status = 204, description = "The session has ended"))
)]
async fn end_one(caller: Caller, session: PathParam<SessionId>) -> Result<NoContent, Problem> {
    caller.sessions.end(caller.user, session.0).await?;
    Ok(NoContent)
}
