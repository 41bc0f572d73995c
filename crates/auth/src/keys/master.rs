//! The master key, the only secret outside the database, and the keys derived from it.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use aws_lc_rs::hmac;
use zeroize::{Zeroize as _, Zeroizing};

use super::KeyError;
use crate::bytes::Bytes32;
use crate::entropy::{Entropy, random};

/// The purpose of a derived key. Every purpose has its own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Encrypts the signing keys of access tokens.
    AccessTokenKeys,
    /// Encrypts the keys that derive refresh tokens.
    RefreshTokenKeys,
    /// Encrypts the keys that decrypt passwords.
    LoginKeys,
    /// Encrypts job payloads.
    Jobs,
    /// Hashes submitted names and addresses for the sign-in record.
    LoginIdentifiers,
    /// Encrypts short-lived values.
    Ephemera,
    /// Authenticates session cookies.
    CookieTags,
    /// Authenticates personal access tokens.
    PersonalTokenTags,
    /// Derives CSRF tokens.
    CsrfTokens,
    /// Encrypts the secrets of second factors.
    TotpSecrets,
    /// Hashes recovery codes.
    RecoveryCodes,
    /// Encrypts the challenges between password and second factor.
    Challenges,
    /// Encrypts answers that are kept for requests that are sent again.
    IdempotentAnswers,
    /// Authenticates the markers of devices that signed in before.
    DeviceMarkers,
    /// Encrypts the secrets of webhooks.
    WebhookSecrets,
    /// Encrypts the key that identifies this installation to push services.
    WebPushKeys,
    /// Encrypts the secrets of browsers that subscribed to Web Push.
    PushSecrets,
}

impl Purpose {
    /// The HKDF info. Changing one makes everything encrypted for that purpose unreadable.
    const fn info(self) -> &'static str {
        match self {
            Self::AccessTokenKeys => "circadia/1 seal access_token",
            Self::RefreshTokenKeys => "circadia/1 seal refresh_token",
            Self::LoginKeys => "circadia/1 seal login",
            Self::Jobs => "circadia/1 seal jobs",
            Self::LoginIdentifiers => "circadia/1 hash login identifiers",
            Self::Ephemera => "circadia/1 seal ephemera",
            Self::CookieTags => "circadia/1 tag cookies",
            Self::PersonalTokenTags => "circadia/1 tag personal tokens",
            Self::CsrfTokens => "circadia/1 derive csrf tokens",
            Self::TotpSecrets => "circadia/1 seal totp",
            Self::RecoveryCodes => "circadia/1 hash recovery codes",
            Self::Challenges => "circadia/1 seal challenge",
            Self::IdempotentAnswers => "circadia/1 seal idempotent answers",
            Self::DeviceMarkers => "circadia/1 tag devices",
            Self::WebhookSecrets => "circadia/1 seal webhooks",
            Self::WebPushKeys => "circadia/1 seal web_push",
            Self::PushSecrets => "circadia/1 seal push subscriptions",
        }
    }
}

/// The first byte of an encrypted value: the method, AES-256-GCM with a random nonce that follows.
const SEAL_METHOD: u8 = 1;

/// The secret that every other key is derived from.
#[derive(Clone)]
pub struct MasterKey(Prk);

