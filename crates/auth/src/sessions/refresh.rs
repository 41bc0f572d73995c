//! Refreshing: exchanging a refresh token for its successor.

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

/// A refreshed session.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// The stored session.
    pub session: Session,
    /// The user's role.
    pub role: Role,
    /// The new refresh token.
    pub refresh_token: RefreshToken,
}

/// Why a session wasn't opened, refreshed or ended.
#[derive(Debug, thiserror::Error)]
pub enum SessionRefusal {
    /// The token isn't valid; nothing was changed.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The token was used before, so a second party has it, and the session was revoked. The client sees the same error
    /// as for any revoked session ([`TokenError::Revoked`]).
    #[error("the token had been used before; its session was ended")]
    Replayed,
    /// No usable keys.
    #[error(transparent)]
    Keys(KeyError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl SessionRefusal {
    /// The error for the client; `None` for internal errors.
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
            // The token's user doesn't exist (any more).
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

/// How a presented token relates to its session.
#[derive(Debug)]
pub(super) enum TokenMatch {
    /// The current token.
    Current,
    /// The previous token, presented within the retry window; with its successor.
    Retried(RefreshToken),
    /// An earlier token, replaced before.
    Replayed,
    /// Unrelated.
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

/// Exchanges a refresh token for its successor. Runs in the writing unit of work of the token's user, which serialises
/// concurrent exchanges.
///
/// # Errors
/// [`SessionRefusal`]; of these, commit [`SessionRefusal::Replayed`].
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
    // Only a holder of a genuine token learns the state of its session.
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
            // The session was refreshed too often, or its key was retired; the user has to sign in again.
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
