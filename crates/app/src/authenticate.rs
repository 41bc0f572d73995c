//! Authenticates requests: by an access token, a personal access token, or a session cookie.
//!
//! While the revocation feed is fresh, a recently seen user is authenticated without querying the store.

use std::sync::Arc;

use circadia_auth::Client;
use circadia_auth::personal_tokens::{KnownToken, PersonalSecret, PersonalTokens};
use circadia_auth::sessions::{
    COOKIE_KIND, CookieId, Cookies, Revocations, Roles, SessionRef, SessionStatus, admit, is_in_force, is_to_be_noted,
};
use circadia_auth::stores::Ephemera;
use circadia_auth::tokens::{Access, AccessTokens, TokenError};
use circadia_domain::civil::Instant;
use circadia_domain::code::Code;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::personal_tokens::{Scopes, USE_NOTED_EVERY};
use circadia_domain::sessions::{Session, SessionKind, SessionState};
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::Role;

use crate::context::Context;
use crate::error::Error;

/// The most session cookies that one request is authenticated by: each may have to be looked up.
pub const MAX_COOKIES: usize = 4;

/// A signed-in user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    pub user: UserId,
    /// For a personal access token, its own id.
    pub session: SessionId,
    /// How the client authenticates.
    pub kind: SessionKind,
    /// The user's current role, which may have changed since the sign-in.
    pub role: Role,
    /// What a personal access token may do; `None` for sessions, which have no restrictions.
    pub scopes: Option<Scopes>,
}

/// Checks that a session is still in force, within the unit of work that makes something which outlives it: a reset of
/// the password that ended the session meanwhile must not be outlived.
///
/// # Errors
/// `token_revoked`; the store's.
pub(crate) fn ensure_in_force(store: &mut dyn Store, principal: Principal, now: Instant) -> Result<(), Error> {
    let state = store.find_session(principal.user, principal.session)?;
    if state.is_some_and(|state| is_in_force(&state, now)) { Ok(()) } else { Err(TokenError::Revoked.into()) }
}

/// The error for a cookie without a session.
pub const fn session_invalid() -> Error {
    Error::refused(Code::SessionInvalid, "The session of this cookie has ended or never existed: sign in again.")
}

/// Authenticates requests.
#[derive(Debug)]
pub struct Authenticator {
    pub context: Context,
    pub tokens: Arc<AccessTokens>,
    pub personal_tokens: Arc<PersonalTokens>,
    pub cookies: Arc<Cookies>,
    pub revocations: Arc<Revocations>,
    pub roles: Arc<Roles>,
    pub ephemera: Ephemera,
}

impl Authenticator {
    /// Authenticates an access token.
    ///
    /// # Errors
    /// `token_invalid`, `token_expired`, `token_revoked`; the store's.
    pub async fn by_access_token(&self, token: &str) -> Result<Principal, Error> {
        let now = self.context.now();
        let Access { user, session, opened_at, .. } = self.tokens.verify(token, now)?;
        let known = match self.revocations.status_of(user, session, opened_at, now) {
            SessionStatus::Live => self.roles.recall(user, &self.revocations, now),
            SessionStatus::Revoked => return Err(TokenError::Revoked.into()),
            SessionStatus::CheckStore => None,
        };
        let role = if let Some(role) = known {
            role
        } else {
            let state = self.find_session(user, session).await?;
            state.filter(|state| is_in_force(state, now)).ok_or(TokenError::Revoked)?.role
        };
        Ok(Principal { user, session, kind: SessionKind::Token, role, scopes: None })
    }

    /// Authenticates the cookies of one request, and returns the id of the one whose session is in force. The caller
    /// checks unsafe requests with [`Cookies::is_csrf_token`].
    ///
    /// # Errors
    /// `session_invalid` if none is in force, or several are: then another page may have planted one. The stores'.
    pub async fn by_cookies(&self, ids: Vec<CookieId>, client: &Client) -> Result<(Principal, CookieId), Error> {
        if ids.len() > MAX_COOKIES {
            return Err(session_invalid());
        }
        let mut valid = None;
        for id in ids {
            match self.by_cookie(&id, client).await {
                Ok(_) if valid.is_some() => return Err(session_invalid()),
                Ok(principal) => valid = Some((principal, id)),
                Err(error) if error.code() == Some(Code::SessionInvalid) => {}
                Err(error) => return Err(error),
            }
        }
        valid.ok_or_else(session_invalid)
    }

    async fn by_cookie(&self, id: &CookieId, client: &Client) -> Result<Principal, Error> {
        let now = self.context.now();
        let remembered = self.cookies.recall(id, now).and_then(|access| {
            let SessionRef { user, session } = access.session;
            match self.revocations.status_of(user, session, access.opened_at, now) {
                SessionStatus::Live => {
                    self.roles.recall(user, &self.revocations, now).map(|role| Ok((access.session, role)))
                }
                SessionStatus::Revoked => Some(Err(session_invalid())),
                SessionStatus::CheckStore => None,
            }
        });
        let (SessionRef { user, session }, role) = match remembered {
            Some(remembered) => remembered?,
            None => self.look_up_cookie(id, client).await?,
        };
        Ok(Principal { user, session, kind: SessionKind::Cookie, role, scopes: None })
    }

