//! Cookie sessions of browser apps.
//!
//! A cookie holds a 256-bit id and a tag by which it is known to be one of ours before anything is asked. Where the id
//! leads (a user's session) is kept in the store of short-lived values, under its SHA-256; what the session is, in the
//! user's row like any other. So a store that is flushed signs people out and nothing else, and one that is restored
//! from an old copy revives nobody: the row has the last word.
//!
//! A replica remembers where a cookie led for [`CACHE_TTL_SECONDS`] seconds, and only for as long as it hears from the store: when
//! that can't be reached, cookies are refused rather than believed. Whether the session was ended in the meantime, the
//! revocation feed knows.

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

/// What cookies are called in the store.
pub const COOKIE_KIND: Kind = Kind::new("cookie");

/// Seconds for which a cookie session may lie unused. (It ends [`SESSION_TTL`] after the sign-in in any case.)
pub const IDLE_TTL: i64 = 2 * 24 * 60 * 60;

/// Seconds between two notes of a session's use: its `last_used_at` may be behind by so much.
pub const USE_NOTED_INTERVAL_SECONDS: i64 = 5 * 60;

/// Seconds for which a replica remembers where a cookie led.
const CACHE_TTL_SECONDS: i64 = 60;

/// Seconds for which a sign of life of the store is good.
const STORE_LIVENESS_SECONDS: i64 = 1;

/// Cookies that are remembered, at some 150 bytes each.
const CACHE_CAPACITY: usize = 65_536;

/// By it, scanners find cookies that were published by mistake.
const PREFIX: &str = "crs_";

/// The id in a cookie: a secret of one browser.
#[derive(Clone, PartialEq, Eq)]
pub struct CookieId(Zeroizing<Bytes32>);

impl CookieId {
    /// By what it is found in the store.
    pub fn key(&self) -> Key {
        Key::of(&*self.0)
    }
}

impl fmt::Debug for CookieId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieId(..)")
    }
}

/// A cookie session that was just opened.
#[derive(Debug, Clone)]
pub struct OpenedCookie {
    /// As stored.
    pub session: Session,
    /// What its browser proves itself by.
    pub id: CookieId,
}

/// Whose session a cookie leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRef {
    /// Who.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
}

impl SessionRef {
    /// What the store keeps of it.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let (user, session) = (self.user.as_uuid(), self.session.as_uuid());
        for (to, from) in bytes.iter_mut().zip(user.as_bytes().iter().chain(session.as_bytes())) {
            *to = *from;
        }
        bytes
    }

    /// Reads it back.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (user, session) = bytes.split_first_chunk::<16>()?;
        let session = <[u8; 16]>::try_from(session).ok()?;
        Some(Self {
            user: UserId::from_uuid(Uuid::from_bytes(*user)),
            session: SessionId::from_uuid(Uuid::from_bytes(session)),
        })
    }
}

/// What a cookie was found to lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CookieAccess {
    /// Whose session.
    pub session: SessionRef,
    /// When the session was opened.
    pub opened_at: Instant,
    /// When it ends at the latest.
    pub expires_at: Instant,
    /// When it was looked up.
    pub read_at: Instant,
}

/// Makes cookies, knows its own, and remembers where they led. One for the whole process; its calls don't block.
pub struct Cookies {
    tags: hmac::Key,
    csrf: hmac::Key,
    seen: Bounded<CookieAccess>,
    /// When the store gave a sign of life last, in microseconds.
    heard_at: AtomicI64,
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookies").finish_non_exhaustive()
    }
}

impl Cookies {
    /// With keys derived from the master key.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which would be a defect.
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

    /// Reads a cookie; nothing if it isn't one that was made here.
    pub fn read(&self, text: &str) -> Option<CookieId> {
        let text = text.strip_prefix(PREFIX)?;
        // 64 bytes have 86 digits; nothing longer is decoded.
        if text.len() != 86 {
            return None;
        }
        let bytes = Zeroizing::new(from_base64url(text)?);
        let (id, tag) = bytes.split_first_chunk::<32>()?;
        let id = CookieId(Zeroizing::new(*id));
        same(&self.tag(&id), tag).then_some(id)
    }

    /// What unsafe requests of a cookie's browser must repeat: a page of another origin can have the browser send the
    /// cookie, but can't read this.
    pub fn csrf_token(&self, id: &CookieId) -> String {
        base64url(&hmac_sha256(&self.csrf, &[&*id.0]))
    }

    /// Whether this is the cookie's [`Self::csrf_token`].
    pub fn is_csrf_token(&self, id: &CookieId, given: &str) -> bool {
        same(self.csrf_token(id).as_bytes(), given.as_bytes())
    }

    /// Notes a sign of life of the store.
    pub fn heard_of_store(&self, now: Instant) {
        self.heard_at.store(now.micros(), Ordering::Release);
    }

    /// Notes that the store can't be reached.
    pub fn lost_store(&self) {
        self.heard_at.store(i64::MIN, Ordering::Release);
    }

    /// Where a cookie led a moment ago; nothing if the store is to be asked.
    pub fn recall(&self, id: &CookieId, now: Instant) -> Option<CookieAccess> {
        let heard_at = Instant::from_micros(self.heard_at.load(Ordering::Acquire));
        let access = self.seen.get(id.key().hash())?;
        let fresh = heard_at.plus_seconds(STORE_LIVENESS_SECONDS) >= now
            && access.read_at <= now
            && now < access.read_at.plus_seconds(CACHE_TTL_SECONDS)
            && now < access.expires_at;
        fresh.then_some(access)
    }

    /// Remembers where a cookie led.
    pub fn remember(&self, id: &CookieId, access: CookieAccess) {
        self.seen.insert(*id.key().hash(), access);
    }

    /// Forgets where a cookie led.
    pub fn forget(&self, key: Key) {
        self.seen.remove(key.hash());
    }
}

/// Opens a cookie session for a user who has proven who they are: always with a fresh id, so that one that somebody
/// planted in the browser is worth nothing. For the user's writing unit of work; the caller then puts
/// [`SessionRef::to_bytes`] into the store.
///
/// # Errors
/// The store's.
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

/// What a cookie leads to, if its session's row agrees: it belongs to this cookie, wasn't ended, and neither has its time
/// passed nor was it left unused for too long.
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

/// Whether somebody is signed in by a session: it goes on, and they may.
pub fn is_in_force(state: &SessionState, now: Instant) -> bool {
    state.active && is_live(&state.session, now)
}

/// Whether a session goes on, as far as its row tells.
pub fn is_live(session: &Session, now: Instant) -> bool {
    let idle = session.kind == SessionKind::Cookie && session.last_used_at.plus_seconds(IDLE_TTL) <= now;
    session.revoked_at.is_none() && now < session.expires_at && !idle
}

/// Whether the use of a session from this client is to be noted in its row.
pub fn is_to_be_noted(session: &Session, client: &Client, now: Instant) -> bool {
    session.last_used_at.plus_seconds(USE_NOTED_INTERVAL_SECONDS) <= now
        || session.ip != client.ip.map(|ip| ip.to_string())
}

#[cfg(test)]
#[path = "cookie_tests.rs"]
mod tests;
