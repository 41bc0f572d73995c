//! `POST /auth/login/totp`: signing in with a second factor.
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use circadia_app::sessions::{OpenSession, TokenSession};
use circadia_domain::users::UserProfile;
use serde::Serialize;
use utoipa::ToSchema;

use super::{TokensBody, tokens};
use crate::http::caller::client;
use crate::http::input::{Body, Decode, Fields, Parsed, any_text, text};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, log_in_with_totp);
}

/// A code as the user typed it. Any text is accepted here; a malformed code is refused as a wrong one.
pub(crate) fn code(given: &str) -> Parsed<String> {
    if given.chars().count() > 64 {
        return Err(circadia_domain::violation::Violations::of("too_long", "must have at most 64 characters"));
    }
    Ok(given.to_owned())
}

/// Why the sign-in was refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecondFactorProblem)]
pub struct SecondFactorDoc {
    #[serde(flatten)]
    problem: ProblemDoc,
    /// What to send with a code of the second factor within five minutes; with `second_factor_required`.
    #[schema(nullable = false, example = "AZILfkxdfi-KGzxNXm96iwGSC35MXX4virs8TV5vepsAAAAA")]
    challenge: Option<String>,
}

/// The answer to a challenge.
#[derive(Debug, ToSchema)]
pub struct SecondFactorBody {
    /// The `challenge` from the `second_factor_required` problem.
    #[schema(example = "AZILfkxdfi-KGzxNXm96iwGSC35MXX4virs8TV5vepsAAAAA")]
    challenge: String,
    /// The authenticator's current code, or a recovery code.
    #[schema(max_length = 64, example = "492039")]
    code: String,
}

impl Decode for SecondFactorBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let challenge = fields.required_with("challenge", any_text);
        let code = fields.required_with("code", text(code));
        Some(Self { challenge: challenge?, code: code? })
    }
}

/// Log in with a second factor
///
/// Opens the session that `POST /auth/login` refused with `second_factor_required`. Each code is valid once. A recovery
/// code may be used instead of the authenticator's. After ten wrong codes in total, one code may be tried every 48
/// minutes (429 with `Retry-After`). Recovery codes are always accepted.
#[utoipa::path(
    post,
    path = "/auth/login/totp",
    tag = "auth",
    operation_id = "loginWithTotp",
    extensions(("x-rate-limit" = json!("auth"))),
    security(()),
    request_body = SecondFactorBody,
    responses(
        (status = 200, description = "Signed in", body = TokensBody),
        (status = 401, description = "`wrong_code`; or `challenge_expired`: sign in with the password again", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn log_in_with_totp(
    state: Data<AppState>,
    request: HttpRequest,
    body: Body<SecondFactorBody>,
) -> Result<HttpResponse, Problem> {
    let (opened, profile) = body.0.sign_in::<TokenSession>(&state, &request).await?;
    tokens(&state, StatusCode::OK, &opened.session, &opened.refresh_token, profile)
}

impl SecondFactorBody {
    /// Signs in, with a session of kind `K`.
    pub(super) async fn sign_in<K: OpenSession>(
        self,
        state: &AppState,
        request: &HttpRequest,
    ) -> Result<(K::Opened, UserProfile), Problem> {
        let client_of = |device: Option<&str>| client(state, request.head(), device);
        Ok(state.app.sign_in.by_challenge::<K>(&self.challenge, self.code, client_of).await?)
    }
}
