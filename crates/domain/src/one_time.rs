//! One-time tokens, sent by mail to prove that the user owns an address. Only their hashes are stored; the `auth` crate
//! creates and verifies them.

use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::UserId;
use crate::users::Email;

words! {
    /// What a token is good for. A user has at most one for each purpose: a newer one supersedes it.
    pub enum OneTimePurpose {
        /// Proving that the account's address is theirs.
        VerifyEmail = "verify_email",
        /// Choosing a new password without the old one.
        ResetPassword = "reset_password",
        /// Proving that another address is theirs, which then becomes the account's.
        ChangeEmail = "change_email",
    }
}

impl OneTimePurpose {
    /// Seconds for which a token is good: a day, an hour for passwords.
    pub const fn life(self) -> i64 {
        match self {
            Self::VerifyEmail | Self::ChangeEmail => 24 * 60 * 60,
            Self::ResetPassword => 60 * 60,
        }
    }
}

/// A token as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOneTimeToken {
    /// The user.
    pub user: UserId,
    /// What it is good for.
    pub purpose: OneTimePurpose,
    /// SHA-256 of its secret.
    pub token_hash: [u8; 32],
    /// The address that it was sent to, and that using it proves.
    pub email: Email,
    /// The time of creation.
    pub created_at: Instant,
    /// From when on it is no longer good.
    pub expires_at: Instant,
}

/// One-time tokens in a store.
pub trait OneTimeRepository {
    /// Stores a token in the place of any other of the same user and purpose. It is no content of the user's, so that
    /// it may be done in any writing unit of work.
    ///
    /// # Errors
    /// [`StoreError::NoSuchUser`] if the account is gone.
    fn put_one_time_token(&mut self, token: &StoredOneTimeToken) -> Result<(), StoreError>;

    /// The token of a user for a purpose.
    fn find_one_time_token(
        &mut self,
        user: UserId,
        purpose: OneTimePurpose,
    ) -> Result<Option<StoredOneTimeToken>, StoreError>;

    /// Removes the tokens of a user for these purposes.
    fn delete_one_time_tokens(&mut self, user: UserId, purposes: &[OneTimePurpose]) -> Result<(), StoreError>;

    /// Removes the tokens that were good until before `before`. How many.
    fn purge_one_time_tokens(&mut self, before: Instant) -> Result<usize, StoreError>;
}
