//! `/auth/google`: signing in with Google, for browsers and for apps.
//!
//! A browser is sent to `start`, from there to Google, from there to `callback`, and from there to the front end: with
//! a cookie session, or, for an app that began with a `code_challenge`, with a code in the fragment that the app
//! exchanges for tokens. Tokens never appear in URLs. A code is valid once, for a minute, and only with the
//! `code_verifier`, which never leaves the app.
//!
//! If anything fails, the browser is sent to the front end with `?error=google_…`.
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use circadia_app::App;
use circadia_app::google::{Callback, Finished, GoogleSignIn};
use circadia_app::sessions::TokenSession;
use circadia_auth::oauth::{Browser, Challenge, Completion, LocalPath, Purpose};
use circadia_domain::code::Code;
use circadia_domain::violation::Violations;
use url::Url;
use utoipa::{IntoParams, ToSchema};

use super::session::issue_cookie;
use super::totp::SecondFactorDoc;
use super::{TokensBody, device, tokens};
use crate::http::caller::client;
use crate::http::cookies;
use crate::http::input::{Body, Decode, Fields, Parsed, Query, text};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, start_google, finish_google, exchange_google);
}

/// The parameters of a sign-in with Google.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StartQuery {
    /// The front end's path to return to, such as `/habits?date=2026-03-01`. Anything else leads to its default page.
    #[param(value_type = Option<String>, example = "/habits")]
    next: Option<LocalPath>,
    /// For apps, which get tokens instead of a cookie: the SHA-256 of their `code_verifier`, in base64url without
    /// padding (RFC 7636, `S256`).
    #[param(value_type = Option<String>, min_length = 43, max_length = 43, example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")]
    code_challenge: Option<Challenge>,
}

impl Decode for StartQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            next: fields.optional_with("next", text(|next| Ok(LocalPath::normalised(Some(next))))),
            code_challenge: fields.optional_with("code_challenge", text(Challenge::parse)),
        })
    }
}

/// Sign in with Google
///
/// Open this in a browser. It redirects to Google, which redirects to `/auth/google/callback`, which redirects to the
/// front end. There, a browser is signed in with a cookie session; with `code_challenge`, the address ends with
/// `#google_code=…` instead, which `POST /auth/google/exchange` turns into tokens within a minute. This must finish
/// within 10 minutes, in the same browser.
///
/// An unknown Google account gets a new account here, with a user name derived from its address. If an account with
/// that address already exists, its owner must sign in and link Google with `POST /me/google`.
///
/// On failure, the front end gets one of these codes in `?error=`: `google_denied`, `google_state_invalid`,
/// `google_unavailable`, `google_code_refused`, `google_token_invalid`, `google_email_unverified`,
/// `google_account_exists`, `google_account_inactive`, `google_failed`; and, when linking an account,
/// `google_subject_taken`, `google_already_linked`, `google_link_expired`. A second factor is required here, too:
/// `google_second_factor_required` comes with `#google_challenge=…`, for `POST /auth/session/totp`.
#[utoipa::path(
    get,
    path = "/auth/google/start",
    tag = "auth",
    operation_id = "startGoogle",
    security(()),
    params(StartQuery),
    responses(
        (status = 302, description = "To Google, or to the front end if Google can't be reached", headers(("Location" = String, description = "Where to"))),
        (status = 404, description = "`google_disabled`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn start_google(
    state: Data<AppState>,
    request: HttpRequest,
    query: Query<StartQuery>,
) -> Result<HttpResponse, Problem> {
    let google = google(&state.app)?;
    let StartQuery { next, code_challenge } = query.0;
    let next = next.unwrap_or_else(LocalPath::home);
    let completion = code_challenge.map_or(Completion::Browser, Completion::App);
    let browser = browser_of(&state, &request);
    match google.begin(Purpose::SignIn, completion, next.clone(), Some(&browser)).await {
        Ok(url) => with_browser(redirect(&url), &state, &request, &browser),
        Err(error) => Ok(failed(google, &next, error)),
    }
}

/// The browser's id from its cookie, or a new one.
pub(crate) fn browser_of(state: &AppState, request: &HttpRequest) -> Browser {
    let known = cookies::oauth_browser(state, request.head());
    known.unwrap_or_else(|| Browser::fresh(&*state.app.context.entropy))
}

/// Sets the cookie that identifies the browser until the flow ends.
pub(crate) fn with_browser(
    mut response: HttpResponse,
    state: &AppState,
    request: &HttpRequest,
    browser: &Browser,
) -> Result<HttpResponse, Problem> {
    let cookie = cookies::set_oauth_browser(state, request.head(), browser);
    response.add_cookie(&cookie).map_err(|error| Problem::internal(&error))?;
    Ok(response)
}

/// Reads the query of a callback. Unknown parameters are ignored, and so are repeated ones.
fn read_callback(query: &str) -> Callback {
    let mut callback = Callback::default();
    let mut seen = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let twice = seen.contains(&name);
        seen.push(name.clone());
        let field = match &*name {
            "state" => &mut callback.state,
            "code" => &mut callback.code,
            "error" => &mut callback.error,
            "iss" => &mut callback.issuer,
            _ => continue,
        };
        *field = if twice { None } else { Some(value.into_owned()) };
    }
    callback
}

