//! The keys a provider signs ID tokens with (RFC 7517).

use std::collections::HashMap;
use std::fmt;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// Maximum number of keys read; a provider has only a few.
const MAX_KEYS: usize = 64;

/// The keys, by id.
#[derive(Clone, Default)]
pub(super) struct KeySet(HashMap<String, (Algorithm, DecodingKey)>);

impl KeySet {
    /// Parses a key set; `None` if it is malformed. Keys for unsupported algorithms are skipped.
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Listed {
            keys: Vec<Value>,
        }
        let listed: Listed = serde_json::from_slice(json).ok()?;
        Some(Self(listed.keys.into_iter().take(MAX_KEYS).filter_map(usable).collect()))
    }

    /// The key with this id, if it is for this algorithm.
    pub(super) fn find(&self, kid: &str, algorithm: Algorithm) -> Option<&DecodingKey> {
        self.0.get(kid).filter(|(made_for, _)| *made_for == algorithm).map(|(_, key)| key)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// A key with its id and its only algorithm (RFC 8725 §3.1).
fn usable(json: Value) -> Option<(String, (Algorithm, DecodingKey))> {
    let key: Jwk = serde_json::from_value(json).ok()?;
    let name = key.common.key_id.clone()?;
    if key.common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
        return None;
    }
    let (algorithm, named) = match &key.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        _ => return None,
    };
    if key.common.key_algorithm.is_some_and(|stated| stated != named) {
        return None;
    }
    Some((name, (algorithm, DecodingKey::from_jwk(&key).ok()?)))
}
