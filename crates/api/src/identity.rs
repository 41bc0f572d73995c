//! Who is asking: what the `auth` crate needs at hand, and what it says about a request.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, USER_AGENT};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use circadia_auth::Client;
use circadia_auth::Entropy;
use circadia_auth::accounts::Identifiers;
use circadia_auth::keys::{KeyRing, MasterKey};
use circadia_auth::passwords::Hasher;
use circadia_auth::personal::{PERSONAL_PREFIX, PersonalTokens};
use circadia_auth::sessions::{
    COOKIE, CookieId, Cookies, Revocations, Roles, SessionRef, Standing, admit, is_in_force, is_to_be_noted,
};
use circadia_auth::stores::{Ephemera, Redis, StoreFailure};
use circadia_auth::throttles::Throttle;
use circadia_auth::tokens::{Access, AccessTokens, TokenError, bearer};
use circadia_domain::civil::Instant;
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::personal_tokens::Scopes;
use circadia_domain::sessions::{Session, SessionKind, SessionState};
use circadia_domain::users::Role;

use crate::app::App;
use crate::client_address::client_address;
use crate::context;
use crate::cookies;
use crate::personal;
use crate::problem::Problem;
use crate::scopes;

/// Passwords, tokens and sessions.
pub struct Identity {
    /// Hashes passwords.
    pub hasher: Hasher,
    /// Issues and verifies access tokens.
    pub tokens: AccessTokens,
    /// The sessions that were ended lately.
    pub revocations: Arc<Revocations>,
    /// What users may do, as far as it was read lately.
    pub roles: Roles,
    /// The personal access tokens that were seen lately.
    pub personal: PersonalTokens,
    /// Makes cookies, and remembers where they led.
    pub cookies: Cookies,
    /// What is recorded of the names that people try to sign in with.
    pub identifiers: Identifiers,
    /// What everything that is stored secretly is sealed under.
    pub master: MasterKey,
    /// Held by whoever makes the first key for passwords.
    pub first_login_key: tokio::sync::Mutex<()>,
    /// Held by whoever reads the keys again, so that what was read later isn't replaced by what was read earlier: when
    /// the latest reading began.
    pub keys_being_read: tokio::sync::Mutex<Option<std::time::Instant>>,
    /// What is kept for a short time, by the hash of a secret; for all replicas.
    pub ephemera: Ephemera,
    /// Redis, if there is one.
    pub redis: Option<Arc<Redis>>,
    /// Randomness for secrets.
    pub entropy: Arc<dyn Entropy>,
    /// Limits attempts per account.
    pub account_throttle: Option<Arc<dyn Throttle>>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("hasher", &self.hasher).finish_non_exhaustive()
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// Who.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
    /// How the session's client proves itself.
    pub kind: SessionKind,
    /// What they may do: of this moment, whatever it was when they signed in.
    pub role: Role,
    /// What a personal access token is let in for; nothing for sessions, which may do all that their user may. Such a
    /// token has its own id as its session.
    pub scopes: Option<Scopes>,
}

/// What a request's credentials turned out to be; put into the request before it is routed.
#[derive(Debug, Clone)]
pub(crate) struct Authentication(pub Result<Principal, Problem>);

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Missing => Self::of(
                "authentication_required",
                "Send an access token (`Authorization: Bearer …`) or a session's cookie.",
            ),
            TokenError::Invalid => Self::of("token_invalid", "The token was not issued here, or is of another kind."),
            TokenError::Expired => Self::of("token_expired", "The token has expired: refresh it, or sign in again."),
            TokenError::Revoked => Self::of("token_revoked", "The session of this token has ended: sign in again."),
        }
    }
}

impl From<StoreFailure> for Problem {
    fn from(failure: StoreFailure) -> Self {
        match failure {
            StoreFailure::Unavailable(cause) => {
                tracing::warn!(%cause, "the store of sessions is unavailable");
                Self::unavailable("The store of sessions can't be reached at the moment. Try again.")
            }
            StoreFailure::Defect(_) => Self::internal(&failure),
        }
    }
}

