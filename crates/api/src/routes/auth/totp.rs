//! `POST /auth/login/totp`: the second half of signing in, where a second factor is asked for.
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use circadia_app::sessions::{OpenSession, TokenSession};
use circadia_domain::users::UserProfile;
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

/// A code that somebody typed: of any shape, for what isn't one is simply wrong.
pub(crate) fn code(given: &str) -> Parsed<String> {
    if given.chars().count() > 64 {
        return Err(circadia_domain::violation::Violations::of("too_long", "must have at most 64 characters"));
    }
    Ok(given.to_owned())
}

/// The answer to a challenge.
#[derive(Debug, ToSchema)]
pub struct SecondFactorBody {
    /// The `challenge` of the refusal.
    challenge: String,
    /// The code that the authenticator shows, or a recovery code.
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
/// Opens the session that `POST /auth/login` refused with `second_factor_required`. Each code is good once; a recovery
/// code may stand in for the authenticator's. Wrong codes are counted for good: after
/// ten, one may be tried every 48 minutes (429 with `Retry-After`), and recovery codes at any time.
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
        (status = 401, description = "`wrong_code`; or `challenge_expired`: begin again with the password", body = ProblemDoc, content_type = "application/problem+json"),
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
