//! The key that identifies this installation to push services: ES256, Voluntary Application Server Identification
//! (VAPID, RFC 8292).
//!
//! Browsers bind a subscription to it, so it is made once and never rotated: another key would end every subscription.

use std::fmt;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use circadia_domain::civil::Instant;
use circadia_domain::keys::StoredKey;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use zeroize::Zeroizing;

use super::ring::open;
use super::{KeyError, MasterKey, Purpose};
use crate::bytes::base64url;

/// For how long a statement is good, in seconds: RFC 8292 §2 allows 24 hours at most, services' clocks may be wrong.
const TTL_SECONDS: i64 = 12 * 60 * 60;

/// The key.
pub struct VapidKey {
    encoding: EncodingKey,
    public: String,
}

/// The claims of RFC 8292 §2.
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: i64,
    sub: &'a str,
}

impl VapidKey {
    /// A new private key (PKCS #8), not stored yet.
    pub(super) fn generate() -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| KeyError::Crypto("ES256"))?;
        let document = pair.to_pkcs8v1().map_err(|_| KeyError::Crypto("PKCS #8"))?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    pub(super) fn unseal(stored: &StoredKey, master: &MasterKey) -> Result<Self, KeyError> {
        let (_, secret) = open(stored, Purpose::WebPushKeys, master)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &secret)
            .map_err(|_| KeyError::Corrupt(stored.kid.clone()))?;
        Ok(Self { encoding: EncodingKey::from_ec_der(&secret), public: base64url(pair.public_key().as_ref()) })
    }

    /// The public key as browsers take it (`applicationServerKey`): an uncompressed point of P-256, in base64url.
    pub fn public_key(&self) -> &str {
        &self.public
    }

    /// The `Authorization` of a request to a push service. `origin` is that of the endpoint, `subject` says whom its
    /// operators can write to: `mailto:` or `https:`.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which indicates a bug.
    pub fn authorization(&self, origin: &str, subject: &str, now: Instant) -> Result<String, KeyError> {
        let claims = Claims { aud: origin, exp: now.seconds() + TTL_SECONDS, sub: subject };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &self.encoding)
            .map_err(|_| KeyError::Crypto("ES256"))?;
        Ok(format!("vapid t={token}, k={}", self.public))
    }
}

impl fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VapidKey").field("public", &self.public).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use circadia_domain::keys::KeyPurpose;
    use jsonwebtoken::{DecodingKey, Validation};
    use serde_json::Value;

    use super::*;
    use crate::bytes::from_base64url;
    use crate::keys::{KeyRing, Rotation};
    use crate::testing::{InMemoryStore, MASTER, NOW, Seeded};

    fn ring(store: &mut InMemoryStore) -> KeyRing {
        KeyRing::load_or_create(store, &MasterKey::from_text(MASTER).unwrap(), &Seeded::new(5), NOW).unwrap()
    }

    #[test]
    fn statements_are_signed_for_one_service_and_verify_by_the_public_key() {
        let ring = ring(&mut InMemoryStore::default());
        let key = ring.vapid().unwrap();
        let point = from_base64url(key.public_key()).unwrap();
        assert_eq!((point.len(), point[0]), (65, 4));
        let header = key.authorization("https://push.example", "mailto:ops@example.org", NOW).unwrap();
        let (token, public) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        assert_eq!(public, key.public_key());
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&["https://push.example"]);
        validation.validate_exp = false;
        let verified = jsonwebtoken::decode::<Value>(token, &DecodingKey::from_ec_der(&point), &validation).unwrap();
        assert_eq!(
            verified.claims,
            serde_json::json!({
                "aud": "https://push.example", "sub": "mailto:ops@example.org", "exp": NOW.seconds() + 43_200,
            })
        );
        let other = self::ring(&mut InMemoryStore::default());
        let other = from_base64url(other.vapid().unwrap().public_key()).unwrap();
        assert!(jsonwebtoken::decode::<Value>(token, &DecodingKey::from_ec_der(&other), &validation).is_err());
        assert!(!format!("{key:?}").contains("encoding"));
    }

    #[test]
    fn it_is_made_once_and_survives_every_rotation() {
        let mut store = InMemoryStore::default();
        let public = ring(&mut store).vapid().unwrap().public_key().to_owned();
        assert_eq!(ring(&mut store).vapid().unwrap().public_key(), public);
        let (master, entropy) = (MasterKey::from_text(MASTER).unwrap(), Seeded::new(6));
        let rotated = KeyRing::rotate(
            &mut store,
            &KeyPurpose::ALL,
            Rotation::Emergency,
            None,
            &master,
            &entropy,
            NOW.plus_seconds(1),
        );
        assert_eq!(rotated.unwrap().vapid().unwrap().public_key(), public);
        assert_eq!(store.keys.iter().filter(|key| key.purpose == KeyPurpose::WebPush).count(), 1);
    }
}
