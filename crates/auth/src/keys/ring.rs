//! The keys in use: made when there are none, unsealed, chosen, renewed, published.

use std::fmt;

use aws_lc_rs::hmac;
use circadia_domain::civil::Instant;
use circadia_domain::keys::{KeyPurpose, KeyRepository, StoredKey};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::login::{LOGIN_KEY_OVERLAP_SECONDS, LoginKey, LoginPublicKey, LoginSecret};
use super::signing::{AccessKey, RefreshKey};
use super::{KeyError, Kid, MasterKey, Purpose};
use crate::entropy::{Entropy, random};
use crate::sessions::SESSION_TTL;
use crate::tokens::{ACCESS_TOKEN_TTL, LEEWAY};

/// Seconds for which a new key is only known before it is used: time for every replica to load it, and for whoever
/// caches the published keys to see it.
const ANNOUNCE_SECONDS: i64 = 5 * 60;

/// When a key was made and ends.
pub(super) trait Dated {
    fn created_at(&self) -> Instant;
    fn retires_at(&self) -> Option<Instant>;

    fn accepted_at(&self, now: Instant) -> bool {
        self.retires_at().is_none_or(|retires| now < retires)
    }
}

/// The newest key that was announced for long enough; before any was, the oldest.
fn in_use<K: Dated>(keys: &[K], now: Instant) -> Option<&K> {
    let mut accepted = keys.iter().filter(|key| key.accepted_at(now));
    let oldest = accepted.next()?;
    Some(accepted.filter(|key| key.created_at().plus_seconds(ANNOUNCE_SECONDS) <= now).last().unwrap_or(oldest))
}

/// How keys are renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The old ones are accepted until nothing that they signed is valid any more: nobody notices.
    Planned,
    /// The old ones became known to somebody: they are refused from now on, and everybody signs in again.
    Emergency,
}

/// The keys in use.
pub struct KeyRing {
    /// Oldest first.
    access: Vec<AccessKey>,
    /// Oldest first.
    refresh: Vec<RefreshKey>,
    /// Oldest first.
    login: Vec<LoginKey>,
}

impl KeyRing {
    /// Makes the keys that are missing and unseals the others. For a writing unit of work that belongs to no user,
    /// when a replica starts.
    ///
    /// # Errors
    /// [`KeyError::WrongMasterKey`] if the stored ones were sealed under another master key.
    pub fn load_or_create<S: KeyRepository + ?Sized>(
        store: &mut S,
        master: &MasterKey,
        entropy: &dyn Entropy,
        now: Instant,
    ) -> Result<Self, KeyError> {
        let mut ring = Self::load(store, master, now)?;
        if ring.access.is_empty() {
            make(store, KeyPurpose::AccessToken, master, entropy, now)?;
        }
        if ring.refresh.is_empty() {
            make(store, KeyPurpose::RefreshToken, master, entropy, now)?;
        }
        if ring.access.is_empty() || ring.refresh.is_empty() {
            ring = Self::load(store, master, now)?;
        }
        Ok(ring)
    }

    /// Unseals the keys that there are. For a reading unit of work, from time to time; the interval must be well below
    /// the five minutes for which new keys are only announced.
    ///
    /// # Errors
    /// [`KeyError::WrongMasterKey`] if they were sealed under another master key.
    pub fn load<S: KeyRepository + ?Sized>(store: &mut S, master: &MasterKey, now: Instant) -> Result<Self, KeyError> {
        let mut ring = Self { access: Vec::new(), refresh: Vec::new(), login: Vec::new() };
        for stored in store.keys()? {
            if stored.retires_at.is_some_and(|retires| retires <= now) {
                continue;
            }
            match stored.purpose {
                KeyPurpose::AccessToken => ring.access.push(AccessKey::unseal(&stored, master)?),
                KeyPurpose::RefreshToken => ring.refresh.push(RefreshKey::unseal(&stored, master)?),
                KeyPurpose::Login => ring.login.push(LoginKey::unseal(&stored, master)?),
            }
        }
        Ok(ring)
    }

    /// Makes the first key for passwords, if there is none yet. For a writing unit of work that belongs to no user.
    ///
    /// # Errors
    /// Those of [`Self::load`].
    pub fn ensure_login<S: KeyRepository + ?Sized>(
        store: &mut S,
        secret: &LoginSecret,
        master: &MasterKey,
        entropy: &dyn Entropy,
        now: Instant,
    ) -> Result<Self, KeyError> {
        let ring = Self::load(store, master, now)?;
        if in_use(&ring.login, now).is_some() {
            // Another replica was faster.
            return Ok(ring);
        }
        insert(store, KeyPurpose::Login, secret.bytes(), master, entropy, now)?;
        Self::load(store, master, now)
    }

    /// Makes new keys for these purposes and lets the old ones end; for passwords, if there is one already and a fresh
    /// secret is given. For a writing unit of work that belongs to no user.
    ///
    /// # Errors
    /// Those of [`Self::load`].
    pub fn rotate<S: KeyRepository + ?Sized>(
        store: &mut S,
        purposes: &[KeyPurpose],
        rotation: Rotation,
        login: Option<&LoginSecret>,
        master: &MasterKey,
        entropy: &dyn Entropy,
        now: Instant,
    ) -> Result<Self, KeyError> {
        let stored = store.keys()?;
        for purpose in purposes {
            let of_purpose: Vec<&StoredKey> = stored.iter().filter(|key| key.purpose == *purpose).collect();
            let secret = login.filter(|_| !of_purpose.is_empty());
            if *purpose == KeyPurpose::Login && secret.is_none() {
                continue;
            }
            // What the key signs last, it signs when its successor has been announced for long enough.
            let life = match purpose {
                KeyPurpose::AccessToken => ACCESS_TOKEN_TTL + 2 * LEEWAY,
                KeyPurpose::RefreshToken => SESSION_TTL + 2 * LEEWAY,
                KeyPurpose::Login => LOGIN_KEY_OVERLAP_SECONDS,
            };
            let ends = match rotation {
                Rotation::Planned => now.plus_seconds(ANNOUNCE_SECONDS + life),
                Rotation::Emergency => now,
            };
            for key in of_purpose.into_iter().filter(|key| key.retires_at.is_none_or(|retires| ends < retires)) {
                store.retire_key(&key.kid, ends)?;
            }
            match (purpose, secret) {
                (KeyPurpose::Login, Some(secret)) => {
                    insert(store, KeyPurpose::Login, secret.bytes(), master, entropy, now)?;
                }
                _ => make(store, *purpose, master, entropy, now)?,
            }
        }
        Self::load(store, master, now)
    }

