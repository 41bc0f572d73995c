//! Issuing and verifying access tokens.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use circadia_domain::civil::Instant;
use circadia_domain::ids::{IdSource, SessionId, UserId};
use circadia_domain::sessions::Session;
use jsonwebtoken::Algorithm;

use super::claims::{ALGORITHM, Claims, Header, TYPE};
use super::{ACCESS_TOKEN_TTL, LEEWAY, TokenError};
use crate::bounded::Bounded;
use crate::bytes::{base64url, from_base64url, sha256};
use crate::keys::{KeyError, KeyRing, Kid};

/// Our tokens have about 400 bytes; much longer ones aren't worth hashing.
const MAX_TOKEN_BYTES: usize = 2_048;

/// Maximum number of cached tokens, about 150 bytes each.
const CACHE_CAPACITY: usize = 65_536;

/// The content of a verified access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// The user.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// When the session was opened, in whole seconds.
    pub opened_at: Instant,
    /// When the token was issued, in whole seconds.
    pub issued_at: Instant,
    /// The expiry.
    pub expires_at: Instant,
}

/// A new access token.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token itself.
    pub token: String,
    /// Seconds until it expires.
    pub expires_in: i64,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// A cached, verified token.
#[derive(Debug, Clone, Copy)]
struct CachedAccess {
    access: Access,
    /// When the key that signed it retires.
    key_retires_at: Option<Instant>,
}

/// Issues and verifies access tokens. One instance per process; its calls don't block.
#[derive(Debug)]
pub struct AccessTokens {
    issuer: String,
    audience: String,
    keys: RwLock<Arc<KeyRing>>,
    verified: Bounded<CachedAccess>,
}

impl AccessTokens {
    /// Tokens of this issuer (`iss`) for this audience (`aud`).
    pub fn new(keys: KeyRing, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            keys: RwLock::new(Arc::new(keys)),
            verified: Bounded::new(CACHE_CAPACITY),
        }
    }

    /// The current keys.
    pub fn keys(&self) -> Arc<KeyRing> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the keys by newly loaded ones.
    pub fn replace_keys(&self, keys: KeyRing) {
        let keys = Arc::new(keys);
        let before = std::mem::replace(&mut *self.keys.write().unwrap_or_else(PoisonError::into_inner), keys.clone());
        if !before.access_lasts_in(&keys) {
            // A cached token may have been signed by a key that is no longer accepted.
            self.verified.clear();
        }
    }

    /// Issues a token for a session.
    ///
    /// # Errors
    /// [`KeyError::NoneLeft`] if all keys were retired since they were loaded.
    pub fn issue(&self, session: &Session, ids: &dyn IdSource, now: Instant) -> Result<AccessToken, KeyError> {
        let keys = self.keys();
        let key = keys.access_in_use(now)?;
        let issued = now.seconds();
        // Not later than the end of its session.
        let expires = (issued + ACCESS_TOKEN_TTL).min(session.expires_at.seconds()).max(issued);
        let header = Header { typ: TYPE.into(), alg: ALGORITHM.into(), kid: key.kid.to_string().into() };
        let claims = Claims {
            iss: self.issuer.as_str().into(),
            aud: self.audience.as_str().into(),
            sub: session.user,
            sid: session.id,
            jti: ids.fresh(),
            iat: issued,
            exp: expires,
            auth_time: session.created_at.seconds(),
        };
        let mut token = part(&header)?;
        token.push('.');
        token.push_str(&part(&claims)?);
        let signature = jsonwebtoken::crypto::sign(token.as_bytes(), &key.encoding, Algorithm::EdDSA)
            .map_err(|_| KeyError::Crypto("Ed25519"))?;
        token.push('.');
        token.push_str(&signature);
        Ok(AccessToken { token, expires_in: expires - issued })
    }

    /// Verifies a token. Verified tokens are cached by the hash of the whole token until they expire.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] or [`TokenError::Expired`].
    pub fn verify(&self, token: &str, now: Instant) -> Result<Access, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid);
        }
        let hash = sha256(token.as_bytes());
        if let Some(CachedAccess { access, key_retires_at }) = self.verified.get(&hash) {
            if key_retires_at.is_some_and(|retires| retires <= now) {
                return Err(TokenError::Invalid);
            }
            return in_time(access, now);
        }
        let keys = self.keys();
        let remembered = self.examine(&keys, token, now).ok_or(TokenError::Invalid)?;
        let access = in_time(remembered.access, now)?;
        self.verified.insert(hash, remembered);
        // The signing key may have been retired meanwhile.
        if !Arc::ptr_eq(&keys, &self.keys()) {
            self.verified.remove(&hash);
        }
        Ok(access)
    }

    /// Verifies everything but the times.
    fn examine(&self, keys: &KeyRing, token: &str, now: Instant) -> Option<CachedAccess> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header = from_base64url(header)?;
        let header: Header<'_> = serde_json::from_slice(&header).ok()?;
        if header.alg != ALGORITHM || header.typ != TYPE {
            return None;
        }
        let key = keys.access(Kid::parse(&header.kid)?, now)?;
        // The algorithm is fixed, not taken from the header.
        let genuine = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key.decoding, Algorithm::EdDSA);
        if !genuine.ok()? {
            return None;
        }
        let claims = from_base64url(claims)?;
        let claims: Claims<'_> = serde_json::from_slice(&claims).ok()?;
        if claims.iss != self.issuer || claims.aud != self.audience || claims.exp < claims.iat {
            return None;
        }
        let access = Access {
            user: claims.sub,
            session: claims.sid,
            opened_at: Instant::from_seconds(claims.auth_time),
            issued_at: Instant::from_seconds(claims.iat),
            expires_at: Instant::from_seconds(claims.exp),
        };
        Some(CachedAccess { access, key_retires_at: key.retires_at })
    }
}

fn in_time(access: Access, now: Instant) -> Result<Access, TokenError> {
    if access.expires_at.plus_seconds(LEEWAY) <= now {
        Err(TokenError::Expired)
    } else if now < access.issued_at.plus_seconds(-LEEWAY) {
        Err(TokenError::Invalid)
    } else {
        Ok(access)
    }
}

fn part<T: serde::Serialize>(value: &T) -> Result<String, KeyError> {
    serde_json::to_vec(value).map(|json| base64url(&json)).map_err(|_| KeyError::Crypto("JSON"))
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
