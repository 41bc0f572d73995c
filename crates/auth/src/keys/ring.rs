//! The keys in use: creating missing ones, decrypting, selecting, rotating, publishing.

use std::fmt;

use aws_lc_rs::hmac;
use circadia_domain::civil::Instant;
use circadia_domain::keys::{KeyPurpose, KeyRepository, StoredKey};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::login::{LOGIN_KEY_OVERLAP_SECONDS, LoginKey, LoginPublicKey, LoginSecret};
use super::signing::{AccessKey, RefreshKey};
use super::vapid::VapidKey;
use super::{KeyError, Kid, MasterKey, Purpose};
use crate::entropy::{Entropy, random};
use crate::sessions::SESSION_TTL;
use crate::tokens::{ACCESS_TOKEN_TTL, LEEWAY};

/// Seconds between publishing a new key and using it, so that every replica loads it and caches of the published keys
/// expire.
const ANNOUNCE_SECONDS: i64 = 5 * 60;

/// A key's creation and retirement times.
pub(super) trait Dated {
    fn created_at(&self) -> Instant;
    fn retires_at(&self) -> Option<Instant>;

    fn accepted_at(&self, now: Instant) -> bool {
        self.retires_at().is_none_or(|retires| now < retires)
    }
}

/// The newest key published long enough ago, or else the oldest.
fn in_use<K: Dated>(keys: &[K], now: Instant) -> Option<&K> {
    let mut accepted = keys.iter().filter(|key| key.accepted_at(now));
    let oldest = accepted.next()?;
    Some(accepted.filter(|key| key.created_at().plus_seconds(ANNOUNCE_SECONDS) <= now).last().unwrap_or(oldest))
}

/// How keys are rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// Old keys are accepted until nothing they signed is valid any more. Clients don't notice.
    Planned,
    /// Old keys are compromised: they are rejected at once, and every user has to sign in again.
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
    /// The oldest; there is one.
    vapid: Option<VapidKey>,
}