/// The refusal of a cookie that leads to no session.
pub(crate) fn session_invalid() -> Problem {
    Problem::of("session_invalid", "The session of this cookie has ended, or never was: sign in again.")
}

/// Says who sends a request: by its `Authorization` header, else by its cookie. (Where there are both, the cookie is
/// ignored.) Asks no store as long as the revocation feed is fresh and who it is was seen lately.
pub(crate) async fn authenticate(app: &App, request: &HttpRequest) -> Authentication {
    let head = request.head();
    let header = head.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    let cookie = if header.is_none() { cookies::text(app, head) } else { None };
    let personal = header.filter(|header| bearer(Some(header)).is_ok_and(|token| token.starts_with(PERSONAL_PREFIX)));
    Authentication(match (cookie, personal) {
        (Some(text), _) => by_cookie(app, request, text).await,
        (None, Some(header)) => by_personal_token(app, header).await,
        (None, None) => by_token(app, header).await,
    })
}

async fn by_token(app: &App, header: Option<&str>) -> Result<Principal, Problem> {
    let now = app.now();
    let Access { user, session, opened_at, .. } = app.identity.tokens.verify(bearer(header)?, now)?;
    let known = match app.identity.revocations.judge(user, session, opened_at, now) {
        Standing::Live => app.identity.roles.recall(user, &app.identity.revocations, now),
        Standing::Revoked => return Err(TokenError::Revoked.into()),
        Standing::AskStore => None,
    };
    let role = if let Some(role) = known {
        role
    } else {
        let state = row(app, user, session).await?;
        state.filter(|state| is_in_force(state, now)).ok_or(TokenError::Revoked)?.role
    };
    Ok(Principal { user, session, kind: SessionKind::Token, role, scopes: None })
}

async fn by_personal_token(app: &App, header: &str) -> Result<Principal, Problem> {
    let (known, role) = personal::known(app, bearer(Some(header))?).await?;
    let session = SessionId::from_uuid(known.id.as_uuid());
    Ok(Principal { user: known.user, session, kind: SessionKind::Token, role, scopes: Some(known.scopes) })
}

async fn by_cookie(app: &App, request: &HttpRequest, text: &str) -> Result<Principal, Problem> {
    let Identity { cookies: known, revocations, roles, .. } = &app.identity;
    let now = app.now();
    let id = known.read(text).ok_or_else(session_invalid)?;
    let remembered = known.recall(&id, now).and_then(|access| {
        let SessionRef { user, session } = access.place;
        match revocations.judge(user, session, access.opened_at, now) {
            Standing::Live => roles.recall(user, revocations, now).map(|role| Ok((access.place, role))),
            Standing::Revoked => Some(Err(session_invalid())),
            Standing::AskStore => None,
        }
    });
    let (SessionRef { user, session }, role) = match remembered {
        Some(remembered) => remembered?,
        None => look_up(app, request, &id).await?,
    };
    cookies::check(app, request.head(), &id)?;
    Ok(Principal { user, session, kind: SessionKind::Cookie, role, scopes: None })
}

/// A session's row; what it says of the user's role is remembered.
async fn row(app: &App, user: UserId, session: SessionId) -> Result<Option<SessionState>, Problem> {
    let read_at = app.now();
    let state = app.unit_of_work.read::<_, Problem>(move |store| Ok(store.find_session(user, session)?)).await?;
    if let Some(state) = &state {
        app.identity.roles.remember(user, state.role, read_at);
    }
    Ok(state)
}

/// Where a cookie leads, by the store and by the session's row.
async fn look_up(app: &App, request: &HttpRequest, id: &CookieId) -> Result<(SessionRef, Role), Problem> {
    let (known, now) = (&app.identity.cookies, app.now());
    let value = match app.identity.ephemera.get(COOKIE, id.key(), now).await {
        Ok(value) => value,
        Err(failure) => {
            known.lost_store();
            return Err(failure.into());
        }
    };
    known.heard_of_store(now);
    let place = value.and_then(|value| SessionRef::from_bytes(&value)).ok_or_else(session_invalid)?;
    let state = row(app, place.user, place.session).await?.ok_or_else(session_invalid)?;
    let access = admit(id, &state, now).ok_or_else(session_invalid)?;
    known.remember(id, access);
    note_use(app, request, state.session, now);
    Ok((place, state.role))
}

