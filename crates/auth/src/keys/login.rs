//! Keys that decrypt passwords encrypted by clients: RSA with 3072 bits, OAEP and MGF1 with SHA-256 (RFC 8017 §7.1,
//! `RSA-OAEP-256` of RFC 7518).
//!
//! They are for clients whose TLS connection ends at a third party's proxy. Generating one takes a second or so, so the
//! first is generated on first use, outside of any transaction.

use std::fmt;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use circadia_domain::civil::Instant;
use circadia_domain::keys::StoredKey;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::ring::{Dated, open};
use super::{KeyError, Kid, MasterKey, Purpose};
use crate::bytes::base64url;

/// Length of a ciphertext, in bytes.
pub const LOGIN_CIPHERTEXT_BYTES: usize = 3072 / 8;

/// Seconds for which a replaced key still decrypts: a client may have fetched it long before its user submits the
/// password.
pub(super) const LOGIN_KEY_OVERLAP_SECONDS: i64 = 24 * 60 * 60;

/// A new private key (PKCS #8), not stored yet.
pub struct LoginSecret(Zeroizing<Vec<u8>>);

impl LoginSecret {
    /// Generates a key. Takes a second or so of CPU time.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which indicates a bug.
    pub fn generate() -> Result<Self, KeyError> {
        let key = PrivateDecryptingKey::generate(KeySize::Rsa3072).map_err(|_| KeyError::Crypto("RSA"))?;
        let document: Pkcs8V1Der<'_> = key.as_der().map_err(|_| KeyError::Crypto("PKCS #8"))?;
        Ok(Self(Zeroizing::new(document.as_ref().to_vec())))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for LoginSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginSecret(..)")
    }
}

/// The public key, as published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginPublicKey {
    /// The key id.
    pub kid: Kid,
    /// `SubjectPublicKeyInfo` in PEM (RFC 7468 §13).
    pub pem: String,
    /// A JSON Web Key (RFC 7517).
    pub jwk: Value,
}

/// A key that decrypts passwords.
pub(crate) struct LoginKey {
    pub(super) kid: Kid,
    key: OaepPrivateDecryptingKey,
    public: LoginPublicKey,
    created_at: Instant,
    retires_at: Option<Instant>,
}

impl Dated for LoginKey {
    fn created_at(&self) -> Instant {
        self.created_at
    }
    fn retires_at(&self) -> Option<Instant> {
        self.retires_at
    }
}

impl LoginKey {
    pub(super) fn unseal(stored: &StoredKey, master: &MasterKey) -> Result<Self, KeyError> {
        let corrupt = || KeyError::Corrupt(stored.kid.clone());
        let (kid, secret) = open(stored, Purpose::LoginKeys, master)?;
        let key = PrivateDecryptingKey::from_pkcs8(&secret).map_err(|_| corrupt())?;
        let document: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(|_| KeyError::Crypto("X.509"))?;
        let (modulus, exponent) = parts(document.as_ref()).ok_or_else(corrupt)?;
        let jwk = json!({
            "kty": "RSA",
            "n": base64url(modulus),
            "e": base64url(exponent),
            "kid": kid.to_string(),
            "use": "enc",
            "alg": "RSA-OAEP-256",
        });
        let public = LoginPublicKey { kid, pem: pem(document.as_ref()), jwk };
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| KeyError::Crypto("RSA-OAEP"))?;
        Ok(Self { kid, key, public, created_at: stored.created_at, retires_at: stored.retires_at })
    }

    pub(super) fn public(&self) -> &LoginPublicKey {
        &self.public
    }

    /// Decrypts a ciphertext; `None` if it wasn't encrypted with this key.
    pub(super) fn decrypt(&self, ciphertext: &[u8]) -> Option<Zeroizing<String>> {
        if ciphertext.len() != LOGIN_CIPHERTEXT_BYTES {
            return None;
        }
        let mut room = Zeroizing::new([0_u8; LOGIN_CIPHERTEXT_BYTES]);
        let plain = self.key.decrypt(&OAEP_SHA256_MGF1SHA256, ciphertext, &mut *room, None).ok()?;
        std::str::from_utf8(plain).ok().map(|text| Zeroizing::new(text.to_owned()))
    }
}

