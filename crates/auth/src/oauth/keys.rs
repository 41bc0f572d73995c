//! The keys a provider signs ID tokens with (RFC 7517).

use std::fmt;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::settings::TENANT_PLACEHOLDER;

/// Maximum number of keys read; a provider has only a few.
const MAX_KEYS: usize = 64;

/// The algorithms that ID tokens may be signed by, where the provider says that it uses them. Never a symmetric one, and
/// never `none`: RFC 8725 §3.1.
pub(super) const ALGORITHMS: [(&str, Algorithm); 4] = [
    ("RS256", Algorithm::RS256),
    ("PS256", Algorithm::PS256),
    ("ES256", Algorithm::ES256),
    ("EdDSA", Algorithm::EdDSA),
];

/// A key that verifies ID tokens.
#[derive(Clone)]
pub(super) struct SigningKey {
    id: String,
    /// The algorithms that it is for.
    algorithms: Vec<Algorithm>,
    pub(super) key: DecodingKey,
    /// The only issuer whose tokens it signs, where several share the keys (Microsoft Entra).
    issuer: Option<String>,
}

impl SigningKey {
    /// Whether it signs tokens of an issuer.
    pub(super) fn is_for(&self, issuer: &str) -> bool {
        let Some(own) = &self.issuer else { return true };
        match own.split_once(TENANT_PLACEHOLDER) {
            None => own == issuer,
            Some((before, after)) => {
                let tenant = issuer.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                tenant.is_some_and(|tenant| !tenant.is_empty() && !tenant.contains('/'))
            }
        }
    }
}

/// A provider's keys.
#[derive(Clone, Default)]
pub(super) struct KeySet(Vec<SigningKey>);

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
    pub(super) fn find(&self, id: &str, algorithm: Algorithm) -> Option<&SigningKey> {
        self.0.iter().find(|key| key.id == id && key.algorithms.contains(&algorithm))
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

fn usable(json: Value) -> Option<SigningKey> {
    let issuer = json.get("issuer").and_then(Value::as_str).map(str::to_owned);
    let key: Jwk = serde_json::from_value(json).ok()?;
    let id = key.common.key_id.clone()?;
    if key.common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
        return None;
    }
    let kind = match &key.algorithm {
        // Microsoft's don't say for which they are.
        AlgorithmParameters::RSA(_) => {
            vec![(Algorithm::RS256, KeyAlgorithm::RS256), (Algorithm::PS256, KeyAlgorithm::PS256)]
        }
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => {
            vec![(Algorithm::ES256, KeyAlgorithm::ES256)]
        }
        AlgorithmParameters::OctetKeyPair(point) if point.curve == EllipticCurve::Ed25519 => {
            vec![(Algorithm::EdDSA, KeyAlgorithm::EdDSA)]
        }
        _ => return None,
    };
    let stated = key.common.key_algorithm;
    let algorithms: Vec<Algorithm> = kind
        .into_iter()
        .filter(|(_, named)| stated.is_none_or(|stated| stated == *named))
        .map(|(algorithm, _)| algorithm)
        .collect();
    if algorithms.is_empty() {
        return None;
    }
    Some(SigningKey { id, algorithms, key: DecodingKey::from_jwk(&key).ok()?, issuer })
}