/// Google, where it is configured.
pub(crate) fn google(app: &App) -> Result<&GoogleSignIn, Problem> {
    app.google.as_ref().ok_or_else(|| {
        Problem::of(Code::GoogleDisabled, "Signing in with Google isn't configured here: see `GET /config`.")
    })
}

fn redirect(url: &Url) -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, url.as_str())).insert_header((CACHE_CONTROL, "no-store")).finish()
}

/// Redirects a browser to a page of the front end.
fn to_front_end(google: &GoogleSignIn, next: &LocalPath, fragment: Option<&str>) -> HttpResponse {
    redirect(&next.below(&google.front_end, &[], fragment))
}

/// Return from Google
///
/// Google redirects browsers here; clients don't call it. Always redirects to the front end, signed in or with
/// `?error=google_…`.
#[utoipa::path(
    get,
    path = "/auth/google/callback",
    tag = "auth",
    operation_id = "finishGoogle",
    security(()),
    responses(
        (status = 302, description = "To the front end", headers(("Location" = String, description = "Where to"))),
        (status = 404, description = "`google_disabled`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn finish_google(state: Data<AppState>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let google = google(&state.app)?;
    let callback = read_callback(request.query_string());
    let browser = cookies::oauth_browser(&state, request.head());
    let mut response = match google.take_flow(&callback, browser.as_ref()).await {
        Err(error) => failed(google, &LocalPath::home(), error),
        Ok(pending) => {
            let client = client(&state, request.head(), None);
            match google.finish(&pending, callback, &client).await {
                Err(error) => failed(google, &pending.next, error),
                Ok(Finished::Linked) => to_front_end(google, &pending.next, None),
                Ok(Finished::Ticket(code)) => to_front_end(google, &pending.next, Some(&format!("google_code={code}"))),
                Ok(Finished::SignedIn(opened)) => {
                    let mut response = to_front_end(google, &pending.next, None);
                    match issue_cookie(&state, &request, &opened, &mut response).await {
                        Ok(()) => response,
                        Err(problem) => failed_with(google, &pending.next, problem.code(), None),
                    }
                }
            }
        }
    };
    let forget = cookies::clear_oauth_browser(&state, request.head());
    response.add_cookie(&forget).map_err(|error| Problem::internal(&error))?;
    Ok(response)
}

/// Redirects a browser to the front end with an error code.
fn failed(google: &GoogleSignIn, next: &LocalPath, error: circadia_app::Error) -> HttpResponse {
    if let circadia_app::Error::SecondFactorRequired { challenge } = &error {
        return failed_with(google, next, Code::SecondFactorRequired, Some(challenge));
    }
    failed_with(google, next, Problem::from(error).code(), None)
}

fn failed_with(google: &GoogleSignIn, next: &LocalPath, code: Code, challenge: Option<&str>) -> HttpResponse {
    let error = match code {
        Code::SecondFactorRequired => "google_second_factor_required",
        Code::Unavailable => "google_unavailable",
        Code::GoogleDenied
        | Code::GoogleStateInvalid
        | Code::GoogleUnavailable
        | Code::GoogleCodeRefused
        | Code::GoogleTokenInvalid
        | Code::GoogleEmailUnverified
        | Code::GoogleAccountExists
        | Code::GoogleAccountInactive
        | Code::GoogleSubjectTaken
        | Code::GoogleAlreadyLinked
        | Code::GoogleLinkExpired => code.as_str(),
        _ => "google_failed",
    };
    tracing::info!(error, "a sign-in with Google was refused");
    let fragment = challenge.map(|challenge| format!("google_challenge={challenge}"));
    redirect(&next.below(&google.front_end, &[("error", error)], fragment.as_deref()))
}

/// The code that an app received from its browser.
#[derive(Debug, ToSchema)]
pub struct ExchangeGoogleBody {
    /// The code in the front end's URL, after `#google_code=`.
    #[schema(value_type = String, max_length = 100)]
    code: String,
    /// The `code_verifier` that belongs to the app's `code_challenge` (RFC 7636).
    #[schema(value_type = String, min_length = 43, max_length = 128, example = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")]
    code_verifier: String,
    /// The device's name, shown in the list of sessions.
    #[schema(value_type = Option<String>, max_length = 100, example = "Ada's phone")]
    device: Option<String>,
}

/// An unchecked code.
pub(crate) fn code(text: &str) -> Parsed<String> {
    if text.len() > 100 {
        return Err(Violations::of("too_long", "must have at most 100 characters"));
    }
    Ok(text.to_owned())
}

/// A verifier (RFC 7636 §4.1).
pub(crate) fn verifier(text: &str) -> Parsed<String> {
    let fine = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'));
    if fine && (43..=128).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(Violations::of(
            "invalid_code_verifier",
            "must have 43 to 128 letters, digits, `-`, `.`, `_` or `~` (RFC 7636)",
        ))
    }
}