fn pem(document: &[u8]) -> String {
    let body = STANDARD.encode(document);
    let mut text = String::from("-----BEGIN PUBLIC KEY-----\n");
    for (index, letter) in body.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push_str("\n-----END PUBLIC KEY-----\n");
    text
}

/// Modulus and exponent of a `SubjectPublicKeyInfo` (RFC 5280 §4.1, RFC 8017 §A.1.1), without leading zeros.
fn parts(document: &[u8]) -> Option<(&[u8], &[u8])> {
    const SEQUENCE: u8 = 0x30;
    const BITS: u8 = 0x03;
    const INTEGER: u8 = 0x02;
    let (info, _) = element(document, SEQUENCE)?;
    let (_, after) = element(info, SEQUENCE)?;
    let (bits, _) = element(after, BITS)?;
    let (key, _) = element(bits.strip_prefix(&[0])?, SEQUENCE)?;
    let (modulus, after) = element(key, INTEGER)?;
    let (exponent, _) = element(after, INTEGER)?;
    let unsigned = |number: &'_ [u8]| number.iter().take_while(|byte| **byte == 0).count();
    Some((modulus.get(unsigned(modulus)..)?, exponent.get(unsigned(exponent)..)?))
}

/// The contents of a DER element with this tag, and the bytes after it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..0x80 => (short, rest),
        long => {
            let (digits, rest) = rest.split_at_checked(long - 0x80).filter(|(digits, _)| digits.len() <= 2)?;
            (digits.iter().fold(0, |length, digit| length * 256 + usize::from(*digit)), rest)
        }
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
    use circadia_domain::keys::KeyPurpose;

    use super::*;
    use crate::bytes::from_base64url;
    use crate::keys::{KeyRing, Rotation};
    use crate::testing::{InMemoryStore, MASTER, NOW, Seeded};

    struct Fixture {
        store: InMemoryStore,
        master: MasterKey,
        entropy: Seeded,
    }

    fn setting() -> Fixture {
        let (mut store, master, entropy) =
            (InMemoryStore::default(), MasterKey::from_text(MASTER).unwrap(), Seeded::new(5));
        KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
        Fixture { store, master, entropy }
    }

    impl Fixture {
        fn ensure(&mut self) -> KeyRing {
            let secret = LoginSecret::generate().unwrap();
            KeyRing::ensure_login(&mut self.store, &secret, &self.master, &self.entropy, NOW).unwrap()
        }

        fn rotate(&mut self, rotation: Rotation, now: Instant) -> KeyRing {
            let secret = LoginSecret::generate().unwrap();
            let purposes = [KeyPurpose::Login];
            KeyRing::rotate(&mut self.store, &purposes, rotation, Some(&secret), &self.master, &self.entropy, now)
                .unwrap()
        }
    }

    fn encrypt(key: &LoginPublicKey, text: &[u8]) -> Vec<u8> {
        let body: String = key.pem.lines().filter(|line| !line.starts_with('-')).collect();
        let key = PublicEncryptingKey::from_der(&STANDARD.decode(body).unwrap()).unwrap();
        let key = OaepPublicEncryptingKey::new(key).unwrap();
        let mut room = vec![0; key.ciphertext_size()];
        key.encrypt(&OAEP_SHA256_MGF1SHA256, text, &mut room, None).unwrap().to_vec()
    }

    #[test]
    fn the_first_key_is_made_once_and_decrypts_what_its_public_half_encrypts() {
        let mut setting = setting();
        assert_eq!(setting.store.keys.len(), 3, "none is made before it is asked for");
        let ring = setting.ensure();
        let public = ring.login_public(NOW).unwrap();
        assert_eq!(setting.ensure().login_public(NOW).unwrap(), public);
        assert_eq!(setting.store.keys.len(), 4);
        let sent = encrypt(&public, "pässword".as_bytes());
        assert_eq!(ring.decrypt(Some(public.kid), &sent, NOW).unwrap().as_str(), "pässword");
        assert_eq!(ring.decrypt(None, &sent, NOW).unwrap().as_str(), "pässword");
        assert!(ring.decrypt(Some(Kid::from_bytes([0; 8])), &sent, NOW).is_none());
        // Changed, cut, not text, of another key.
        for at in [0, 100, 383] {
            let mut changed = sent.clone();
            changed[at] ^= 1;
            assert!(ring.decrypt(None, &changed, NOW).is_none());
        }
        assert!(ring.decrypt(None, &sent[1..], NOW).is_none());
        assert!(ring.decrypt(None, &[], NOW).is_none());
        assert!(ring.decrypt(None, &encrypt(&public, b"\xff"), NOW).is_none());
        let other = self::setting().ensure().login_public(NOW).unwrap();
        assert!(ring.decrypt(None, &encrypt(&other, b"password"), NOW).is_none());
    }

    #[test]
    fn the_jwk_and_the_pem_are_one_key_of_3072_bits() {
        let public = setting().ensure().login_public(NOW).unwrap();
        let modulus = from_base64url(public.jwk["n"].as_str().unwrap()).unwrap();
        assert_eq!((modulus.len(), modulus[0] >> 7), (384, 1));
        assert_eq!(public.jwk["e"], "AQAB");
        let body: String = public.pem.lines().filter(|line| !line.starts_with('-')).collect();
        let document = STANDARD.decode(body).unwrap();
        assert!(document.windows(384).any(|window| window == modulus));
        assert!(public.pem.lines().all(|line| line.len() <= 64) && public.pem.ends_with("-----\n"));
        assert!(public.jwk.get("d").is_none() && !public.pem.contains("PRIVATE"));
    }

    #[test]
    fn a_replaced_key_is_announced_and_the_old_one_decrypts_for_another_day() {
        let mut setting = setting();
        let old = setting.ensure().login_public(NOW).unwrap();
        let sent = encrypt(&old, b"password");
        let rotated = NOW.plus_seconds(1_000);
        let ring = setting.rotate(Rotation::Planned, rotated);
        assert_eq!(ring.login_public(rotated).unwrap().kid, old.kid);
        let used = rotated.plus_seconds(300);
        assert_ne!(ring.login_public(used).unwrap().kid, old.kid);
        assert!(ring.decrypt(None, &sent, used.plus_seconds(LOGIN_KEY_OVERLAP_SECONDS - 1)).is_some());
        assert!(ring.decrypt(None, &sent, used.plus_seconds(LOGIN_KEY_OVERLAP_SECONDS)).is_none());
    }

    #[test]
    fn in_an_emergency_the_old_key_decrypts_nothing_any_more() {
        let mut setting = setting();
        let old = setting.ensure().login_public(NOW).unwrap();
        let ring = setting.rotate(Rotation::Emergency, NOW);
        assert!(ring.decrypt(Some(old.kid), &encrypt(&old, b"password"), NOW).is_none());
        assert_ne!(ring.login_public(NOW).unwrap().kid, old.kid);
    }

    #[test]
    fn what_was_never_made_is_not_rotated() {
        let mut setting = setting();
        assert!(setting.rotate(Rotation::Planned, NOW).login_public(NOW).is_none());
        assert_eq!(setting.store.keys.len(), 3);
    }

    #[test]
    fn no_secret_shows_in_debug_output() {
        assert_eq!(format!("{:?}", LoginSecret::generate().unwrap()), "LoginSecret(..)");
    }
}
