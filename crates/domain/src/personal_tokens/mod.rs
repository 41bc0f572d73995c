//! Personal access tokens: by which a user lets another program act for them, within scopes and for a time.
//!
//! Only a hash of the secret is stored. The `auth` crate creates and verifies the secrets.

mod repository;
mod scopes;
mod service;

pub use repository::{PersonalTokenRepository, PersonalTokenState};
pub use scopes::{Access, Area, Scope, Scopes};
pub use service::{NewPersonalToken, create, find, list, revoke};

use crate::civil::Instant;
use crate::ids::{PersonalTokenId, UserId};
use crate::revision::Revision;
use crate::text::Line;

/// What a user calls a token: 1–100 characters.
pub type TokenName = Line<100>;

/// The most tokens that a user may have at a time.
pub const MAX_TOKENS: usize = 50;

/// The default lifetime of a token, in seconds.
pub const DEFAULT_TTL: i64 = 90 * 86_400;

/// Seconds for which a token can be good at most: a year.
pub const MAX_TTL: i64 = 366 * 86_400;

/// Seconds within which a token's use is noted once: that it was used is to be seen, not how often.
pub const USE_NOTED_EVERY: i64 = 3_600;

/// A personal access token as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalToken {
    /// The id.
    pub id: PersonalTokenId,
    /// The user.
    pub user: UserId,
    /// What its owner calls it.
    pub name: TokenName,
    /// What it may do.
    pub scopes: Scopes,
    /// SHA-256 of its secret.
    pub secret_hash: [u8; 32],
    /// The time of creation.
    pub created_at: Instant,
    /// Until when it is good.
    pub expires_at: Instant,
    /// When it was used last, to the hour.
    pub last_used_at: Option<Instant>,
    /// The revision in which it was created.
    pub rev: Revision,
}
