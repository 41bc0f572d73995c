//! The keys in use: made when there are none, unsealed, chosen, renewed, published.

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use circadia_domain::civil::Instant;
use circadia_domain::keys::{KeyPurpose, KeyRepository, StoredKey};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{KeyError, Kid, MasterKey, Purpose};
use crate::bytes::{Bytes32, base64url};
use crate::entropy::{Entropy, random};
use crate::sessions::SESSION_LIFE;
use crate::tokens::{ACCESS_LIFE, LEEWAY};

/// Seconds for which a new key is only known before it is used: time for every replica to load it, and for whoever
/// caches the published keys to see it.
const ANNOUNCED: i64 = 5 * 60;

/// A key that signs access tokens.
pub(crate) struct AccessKey {
    pub(crate) kid: Kid,
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
    pub(crate) retires_at: Option<Instant>,
    public: Vec<u8>,
    created_at: Instant,
}

/// A key that derives refresh tokens.
struct RefreshKey {
    kid: Kid,
    key: hmac::Key,
    created_at: Instant,
    retires_at: Option<Instant>,
}

trait Dated {
    fn created_at(&self) -> Instant;
    fn retires_at(&self) -> Option<Instant>;

    fn accepted_at(&self, now: Instant) -> bool {
        self.retires_at().is_none_or(|retires| now < retires)
    }
}

impl Dated for AccessKey {
    fn created_at(&self) -> Instant {
        self.created_at
    }
    fn retires_at(&self) -> Option<Instant> {
        self.retires_at
    }
}

impl Dated for RefreshKey {
    fn created_at(&self) -> Instant {
        self.created_at
    }
    fn retires_at(&self) -> Option<Instant> {
        self.retires_at
    }
}

/// The newest key that was announced for long enough; before any was, the oldest.
fn in_use<K: Dated>(keys: &[K], now: Instant) -> Option<&K> {
    let mut accepted = keys.iter().filter(|key| key.accepted_at(now));
    let oldest = accepted.next()?;
    Some(accepted.filter(|key| key.created_at().plus_seconds(ANNOUNCED) <= now).last().unwrap_or(oldest))
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
        let mut ring = Self { access: Vec::new(), refresh: Vec::new() };
        for stored in store.keys()? {
            if stored.retires_at.is_some_and(|retires| retires <= now) {
                continue;
            }
            match stored.purpose {
                KeyPurpose::AccessToken => ring.access.push(AccessKey::unseal(&stored, master)?),
                KeyPurpose::RefreshToken => ring.refresh.push(RefreshKey::unseal(&stored, master)?),
                KeyPurpose::Login => {}
            }
        }
        Ok(ring)
    }

    /// Makes new keys and lets the old ones end. For a writing unit of work that belongs to no user.
    ///
    /// # Errors
    /// Those of [`Self::load`].
    pub fn rotate<S: KeyRepository + ?Sized>(
        store: &mut S,
        rotation: Rotation,
        master: &MasterKey,
        entropy: &dyn Entropy,
        now: Instant,
    ) -> Result<Self, KeyError> {
        for stored in store.keys()? {
            // What the key signs last, it signs when its successor has been announced for long enough.
            let life = match stored.purpose {
                KeyPurpose::AccessToken => ACCESS_LIFE + 2 * LEEWAY,
                KeyPurpose::RefreshToken => SESSION_LIFE + 2 * LEEWAY,
                KeyPurpose::Login => continue,
            };
            let ends = match rotation {
                Rotation::Planned => now.plus_seconds(ANNOUNCED + life),
                Rotation::Emergency => now,
            };
            if stored.retires_at.is_none_or(|retires| ends < retires) {
                store.retire_key(&stored.kid, ends)?;
            }
        }
        make(store, KeyPurpose::AccessToken, master, entropy, now)?;
        make(store, KeyPurpose::RefreshToken, master, entropy, now)?;
        Self::load(store, master, now)
    }

    /// What `/.well-known/jwks.json` says (RFC 7517, RFC 8037): every key that verifies access tokens, or soon will.
    pub fn jwks(&self, now: Instant) -> Value {
        let keys: Vec<Value> = self
            .access
            .iter()
            .filter(|key| key.accepted_at(now))
            .map(|key| {
                json!({
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "x": base64url(&key.public),
                    "kid": key.kid.to_string(),
                    "use": "sig",
                    "alg": "EdDSA",
                })
            })
            .collect();
        json!({ "keys": keys })
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
            .finish()
    }
}

impl AccessKey {
    fn unseal(stored: &StoredKey, master: &MasterKey) -> Result<Self, KeyError> {
        let (kid, seed) = unseal(stored, Purpose::AccessTokenKeys, master)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).map_err(|_| KeyError::Corrupt(stored.kid.clone()))?;
        let document = pair.to_pkcs8().map_err(|_| KeyError::Crypto("Ed25519"))?;
        let public = pair.public_key().as_ref().to_vec();
        Ok(Self {
            kid,
            encoding: EncodingKey::from_ed_der(document.as_ref()),
            decoding: DecodingKey::from_ed_der(&public),
            retires_at: stored.retires_at,
            public,
            created_at: stored.created_at,
        })
    }
}

impl RefreshKey {
    fn unseal(stored: &StoredKey, master: &MasterKey) -> Result<Self, KeyError> {
        let (kid, secret) = unseal(stored, Purpose::RefreshTokenKeys, master)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*secret);
        Ok(Self { kid, key, created_at: stored.created_at, retires_at: stored.retires_at })
    }
}