impl Decode for ExchangeGoogleBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let code = fields.required_with("code", text(code));
        let code_verifier = fields.required_with("code_verifier", text(verifier));
        let device = fields.optional_with("device", text(device));
        Some(Self { code: code?, code_verifier: code_verifier?, device })
    }
}

/// Exchange a Google sign-in code for tokens
///
/// For apps: what their browser has brought in the front end's address, together with the `code_verifier` that they
/// made the `code_challenge` of `GET /auth/google/start` of. A code is valid once, for a minute.
#[utoipa::path(
    post,
    path = "/auth/google/exchange",
    tag = "auth",
    operation_id = "exchangeGoogleCode",
    extensions(("x-rate-limit" = json!("auth"))),
    security(()),
    request_body = ExchangeGoogleBody,
    responses(
        (status = 200, description = "Signed in", body = TokensBody),
        (status = 400, description = "`google_code_invalid`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 401, description = "`second_factor_required`, with a `challenge` for `POST /auth/login/totp`", body = SecondFactorDoc, content_type = "application/problem+json"),
        (status = 403, description = "`google_account_inactive`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`google_disabled`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`google_account_exists`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn exchange_google(
    state: Data<AppState>,
    request: HttpRequest,
    body: Body<ExchangeGoogleBody>,
) -> Result<HttpResponse, Problem> {
    let ExchangeGoogleBody { code, code_verifier, device } = body.0;
    let client = client(&state, request.head(), device.as_deref());
    let exchanged = google(&state.app)?.exchange::<TokenSession>(&code, &code_verifier, &client).await;
    let (opened, profile) = exchanged?;
    tokens(&state, StatusCode::OK, &opened.session, &opened.refresh_token, profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_twice_does_not_count() {
        let callback = read_callback("code=4%2F0&state=a&scope=x&state=b&iss=https%3A%2F%2Fa&authuser=0");
        assert_eq!((callback.code.as_deref(), callback.state), (Some("4/0"), None));
        assert_eq!((callback.issuer.as_deref(), callback.error), (Some("https://a"), None));
    }
}
