//! `/auth/google`: signing in with Google, for browsers and for apps.
//!
//! A browser is sent to `start`, from there to Google, from there to `callback`, and from there to the front end: with a
//! cookie session, or, for an app that showed a `code_challenge` when it began, with a code in the fragment that the app
//! exchanges for tokens. Tokens never stand in URLs; a code is good once, for a minute, and only together with the
//! `code_verifier` that never left the app.
//!
//! Whatever goes wrong between, the browser ends up in the front end, with `?error=google_…`.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use circadia_auth::oauth::{Browser, Challenge, Completion, LocalPath, Pending, Profile, Purpose, Secret, Ticket};
use circadia_domain::sessions::SessionKind;
use circadia_domain::violation::Violations;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::session::{open_cookie, seat};
use super::{Refused, TokensBody, client_of, device, open, tokens};
use crate::app::App;
use crate::google::{self, Google};
use crate::input::{Body, Decode, Fields, Parsed, Query, text};
use crate::prelogin;
use crate::problem::Problem;
use crate::routes::me::UserBody;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(start_google).service(finish_google).service(exchange_google);
}

/// How to begin.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StartQuery {
    /// Where in the front end to end up: a path such as `/habits?date=2026-03-01`. Anything else is its default page.
    #[param(value_type = Option<String>, example = "/habits")]
    next: Option<LocalPath>,
    /// For apps, which get tokens instead of a cookie: the SHA-256 of a `code_verifier` of their own, in base64url
    /// without padding (RFC 7636, `S256`).
    #[param(value_type = Option<String>, min_length = 43, max_length = 43, example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")]
    code_challenge: Option<Challenge>,
}

impl Decode for StartQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            next: fields.optional("next", text(|next| Ok(LocalPath::normalised(Some(next))))),
            code_challenge: fields.optional("code_challenge", text(Challenge::parse)),
        })
    }
}

