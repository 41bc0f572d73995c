//! Sessions: refresh-token families of apps, cookies of browsers ([`Cookies`]), users' roles ([`Roles`]), and the
//! revocation feed ([`Revocations`]).
//!
//! A family is one row. Its refresh token is replaced at every use ([`refresh`]). The row stores only the SHA-256 of
//! the current token and its generation. Each secret is derived from the one before (HMAC with a key that only the
//! replicas have), so that
//! - a client that lost the response to a refresh can retry with the old token and gets the *same* new one, and
//! - a used token can be distinguished from a guess: deriving on from it leads to the stored hash. Presenting one
//!   indicates theft and revokes the family. A guess revokes nothing.
//!
//! Rows are changed in the user's writing unit of work, which serialises concurrent refreshes.

mod cookie;
mod open;
mod refresh;
mod refresh_token;
mod revocations;
mod revoke;
mod roles;

pub use cookie::{
    COOKIE_KIND, CookieAccess, CookieId, Cookies, IDLE_TTL, OpenedCookie, SessionRef, USE_NOTED_INTERVAL_SECONDS,
    admit, is_in_force, is_live, is_to_be_noted, open_cookie_session,
};
pub use open::{Authenticated, Opened, open_session};
pub use refresh::{Refreshed, SessionRefusal, refresh};
pub use refresh_token::RefreshToken;
pub use revocations::{Revocations, SessionStatus};
pub use revoke::{revoke, revoke_all, revoke_by_token};
pub use roles::Roles;

/// Maximum lifetime of a session after sign-in, in seconds.
pub const SESSION_TTL: i64 = 7 * 24 * 60 * 60;

/// Seconds within which a refresh may be retried with the old token.
const RETRY_WINDOW_SECONDS: i64 = 10;

/// Maximum number of refreshes of a session: one per minute of its lifetime. Bounds the work of distinguishing a used
/// token from a guess.
const MAX_GENERATIONS: u32 = 7 * 24 * 60;
