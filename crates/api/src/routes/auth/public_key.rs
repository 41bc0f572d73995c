//! `GET /auth/public-key`: what clients may encrypt passwords with.
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

/// The key to encrypt passwords with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublicKey)]
pub struct PublicKeyBody {
    /// Its name, to be sent along as `password_kid`.
    #[schema(pattern = "^[0-9a-f]{16}$", example = "00f1a2b3c4d5e6f7")]
    kid: String,
    /// What to encrypt by: RSA-OAEP with SHA-256, also in its mask (MGF1), and no label.
    #[schema(example = "RSA-OAEP-256")]
    alg: &'static str,
    /// The key in PEM (`SubjectPublicKeyInfo`).
    #[schema(example = "-----BEGIN PUBLIC KEY-----\nMIIBojANBgkqhkiG9w0BAQEFAAOC…\n-----END PUBLIC KEY-----\n")]
    public_key: String,
    /// The key as a JSON Web Key (RFC 7517), as `crypto.subtle` of browsers imports it.
    #[schema(value_type = Object)]
    jwk: Value,
}

/// Get the key for passwords
///
/// A password may be sent as `encrypted_password` instead of `password`: its UTF-8 encrypted with this key by
/// RSA-OAEP with SHA-256 (also in MGF1, no label), in base64, base64url or hexadecimal digits, with this `kid` as
/// `password_kid`. That is for clients whose TLS ends at somebody else's proxy; over one's own TLS, `password` is as
/// good. Fetch the key anew when a password that should be right is refused: it may have been replaced.
#[utoipa::path(
    get,
    path = "/auth/public-key",
    tag = "auth",
    operation_id = "getPublicKey",
    security(()),
    responses((status = 200, description = "The key; may be kept for a minute", body = PublicKeyBody))
)]
async fn get_public_key(state: Data<AppState>) -> Result<HttpResponse, Problem> {
    let LoginPublicKey { kid, pem, jwk } = state.app.keys.login_public_key().await?;
    let body = PublicKeyBody { kid: kid.to_string(), alg: "RSA-OAEP-256", public_key: pem, jwk };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=60")).json(body))
}
