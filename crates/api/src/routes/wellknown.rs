//! `/.well-known`: the keys that verify access tokens.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;

use utoipa::ToSchema;

use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, jwks);
}

/// A JSON Web Key Set (RFC 7517).
#[derive(Debug, ToSchema)]
#[schema(as = JwkSet)]
#[expect(dead_code, reason = "only its schema is used")]
struct JwkSetDoc {
    /// The keys.
    keys: Vec<VerifyingKeyDoc>,
}

/// A public key of Ed25519 (RFC 8037).
#[derive(Debug, ToSchema)]
#[schema(as = VerifyingKey)]
#[expect(dead_code, reason = "only its schema is used")]
struct VerifyingKeyDoc {
    /// The kind of key.
    #[schema(pattern = "^(OKP)$")]
    kty: String,
    /// The curve.
    #[schema(pattern = "^(Ed25519)$")]
    crv: String,
    /// The public key, in base64url.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    x: String,
    /// The key's id, as in the header of a token.
    #[schema(example = "00f1a2b3c4d5e6f7")]
    kid: String,
    /// What it is for.
    #[serde(rename = "use")]
    #[schema(pattern = "^(sig)$")]
    usage: String,
    /// The algorithm.
    #[schema(pattern = "^(EdDSA)$")]
    alg: String,
}

/// Get the keys that verify access tokens
///
/// A JSON Web Key Set (RFC 7517). New keys are published here minutes before the first token is signed with them.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "system",
    operation_id = "getJwks",
    security(()),
    responses((status = 200, description = "The keys", body = JwkSetDoc))
)]
async fn jwks(state: Data<AppState>) -> HttpResponse {
    let keys = state.app.keys.jwks();
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=60")).json(keys)
}