impl MasterKey {
    /// Parses `CIRCADIA_SECRET_KEY`, at least 32 bytes.
    ///
    /// # Errors
    /// [`KeyError::WeakMasterKey`] if it is shorter.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        if text.len() < 32 {
            return Err(KeyError::WeakMasterKey(text.len()));
        }
        Ok(Self(Salt::new(HKDF_SHA256, b"circadia").extract(text.as_bytes())))
    }

    /// The key for a purpose (HKDF-SHA256, RFC 5869).
    fn derive(&self, purpose: Purpose) -> Result<Zeroizing<Bytes32>, KeyError> {
        let mut secret = Zeroizing::new([0; 32]);
        self.0
            .expand(&[purpose.info().as_bytes()], HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut *secret))
            .map_err(|_| KeyError::Crypto("HKDF"))?;
        Ok(secret)
    }

    /// The HMAC-SHA256 key for a purpose.
    pub(crate) fn hmac_key(&self, purpose: Purpose) -> Result<hmac::Key, KeyError> {
        Ok(hmac::Key::new(hmac::HMAC_SHA256, &*self.derive(purpose)?))
    }

    fn cipher(&self, purpose: Purpose) -> Result<LessSafeKey, KeyError> {
        let key =
            UnboundKey::new(&AES_256_GCM, &*self.derive(purpose)?).map_err(|_| KeyError::Crypto("AES-256-GCM"))?;
        Ok(LessSafeKey::new(key))
    }

    /// Encrypts a secret, bound to its purpose and its owner (a key's id, a user's id): moved to another row, it can't
    /// be decrypted.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which indicates a bug.
    pub fn seal(
        &self,
        purpose: Purpose,
        bound_to: &str,
        secret: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, KeyError> {
        let cipher = self.cipher(purpose)?;
        let nonce: [u8; NONCE_LEN] = random(entropy);
        let mut body = Vec::with_capacity(secret.len() + 16);
        body.extend_from_slice(secret);
        let sealed = cipher.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(associated(purpose, bound_to)),
            &mut body,
        );
        if sealed.is_err() {
            body.zeroize();
            return Err(KeyError::Crypto("AES-256-GCM"));
        }
        let mut all = Vec::with_capacity(1 + NONCE_LEN + body.len());
        all.push(SEAL_METHOD);
        all.extend_from_slice(&nonce);
        all.append(&mut body);
        Ok(all)
    }

    /// Decrypts a value encrypted with the same purpose and owner; `None` if they differ, the value was changed, or it
    /// was encrypted under another master key.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which indicates a bug.
    pub fn open(
        &self,
        purpose: Purpose,
        bound_to: &str,
        sealed: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
        let cipher = self.cipher(purpose)?;
        let Some((&SEAL_METHOD, rest)) = sealed.split_first() else { return Ok(None) };
        let Some((nonce, body)) = rest.split_first_chunk::<NONCE_LEN>() else { return Ok(None) };
        let mut body = Zeroizing::new(body.to_vec());
        let opened = cipher.open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(associated(purpose, bound_to)),
            &mut body,
        );
        Ok(opened.ok().map(|plain| Zeroizing::new(plain.to_vec())))
    }
}

fn associated(purpose: Purpose, bound_to: &str) -> Vec<u8> {
    [purpose.info().as_bytes(), b"\0", bound_to.as_bytes()].concat()
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Seeded;

    fn master(text: &str) -> MasterKey {
        MasterKey::from_text(text).unwrap()
    }

    const TEXT: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn short_master_keys_are_refused() {
        assert!(matches!(MasterKey::from_text(&TEXT[1..]), Err(KeyError::WeakMasterKey(31))));
        assert!(matches!(MasterKey::from_text(&format!(" {}\n", &TEXT[1..])), Err(KeyError::WeakMasterKey(31))));
    }

    #[test]
    fn what_was_sealed_opens_only_where_it_belongs() {
        let (master, entropy) = (master(TEXT), Seeded::new(1));
        let sealed = master.seal(Purpose::LoginKeys, "a", b"secret", &entropy).unwrap();
        let open = |key: &MasterKey, purpose, bound_to| {
            key.open(purpose, bound_to, &sealed).unwrap().map(|plain| plain.to_vec())
        };
        assert_eq!(open(&master, Purpose::LoginKeys, "a").unwrap(), b"secret");
        assert_eq!(open(&master, Purpose::LoginKeys, "b"), None);
        assert_eq!(open(&master, Purpose::AccessTokenKeys, "a"), None);
        assert_eq!(open(&self::master(&TEXT.to_uppercase()), Purpose::LoginKeys, "a"), None);
    }

    #[test]
    fn flipped_bits_never_open_and_nothing_repeats() {
        let (master, entropy) = (master(TEXT), Seeded::new(2));
        let sealed = master.seal(Purpose::LoginKeys, "a", b"secret", &entropy).unwrap();
        assert_ne!(sealed, master.seal(Purpose::LoginKeys, "a", b"secret", &entropy).unwrap());
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(master.open(Purpose::LoginKeys, "a", &flipped).unwrap().is_none(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(master.open(Purpose::LoginKeys, "a", &sealed[..length]).unwrap().is_none(), "{length} bytes");
        }
    }
}
