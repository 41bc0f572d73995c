//! `POST /auth/refresh`: refreshing tokens.
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::ToSchema;

use super::{TokensBody, tokens};
use crate::http::caller::client;
use crate::http::input::{Body, Decode, Fields, any_text};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, refresh_tokens);
}

/// A refresh token.
#[derive(Debug, ToSchema)]
pub struct RefreshBody {
    /// The refresh token that came with the latest access token.
    #[schema(example = "crr_AZILfkxdfi-KGzxNXm96iwGSC35MXX4virs8TV5vepsAAAAA")]
    refresh_token: String,
}

impl Decode for RefreshBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let refresh_token = fields.required_with("refresh_token", any_text);
        Some(Self { refresh_token: refresh_token? })
    }
}

/// Refresh
///
/// Exchanges a refresh token for new tokens. Each token can be exchanged once: using it again ends the whole session,
/// except that the latest exchange may be repeated within 10 seconds in case the answer was lost.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    tag = "auth",
    operation_id = "refresh",
    extensions(("x-rate-limit" = json!("refresh"))),
    security(()),
    request_body = RefreshBody,
    responses(
        (status = 200, description = "The next tokens", body = TokensBody),
        (status = 401, description = "`token_invalid`, `token_expired` or `token_revoked`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn refresh_tokens(
    state: Data<AppState>,
    request: HttpRequest,
    body: Body<RefreshBody>,
) -> Result<HttpResponse, Problem> {
    let client = client(&state, request.head(), None);
    let (refreshed, profile) = state.app.sessions.refresh(&body.0.refresh_token, client).await?;
    tokens(&state, StatusCode::OK, &refreshed.session, &refreshed.refresh_token, profile)
}
