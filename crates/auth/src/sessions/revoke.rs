//! Ending sessions early. Each is published to the feed that every replica follows.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::sessions::SessionRepository;

use super::refresh::{TokenMatch, match_token};
use super::{RefreshToken, SessionRefusal};
use crate::keys::KeyRing;
use crate::tokens::TokenError;

/// Ends a session, known by its access token or from the user's list. Whether there was a live one. For the user's
/// writing unit of work.
///
/// # Errors
/// The store's.
pub fn revoke<S: SessionRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    session: SessionId,
    now: Instant,
) -> Result<bool, SessionRefusal> {
    Ok(store.revoke_session(user, session, now)?)
}

/// Ends the session of a refresh token: the valid one or any before it. For the writing unit of work of the user whom
/// the token names.
///
/// # Errors
/// [`TokenError::Invalid`] if the token was never one of that session's.
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

/// Ends every session of a user. For the user's writing unit of work.
///
/// # Errors
/// The store's.
pub fn revoke_all<S: SessionRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    now: Instant,
) -> Result<(), SessionRefusal> {
    Ok(store.revoke_sessions(user, now)?)
}
