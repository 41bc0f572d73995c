//! `GET /auth/public-key`: the key that clients may encrypt passwords with.
use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use circadia_auth::keys::LoginPublicKey;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_public_key);
}

/// The public key for encrypting passwords.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicKey)]
pub struct PublicKeyBody {
    /// The key's id, to send as `password_kid`.
    #[schema(pattern = "^[0-9a-f]{16}$", example = "00f1a2b3c4d5e6f7")]
    kid: String,
    /// The algorithm: RSA-OAEP with SHA-256, also in its mask (MGF1), and no label.
    #[schema(pattern = "^(RSA-OAEP-256)$")]
    alg: &'static str,
    /// The key in PEM (`SubjectPublicKeyInfo`).
    #[schema(example = "-----BEGIN PUBLIC KEY-----\nMIIBojANBgkqhkiG9w0BAQEFAAOC…\n-----END PUBLIC KEY-----\n")]
    public_key: String,
    /// The key as a JSON Web Key (RFC 7517), as `crypto.subtle` of browsers imports it.
    #[schema(value_type = EncryptingKeyDoc)]
    jwk: Value,
}

/// A public key of RSA (RFC 7518).
#[derive(Debug, ToSchema)]
#[schema(as = EncryptingKey)]
#[expect(dead_code, reason = "only its schema is used")]
struct EncryptingKeyDoc {
    /// The kind of key.
    #[schema(pattern = "^(RSA)$")]
    kty: String,
    /// The modulus, in base64url.
    #[schema(example = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc")]
    n: String,
    /// The exponent, in base64url.
    #[schema(example = "AQAB")]
    e: String,
    /// The key's id.
    #[schema(example = "00f1a2b3c4d5e6f7")]
    kid: String,
    /// What it is for.
    #[serde(rename = "use")]
    #[schema(pattern = "^(enc)$")]
    usage: String,
    /// The algorithm.
    #[schema(pattern = "^(RSA-OAEP-256)$")]
    alg: String,
}

/// Get the key for passwords
///
/// A password may be sent as `encrypted_password` instead of `password`: its UTF-8 encrypted with this key by RSA-OAEP
/// with SHA-256 (also in MGF1, no label), in base64, base64url or hexadecimal digits, with this `kid` as
/// `password_kid`. This is for clients whose TLS ends at a third party's proxy; otherwise `password` is just as safe.
/// If a correct password is refused, fetch the key again: it may have been replaced.
#[utoipa::path(
    get,
    path = "/auth/public-key",
    tag = "auth",
    operation_id = "getPublicKey",
    security(()),
    responses((status = 200, description = "The key; may be cached for a minute", body = PublicKeyBody))
)]
async fn get_public_key(state: Data<AppState>) -> Result<HttpResponse, Problem> {
    let LoginPublicKey { kid, pem, jwk } = state.app.keys.login_public_key().await?;
    let body = PublicKeyBody { kid: kid.to_string(), alg: "RSA-OAEP-256", public_key: pem, jwk };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=60")).json(body))
}
