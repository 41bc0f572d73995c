//! The secret by which this service authenticates to a provider: a text that both have, or a statement that is signed
//! for each request (Apple).

use std::fmt;

use circadia_domain::civil::Instant;
use circadia_domain::identities::Issuer;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use zeroize::Zeroizing;

use super::OAuthError;

/// How long a signed secret is good for, in seconds.
const SIGNED_TTL_SECONDS: i64 = 5 * 60;

/// A client secret.
#[derive(Clone)]
pub struct ClientSecret(Kind);

#[derive(Clone)]
enum Kind {
    Shared(Zeroizing<String>),
    Signed { team_id: String, key_id: String, key: EncodingKey },
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(..)")
    }
}

/// The claims of a signed secret.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

impl ClientSecret {
    /// A secret that the provider gave out.
    pub fn shared(text: &str) -> Self {
        Self(Kind::Shared(Zeroizing::new(text.to_owned())))
    }

    /// A secret that is signed by ES256 for each request, with a private key in PKCS #8 PEM (the `.p8` file that Apple
    /// gives out); `None` if that is no such key.
    pub fn signed(team_id: &str, key_id: &str, private_key: &str) -> Option<Self> {
        let key = EncodingKey::from_ec_pem(private_key.as_bytes()).ok()?;
        // Reading a key of another curve succeeds; signing with it doesn't.
        jsonwebtoken::crypto::sign(b"", &key, Algorithm::ES256).ok()?;
        Some(Self(Kind::Signed { team_id: team_id.to_owned(), key_id: key_id.to_owned(), key }))
    }

    /// Whether it is signed for each request; such a secret is sent in the body.
    pub(super) const fn is_signed(&self) -> bool {
        matches!(self.0, Kind::Signed { .. })
    }

    /// The secret to send now.
    pub(super) fn text(&self, client_id: &str, issuer: &Issuer, now: Instant) -> Result<String, OAuthError> {
        let (team_id, key_id, key) = match &self.0 {
            Kind::Shared(text) => return Ok(text.to_string()),
            Kind::Signed { team_id, key_id, key } => (team_id, key_id, key),
        };
        let header = Header { kid: Some(key_id.clone()), ..Header::new(Algorithm::ES256) };
        let iat = now.seconds();
        let claims = Claims { iss: team_id, sub: client_id, aud: issuer.as_str(), iat, exp: iat + SIGNED_TTL_SECONDS };
        jsonwebtoken::encode(&header, &claims, key)
            .map_err(|error| OAuthError::Unavailable(format!("the client secret can't be signed: {error}")))
    }
}