/// Notes the use of a cookie session in its row, now and then and beside the request: nobody waits for it.
fn note_use(app: &App, request: &HttpRequest, mut session: Session, now: Instant) {
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let client = Client::new(None, agent, client_address(request.head(), &app.settings));
    if !is_to_be_noted(&session, &client, now) {
        return;
    }
    session.last_used_at = now;
    session.user_agent = client.user_agent;
    session.ip = client.ip.map(|ip| ip.to_string());
    let work = app.unit_of_work.clone();
    tokio::spawn(async move {
        let noted = work.write_unowned::<_, Problem>(move |store| Ok(store.touch_session(&session)?)).await;
        if let Err(problem) = noted {
            tracing::debug!(%problem, "the use of a session wasn't noted");
        }
    });
}

/// Who sends this request, if its credentials are good.
pub(crate) fn principal_of(request: &impl actix_web::HttpMessage) -> Option<Principal> {
    request.extensions().get::<Authentication>().and_then(|Authentication(outcome)| outcome.as_ref().ok().copied())
}

impl FromRequest for Principal {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let outcome = match request.extensions().get::<Authentication>() {
            Some(Authentication(outcome)) => outcome.clone(),
            None => Err(TokenError::Missing.into()),
        };
        if let Ok(principal) = &outcome {
            context::note_user(principal.user.to_string());
        }
        // Whatever asks who is there goes through here; so no route can forget it.
        ready(outcome.and_then(|principal| match principal.scopes {
            None => Ok(principal),
            Some(scopes) => {
                let route = request.match_pattern().unwrap_or_default();
                scopes::admit(scopes, request.method(), &route).map(|()| principal)
            }
        }))
    }
}

/// Reads the revocation feed. Every replica does so twice a second; the one that ended a session at once.
pub async fn follow_revocations(app: &App) {
    let read_at = app.now();
    let since = app.identity.revocations.cursor(read_at);
    let read = app.unit_of_work.read::<_, Problem>(move |store| Ok(store.revocations_since(since)?)).await;
    match read {
        Ok(entries) => {
            app.identity.revocations.apply(&entries, read_at, app.now());
            if app.identity.redis.is_none() {
                // The store of cookies is that database.
                app.identity.cookies.heard_of_store(read_at);
            }
        }
        // While the feed can't be read, the store is asked at each request.
        Err(problem) => tracing::warn!(%problem, "the revocation feed can't be read"),
    }
}

/// Reads the keys again, as they are in the database now. Every replica does so every few seconds, and at once when
/// something asks for a key that it doesn't know.
///
/// # Errors
/// The store's; an internal one if they can't be unsealed.
pub async fn reload_keys(app: &App) -> Result<(), Problem> {
    let asked_at = std::time::Instant::now();
    let mut began_at = app.identity.keys_being_read.lock().await;
    if began_at.is_some_and(|began_at| began_at > asked_at) {
        // Somebody else read them while this waited.
        return Ok(());
    }
    let begins_at = std::time::Instant::now();
    let (master, now) = (app.identity.master.clone(), app.now());
    let read = app
        .unit_of_work
        .read(move |store| KeyRing::load(store, &master, now).map_err(|error| Problem::internal(&error)));
    app.identity.tokens.replace_keys(read.await?);
    *began_at = Some(begins_at);
    Ok(())
}

/// Listens whether Redis lives, so that cookies are believed only while it does. Every replica does so twice a second.
pub async fn watch_redis(app: &App) {
    let Some(redis) = &app.identity.redis else { return };
    let now = app.now();
    match redis.ping().await {
        Ok(()) => app.identity.cookies.heard_of_store(now),
        Err(failure) => {
            tracing::debug!(%failure, "Redis gives no sign of life");
            app.identity.cookies.lost_store();
        }
    }
}