    /// What `/.well-known/jwks.json` says (RFC 7517, RFC 8037): every key that verifies access tokens, or soon will.
    pub fn jwks(&self, now: Instant) -> Value {
        let keys: Vec<Value> = self.access.iter().filter(|key| key.accepted_at(now)).map(AccessKey::jwk).collect();
        json!({ "keys": keys })
    }

    /// The key to encrypt passwords with, once there is one.
    pub fn login_public(&self, now: Instant) -> Option<LoginPublicKey> {
        in_use(&self.login, now).map(|key| key.public().clone())
    }

    /// Whether there is a key of this name (or any, if none is given) that decrypts passwords.
    pub fn can_decrypt(&self, kid: Option<Kid>, now: Instant) -> bool {
        self.login.iter().any(|key| key.accepted_at(now) && kid.is_none_or(|kid| kid == key.kid))
    }

    /// The text that was encrypted with the key of this name; without a name, with any.
    pub fn decrypt(&self, kid: Option<Kid>, ciphertext: &[u8], now: Instant) -> Option<Zeroizing<String>> {
        let keys = self.login.iter().filter(|key| key.accepted_at(now) && kid.is_none_or(|kid| kid == key.kid));
        keys.rev().find_map(|key| key.decrypt(ciphertext))
    }

    /// The key to sign access tokens with.
    pub(crate) fn access_in_use(&self, now: Instant) -> Result<&AccessKey, KeyError> {
        in_use(&self.access, now).ok_or(KeyError::NoneLeft)
    }

    /// The key of this name, if access tokens signed with it are accepted.
    pub(crate) fn access(&self, kid: Kid, now: Instant) -> Option<&AccessKey> {
        self.access.iter().find(|key| key.kid == kid && key.accepted_at(now))
    }

    /// Whether every access key of `self` is also in `other`, retiring no earlier.
    pub(crate) fn access_lasts_in(&self, other: &Self) -> bool {
        self.access
            .iter()
            .all(|key| other.access.iter().any(|same| same.kid == key.kid && same.retires_at == key.retires_at))
    }

    /// The name of the key that the refresh tokens of a new session are derived with.
    pub(crate) fn refresh_in_use(&self, now: Instant) -> Result<Kid, KeyError> {
        in_use(&self.refresh, now).map(|key| key.kid).ok_or(KeyError::NoneLeft)
    }

    /// The key of this name, if refresh tokens derived with it are accepted.
    pub(crate) fn refresh(&self, kid: Kid, now: Instant) -> Option<&hmac::Key> {
        self.refresh.iter().find(|key| key.kid == kid && key.accepted_at(now)).map(|key| &key.key)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("access", &self.access.iter().map(|key| key.kid).collect::<Vec<_>>())
            .field("refresh", &self.refresh.iter().map(|key| key.kid).collect::<Vec<_>>())
            .field("login", &self.login.iter().map(|key| key.kid).collect::<Vec<_>>())
            .finish()
    }
}

/// The name of a stored key, and its secret.
pub(super) fn open(
    stored: &StoredKey,
    purpose: Purpose,
    master: &MasterKey,
) -> Result<(Kid, Zeroizing<Vec<u8>>), KeyError> {
    let kid = Kid::parse(&stored.kid).ok_or_else(|| KeyError::Corrupt(stored.kid.clone()))?;
    let secret = master
        .open(purpose, &stored.kid, &stored.sealed)?
        .ok_or_else(|| KeyError::WrongMasterKey(stored.kid.clone()))?;
    Ok((kid, secret))
}

/// Makes a key that any 32 bytes are: an Ed25519 seed, an HMAC-SHA256 key.
fn make<S: KeyRepository + ?Sized>(
    store: &mut S,
    purpose: KeyPurpose,
    master: &MasterKey,
    entropy: &dyn Entropy,
    now: Instant,
) -> Result<(), KeyError> {
    let secret = Zeroizing::new(random::<32>(entropy));
    insert(store, purpose, &*secret, master, entropy, now)
}

/// Stores a secret as a new key.
fn insert<S: KeyRepository + ?Sized>(
    store: &mut S,
    purpose: KeyPurpose,
    secret: &[u8],
    master: &MasterKey,
    entropy: &dyn Entropy,
    now: Instant,
) -> Result<(), KeyError> {
    let sealed_for = match purpose {
        KeyPurpose::AccessToken => Purpose::AccessTokenKeys,
        KeyPurpose::RefreshToken => Purpose::RefreshTokenKeys,
        KeyPurpose::Login => Purpose::LoginKeys,
    };
    let kid = Kid::from_bytes(random(entropy)).to_string();
    let sealed = master.seal(sealed_for, &kid, secret, entropy)?;
    store.insert_key(&StoredKey { kid, purpose, sealed, created_at: now, retires_at: None })?;
    Ok(())
}

#[cfg(test)]
#[path = "ring_tests.rs"]
mod tests;
