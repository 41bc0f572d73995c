//! `/auth/session`: cookie sessions of browser apps.
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use circadia_app::authenticate::{MAX_COOKIES, session_invalid};
use circadia_app::sessions::CookieSession;
use circadia_auth::sessions::OpenedCookie;
use circadia_domain::civil::Instant;
use circadia_domain::users::UserProfile;
use serde::Serialize;
use utoipa::ToSchema;

use super::login::LoginBody;
use super::passkeys::FinishPasskeySignInBody;
use super::totp::{SecondFactorBody, SecondFactorDoc};
use crate::http::answer::unstored;
use crate::http::caller::{self, Caller};
use crate::http::input::Body;
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;
use crate::http::{cookies, csrf};
use crate::routes::me::UserBody;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, open_session, open_session_with_totp, open_session_with_passkey, get_session, end_session);
}

/// A cookie session. Scripts can't read the cookie itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CookieSession)]
pub struct SessionBody {
    /// The signed-in user.
    user: UserBody,
    /// The token to send in `X-CSRF-Token` with every request other than GET. It doesn't change during the session.
    csrf_token: String,
    /// When the session expires. It ends earlier if it isn't used for two days.
    expires_at: Instant,
}

/// Answers with a new cookie session.
async fn answer(
    state: &AppState,
    request: &HttpRequest,
    opened: &OpenedCookie,
    profile: UserProfile,
) -> Result<HttpResponse, Problem> {
    let mut response = unstored(
        StatusCode::OK,
        &SessionBody {
            user: profile.into(),
            csrf_token: state.app.sessions.cookies.csrf_token(&opened.id),
            expires_at: opened.session.expires_at,
        },
    );
    issue_cookie(state, request, opened, &mut response).await?;
    Ok(response)
}

/// Stores a session's cookie and adds it to the answer. The browser's previous session ends.
pub(super) async fn issue_cookie(
    state: &AppState,
    request: &HttpRequest,
    opened: &OpenedCookie,
    response: &mut HttpResponse,
) -> Result<(), Problem> {
    let sessions = &state.app.sessions;
    let mut former = cookies::sessions(state, request.head()).issued;
    former.truncate(MAX_COOKIES);
    sessions.store_cookie(opened, &former).await?;
    let cookie = cookies::set_session(state, request.head(), &opened.id);
    response.add_cookie(&cookie).map_err(|error| Problem::internal(&error))?;
    let mark = cookies::mark_device(state, request.head(), &opened.session);
    response.add_cookie(&mark).map_err(|error| Problem::internal(&error))
}

