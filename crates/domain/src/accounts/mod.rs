//! Accounts, as administrators see and change them: who may sign in, and as what. Nothing of anybody's diary.

mod filter;
mod repository;
mod service;

pub use filter::{AccountFilter, AccountGroup, AccountRole};
pub use repository::{AccountRepository, AccountState};
pub use service::{AccountChange, AccountList, AccountPatch, find, last_superuser, list, update, verify_emails};

use crate::civil::Instant;
use crate::identities::ProviderName;
use crate::ids::UserId;
use crate::revision::Revision;
use crate::users::{Email, Role, User, Username};

/// The most accounts whose addresses are verified at once.
pub const MAX_VERIFIED_AT_ONCE: usize = 100;

/// An account in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub id: UserId,
    /// The user name.
    pub username: Username,
    /// The address.
    pub email: Email,
    /// When the address was verified, if it is.
    pub email_verified_at: Option<Instant>,
    /// What they may do.
    pub role: Role,
    /// Whether they may sign in.
    pub active: bool,
    /// When they registered.
    pub created_at: Instant,
    /// When the account last changed.
    pub updated_at: Instant,
    /// When they last signed in, as far as that is recorded.
    pub last_login_at: Option<Instant>,
    /// The revision that the account was last touched in.
    pub rev: Revision,
}

/// An account with how its user can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDetails {
    /// The account.
    pub account: Account,
    /// Whether it has a password.
    pub has_password: bool,
    /// Whether a second factor is set up.
    pub second_factor: bool,
    /// The number of passkeys.
    pub passkeys: i64,
    /// The providers whose accounts are linked, in order.
    pub providers: Vec<ProviderName>,
    /// The number of sessions that go on.
    pub sessions: i64,
    /// The number of personal access tokens that are good.
    pub tokens: i64,
}

/// What a list of accounts is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountSort {
    /// The time of registration, and the id.
    CreatedAt,
    /// The user name, ignoring case.
    Username,
    /// The address.
    Email,
}

/// An account's place in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountCursor {
    /// Of [`AccountSort::CreatedAt`].
    CreatedAt(Instant, UserId),
    /// Of [`AccountSort::Username`]: the name's key.
    Username(String),
    /// Of [`AccountSort::Email`].
    Email(Email),
}

impl AccountCursor {
    /// An account's place in an order.
    pub fn of(account: &Account, by: AccountSort) -> Self {
        match by {
            AccountSort::CreatedAt => Self::CreatedAt(account.created_at, account.id),
            AccountSort::Username => Self::Username(account.username.key()),
            AccountSort::Email => Self::Email(account.email.clone()),
        }
    }
}

/// Which part of a list of accounts is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSeek {
    /// What decides.
    pub by: AccountSort,
    /// Whether the largest comes first.
    pub reversed: bool,
    /// Behind the account with this place, which is one of `by`; from the beginning if absent.
    pub beyond: Option<AccountCursor>,
    /// Whether the list is read from that account back to its beginning (then what is nearest comes first).
    pub backwards: bool,
    /// How many to leave out first.
    pub skip: usize,
    /// At most so many.
    pub limit: usize,
}

impl AccountSeek {
    /// Whether the list is read in ascending order.
    pub const fn is_ascending(&self) -> bool {
        self.reversed == self.backwards
    }
}

impl From<User> for AccountState {
    fn from(user: User) -> Self {
        Self {
            username: user.username,
            email: user.email,
            email_verified_at: user.email_verified_at,
            role: user.role,
            active: user.active,
        }
    }
}