fn unseal(stored: &StoredKey, purpose: Purpose, master: &MasterKey) -> Result<(Kid, Zeroizing<Bytes32>), KeyError> {
    let corrupt = || KeyError::Corrupt(stored.kid.clone());
    let kid = Kid::parse(&stored.kid).ok_or_else(corrupt)?;
    let secret = master
        .open(purpose, &stored.kid, &stored.sealed)?
        .ok_or_else(|| KeyError::WrongMasterKey(stored.kid.clone()))?;
    let secret = Bytes32::try_from(secret.as_slice()).map_err(|_| corrupt())?;
    Ok((kid, Zeroizing::new(secret)))
}

fn make<S: KeyRepository + ?Sized>(
    store: &mut S,
    purpose: KeyPurpose,
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
    // An Ed25519 seed and an HMAC-SHA256 key are both any 32 bytes.
    let secret = Zeroizing::new(random::<32>(entropy));
    let sealed = master.seal(sealed_for, &kid, &*secret, entropy)?;
    store.insert_key(&StoredKey { kid, purpose, sealed, created_at: now, retires_at: None })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MASTER, Memory, NOW, Seeded};

    fn setting() -> (Memory, MasterKey, Seeded) {
        (Memory::default(), MasterKey::from_text(MASTER).unwrap(), Seeded::new(7))
    }

    #[test]
    fn keys_are_made_once_and_sealed() {
        let (mut store, master, entropy) = setting();
        let first = KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
        let second = KeyRing::load_or_create(&mut store, &master, &entropy, NOW.plus_seconds(1)).unwrap();
        assert_eq!(store.keys.len(), 2);
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
        assert_eq!(first.jwks(NOW), second.jwks(NOW));
        assert!(store.keys.iter().all(|key| key.sealed.len() == 1 + 12 + 32 + 16));
    }

    #[test]
    fn another_master_key_is_told_apart_from_a_broken_row() {
        let (mut store, master, entropy) = setting();
        KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
        let other = MasterKey::from_text(&MASTER.to_uppercase()).unwrap();
        let error = KeyRing::load_or_create(&mut store, &other, &entropy, NOW).unwrap_err();
        assert!(matches!(error, KeyError::WrongMasterKey(_)));
        assert!(error.to_string().contains("was CIRCADIA_SECRET_KEY changed?"));
        assert_eq!(store.keys.len(), 2);
    }

    #[test]
    fn a_sealed_key_does_not_open_in_another_row() {
        let (mut store, master, entropy) = setting();
        KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
        KeyRing::rotate(&mut store, Rotation::Planned, &master, &entropy, NOW).unwrap();
        let moved = store.keys[0].sealed.clone();
        let other = store.keys.iter_mut().skip(1).find(|key| key.purpose == KeyPurpose::AccessToken).unwrap();
        other.sealed = moved;
        assert!(matches!(KeyRing::load(&mut store, &master, NOW), Err(KeyError::WrongMasterKey(_))));
    }

    #[test]
    fn a_new_key_is_published_before_it_signs_and_the_old_one_verifies_for_long_enough() {
        let (mut store, master, entropy) = setting();
        let before = KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
        let old = before.access_in_use(NOW).unwrap().kid;
        let rotated = NOW.plus_seconds(1_000);
        let ring = KeyRing::rotate(&mut store, Rotation::Planned, &master, &entropy, rotated).unwrap();
        assert_eq!(ring.jwks(rotated)["keys"].as_array().unwrap().len(), 2);
        assert_eq!(ring.access_in_use(rotated.plus_seconds(ANNOUNCED - 1)).unwrap().kid, old);
        let signs_from = rotated.plus_seconds(ANNOUNCED);
        assert_ne!(ring.access_in_use(signs_from).unwrap().kid, old);
        assert!(ring.access(old, signs_from.plus_seconds(ACCESS_LIFE + LEEWAY)).is_some());
        assert!(ring.access(old, signs_from.plus_seconds(ACCESS_LIFE + 10 * LEEWAY)).is_none());
        let family = before.refresh_in_use(NOW).unwrap();
        assert!(ring.refresh(family, signs_from.plus_seconds(SESSION_LIFE)).is_some());
        let later = signs_from.plus_seconds(SESSION_LIFE + 10 * LEEWAY);
        let reloaded = KeyRing::load(&mut store, &master, later).unwrap();
        assert!(reloaded.refresh(family, later).is_none());
        assert_eq!(reloaded.jwks(later)["keys"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn in_an_emergency_old_keys_end_at_once_and_new_ones_sign() {
        let (mut store, master, entropy) = setting();
        let before = KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
        let (old, family) = (before.access_in_use(NOW).unwrap().kid, before.refresh_in_use(NOW).unwrap());
        let ring = KeyRing::rotate(&mut store, Rotation::Emergency, &master, &entropy, NOW).unwrap();
        assert!(ring.access(old, NOW).is_none());
        assert!(ring.refresh(family, NOW).is_none());
        assert_ne!(ring.access_in_use(NOW).unwrap().kid, old);
    }

    #[test]
    fn no_secret_shows_in_debug_output() {
        let (mut store, master, entropy) = setting();
        let ring = KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
        let kid = ring.access_in_use(NOW).unwrap().kid.to_string();
        let shown = format!("{ring:?} {master:?}");
        assert!(shown.contains(&kid) && shown.len() < 120, "{shown}");
    }
}
