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

/// Ours have some 400 bytes; what is much longer isn't worth hashing.
const MAX_TOKEN_BYTES: usize = 2_048;

/// Verified tokens that are remembered, at some 150 bytes each.
const CACHE_CAPACITY: usize = 65_536;

/// What a verified access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
    /// When the session was opened, to the second.
    pub opened_at: Instant,
    /// When the token was issued, to the second.
    pub issued_at: Instant,
    /// Until when it is valid.
    pub expires_at: Instant,
}

/// A fresh access token.
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

/// What is remembered of a token that was verified.
#[derive(Debug, Clone, Copy)]
struct CachedAccess {
    access: Access,
    /// When the key that signed it retires.
    key_retires_at: Option<Instant>,
}

/// Issues and verifies access tokens. One for the whole process; its calls don't block.
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

    /// The keys in use now.
    pub fn keys(&self) -> Arc<KeyRing> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes on with other keys, loaded anew.
    pub fn replace_keys(&self, keys: KeyRing) {
        let keys = Arc::new(keys);
        let before = std::mem::replace(&mut *self.keys.write().unwrap_or_else(PoisonError::into_inner), keys.clone());
        if !before.access_lasts_in(&keys) {
            // Some remembered token may have been signed by a key that is no longer accepted.
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
        // Not beyond the end of its session.
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

    /// Verifies a token. What was verified once is remembered by the hash of the whole token, until it expires.
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
        // Keys that were replaced in between may have taken the one with them that signed this.
        if !Arc::ptr_eq(&keys, &self.keys()) {
            self.verified.remove(&hash);
        }
        Ok(access)
    }

    /// All but the time.
    fn examine(&self, keys: &KeyRing, token: &str, now: Instant) -> Option<CachedAccess> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header = from_base64url(header)?;
        let header: Header<'_> = serde_json::from_slice(&header).ok()?;
        if header.alg != ALGORITHM || header.typ != TYPE {
            return None;
        }
        let key = keys.access(Kid::parse(&header.kid)?, now)?;
        // The algorithm is ours to say, not the header's.
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
