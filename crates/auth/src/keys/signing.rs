//! Keys that sign access tokens and derive refresh tokens.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use circadia_domain::civil::Instant;
use circadia_domain::keys::StoredKey;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::ring::{Dated, open};
use super::{KeyError, Kid, MasterKey, Purpose};
use crate::bytes::{Bytes32, base64url};

/// A key that signs access tokens (Ed25519).
pub(crate) struct AccessKey {
    pub(crate) kid: Kid,
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
    pub(crate) retires_at: Option<Instant>,
    public: Vec<u8>,
    created_at: Instant,
}

impl Dated for AccessKey {
    fn created_at(&self) -> Instant {
        self.created_at
    }
    fn retires_at(&self) -> Option<Instant> {
        self.retires_at
    }
}

impl AccessKey {
    pub(super) fn unseal(stored: &StoredKey, master: &MasterKey) -> Result<Self, KeyError> {
        let (kid, seed) = open_32(stored, Purpose::AccessTokenKeys, master)?;
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

    /// The public half as a JSON Web Key (RFC 7517, RFC 8037).
    pub(super) fn jwk(&self) -> Value {
        json!({
            "kty": "OKP",
            "crv": "Ed25519",
            "x": base64url(&self.public),
            "kid": self.kid.to_string(),
            "use": "sig",
            "alg": "EdDSA",
        })
    }
}

/// A key that derives refresh tokens (HMAC-SHA256).
pub(super) struct RefreshKey {
    pub(super) kid: Kid,
    pub(super) key: hmac::Key,
    created_at: Instant,
    retires_at: Option<Instant>,
}

impl Dated for RefreshKey {
    fn created_at(&self) -> Instant {
        self.created_at
    }
    fn retires_at(&self) -> Option<Instant> {
        self.retires_at
    }
}

impl RefreshKey {
    pub(super) fn unseal(stored: &StoredKey, master: &MasterKey) -> Result<Self, KeyError> {
        let (kid, secret) = open_32(stored, Purpose::RefreshTokenKeys, master)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*secret);
        Ok(Self { kid, key, created_at: stored.created_at, retires_at: stored.retires_at })
    }
}

fn open_32(stored: &StoredKey, purpose: Purpose, master: &MasterKey) -> Result<(Kid, Zeroizing<Bytes32>), KeyError> {
    let (kid, secret) = open(stored, purpose, master)?;
    let secret = Bytes32::try_from(secret.as_slice()).map_err(|_| KeyError::Corrupt(stored.kid.clone()))?;
    Ok((kid, Zeroizing::new(secret)))
}
