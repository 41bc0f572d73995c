//! What personal access tokens need of a store.

use super::PersonalToken;
use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::{PersonalTokenId, UserId};
use crate::users::Role;

/// A token together with what is true of its user now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalTokenState {
    /// The token.
    pub token: PersonalToken,
    /// What the user may do.
    pub role: Role,
    /// Whether the user may sign in.
    pub active: bool,
}

/// Personal access tokens in a store.
pub trait PersonalTokenRepository {
    /// Stores a new token.
    fn insert_personal_token(&mut self, token: &PersonalToken) -> Result<(), StoreError>;

    /// A user's tokens, oldest first.
    fn personal_tokens(&mut self, user: UserId) -> Result<Vec<PersonalToken>, StoreError>;

    /// A token with its user's state.
    fn find_personal_token(
        &mut self,
        user: UserId,
        id: PersonalTokenId,
    ) -> Result<Option<PersonalTokenState>, StoreError>;

    /// Removes a token and publishes that to the feed of what was revoked. Whether there was one.
    fn delete_personal_token(&mut self, user: UserId, id: PersonalTokenId, now: Instant) -> Result<bool, StoreError>;

    /// Removes all tokens of a user. It isn't published by itself: [`revoke_sessions`] is, in the same unit of work, and
    /// ends what replicas know of tokens as well.
    ///
    /// [`revoke_sessions`]: crate::sessions::SessionRepository::revoke_sessions
    fn delete_personal_tokens(&mut self, user: UserId) -> Result<(), StoreError>;

    /// Notes that a token was used, unless that was noted after `unless_since`.
    fn note_personal_token_use(
        &mut self,
        user: UserId,
        id: PersonalTokenId,
        now: Instant,
        unless_since: Instant,
    ) -> Result<(), StoreError>;

    /// Removes the tokens that expired before an instant. How many.
    fn purge_personal_tokens(&mut self, before: Instant) -> Result<usize, StoreError>;
}
