//! `POST /auth/login`: signing in.
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use circadia_app::passwords::{PASSWORD, SubmittedPassword};
use circadia_app::sessions::{OpenSession, TokenSession};
use circadia_auth::keys::Kid;
use circadia_auth::passwords::Password;
use circadia_domain::users::{Login, UserProfile};
use circadia_domain::violation::Violations;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::totp::SecondFactorDoc;
use super::{TokensBody, device, password_field, tokens};
use crate::http::caller::client;
use crate::http::cookies;
use crate::http::input::{Body, Decode, Fields, text};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, log_in);
}

/// A user name or address to sign in with. Any text is accepted here; a malformed one matches no account.
fn login_name(text: &str) -> Result<String, Violations> {
    if text.contains('\0') {
        return Err(Violations::of("nul_character", "must not contain the NUL character"));
    }
    if text.len() > 1024 {
        return Err(Violations::of("too_long", "must have at most 254 characters"));
    }
    Ok(text.to_owned())
}

/// A marker as a client kept it, unchecked.
fn device_token(text: &str) -> Result<String, Violations> {
    if text.len() > 200 {
        return Err(Violations::of("too_long", "must have at most 200 characters"));
    }
    Ok(text.to_owned())
}

/// Credentials: an address or a name, and a password.
#[derive(Debug, ToSchema)]
pub struct LoginBody {
    /// The address; either this or `username`.
    #[schema(value_type = Option<String>, example = "ada@example.org")]
    email: Option<String>,
    /// The name; either this or `email`.
    #[schema(value_type = Option<String>)]
    username: Option<String>,
    /// The password; either this or `encrypted_password`.
    #[schema(value_type = Option<String>, format = Password, example = "correct horse battery")]
    password: Option<Zeroizing<String>>,
    /// The password, encrypted with the key of `GET /auth/public-key`.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_password: Option<Vec<u8>>,
    /// The `kid` of that key. Without it, every accepted key is tried.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{16}$")]
    password_kid: Option<Kid>,
    /// The device's name, shown in the list of sessions.
    #[schema(value_type = Option<String>, max_length = 100, example = "Ada's phone")]
    device: Option<String>,
    /// The latest `device_token` that this device was given for the account. With it, guesses of others don't hold the
    /// sign-in up. A wrong or expired one is ignored. Browsers have a cookie instead.
    #[schema(value_type = Option<String>, max_length = 200)]
    device_token: Option<String>,
}

impl Decode for LoginBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let email = fields.optional_with("email", text(login_name));
        let username = fields.optional_with("username", text(login_name));
        let sent = password_field::required(fields, PASSWORD, |given| Password::given(given).map(drop));
        let device = fields.optional_with("device", text(device));
        let device_token = fields.optional_with("device_token", text(device_token));
        match (&email, &username) {
            (None, None) => fields.note("email", "required", "is required, unless `username` is given"),
            (Some(_), Some(_)) => fields.note("username", "unexpected", "must be left out where `email` is given"),
            _ => {}
        }
        let SubmittedPassword { plain, encrypted, kid } = sent?;
        Some(Self {
            email,
            username,
            password: plain,
            encrypted_password: encrypted,
            password_kid: kid,
            device,
            device_token,
        })
    }
}

impl LoginBody {
    /// Signs in, with a session of kind `K`.
    pub(super) async fn sign_in<K: OpenSession>(
        self,
        state: &AppState,
        request: &HttpRequest,
    ) -> Result<(K::Opened, UserProfile), Problem> {
        let client = client(state, request.head(), self.device.as_deref());
        let login = match (&self.email, &self.username) {
            (Some(email), _) => Login::email(email),
            (None, username) => Login::username(username.as_deref().unwrap_or_default()),
        };
        let submitted =
            SubmittedPassword { plain: self.password, encrypted: self.encrypted_password, kid: self.password_kid };
        let mut markers = cookies::device_markers(state, request.head());
        markers.extend(self.device_token.as_deref());
        Ok(state.app.sign_in.by_password::<K>(&login, submitted, &client, &markers).await?)
    }
}

/// Log in
///
/// Opens a session. All wrong credentials get the same answer, also if an encrypted password can't be decrypted. So do
/// right ones of an account whose address must be verified first (see `GET /config`): show both reasons, and offer
/// `POST /auth/resend-verification`.
///
/// Passwords of an account are tried five times at most from unknown devices; then each try has to wait longer than the
/// one before, up to five minutes (429 with `Retry-After`). A device that keeps the `device_token` of its latest tokens and
/// sends it here isn't held up by others, nor is a network where the account signed in before.
#[utoipa::path(
    post,
    path = "/auth/login",
    tag = "auth",
    operation_id = "login",
    extensions(("x-rate-limit" = json!("auth"))),
    security(()),
    request_body = LoginBody,
    responses(
        (status = 200, description = "Signed in", body = TokensBody),
        (status = 403, description = "`email_not_verified`: the password is right, but the address isn't verified yet", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 401, description = "`invalid_credentials`; or, if the password is right, `second_factor_required` with a `challenge` for `POST /auth/login/totp` or `POST /auth/passkeys/start`", body = SecondFactorDoc, content_type = "application/problem+json"),
    )
)]
async fn log_in(state: Data<AppState>, request: HttpRequest, body: Body<LoginBody>) -> Result<HttpResponse, Problem> {
    let (opened, profile) = body.0.sign_in::<TokenSession>(&state, &request).await?;
    tokens(&state, StatusCode::OK, &opened.session, &opened.refresh_token, profile)
}
