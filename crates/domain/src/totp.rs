//! The second factor of an account: a secret that its owner's authenticator shares, and codes for the day it is lost.
//!
//! Secrets are already encrypted and codes already hashed here; the `auth` crate creates and verifies them.

use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::UserId;

/// How many recovery codes an account gets.
pub const RECOVERY_CODES: usize = 10;

/// A second factor as stored: one per account.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpFactor {
    /// The user.
    pub user: UserId,
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// When it was set up.
    pub created_at: Instant,
    /// When it was confirmed; required at sign-in since then.
    pub confirmed_at: Option<Instant>,
    /// The time step of the latest code that was accepted: none of it or before is accepted again.
    pub last_step: Option<i64>,
    /// When all wrong codes will be forgotten; none if none is remembered.
    pub guesses_until: Option<Instant>,
}

words! {
    /// How far a second factor is.
    pub enum TotpStatus {
        /// There is none.
        Off = "off",
        /// Set up, but not confirmed; not required yet.
        Pending = "pending",
        /// Confirmed; required at every sign-in.
        Active = "active",
    }
}

impl TotpStatus {
    /// How far an account's second factor is.
    pub fn of(factor: Option<&TotpFactor>) -> Self {
        match factor {
            None => Self::Off,
            Some(factor) if factor.is_active() => Self::Active,
            Some(_) => Self::Pending,
        }
    }
}

impl TotpFactor {
    /// Whether it is confirmed, and so required at sign-in.
    pub const fn is_active(&self) -> bool {
        self.confirmed_at.is_some()
    }
}

impl std::fmt::Debug for TotpFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TotpFactor")
            .field("user", &self.user)
            .field("confirmed_at", &self.confirmed_at)
            .finish_non_exhaustive()
    }
}

/// Second factors in a store. Everything that changes one runs in the user's writing unit of work, which keeps parallel
/// uses of one code in a row.
pub trait TotpRepository {
    /// A user's second factor.
    fn find_totp(&mut self, user: UserId) -> Result<Option<TotpFactor>, StoreError>;

    /// Stores a second factor in place of the one there was.
    fn put_totp(&mut self, factor: &TotpFactor) -> Result<(), StoreError>;

    /// Removes a user's second factor and its recovery codes. Whether there was one.
    fn delete_totp(&mut self, user: UserId) -> Result<bool, StoreError>;

    /// Stores the hashes of recovery codes in place of those there were.
    fn replace_recovery_codes(&mut self, user: UserId, hashes: &[[u8; 32]], now: Instant) -> Result<(), StoreError>;

    /// Uses up a recovery code. Whether there was one of this hash.
    fn use_recovery_code(&mut self, user: UserId, hash: &[u8; 32]) -> Result<bool, StoreError>;

    /// How many recovery codes are left.
    fn recovery_codes_left(&mut self, user: UserId) -> Result<i64, StoreError>;
}
