//! The claims of a token, parsed strictly: no unknown members, no duplicates.

use std::borrow::Cow;

use circadia_domain::ids::{SessionId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The only algorithm.
pub(super) const ALGORITHM: &str = "EdDSA";
/// The only accepted type of access token (RFC 9068 §2.1).
pub(super) const TYPE: &str = "at+jwt";

/// A token's header. Members that could select another key (`jwk`, `jku`, `x5u`, `crit` …) are rejected.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header<'a> {
    #[serde(borrow)]
    pub(super) typ: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) alg: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) kid: Cow<'a, str>,
}

/// A token's claims; times in seconds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims<'a> {
    /// The issuer.
    #[serde(borrow)]
    pub(super) iss: Cow<'a, str>,
    /// The audience.
    #[serde(borrow)]
    pub(super) aud: Cow<'a, str>,
    /// The subject: the user's id.
    pub(super) sub: UserId,
    /// The session's id.
    pub(super) sid: SessionId,
    /// The token's id.
    pub(super) jti: Uuid,
    /// The time of issue.
    pub(super) iat: i64,
    /// The expiry.
    pub(super) exp: i64,
    /// When its session was opened by signing in (`auth_time` of `OpenID` Connect Core §2).
    pub(super) auth_time: i64,
}
