//! Renewing: a refresh token is exchanged for its successor.

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::sessions::{Session, SessionKind, SessionRepository, SessionState};
use circadia_domain::unit_of_work::UnitOfWorkError;
use circadia_domain::users::Role;

use super::{MAX_GENERATIONS, RETRY_WINDOW_SECONDS, RefreshToken};
use crate::bytes::same;
use crate::client::Client;
use crate::keys::{KeyError, KeyRing};
use crate::tokens::TokenError;

/// A renewed session.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// As stored now.
    pub session: Session,
    /// What its user may do.
    pub role: Role,
    /// The token that is valid from now on.
    pub refresh_token: RefreshToken,
}

/// Why a session isn't opened, renewed or ended.
#[derive(Debug, thiserror::Error)]
pub enum SessionRefusal {
    /// The token is no good, and nothing was changed.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The token had been used before: somebody else has it too, and so the session was ended. To the client it looks
    /// like any session that was ended ([`TokenError::Revoked`]).
    #[error("the token had been used before; its session was ended")]
    Replayed,
    /// There are no keys to work with.
    #[error(transparent)]
    Keys(KeyError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl SessionRefusal {
    /// What to tell the client, unless the fault is ours.
    pub const fn token_error(&self) -> Option<TokenError> {
        match self {
            Self::Token(error) => Some(*error),
            Self::Replayed => Some(TokenError::Revoked),
            Self::Keys(_) | Self::Store(_) => None,
        }
    }
}

impl From<StoreError> for SessionRefusal {
    fn from(error: StoreError) -> Self {
        match error {
            // Whom the token names doesn't exist (any more).
            StoreError::NoSuchUser => Self::Token(TokenError::Invalid),
            other => Self::Store(other),
        }
    }
}

impl From<KeyError> for SessionRefusal {
    fn from(error: KeyError) -> Self {
        Self::Keys(error)
    }
}

impl UnitOfWorkError for SessionRefusal {
    fn commit_on_error(&self) -> bool {
        matches!(self, Self::Replayed)
    }
}

/// What a presented token is to its session.
#[derive(Debug)]
pub(super) enum TokenMatch {
    /// The one that is valid.
    Current,
    /// The one before, presented again soon enough that the answer may have been lost; with the answer.
    Retried(RefreshToken),
    /// One that was replaced before.
    Replayed,
    /// Nothing that can be seen.
    None,
}

pub(super) fn match_token(token: &RefreshToken, session: &Session, keys: &KeyRing, now: Instant) -> TokenMatch {
    if session.kind != SessionKind::Token {
        return TokenMatch::None;
    }
    if token.is_current(session) {
        return TokenMatch::Current;
    }
    let Ok(current) = u32::try_from(session.generation) else { return TokenMatch::None };
    let Some(distance @ 1..=MAX_GENERATIONS) = current.checked_sub(token.generation) else { return TokenMatch::None };
    let Some(key) = keys.refresh(token.key, now) else { return TokenMatch::None };
    let mut descendant = token.child(key);
    for _ in 1..distance {
        descendant = descendant.child(key);
    }
    if !same(&descendant.hash(), &session.secret_hash) {
        TokenMatch::None
    } else if distance == 1 && now <= session.rotated_at.plus_seconds(RETRY_WINDOW_SECONDS) {
        TokenMatch::Retried(descendant)
    } else {
        TokenMatch::Replayed
    }
}

/// Exchanges a refresh token for its successor. For the writing unit of work of the user whom the token names, which
/// keeps parallel exchanges in a row.
///
/// # Errors
/// [`SessionRefusal`]; of these, [`SessionRefusal::Replayed`] is to be committed.
pub fn refresh<S: SessionRepository + ?Sized>(
    store: &mut S,
    token: &RefreshToken,
    client: &Client,
    keys: &KeyRing,
    now: Instant,
) -> Result<Refreshed, SessionRefusal> {
    let Some(SessionState { mut session, role, active }) = store.find_session(token.user, token.session)? else {
        return Err(TokenError::Invalid.into());
    };
    let match_token = match_token(token, &session, keys, now);
    // Only who holds a genuine token learns what became of its session.
    if matches!(match_token, TokenMatch::None) {
        return Err(TokenError::Invalid.into());
    }
    if session.revoked_at.is_some() || !active {
        return Err(TokenError::Revoked.into());
    }
    if session.expires_at <= now {
        return Err(TokenError::Expired.into());
    }
    match match_token {
        TokenMatch::None => Err(TokenError::Invalid.into()),
        TokenMatch::Retried(child) => Ok(Refreshed { session, role, refresh_token: child }),
        TokenMatch::Replayed => {
            store.revoke_session(session.user, session.id, now)?;
            tracing::warn!(
                target: "circadia::security",
                event = "refresh_token_replayed",
                user = %session.user,
                session = %session.id,
                presented = token.generation,
                current = session.generation,
                ip = client.ip.map(tracing::field::display),
                "a refresh token was used again; its session was ended",
            );
            Err(SessionRefusal::Replayed)
        }
        TokenMatch::Current => {
            // A session that was renewed too often, or whose key has retired, can't go on: sign in again.
            let Some(key) = keys.refresh(token.key, now).filter(|_| token.generation < MAX_GENERATIONS) else {
                return Err(TokenError::Expired.into());
            };
            let child = token.child(key);
            session.secret_hash = child.hash();
            session.generation = session.generation.saturating_add(1);
            session.rotated_at = now;
            session.last_used_at = now;
            session.user_agent.clone_from(&client.user_agent);
            session.ip = client.ip.map(|ip| ip.to_string());
            store.update_session(&session)?;
            Ok(Refreshed { session, role, refresh_token: child })
        }
    }
}

#[cfg(test)]
#[path = "refresh_tests.rs"]
mod tests;
