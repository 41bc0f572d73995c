//! `POST /auth/logout`, `POST /auth/logout-all`: signing out.
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use circadia_auth::sessions::RefreshToken;
use utoipa::ToSchema;

use crate::http::answer::NoContent;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, OptionalBody, any_text};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, log_out, log_out_everywhere);
}

/// The session to end.
#[derive(Debug, ToSchema)]
pub struct LogoutBody {
    /// A refresh token of the session to end; without it, the session of the access token ends.
    #[schema(example = "crr_AZILfkxdfi-KGzxNXm96iwGSC35MXX4virs8TV5vepsAAAAA")]
    refresh_token: Option<String>,
}

impl Decode for LogoutBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let refresh_token = fields.optional_with("refresh_token", any_text);
        Some(Self { refresh_token })
    }
}

/// Log out
///
/// Ends the session of the refresh token in the body, which needs no access token. Without a body, ends the session of
/// the access token.
#[utoipa::path(
    post,
    path = "/auth/logout",
    tag = "auth",
    operation_id = "logout",
    extensions(("x-rate-limit" = json!("auth_unless_signed_in"))),
    security((), ("bearer" = []), ("cookie" = [])),
    request_body = Option<LogoutBody>,
    responses(
        (status = 204, description = "The session has ended; every server refuses it within a second"),
    )
)]
async fn log_out(
    state: Data<AppState>,
    request: HttpRequest,
    body: OptionalBody<LogoutBody>,
) -> Result<NoContent, Problem> {
    match body.0.and_then(|body| body.refresh_token) {
        // The access token isn't needed here, and may have expired.
        Some(token) => state.app.sessions.log_out_by_token(&RefreshToken::parse(&token)?).await?,
        None => state.app.sessions.log_out(Caller::extract(&request).await?.principal).await?,
    }
    Ok(NoContent)
}

/// Log out everywhere
///
/// Ends every session of the user, this one included.
#[utoipa::path(
    post,
    path = "/auth/logout-all",
    tag = "auth",
    operation_id = "logoutAll",
    extensions(("x-rate-limit" = json!("auth_unless_signed_in"))),
    responses((status = 204, description = "Every session has ended"))
)]
async fn log_out_everywhere(caller: Caller) -> Result<NoContent, Problem> {
    caller.sessions.log_out_everywhere(caller.principal).await?;
    Ok(NoContent)
}
