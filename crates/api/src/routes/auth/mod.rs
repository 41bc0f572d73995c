//! `/auth`: registering, signing in, refreshing and signing out.

pub mod email;
pub mod login;
pub mod logout;
pub(crate) mod passkeys;
pub mod password;
pub(crate) mod password_field;
pub mod providers;
pub mod public_key;
pub mod refresh;
pub mod register;
pub mod session;
pub mod totp;
pub(crate) mod webauthn;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use circadia_auth::sessions::RefreshToken;
use circadia_domain::sessions::Session;
use circadia_domain::users::UserProfile;
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::ToSchema;

use super::me::UserBody;
use crate::http::answer::unstored;
use crate::http::problem::Problem;
use crate::http::routing::Routes;
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("auth", "Getting an account, signing in, staying signed in, signing out.");
    register::routes(routes);
    login::routes(routes);
    totp::routes(routes);
    passkeys::routes(routes);
    refresh::routes(routes);
    logout::routes(routes);
    public_key::routes(routes);
    session::routes(routes);
    providers::routes(routes);
    email::routes(routes);
    password::routes(routes);
}

/// Tokens of a session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tokens)]
pub struct TokensBody {
    /// The access token, for `Authorization: Bearer …`. Opaque to clients, although it is a JWT.
    pub access_token: String,
    /// The refresh token. It can be exchanged once; the answer contains the next one.
    pub refresh_token: String,
    /// Marks this device as one where the user signed in. Keep it, also when the session ends, and send it with the next
    /// `POST /auth/login`: then guesses of others don't hold the sign-in up. It opens nothing by itself, and is good for
    /// 400 days.
    pub device_token: String,
    /// Always `Bearer`.
    #[schema(pattern = "^(Bearer)$")]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    pub expires_in: i64,
    /// The signed-in user.
    pub user: UserBody,
}

fn device(text: &str) -> Result<String, Violations> {
    if text.chars().count() > 100 {
        return Err(Violations::of("too_long", "must have at most 100 characters"));
    }
    if text.contains('\0') {
        return Err(Violations::of("nul_character", "must not contain the NUL character"));
    }
    Ok(text.to_owned())
}

/// The status of something that continues by mail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailStatus)]
pub struct StatusBody {
    /// What is on its way.
    #[schema(pattern = "^(verification_sent|reset_sent)$")]
    pub status: &'static str,
}

/// The 202 answer for something that continues by mail.
pub(super) fn accepted(status: &'static str) -> HttpResponse {
    unstored(StatusCode::ACCEPTED, &StatusBody { status })
}

/// The tokens of a session that was opened or renewed.
fn tokens(
    state: &AppState,
    status: StatusCode,
    session: &Session,
    refresh_token: &RefreshToken,
    profile: UserProfile,
) -> Result<HttpResponse, Problem> {
    let access = state.app.keys.issue_access_token(session)?;
    let body = TokensBody {
        access_token: access.token,
        refresh_token: refresh_token.text(),
        device_token: state.app.sessions.device_marker(session),
        token_type: "Bearer",
        expires_in: access.expires_in,
        user: profile.into(),
    };
    Ok(unstored(status, &body))
}