/// Log in with a cookie
///
/// For browser apps: like `POST /auth/login`, but the session is kept in a cookie that scripts can't read
/// (`__Host-circadia`; `HttpOnly`, `Secure`, `SameSite=Lax`; on a developer's own machine without TLS `circadia`).
/// Always opens a new session; the browser's previous session ends. Requests from pages of other sites are refused.
/// A second cookie (`__Host-circadia_device`, for 400 days) marks the browser as a device that signed in before: guesses
/// of others don't hold it up.
#[utoipa::path(
    post,
    path = "/auth/session",
    tag = "auth",
    operation_id = "openSession",
    extensions(("x-rate-limit" = json!("auth"))),
    security(()),
    request_body = LoginBody,
    responses(
        (status = 200, description = "Signed in", body = SessionBody, headers(("Set-Cookie" = String, description = "The session"))),
        (status = 401, description = "`invalid_credentials`; or, if the password is right, `second_factor_required` with a `challenge` for `POST /auth/session/totp` or `POST /auth/passkeys/start`", body = SecondFactorDoc, content_type = "application/problem+json"),
        (status = 403, description = "`csrf_failed`: the request came from a page of another site; or `email_not_verified`: the password is right, but the address is not verified yet", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn open_session(
    state: Data<AppState>,
    request: HttpRequest,
    body: Body<LoginBody>,
) -> Result<HttpResponse, Problem> {
    csrf::check_origin(&state, request.head())?;
    let (opened, profile) = body.0.sign_in::<CookieSession>(&state, &request).await?;
    answer(&state, &request, &opened, profile).await
}

/// Log in with a cookie and a second factor
///
/// Opens the session that `POST /auth/session` refused with `second_factor_required`. A challenge opens only the kind
/// of session that it was issued for. After ten wrong codes in total, one code may be tried every 48 minutes (429 with
/// `Retry-After`). Recovery codes are always accepted.
#[utoipa::path(
    post,
    path = "/auth/session/totp",
    tag = "auth",
    operation_id = "openSessionWithTotp",
    extensions(("x-rate-limit" = json!("auth"))),
    security(()),
    request_body = SecondFactorBody,
    responses(
        (status = 200, description = "Signed in", body = SessionBody, headers(("Set-Cookie" = String, description = "The session"))),
        (status = 401, description = "`wrong_code`; or `challenge_expired`: sign in with the password again", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 403, description = "`csrf_failed`: the request came from a page of another site", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn open_session_with_totp(
    state: Data<AppState>,
    request: HttpRequest,
    body: Body<SecondFactorBody>,
) -> Result<HttpResponse, Problem> {
    csrf::check_origin(&state, request.head())?;
    let (opened, profile) = body.0.sign_in::<CookieSession>(&state, &request).await?;
    answer(&state, &request, &opened, profile).await
}

/// Log in with a cookie and a passkey
///
/// As `POST /auth/passkeys/finish`, but the session is kept in a cookie, as that of `POST /auth/session`.
#[utoipa::path(
    post,
    path = "/auth/session/passkey",
    tag = "auth",
    operation_id = "openSessionWithPasskey",
    extensions(("x-rate-limit" = json!("auth"))),
    security(()),
    request_body = FinishPasskeySignInBody,
    responses(
        (status = 200, description = "Signed in", body = SessionBody, headers(("Set-Cookie" = String, description = "The session"))),
        (status = 401, description = "`passkey_invalid`; or `challenge_expired`: start again", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 403, description = "`csrf_failed`: the request came from a page of another site; or `email_not_verified`: the passkey is right, but the address isn't verified yet", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`passkeys_disabled`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn open_session_with_passkey(
    state: Data<AppState>,
    request: HttpRequest,
    body: Body<FinishPasskeySignInBody>,
) -> Result<HttpResponse, Problem> {
    csrf::check_origin(&state, request.head())?;
    let (opened, profile) = body.0.sign_in::<CookieSession>(&state, &request).await?;
    answer(&state, &request, &opened, profile).await
}

/// Get the cookie session
///
/// Returns the signed-in user and the token for `X-CSRF-Token`.
#[utoipa::path(
    get,
    path = "/auth/session",
    tag = "auth",
    operation_id = "getSession",
    security(("cookie" = [])),
    responses((status = 200, description = "The session", body = SessionBody))
)]
async fn get_session(caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let id = caller::cookie_of(&request).ok_or_else(session_invalid)?;
    let (profile, expires_at) = caller.sessions.current(caller.principal).await?;
    let body = SessionBody { user: profile.into(), csrf_token: caller.sessions.cookies.csrf_token(&id), expires_at };
    Ok(unstored(StatusCode::OK, &body))
}

/// Log out
///
/// Ends the cookie's session and deletes the cookie.
#[utoipa::path(
    delete,
    path = "/auth/session",
    tag = "auth",
    operation_id = "endSession",
    extensions(("x-rate-limit" = json!("auth_unless_signed_in"))),
    security(("cookie" = [])),
    responses((status = 204, description = "The session has ended; every server refuses it within a second"))
)]
async fn end_session(caller: Caller, request: HttpRequest) -> Result<HttpResponse, Problem> {
    caller.sessions.end_cookie_session(caller.principal).await?;
    Ok(HttpResponse::NoContent().cookie(cookies::clear_session(&caller.state, request.head())).finish())
}
