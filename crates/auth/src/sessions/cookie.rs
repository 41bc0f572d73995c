//! Cookie sessions of browser apps.
//!
//! A cookie holds a 256-bit id and a tag that authenticates it, so that made-up cookies are rejected without reading a
//! store. The store of short-lived values maps the id's SHA-256 to a user's session; the session itself is a row of the
//! user like any other. Flushing that store therefore only signs users out, and restoring an old copy revives no
//! session, because the row decides.
//!
//! A replica caches this mapping for [`CACHE_TTL_SECONDS`] seconds, and only while the store is reachable; otherwise
//! cookies are rejected. The revocation feed covers sessions that end in the meantime.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::hmac;
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{IdSource, SessionId, UserId};
use circadia_domain::sessions::{Session, SessionKind, SessionRepository, SessionState};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Authenticated, SESSION_TTL};
use crate::bounded::Bounded;
use crate::bytes::{Bytes32, base64url, from_base64url, hmac_sha256, same};
use crate::client::Client;
use crate::entropy::{Entropy, random};
use crate::keys::{KeyError, MasterKey, Purpose};
use crate::stores::{Key, Kind};

/// The kind of these values in the store.
pub const COOKIE_KIND: Kind = Kind::new("cookie");

/// Idle lifetime of a cookie session, in seconds. (It ends [`SESSION_TTL`] after the sign-in in any case.)
pub const IDLE_TTL: i64 = 2 * 24 * 60 * 60;

/// Minimum seconds between two updates of a session's `last_used_at`.
pub const USE_NOTED_INTERVAL_SECONDS: i64 = 5 * 60;

/// Cache lifetime, in seconds.
const CACHE_TTL_SECONDS: i64 = 60;

/// Seconds for which the store counts as reachable after its last response.
const STORE_LIVENESS_SECONDS: i64 = 1;

/// Maximum number of cached cookies, about 150 bytes each.
const CACHE_CAPACITY: usize = 65_536;

/// A prefix by which secret scanners recognise leaked cookies.
const PREFIX: &str = "crs_";

/// The id in a cookie; known to one browser only.
#[derive(Clone, PartialEq, Eq)]
pub struct CookieId(Zeroizing<Bytes32>);

impl CookieId {
    /// The key in the store.
    pub fn key(&self) -> Key {
        Key::of(&*self.0)
    }
}

impl fmt::Debug for CookieId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieId(..)")
    }
}

/// A new cookie session.
#[derive(Debug, Clone)]
pub struct OpenedCookie {
    /// The stored session.
    pub session: Session,
    /// The id for the browser's cookie.
    pub id: CookieId,
}

/// The session a cookie refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRef {
    /// The user.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
}

impl SessionRef {
    /// The value in the store.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let (user, session) = (self.user.as_uuid(), self.session.as_uuid());
        for (to, from) in bytes.iter_mut().zip(user.as_bytes().iter().chain(session.as_bytes())) {
            *to = *from;
        }
        bytes
    }

    /// Decodes the value; `None` if it is malformed.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (user, session) = bytes.split_first_chunk::<16>()?;
        let session = <[u8; 16]>::try_from(session).ok()?;
        Some(Self {
            user: UserId::from_uuid(Uuid::from_bytes(*user)),
            session: SessionId::from_uuid(Uuid::from_bytes(session)),
        })
    }
}

/// A verified cookie's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CookieAccess {
    /// The session.
    pub session: SessionRef,
    /// When the session was opened.
    pub opened_at: Instant,
    /// When it expires.
    pub expires_at: Instant,
    /// When it was read from the store.
    pub read_at: Instant,
}

/// Encodes and authenticates cookies, and caches the sessions they refer to. One instance per process; its calls don't
/// block.
pub struct Cookies {
    tags: hmac::Key,
    csrf: hmac::Key,
    seen: Bounded<CookieAccess>,
    /// When the store last responded, in microseconds.
    heard_at: AtomicI64,
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookies").finish_non_exhaustive()
    }
}

impl Cookies {
    /// Derives the keys from the master key.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which indicates a bug.
    pub fn new(master: &MasterKey) -> Result<Self, KeyError> {
        Ok(Self {
            tags: master.hmac_key(Purpose::CookieTags)?,
            csrf: master.hmac_key(Purpose::CsrfTokens)?,
            seen: Bounded::new(CACHE_CAPACITY),
            heard_at: AtomicI64::new(i64::MIN),
        })
    }

    fn tag(&self, id: &CookieId) -> Bytes32 {
        hmac_sha256(&self.tags, &[&*id.0])
    }

    /// The text of a cookie.
    pub fn text(&self, id: &CookieId) -> Zeroizing<String> {
        let bytes = Zeroizing::new([*id.0, self.tag(id)].concat());
        Zeroizing::new(format!("{PREFIX}{}", base64url(&bytes)))
    }

