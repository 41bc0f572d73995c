//! What stands in a token, read strictly: no member that isn't known, none twice.

use std::borrow::Cow;

use circadia_domain::ids::{SessionId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The only algorithm.
pub(super) const ALGORITHM: &str = "EdDSA";
/// The only kind of token that is accepted as an access token (RFC 9068 §2.1).
pub(super) const TYPE: &str = "at+jwt";

/// A token's header. `jwk`, `jku`, `x5u`, `crit` and whatever else could lead to another key have no place in it.
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

/// A token's claims; instants in seconds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claims<'a> {
    /// By which installation it was issued.
    #[serde(borrow)]
    pub(super) iss: Cow<'a, str>,
    /// For which API.
    #[serde(borrow)]
    pub(super) aud: Cow<'a, str>,
    /// To whom.
    pub(super) sub: UserId,
    /// In which session.
    pub(super) sid: SessionId,
    /// Its own name.
    pub(super) jti: Uuid,
    /// When.
    pub(super) iat: i64,
    /// Until when it is valid.
    pub(super) exp: i64,
    /// When its session was opened, by signing in (the claim of `OpenID` Connect Core §2).
    pub(super) auth_time: i64,
}