/// Sign in with Google
///
/// To be opened in a browser: redirects to Google, which redirects to `/auth/google/callback`, which redirects to the
/// front end. There, a browser is signed in with a cookie session; with `code_challenge`, the address ends with
/// `#google_code=…` instead, which `POST /auth/google/exchange` turns into tokens within a minute. It has to be finished
/// within 10 minutes, in the same browser.
///
/// A Google account that isn't known gets a new account here, with a free user name made of its address; not if there
/// already is one with that address, which its owner links by `POST /me/google` after signing in.
///
/// Where it fails, the front end is told by `?error=`: `google_denied`, `google_state_invalid`, `google_unavailable`,
/// `google_code_refused`, `google_token_invalid`, `google_email_unverified`, `google_account_exists`,
/// `google_account_inactive`, `google_failed`; and where an account was to be linked `google_subject_taken`,
/// `google_already_linked`, `google_link_expired`. Whoever set up a second factor is asked for it here, too: with
/// `google_second_factor_required` comes `#google_challenge=…`, for `POST /auth/session/totp`.
#[utoipa::path(
    tag = "auth",
    operation_id = "startGoogle",
    security(()),
    params(StartQuery),
    responses(
        (status = 302, description = "To Google, or to the front end if Google can't be reached", headers(("Location" = String, description = "Where to"))),
        (status = 404, description = "`google_disabled`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[get("/auth/google/start")]
async fn start_google(app: Data<App>, request: HttpRequest, query: Query<StartQuery>) -> Result<HttpResponse, Problem> {
    let google = Google::of(&app)?;
    let StartQuery { next, code_challenge } = query.0;
    let next = next.unwrap_or_else(LocalPath::home);
    let completion = code_challenge.map_or(Completion::Browser, Completion::App);
    let browser = prelogin::browser(&request, &app).unwrap_or_else(|| Browser::fresh(&*app.identity.entropy));
    let begun = google.begin(&app, Purpose::SignIn, completion, next.clone(), Some(&browser)).await;
    let mut response = match begun {
        Ok(url) => google::redirect(&url),
        Err(problem) => return Ok(failed(google, &next, &problem)),
    };
    prelogin::remember(&mut response, &request, &app, &browser)?;
    Ok(response)
}

/// What Google says when it sends a browser back.
#[derive(Debug, Default)]
struct Callback {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    issuer: Option<String>,
}

impl Callback {
    /// Reads a query. Google adds to it as it likes; what is there twice is not there at all.
    fn read(query: &str) -> Self {
        let mut callback = Self::default();
        let mut seen = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let twice = seen.contains(&name);
            seen.push(name.clone());
            let place = match &*name {
                "state" => &mut callback.state,
                "code" => &mut callback.code,
                "error" => &mut callback.error,
                "iss" => &mut callback.issuer,
                _ => continue,
            };
            *place = if twice { None } else { Some(value.into_owned()) };
        }
        callback
    }
}

/// Come back from Google
///
/// Where Google sends browsers to; of no use to anybody else. Always redirects to the front end, signed in or with
/// `?error=google_…`.
#[utoipa::path(
    tag = "auth",
    operation_id = "finishGoogle",
    security(()),
    responses(
        (status = 302, description = "To the front end", headers(("Location" = String, description = "Where to"))),
        (status = 404, description = "`google_disabled`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[get("/auth/google/callback")]
async fn finish_google(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let google = Google::of(&app)?;
    let callback = Callback::read(request.query_string());
    let mut response = match flow_of(google, &app, &request, &callback).await {
        Err(problem) => failed(google, &LocalPath::home(), &problem),
        Ok(pending) => match finish(google, &app, &request, &pending, callback).await {
            Ok(response) => response,
            Err(problem) => failed(google, &pending.next, &problem),
        },
    };
    prelogin::forget(&mut response, &request, &app)?;
    Ok(response)
}

/// The flow that a browser comes back from, which nobody else can from then on.
async fn flow_of(google: &Google, app: &App, request: &HttpRequest, callback: &Callback) -> Result<Pending, Problem> {
    let pending = match callback.state.as_deref().and_then(Secret::parse) {
        Some(state) => google.take(app, &state).await?,
        None => None,
    };
    pending.filter(|pending| pending.is_of(prelogin::browser(request, app).as_ref())).ok_or_else(|| {
        Problem::of("google_state_invalid", "This sign-in was begun in another browser, too long ago, or not at all.")
    })
}

async fn finish(
    google: &Google,
    app: &Data<App>,
    request: &HttpRequest,
    pending: &Pending,
    callback: Callback,
) -> Result<HttpResponse, Problem> {
    if callback.issuer.is_some_and(|issuer| !google.provider.is_issuer(&issuer)) {
        return Err(Problem::of("google_state_invalid", "It was not Google that this browser came back from."));
    }
    let code = match (callback.error.as_deref(), callback.code) {
        (None, Some(code)) if code.len() <= 4096 => code,
        (Some("access_denied"), _) => return Err(Problem::of("google_denied", "Signing in was called off.")),
        _ => return Err(Problem::of("google_code_refused", "Google did not let this sign-in happen.")),
    };
    let profile = google.provider.finish(pending, code, app.now()).await?;
    match (&pending.completion, &pending.purpose) {
        (Completion::App(challenge), purpose) => {
            let ticket = Ticket::new(purpose.clone(), &profile, challenge.clone(), &*app.identity.entropy);
            let code = google.keep_ticket(app, &ticket).await?;
            Ok(google.redirect(&pending.next, &[], Some(&format!("google_code={code}"))))
        }
        (Completion::Browser, Purpose::Link { user, session }) => {
            google::link(app, *user, *session, profile).await?;
            Ok(google.redirect(&pending.next, &[], None))
        }
        (Completion::Browser, Purpose::SignIn) => sign_in_browser(google, app, request, pending, &profile).await,
    }
}

/// Signs somebody in with a cookie session, always a new one, and sends their browser to the front end.
async fn sign_in_browser(
    google: &Google,
    app: &Data<App>,
    request: &HttpRequest,
    pending: &Pending,
    profile: &Profile,
) -> Result<HttpResponse, Problem> {
    let client = client_of(request, app, None);
    let (now, by) = (app.now(), client.clone());
    let opened = google::sign_in(app, profile, &client, SessionKind::Cookie, move |store, app, authenticated| {
        open_cookie(store, app, authenticated, &by, now).map_err(Refused::from)
    })
    .await?;
    let cookie = HeaderValue::from_str(&seat(app, request, &opened).await?);
    let mut response = google.redirect(&pending.next, &[], None);
    response.headers_mut().append(SET_COOKIE, cookie.map_err(|error| Problem::internal(&error))?);
    Ok(response)
}

/// Sends a browser to the front end with what went wrong.
fn failed(google: &Google, next: &LocalPath, problem: &Problem) -> HttpResponse {
    let fragment = problem.member("challenge").map(|challenge| format!("google_challenge={challenge}"));
    let error = match problem.code() {
        code if code.starts_with("google_") => code,
        "second_factor_required" => "google_second_factor_required",
        "unavailable" => "google_unavailable",
        _ => "google_failed",
    };
    tracing::info!(error, "a sign-in with Google was refused");
    google.redirect(next, &[("error", error)], fragment.as_deref())
}

/// What an app's browser has brought.
#[derive(Debug, ToSchema)]
pub struct ExchangeGoogleBody {
    /// The code in the front end's address, after `#google_code=`.
    #[schema(value_type = String, max_length = 100)]
    code: String,
    /// What the app made its `code_challenge` of.
    #[schema(value_type = String, min_length = 43, max_length = 128, example = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")]
    code_verifier: String,
    /// What the device calls itself, shown in the list of sessions.
    #[schema(value_type = Option<String>, max_length = 100, example = "Ada's phone")]
    device: Option<String>,
}

/// A code as it came.
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
        let code = fields.required("code", text(code));
        let code_verifier = fields.required("code_verifier", text(verifier));
        let device = fields.optional("device", text(device));
        Some(Self { code: code?, code_verifier: code_verifier?, device })
    }
}

/// Fetch tokens after signing in with Google
///
/// For apps: what their browser has brought in the front end's address, together with the `code_verifier` that they
/// made the `code_challenge` of `GET /auth/google/start` of. A code is good once, for a minute.
#[utoipa::path(
    tag = "auth",
    operation_id = "exchangeGoogleCode",
    security(()),
    request_body = ExchangeGoogleBody,
    responses(
        (status = 200, description = "Signed in", body = TokensBody),
        (status = 400, description = "`google_code_invalid`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 401, description = "`second_factor_required`, with a `challenge` for `POST /auth/login/totp`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 403, description = "`google_account_inactive`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`google_disabled`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`google_account_exists`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/auth/google/exchange")]
async fn exchange_google(
    app: Data<App>,
    request: HttpRequest,
    body: Body<ExchangeGoogleBody>,
) -> Result<HttpResponse, Problem> {
    let google = Google::of(&app)?;
    let ExchangeGoogleBody { code, code_verifier, device } = body.value;
    let (purpose, profile) = google.redeem(&app, &code, &code_verifier).await?;
    if purpose != Purpose::SignIn {
        return Err(Problem::of(
            "google_code_invalid",
            "This code links an account: `POST /me/google/confirm` takes it.",
        ));
    }
    let client = client_of(&request, &app, device.as_deref());
    let (now, by) = (app.now(), client.clone());
    let (opened, user) =
        google::sign_in(&app, &profile, &client, SessionKind::Token, move |store, app, authenticated| {
            let opened = open(store, app, authenticated, &by, now)?;
            let user = UserBody::load(store, authenticated.user, now)?;
            Ok::<_, Refused>((opened, user))
        })
        .await?;
    tokens(&app, StatusCode::OK, &opened.session, &opened.refresh_token, user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<ExchangeGoogleBody>();
    }

    #[test]
    fn what_comes_twice_does_not_count() {
        let callback = Callback::read("code=4%2F0&state=a&scope=x&state=b&iss=https%3A%2F%2Fa&authuser=0");
        assert_eq!((callback.code.as_deref(), callback.state), (Some("4/0"), None));
        assert_eq!((callback.issuer.as_deref(), callback.error), (Some("https://a"), None));
    }
}
