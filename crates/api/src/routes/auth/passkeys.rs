//! `/auth/passkeys`: signing in by a passkey.
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use circadia_app::App;
use circadia_app::passkeys::Passkeys;
use circadia_app::sessions::{OpenSession, TokenSession};
use circadia_auth::passkeys::CEREMONY_TTL;
use circadia_domain::code::Code;
use circadia_domain::users::UserProfile;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::webauthn::{self, AuthenticationAnswer, RequestOptions};
use super::{TokensBody, device, tokens};
use crate::http::answer::unstored;
use crate::http::caller::client;
use crate::http::input::{Body, Decode, Fields, any_text, text};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, start_passkey_sign_in, log_in_with_passkey);
}

/// The passkeys of the application, where they are configured.
pub(crate) fn passkeys(app: &App) -> Result<&Passkeys, Problem> {
    app.passkeys.as_ref().ok_or_else(|| {
        Problem::of(
            Code::PasskeysDisabled,
            "Passkeys need a domain: set `CIRCADIA_FRONTEND_URL` to one, or `CIRCADIA_WEBAUTHN_RP_ID`.",
        )
    })
}

/// How to sign in by a passkey.
#[derive(Debug, ToSchema)]
pub(crate) struct StartPasskeySignInBody {
    /// The `challenge` of a `second_factor_required` problem, to answer it by a passkey of that account instead of a code.
    challenge: Option<String>,
}

impl Decode for StartPasskeySignInBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { challenge: fields.optional_with("challenge", any_text) })
    }
}

/// A sign-in that has begun.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasskeySignIn)]
struct StartedBody {
    /// To be sent back with the device's answer. Keep it in the page that began: it is good once.
    #[schema(min_length = 43, max_length = 43, example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")]
    ceremony: String,
    /// Seconds until it expires.
    #[schema(example = 300)]
    expires_in: i64,
    /// What the browser needs.
    options: RequestOptions,
}

/// What the device answered.
#[derive(Debug, ToSchema)]
pub(crate) struct FinishPasskeySignInBody {
    /// The `ceremony` that it answers.
    #[schema(
        min_length = 43,
        max_length = 43,
        pattern = "^[A-Za-z0-9_-]{43}$",
        example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )]
    ceremony: String,
    /// What `navigator.credentials.get` gave.
    #[schema(value_type = AuthenticationAnswer)]
    credential: Value,
    /// The device's name, shown in the list of sessions. Of a second factor, the one sent with the password counts.
    #[schema(value_type = Option<String>, max_length = 100, example = "Ada's phone")]
    device: Option<String>,
}

impl Decode for FinishPasskeySignInBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let ceremony = fields.required_with("ceremony", text(webauthn::ceremony));
        let credential = fields.required_with("credential", webauthn::authentication);
        let device = fields.optional_with("device", text(device));
        Some(Self { ceremony: ceremony?, credential: credential?, device })
    }
}

impl FinishPasskeySignInBody {
    /// Signs in, with a session of kind `K`.
    pub(super) async fn sign_in<K: OpenSession>(
        self,
        state: &AppState,
        request: &HttpRequest,
    ) -> Result<(K::Opened, UserProfile), Problem> {
        let own = self.device.as_deref();
        let client_of = |begun: Option<&str>| client(state, request.head(), begun.or(own));
        Ok(passkeys(&state.app)?.sign_in::<K>(&self.ceremony, &self.credential, client_of).await?)
    }
}

/// Start a sign-in by passkey
///
/// Give `options` to `PublicKeyCredential.parseRequestOptionsFromJSON` and the result to `navigator.credentials.get` as
/// `publicKey`, and send what `toJSON()` makes of its answer to `POST /auth/passkeys/finish`, or
/// `POST /auth/session/passkey` for a cookie. No user name is needed: the device knows whose passkeys it has. For the
/// form's autofill, call `get` with `mediation: "conditional"`.
#[utoipa::path(
    post,
    path = "/auth/passkeys/start",
    tag = "auth",
    operation_id = "startPasskeySignIn",
    security(()),
    request_body = StartPasskeySignInBody,
    responses(
        (status = 200, description = "What the browser needs", body = StartedBody),
        (status = 401, description = "`challenge_expired`: sign in with the password again", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`passkeys_disabled`; or `passkey_not_found`: the challenge's account has none", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn start_passkey_sign_in(
    state: Data<AppState>,
    body: Body<StartPasskeySignInBody>,
) -> Result<HttpResponse, Problem> {
    let begun = passkeys(&state.app)?.begin_sign_in(body.0.challenge).await?;
    let options = RequestOptions::from(&begun);
    Ok(unstored(StatusCode::OK, &StartedBody { ceremony: begun.ceremony, expires_in: CEREMONY_TTL, options }))
}

/// Log in with a passkey
///
/// Opens a session as `POST /auth/login` does. The device has verified its user, so no second factor is asked for; and a
/// sign-in that was started with a `challenge` answers that one.
#[utoipa::path(
    post,
    path = "/auth/passkeys/finish",
    tag = "auth",
    operation_id = "loginWithPasskey",
    extensions(("x-rate-limit" = json!("auth"))),
    security(()),
    request_body = FinishPasskeySignInBody,
    responses(
        (status = 200, description = "Signed in", body = TokensBody),
        (status = 401, description = "`passkey_invalid`; or `challenge_expired`: start again", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 403, description = "`email_not_verified`: the passkey is right, but the address isn't verified yet", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`passkeys_disabled`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn log_in_with_passkey(
    state: Data<AppState>,
    request: HttpRequest,
    body: Body<FinishPasskeySignInBody>,
) -> Result<HttpResponse, Problem> {
    let (opened, profile) = body.0.sign_in::<TokenSession>(&state, &request).await?;
    tokens(&state, StatusCode::OK, &opened.session, &opened.refresh_token, profile)
}
