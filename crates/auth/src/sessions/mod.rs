//! Signed-in sessions: refresh-token families of apps, cookies of browsers ([`Cookies`]), what their users may do
//! ([`Roles`]), and the feed by which their end becomes known everywhere ([`Revocations`]).
//!
//! A family is one row. Its refresh token is replaced at every use ([`refresh`]); the row keeps the SHA-256 of the
//! token that is valid now and how many came before it, nothing else. Each secret is derived from the one before
//! (HMAC under a key that only the replicas have), so that
//! - a client that never saw the answer to its refresh asks again with the old token and gets the *same* new one, and
//! - a token used long ago can be told from a guess: going on from it leads to the stored hash. It is proof of theft
//!   (the thief's or the owner's copy was used before), and ends the family. A guess ends nothing.
//!
//! The rows are changed inside the user's writing unit of work, which serialises parallel refreshes.

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

/// Seconds from signing in to the end of a session at the latest.
pub const SESSION_TTL: i64 = 7 * 24 * 60 * 60;

/// Seconds within which the answer to a refresh may be asked for again.
const RETRY_WINDOW_SECONDS: i64 = 10;

/// How often a session's secret may be replaced: once a minute for as long as it lives. It bounds the work of telling
/// a token used long ago from a guess.
const MAX_GENERATIONS: u32 = 7 * 24 * 60;
