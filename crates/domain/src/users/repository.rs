//! What users need of a store.

use std::fmt;

use super::{Avatar, Email, Login, Role, Settings, User, Username};
use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::UserId;
use crate::revision::Revision;

/// A user to be stored; their revision begins at 1.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The user.
    pub id: UserId,
    /// The name they chose.
    pub username: Username,
    /// Their address.
    pub email: Email,
    /// When the address was verified, if it was.
    pub email_verified_at: Option<Instant>,
    /// The password's PHC string; none for accounts that sign in elsewhere.
    pub password_hash: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Their preferences.
    pub settings: Settings,
    /// When they registered.
    pub created_at: Instant,
}

/// What signing in needs to know.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Whose they are.
    pub user: UserId,
    /// The password's PHC string, if the account has a password.
    pub password_hash: Option<String>,
    /// Whether the account's address is verified.
    pub email_verified: bool,
}

/// What is kept of a registration with the address of an account that existed.
#[derive(Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The account that has the address.
    pub holder: UserId,
    /// The hash of the password that was chosen.
    pub password_hash: String,
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation").field("holder", &self.holder).finish_non_exhaustive()
    }
}

/// Users in a store.
pub trait UserRepository {
    /// Stores a new user together with their revision row.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] if the name or the address is taken.
    fn insert_user(&mut self, user: &NewUser) -> Result<(), StoreError>;

    /// A user by id, with their latest revision.
    fn find_user(&mut self, id: UserId) -> Result<Option<User>, StoreError>;

    /// A user's latest revision, which each of their writes raises.
    fn latest_revision(&mut self, id: UserId) -> Result<Option<Revision>, StoreError>;

    /// Credentials by name or address.
    fn find_credentials(&mut self, login: &Login) -> Result<Option<Credentials>, StoreError>;

    /// Credentials by id.
    fn credentials_of(&mut self, id: UserId) -> Result<Option<Credentials>, StoreError>;

    /// Stores a user's preferences.
    fn update_settings(
        &mut self,
        id: UserId,
        settings: &Settings,
        rev: Revision,
        now: Instant,
    ) -> Result<(), StoreError>;

    /// Replaces a user's password hash.
    fn update_password(&mut self, id: UserId, hash: &str, rev: Revision, now: Instant) -> Result<(), StoreError>;

    /// Renames a user.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] if another user has the name.
    fn update_username(
        &mut self,
        id: UserId,
        username: &Username,
        rev: Revision,
        now: Instant,
    ) -> Result<(), StoreError>;

    /// Gives a user another image, or none.
    fn update_avatar(
        &mut self,
        id: UserId,
        avatar: Option<Avatar>,
        rev: Revision,
        now: Instant,
    ) -> Result<(), StoreError>;

    /// Keeps a name from others, because it was registered with the address of this account.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] if the name is reserved already.
    fn reserve_username(
        &mut self,
        username: &Username,
        password_hash: &str,
        holder: UserId,
        now: Instant,
    ) -> Result<(), StoreError>;

    /// The reservation of a name or, of an address, the latest one that was made with it: `holder` is the account that
    /// has the address. In one statement.
    fn find_reservation(&mut self, login: &Login, holder: Option<UserId>) -> Result<Option<Reservation>, StoreError>;

    /// Marks a user's address as verified, or replaces it by another verified one.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] if another user has the address.
    fn confirm_email(&mut self, id: UserId, email: &Email, rev: Revision, now: Instant) -> Result<(), StoreError>;

    /// Locks the set of superusers until this unit of work ends. Returns whether there is an active one apart from this
    /// user.
    fn lock_superusers(&mut self, apart_from: UserId) -> Result<bool, StoreError>;

    /// Removes a user, and everything of theirs from every table, but for the feed's word that their sessions have
    /// ended. For their own writing unit of work.
    fn erase_user(&mut self, id: UserId) -> Result<(), StoreError>;

    /// The ids of up to `limit` users that come after `after`, in order: for going through all of them.
    fn user_ids(&mut self, after: Option<UserId>, limit: usize) -> Result<Vec<UserId>, StoreError>;

    /// Whether any user has this role.
    fn role_exists(&mut self, role: Role) -> Result<bool, StoreError>;
}
