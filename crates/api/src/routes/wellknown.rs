//! `/.well-known`: the keys that verify access tokens.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;

use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, jwks);
}

/// Get the keys that verify access tokens
///
/// A JSON Web Key Set (RFC 7517). New keys are published here minutes before the first token is signed with them.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "auth",
    operation_id = "getJwks",
    security(()),
    responses((status = 200, description = "The keys", body = serde_json::Value))
)]
async fn jwks(state: Data<AppState>) -> HttpResponse {
    let keys = state.app.keys.jwks();
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, max-age=60")).json(keys)
}
