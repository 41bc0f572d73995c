//! Verifying and decoding ID tokens (OpenID Connect Core 1.0 §3.1.3.7, RFC 8725).

use circadia_domain::civil::Instant;
use circadia_domain::identities::{Issuer, Subject};
use circadia_domain::users::Email;
use jsonwebtoken::Algorithm;
use serde::Deserialize;

use super::OAuthError;
use super::keys::SigningKey;
use super::metadata::Metadata;
use super::settings::GOOGLE_ISSUER;
use crate::bytes::{from_base64url, same};

/// Maximum length of an ID token, in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// Tolerated difference between the provider's clock and ours, in seconds.
const LEEWAY_SECONDS: i64 = 60;

/// A user's verified profile at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Who vouches for the user.
    pub issuer: Issuer,
    /// The issuer's permanent identifier of the user.
    pub subject: Subject,
    /// The email address, verified by the provider.
    pub email: Email,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// A boolean, or a string (Apple).
#[derive(Deserialize)]
#[serde(untagged)]
enum Verified {
    Said(bool),
    Written(String),
}

/// What is said about an address, in an ID token or by the `userinfo` endpoint.
#[derive(Deserialize)]
pub(super) struct EmailClaims {
    email: Option<String>,
    email_verified: Option<Verified>,
}

impl EmailClaims {
    /// Whether nothing is said.
    pub(super) const fn is_missing(&self) -> bool {
        self.email.is_none()
    }

    /// The address, if the provider vouches for it. With `trusts_emails`, unless it says that it doesn't.
    pub(super) fn verified(self, trusts_emails: bool) -> Result<Email, OAuthError> {
        let verified = match self.email_verified {
            Some(Verified::Said(verified)) => verified,
            Some(Verified::Written(text)) => text == "true",
            None => trusts_emails,
        };
        let email = self.email.filter(|_| verified).and_then(|email| Email::parse(&email).ok());
        email.ok_or(OAuthError::EmailUnverified)
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    #[serde(flatten)]
    email: EmailClaims,
}

/// Who a verified token is about.
pub(super) struct VerifiedToken {
    pub(super) issuer: Issuer,
    pub(super) subject: Subject,
    pub(super) email: EmailClaims,
}

/// The expected claims.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) issuers: &'a [Issuer],
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
}

/// The key id and algorithm in the header; not verified yet.
pub(super) fn signed_with(token: &str, metadata: &Metadata) -> Result<(Algorithm, String), OAuthError> {
    let invalid = OAuthError::TokenInvalid;
    if token.len() > MAX_TOKEN_BYTES {
        return Err(invalid("it is too long"));
    }
    let header = token.split('.').next().and_then(from_base64url).ok_or(invalid("it is no JWT"))?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| invalid("its header can't be read"))?;
    let algorithm = metadata.algorithm(&header.alg);
    let algorithm = algorithm.ok_or(invalid("it is signed by an algorithm that isn't accepted"))?;
    if header.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(invalid("it is a token of another kind"));
    }
    if header.crit.is_some() {
        return Err(invalid("it asks for extensions"));
    }
    Ok((algorithm, header.kid.ok_or(invalid("it doesn't name its key"))?))
}

/// Verifies the signature and the claims.
pub(super) fn verify(
    token: &str,
    key: &SigningKey,
    algorithm: Algorithm,
    expected: Expected<'_>,
    now: Instant,
) -> Result<VerifiedToken, OAuthError> {
    let invalid = OAuthError::TokenInvalid;
    let (message, signature) = token.rsplit_once('.').ok_or(invalid("it is no JWT"))?;
    let (_, claims) = message.split_once('.').ok_or(invalid("it is no JWT"))?;
    let genuine = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key.key, algorithm);
    if !genuine.unwrap_or(false) {
        return Err(invalid("its signature is wrong"));
    }
    let claims = from_base64url(claims).ok_or(invalid("its claims can't be read"))?;
    let claims: Claims = serde_json::from_slice(&claims).map_err(|_| invalid("its claims can't be read"))?;
    if !key.is_for(&claims.iss) {
        return Err(invalid("its key is another tenant's"));
    }
    check_claims(claims, expected, now)
}

fn check_claims(claims: Claims, expected: Expected<'_>, now: Instant) -> Result<VerifiedToken, OAuthError> {
    let invalid = |reason| Err(OAuthError::TokenInvalid(reason));
    let Expected { issuers, client_id, nonce } = expected;
    // Google has issued tokens without the scheme.
    let is_issuer = |issuer: &&Issuer| {
        let without_scheme =
            if issuer.as_str() == GOOGLE_ISSUER { GOOGLE_ISSUER.strip_prefix("https://") } else { None };
        issuer.as_str() == claims.iss || without_scheme == Some(claims.iss.as_str())
    };
    let Some(issuer) = issuers.iter().find(is_issuer) else { return invalid("another provider issued it") };
    let (meant, alone) = match &claims.aud {
        Audience::One(audience) => (audience == client_id, true),
        Audience::Several(audiences) => (audiences.iter().any(|one| one == client_id), audiences.len() == 1),
    };
    if !meant {
        return invalid("it is meant for another client");
    }
    match &claims.azp {
        Some(party) if party != client_id => return invalid("it was issued to another client"),
        None if !alone => return invalid("it is meant for several, and doesn't say to whom it was issued"),
        _ => {}
    }
    let seconds = now.seconds();
    if claims.exp.saturating_add(LEEWAY_SECONDS) <= seconds {
        return invalid("it has expired");
    }
    if claims.iat.saturating_sub(LEEWAY_SECONDS) > seconds {
        return invalid("it was issued in the future");
    }
    if !claims.nonce.is_some_and(|given| same(given.as_bytes(), nonce.as_bytes())) {
        return invalid("it belongs to another sign-in");
    }
    let Some(subject) = Subject::parse(&claims.sub) else { return invalid("its subject is none") };
    Ok(VerifiedToken { issuer: issuer.clone(), subject, email: claims.email })
}