    /// Parses a cookie; `None` if it wasn't issued here.
    pub fn read(&self, text: &str) -> Option<CookieId> {
        let text = text.strip_prefix(PREFIX)?;
        // 64 bytes are 86 base64url characters; longer texts aren't decoded.
        if text.len() != 86 {
            return None;
        }
        let bytes = Zeroizing::new(from_base64url(text)?);
        let (id, tag) = bytes.split_first_chunk::<32>()?;
        let id = CookieId(Zeroizing::new(*id));
        same(&self.tag(&id), tag).then_some(id)
    }

    /// The CSRF token that unsafe requests with the cookie must repeat: a page of another origin can make the browser
    /// send the cookie, but can't read this token.
    pub fn csrf_token(&self, id: &CookieId) -> String {
        base64url(&hmac_sha256(&self.csrf, &[&*id.0]))
    }

    /// Whether this is the cookie's [`Self::csrf_token`].
    pub fn is_csrf_token(&self, id: &CookieId, given: &str) -> bool {
        same(self.csrf_token(id).as_bytes(), given.as_bytes())
    }

    /// Records a response of the store.
    pub fn heard_of_store(&self, now: Instant) {
        self.heard_at.store(now.micros(), Ordering::Release);
    }

    /// Records that the store is unreachable.
    pub fn lost_store(&self) {
        self.heard_at.store(i64::MIN, Ordering::Release);
    }

    /// The cached session of a cookie; `None` if the store has to be read.
    pub fn recall(&self, id: &CookieId, now: Instant) -> Option<CookieAccess> {
        let heard_at = Instant::from_micros(self.heard_at.load(Ordering::Acquire));
        let access = self.seen.get(id.key().hash())?;
        let fresh = heard_at.plus_seconds(STORE_LIVENESS_SECONDS) >= now
            && access.read_at <= now
            && now < access.read_at.plus_seconds(CACHE_TTL_SECONDS)
            && now < access.expires_at;
        fresh.then_some(access)
    }

    /// Caches the session of a cookie.
    pub fn remember(&self, id: &CookieId, access: CookieAccess) {
        self.seen.insert(*id.key().hash(), access);
    }

    /// Removes a cookie from the cache.
    pub fn forget(&self, key: Key) {
        self.seen.remove(key.hash());
    }
}

/// Opens a cookie session for an authenticated user, always with a new id, so that an id planted in the browser by an
/// attacker is worthless (session fixation). Runs in the user's writing unit of work; the caller then stores
/// [`SessionRef::to_bytes`].
///
/// # Errors
/// `StoreError` of the store.
pub fn open_cookie_session<S: SessionRepository + ?Sized>(
    store: &mut S,
    Authenticated { user, first_factor }: Authenticated,
    client: &Client,
    ids: &dyn IdSource,
    entropy: &dyn Entropy,
    now: Instant,
) -> Result<OpenedCookie, StoreError> {
    let id = CookieId(Zeroizing::new(random(entropy)));
    let session = Session {
        id: SessionId::from_uuid(ids.fresh()),
        user,
        kind: SessionKind::Cookie,
        first_factor,
        secret_hash: *id.key().hash(),
        generation: 0,
        rotated_at: now,
        device: client.device.clone(),
        user_agent: client.user_agent.clone(),
        ip: client.ip.map(|ip| ip.to_string()),
        created_at: now,
        last_used_at: now,
        expires_at: now.plus_seconds(SESSION_TTL),
        revoked_at: None,
    };
    store.insert_session(&session)?;
    Ok(OpenedCookie { session, id })
}

/// The session of a cookie, if its row agrees: it belongs to this cookie, wasn't revoked, and has neither expired nor
/// been idle for too long.
pub fn admit(id: &CookieId, state: &SessionState, now: Instant) -> Option<CookieAccess> {
    let session = &state.session;
    let belongs = session.kind == SessionKind::Cookie && same(id.key().hash(), &session.secret_hash);
    (belongs && is_in_force(state, now)).then_some(CookieAccess {
        session: SessionRef { user: session.user, session: session.id },
        opened_at: session.created_at,
        expires_at: session.expires_at,
        read_at: now,
    })
}

/// Whether a session is live and its user may sign in.
pub fn is_in_force(state: &SessionState, now: Instant) -> bool {
    state.active && is_live(&state.session, now)
}

/// Whether a session is live according to its row.
pub fn is_live(session: &Session, now: Instant) -> bool {
    let idle = session.kind == SessionKind::Cookie && session.last_used_at.plus_seconds(IDLE_TTL) <= now;
    session.revoked_at.is_none() && now < session.expires_at && !idle
}

/// Whether to record a use of the session by this client in its row.
pub fn is_to_be_noted(session: &Session, client: &Client, now: Instant) -> bool {
    session.last_used_at.plus_seconds(USE_NOTED_INTERVAL_SECONDS) <= now
        || session.ip != client.ip.map(|ip| ip.to_string())
}

#[cfg(test)]
#[path = "cookie_tests.rs"]
mod tests;
