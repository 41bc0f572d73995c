//! What the administration of accounts needs of a store.

use super::{Account, AccountDetails, AccountFilter, AccountSeek};
use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::UserId;
use crate::revision::Revision;
use crate::users::{Email, Role, Username};

/// What administrators can change of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountState {
    /// The user name.
    pub username: Username,
    /// The address.
    pub email: Email,
    /// When the address was verified, if it is.
    pub email_verified_at: Option<Instant>,
    /// What the user may do.
    pub role: Role,
    /// Whether the user may sign in.
    pub active: bool,
}

/// Accounts in a store.
pub trait AccountRepository {
    /// A part of the accounts that meet a filter, in one statement.
    fn accounts(&mut self, filter: &AccountFilter, seek: &AccountSeek) -> Result<Vec<Account>, StoreError>;

    /// How many accounts meet a filter.
    fn account_total(&mut self, filter: &AccountFilter) -> Result<i64, StoreError>;

    /// One account.
    fn find_account(&mut self, id: UserId, now: Instant) -> Result<Option<AccountDetails>, StoreError>;

    /// Stores the state of an account, in one statement.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] if another user has the name or the address.
    fn update_account(
        &mut self,
        id: UserId,
        state: &AccountState,
        rev: Revision,
        now: Instant,
    ) -> Result<(), StoreError>;

    /// Those of these users that exist, each with whether their address is verified.
    fn email_verifications(&mut self, ids: &[UserId]) -> Result<Vec<(UserId, bool)>, StoreError>;

    /// Raises a user's revision, in a unit of work that isn't theirs. Who raises several does so in the order of the ids.
    ///
    /// # Errors
    /// [`StoreError::NoSuchUser`].
    fn raise_revision(&mut self, id: UserId) -> Result<Revision, StoreError>;

    /// Marks a user's address as verified. Whether it wasn't.
    fn verify_email(&mut self, id: UserId, rev: Revision, now: Instant) -> Result<bool, StoreError>;
}