    /// Authenticates a personal access token.
    ///
    /// # Errors
    /// `token_invalid`, `token_expired`, `token_revoked`; the store's.
    pub async fn by_personal_token(&self, text: &str) -> Result<Principal, Error> {
        let now = self.context.now();
        let presented = self.personal_tokens.read(text)?;
        let recalled = self.personal_tokens.recall(text, now).and_then(|known| {
            let session = SessionId::from_uuid(known.id.as_uuid());
            let status = self.revocations.status_of(known.user, session, known.verified_at, now);
            let live = status == SessionStatus::Live;
            let role = if live { self.roles.recall(known.user, &self.revocations, now) } else { None };
            role.map(|role| (known, role))
        });
        let (known, role) = match recalled {
            Some(recalled) => recalled,
            None => self.look_up_personal_token(presented).await?,
        };
        if known.expires_at <= now {
            return Err(Error::refused(Code::TokenExpired, "The personal access token has expired: create another."));
        }
        let noted = self.note_personal_token_use(known).await;
        if recalled != Some((noted, role)) {
            self.personal_tokens.remember(text, noted);
        }
        let session = SessionId::from_uuid(known.id.as_uuid());
        Ok(Principal { user: known.user, session, kind: SessionKind::Token, role, scopes: Some(known.scopes) })
    }

    /// Reads a session's row, and caches the user's role.
    async fn find_session(&self, user: UserId, session: SessionId) -> Result<Option<SessionState>, Error> {
        let read_at = self.context.now();
        let state =
            self.context.unit_of_work.query::<_, StoreError>(move |store| store.find_session(user, session)).await?;
        if let Some(state) = &state {
            self.roles.remember(user, state.role, read_at);
        }
        Ok(state)
    }

    async fn look_up_cookie(&self, id: &CookieId, client: &Client) -> Result<(SessionRef, Role), Error> {
        let now = self.context.now();
        let value = match self.ephemera.get(COOKIE_KIND, id.key(), now).await {
            Ok(value) => value,
            Err(failure) => {
                self.cookies.lost_store();
                return Err(failure.into());
            }
        };
        self.cookies.heard_of_store(now);
        let found = value.and_then(|value| SessionRef::from_bytes(&value)).ok_or_else(session_invalid)?;
        let state = self.find_session(found.user, found.session).await?.ok_or_else(session_invalid)?;
        let access = admit(id, &state, now).ok_or_else(session_invalid)?;
        self.cookies.remember(id, access);
        self.note_session_use(state.session, client, now);
        Ok((found, state.role))
    }

    /// Notes the use of a cookie session in its row, at intervals and in the background.
    fn note_session_use(&self, mut session: Session, client: &Client, now: Instant) {
        if !is_to_be_noted(&session, client, now) {
            return;
        }
        session.last_used_at = now;
        session.user_agent.clone_from(&client.user_agent);
        session.ip = client.ip.map(|ip| ip.to_string());
        let unit_of_work = self.context.unit_of_work.clone();
        tokio::spawn(async move {
            let noted =
                unit_of_work.write_unowned::<_, StoreError>(move |store| store.touch_session(&session).map(drop)).await;
            if let Err(error) = noted {
                tracing::debug!(%error, "the use of a session wasn't noted");
            }
        });
    }

    async fn look_up_personal_token(&self, presented: PersonalSecret) -> Result<(KnownToken, Role), Error> {
        let verified_at = self.context.now();
        let (user, id) = (presented.user, presented.id);
        let found =
            self.context.unit_of_work.query::<_, StoreError>(move |store| store.find_personal_token(user, id)).await?;
        let state = found.filter(|state| state.active && presented.is(&state.token)).ok_or(Error::refused(
            Code::TokenRevoked,
            "The personal access token was revoked, or never issued: create another.",
        ))?;
        self.roles.remember(user, state.role, verified_at);
        let token = state.token;
        let known = KnownToken {
            user,
            id,
            scopes: token.scopes,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            verified_at,
        };
        Ok((known, state.role))
    }

    /// Notes the use of a token in its row, at intervals. A failure to note it refuses nothing.
    async fn note_personal_token_use(&self, known: KnownToken) -> KnownToken {
        let now = self.context.now();
        let unless_since = now.plus_seconds(-USE_NOTED_EVERY);
        if known.last_used_at.is_some_and(|at| unless_since < at) {
            return known;
        }
        let (user, id) = (known.user, known.id);
        let noted = self.context.unit_of_work.write_unowned::<_, StoreError>(move |store| {
            store.note_personal_token_use(user, id, now, unless_since).map(drop)
        });
        match noted.await {
            Ok(()) => KnownToken { last_used_at: Some(now), ..known },
            Err(error) => {
                tracing::warn!(%error, "the use of a personal access token can't be noted");
                known
            }
        }
    }
}