impl KeyRing {
    /// Creates missing keys and decrypts the others. Runs in a writing unit of work without an owner, at the start of a
    /// replica.
    ///
    /// # Errors
    /// [`KeyError::WrongMasterKey`] if the stored keys were encrypted under another master key.
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
        if ring.vapid.is_none() {
            insert(store, KeyPurpose::WebPush, &VapidKey::generate()?, master, entropy, now)?;
        }
        if ring.access.is_empty() || ring.refresh.is_empty() || ring.vapid.is_none() {
            ring = Self::load(store, master, now)?;
        }
        Ok(ring)
    }

    /// Decrypts the stored keys. Runs periodically in a reading unit of work; the interval must be well below the five
    /// minutes for which new keys are published but not used.
    ///
    /// # Errors
    /// [`KeyError::WrongMasterKey`] if the stored keys were encrypted under another master key.
    pub fn load<S: KeyRepository + ?Sized>(store: &mut S, master: &MasterKey, now: Instant) -> Result<Self, KeyError> {
        let mut ring = Self { access: Vec::new(), refresh: Vec::new(), login: Vec::new(), vapid: None };
        for stored in store.keys()? {
            if stored.retires_at.is_some_and(|retires| retires <= now) {
                continue;
            }
            match stored.purpose {
                KeyPurpose::AccessToken => ring.access.push(AccessKey::unseal(&stored, master)?),
                KeyPurpose::RefreshToken => ring.refresh.push(RefreshKey::unseal(&stored, master)?),
                KeyPurpose::Login => ring.login.push(LoginKey::unseal(&stored, master)?),
                KeyPurpose::WebPush if ring.vapid.is_none() => ring.vapid = Some(VapidKey::unseal(&stored, master)?),
                KeyPurpose::WebPush => {}
            }
        }
        Ok(ring)
    }

    /// Creates the first key for passwords if there is none. Runs in a writing unit of work without an owner.
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
            // Another replica created one concurrently.
            return Ok(ring);
        }
        insert(store, KeyPurpose::Login, secret.bytes(), master, entropy, now)?;
        Self::load(store, master, now)
    }

    /// Creates new keys for these purposes and retires the old ones; for passwords only if a key exists and a new
    /// secret is given, for Web Push never: browsers bind their subscriptions to the key, and would be lost. Runs in a writing unit of work without an owner.
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
            // The old key signs until its successor has been published long enough.
            let life = match purpose {
                KeyPurpose::AccessToken => ACCESS_TOKEN_TTL + 2 * LEEWAY,
                KeyPurpose::RefreshToken => SESSION_TTL + 2 * LEEWAY,
                KeyPurpose::Login => LOGIN_KEY_OVERLAP_SECONDS,
                KeyPurpose::WebPush => continue,
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

    /// The document at `/.well-known/jwks.json` (RFC 7517, RFC 8037): every key that verifies access tokens now or
    /// soon.
    pub fn jwks(&self, now: Instant) -> Value {
        let keys: Vec<Value> = self.access.iter().filter(|key| key.accepted_at(now)).map(AccessKey::jwk).collect();
        json!({ "keys": keys })
    }

    /// The key that clients encrypt passwords with; `None` before the first is created.
    pub fn login_public(&self, now: Instant) -> Option<LoginPublicKey> {
        in_use(&self.login, now).map(|key| key.public().clone())
    }

    /// Whether a key with this id (or any, if `None`) can decrypt passwords.
    pub fn can_decrypt(&self, kid: Option<Kid>, now: Instant) -> bool {
        self.login.iter().any(|key| key.accepted_at(now) && kid.is_none_or(|kid| kid == key.kid))
    }

    /// Decrypts a password with the key of this id, or with any key if `None`.
    pub fn decrypt(&self, kid: Option<Kid>, ciphertext: &[u8], now: Instant) -> Option<Zeroizing<String>> {
        let keys = self.login.iter().filter(|key| key.accepted_at(now) && kid.is_none_or(|kid| kid == key.kid));
        keys.rev().find_map(|key| key.decrypt(ciphertext))
    }

    /// The key that identifies this installation to push services; `None` before the first start made it.
    pub const fn vapid(&self) -> Option<&VapidKey> {
        self.vapid.as_ref()
    }

    /// The key that signs access tokens.
    pub(crate) fn access_in_use(&self, now: Instant) -> Result<&AccessKey, KeyError> {
        in_use(&self.access, now).ok_or(KeyError::NoneLeft)
    }

    /// The key with this id, if it is accepted for access tokens.
    pub(crate) fn access(&self, kid: Kid, now: Instant) -> Option<&AccessKey> {
        self.access.iter().find(|key| key.kid == kid && key.accepted_at(now))
    }

    /// Whether every access key of `self` is also in `other`, retiring no earlier.
    pub(crate) fn access_lasts_in(&self, other: &Self) -> bool {
        self.access
            .iter()
            .all(|key| other.access.iter().any(|same| same.kid == key.kid && same.retires_at == key.retires_at))
    }

    /// The id of the key that new sessions derive their refresh tokens with.
    pub(crate) fn refresh_in_use(&self, now: Instant) -> Result<Kid, KeyError> {
        in_use(&self.refresh, now).map(|key| key.kid).ok_or(KeyError::NoneLeft)
    }

    /// The key with this id, if it is accepted for refresh tokens.
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
            .finish_non_exhaustive()
    }
}

/// The id and the secret of a stored key.
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

/// Creates a key for which any 32 bytes are valid: an Ed25519 seed, an HMAC-SHA256 key.
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
        KeyPurpose::WebPush => Purpose::WebPushKeys,
    };
    let kid = Kid::from_bytes(random(entropy)).to_string();
    let sealed = master.seal(sealed_for, &kid, secret, entropy)?;
    store.insert_key(&StoredKey { kid, purpose, sealed, created_at: now, retires_at: None })?;
    Ok(())
}

#[cfg(test)]
#[path = "ring_tests.rs"]
mod tests;
