//! What can be done with personal access tokens.

use super::{MAX_TOKENS, MAX_TTL, PersonalToken, Scopes, TokenName};
use crate::civil::Instant;
use crate::entity;
use crate::error::Error;
use crate::ids::{PersonalTokenId, UserId};
use crate::revision::Expected;
use crate::unit_of_work::{Store, WriteTransaction};

/// A token to make.
#[derive(Debug, Clone)]
pub struct NewPersonalToken {
    /// Its id.
    pub id: PersonalTokenId,
    /// What its owner calls it.
    pub name: TokenName,
    /// What it may do.
    pub scopes: Scopes,
    /// SHA-256 of its secret.
    pub secret_hash: [u8; 32],
    /// Until when it is good.
    pub expires_at: Instant,
}

/// A user's tokens, oldest first.
pub fn list(store: &mut dyn Store, user: UserId) -> Result<Vec<PersonalToken>, Error> {
    Ok(store.personal_tokens(user)?)
}

/// One token.
pub fn find(store: &mut dyn Store, user: UserId, id: PersonalTokenId) -> Result<PersonalToken, Error> {
    let found = store.find_personal_token(user, id)?;
    found.map(|state| state.token).ok_or(Error::not_found::<entity::PersonalToken>())
}

/// Makes a token.
///
/// # Errors
/// A field error for an end that has passed or lies more than a year ahead; the conflict `limit_reached`.
pub fn create(tx: &mut WriteTransaction<'_>, new: NewPersonalToken) -> Result<PersonalToken, Error> {
    if new.expires_at <= tx.now || tx.now.plus_seconds(MAX_TTL) < new.expires_at {
        return Err(Error::field("/expires_at", "out_of_range", "must lie ahead, by at most a year"));
    }
    // What has expired takes no place: it is only still shown.
    let live = tx.store.personal_tokens(tx.user)?.into_iter().filter(|token| tx.now < token.expires_at).count();
    Error::ensure_room(live, MAX_TOKENS, "an account", "tokens")?;
    let token = PersonalToken {
        id: new.id,
        user: tx.user,
        name: new.name,
        scopes: new.scopes,
        secret_hash: new.secret_hash,
        created_at: tx.now,
        expires_at: new.expires_at,
        last_used_at: None,
        rev: tx.rev,
    };
    tx.store.insert_personal_token(&token)?;
    Ok(token)
}

/// Revokes a token: it is refused everywhere within a second.
pub fn revoke(tx: &mut WriteTransaction<'_>, id: PersonalTokenId, expected: &Expected) -> Result<(), Error> {
    let token = find(tx.store, tx.user, id)?;
    expected.check(token.rev)?;
    tx.store.delete_personal_token(tx.user, id, tx.now)?;
    Ok(())
}
