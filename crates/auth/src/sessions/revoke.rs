//! Revoking sessions. Each revocation is published to the feed that every replica polls.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::sessions::SessionRepository;

use super::refresh::{TokenMatch, match_token};
use super::{RefreshToken, SessionRefusal};
use crate::keys::KeyRing;
use crate::tokens::TokenError;

/// Revokes a session by its id. Returns whether there was a live one. Runs in the user's writing unit of work.
///
/// # Errors
/// `StoreError` of the store.
pub fn revoke<S: SessionRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    session: SessionId,
    now: Instant,
) -> Result<bool, SessionRefusal> {
    Ok(store.revoke_session(user, session, now)?)
}

/// Revokes the session of a refresh token: the current one or any before it. Runs in the writing unit of work of the
/// token's user.
///
/// # Errors
/// [`TokenError::Invalid`] if the token never belonged to that session.
pub fn revoke_by_token<S: SessionRepository + ?Sized>(
    store: &mut S,
    token: &RefreshToken,
    keys: &KeyRing,
    now: Instant,
) -> Result<bool, SessionRefusal> {
    let state = store.find_session(token.user, token.session)?.ok_or(TokenError::Invalid)?;
    match match_token(token, &state.session, keys, now) {
        TokenMatch::None => Err(TokenError::Invalid.into()),
        TokenMatch::Current | TokenMatch::Retried(_) | TokenMatch::Replayed => {
            revoke(store, token.user, token.session, now)
        }
    }
}

/// Revokes every session of a user. Runs in the user's writing unit of work.
///
/// # Errors
/// `StoreError` of the store.
pub fn revoke_all<S: SessionRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    now: Instant,
) -> Result<(), SessionRefusal> {
    Ok(store.revoke_sessions(user, now)?)
}
