//! Signed-in sessions: refresh-token families of apps, cookie sessions of browsers.
//!
//! Only hashes of secrets are stored. The `auth` crate creates and verifies the secrets.

use std::net::IpAddr;

use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::{SessionId, UserId};
use crate::users::Role;

words! {
    /// How a session's client proves itself.
    pub enum SessionKind {
        /// An access token, renewed by a rotating refresh token.
        Token = "token",
        /// An opaque cookie.
        Cookie = "cookie",
    }
}

words! {
    /// How a user showed who they are when a session was opened. (A second factor may have come on top.)
    pub enum FirstFactor {
        /// By their password.
        Password = "password",
        /// Through an OpenID provider.
        Provider = "provider",
        /// By a passkey, which counts as both factors.
        Passkey = "passkey",
    }
}

/// A session as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// The user.
    pub user: UserId,
    /// How its client proves itself.
    pub kind: SessionKind,
    /// How its user proved themself when it was opened.
    pub first_factor: FirstFactor,
    /// SHA-256 of the secret that is valid now.
    pub secret_hash: [u8; 32],
    /// How often the secret was replaced.
    pub generation: i32,
    /// When it was last replaced.
    pub rotated_at: Instant,
    /// What the client calls itself, at most 100 characters.
    pub device: Option<String>,
    /// The user agent of the client's latest sign of life, at most 400 characters.
    pub user_agent: Option<String>,
    /// The address of the client's latest sign of life.
    pub ip: Option<String>,
    /// When it was opened: the moment of signing in.
    pub created_at: Instant,
    /// When it last proved itself to the store.
    pub last_used_at: Instant,
    /// When it ends at the latest.
    pub expires_at: Instant,
    /// When it was ended early.
    pub revoked_at: Option<Instant>,
}

/// A session together with what is true of its user now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionState {
    /// The session.
    pub session: Session,
    /// What the user may do.
    pub role: Role,
    /// Whether the user may sign in.
    pub active: bool,
}

/// What stopped being true of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationTarget {
    /// That this session goes on.
    Session(SessionId),
    /// That any session goes on which was opened until then.
    Sessions,
    /// That they may do what they might: the role is to be read again.
    Role,
}

/// An entry of the revocation feed: something that replicas remember stopped being true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The user.
    pub user: UserId,
    /// What was revoked.
    pub target: RevocationTarget,
    /// The time.
    pub at: Instant,
}

/// Sessions in a store.
pub trait SessionRepository {
    /// Stores a new session.
    fn insert_session(&mut self, session: &Session) -> Result<(), StoreError>;

    /// A session with its user's state.
    fn find_session(&mut self, user: UserId, id: SessionId) -> Result<Option<SessionState>, StoreError>;

    /// Stores a replaced secret: hash, generation, the instants, user agent and address.
    fn update_session(&mut self, session: &Session) -> Result<(), StoreError>;

    /// The addresses of a user's latest 100 sessions, ended ones included; none if there is no such user.
    fn session_addresses(&mut self, user: UserId) -> Result<Vec<IpAddr>, StoreError>;

    /// Up to 1,000 sessions of a user that weren't ended and haven't expired, those used last first.
    fn sessions_of(&mut self, user: UserId, now: Instant) -> Result<Vec<Session>, StoreError>;

    /// Notes a session's use (when, user agent and address), unless a later one is noted.
    fn touch_session(&mut self, session: &Session) -> Result<(), StoreError>;

    /// Ends one session and publishes it to the feed. Whether there was a live one.
    fn revoke_session(&mut self, user: UserId, id: SessionId, now: Instant) -> Result<bool, StoreError>;

    /// Ends every session of a user but one, and publishes it to the feed.
    fn revoke_other_sessions(&mut self, user: UserId, kept: SessionId, now: Instant) -> Result<(), StoreError>;

    /// Ends every session of a user and publishes it to the feed.
    fn revoke_sessions(&mut self, user: UserId, now: Instant) -> Result<(), StoreError>;

    /// Publishes to the feed that a user's role changed.
    fn publish_role(&mut self, user: UserId, now: Instant) -> Result<(), StoreError>;

    /// The feed's entries from `since` on.
    fn revocations_since(&mut self, since: Instant) -> Result<Vec<Revocation>, StoreError>;

    /// Removes feed entries older than `before` and sessions that ended before it. How many.
    fn purge_sessions(&mut self, before: Instant) -> Result<usize, StoreError>;
}
