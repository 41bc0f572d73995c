//! `/auth/providers/{provider}`: signing in through an OpenID provider, for browsers and for apps.
//!
//! A browser is sent to `start`, from there to the provider, from there to `callback`, and from there to the front end:
//! with a cookie session, or, for an app that began with a `code_challenge`, with a code in the fragment that the app
//! exchanges for tokens. Tokens never appear in URLs. A code is valid once, for a minute, and only with the
//! `code_verifier`, which never leaves the app.
//!
//! If anything fails, the browser is sent to the front end with `?error=provider_…`.
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use circadia_app::App;
use circadia_app::providers::{Callback, Finished, ProviderSignIn, provider_not_found};
use circadia_app::sessions::TokenSession;
use circadia_auth::oauth::{Browser, Challenge, Completion, LocalPath, OpenIdProvider, Purpose};
use circadia_domain::code::Code;
use circadia_domain::identities::ProviderName;
use circadia_domain::violation::Violations;
use url::Url;
use utoipa::{IntoParams, ToSchema};

use super::session::issue_cookie;
use super::totp::SecondFactorDoc;
use super::{TokensBody, device, tokens};
use crate::http::caller::client;
use crate::http::cookies;
use crate::http::input::{Body, Decode, Fields, Parsed, PathParam, ProviderPath, Query, read_form, text};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, start_provider, finish_provider, forward_provider_form, exchange_provider_code);
}

/// The parameters of a sign-in through a provider.
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

/// Sign in through a provider
///
/// Open this in a browser. It redirects to the provider, which redirects to `callback`, which redirects to the front
/// end. There, a browser is signed in with a cookie session; with `code_challenge`, the address ends with
/// `#provider_code=…` instead, which `POST /auth/providers/{provider}/exchange` turns into tokens within a minute. This
/// must finish within 10 minutes, in the same browser. `GET /config` lists the providers.
///
/// An unknown account of the provider gets a new account here, with a user name derived from its address. If an account
/// with that address already exists, its owner must sign in and link the provider with `POST /me/providers/{provider}`.
///
/// On failure, the front end gets one of these codes in `?error=`, with the provider's name in `provider=`:
/// `provider_denied`, `provider_state_invalid`, `provider_unavailable`, `provider_code_refused`,
/// `provider_token_invalid`, `provider_email_unverified`, `provider_account_exists`, `provider_account_inactive`,
/// `provider_failed`; and, when linking an account, `provider_subject_taken`, `provider_already_linked`,
/// `provider_link_expired`. A second factor is required here, too: `provider_second_factor_required` comes with
/// `#provider_challenge=…`, for `POST /auth/session/totp`.
#[utoipa::path(
    get,
    path = "/auth/providers/{provider}/start",
    tag = "auth",
    operation_id = "startProvider",
    security(()),
    params(ProviderPath, StartQuery),
    responses(
        (status = 302, description = "To the provider, or to the front end if the provider can't be reached", headers(("Location" = String, description = "Where to"))),
        (status = 404, description = "`provider_not_found`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn start_provider(
    state: Data<AppState>,
    request: HttpRequest,
    name: PathParam<ProviderName>,
    query: Query<StartQuery>,
) -> Result<HttpResponse, Problem> {
    let (sign_in, provider) = find(&state.app, &name.0)?;
    let StartQuery { next, code_challenge } = query.0;
    let next = next.unwrap_or_else(LocalPath::home);
    let completion = code_challenge.map_or(Completion::Browser, Completion::App);
    let browser = browser_of(&state, &request);
    let flow = Flow { sign_in, provider, next: &next };
    match sign_in.begin(provider, Purpose::SignIn, completion, next.clone(), Some(&browser)).await {
        Ok(url) => with_browser(redirect(StatusCode::FOUND, &url), &state, &request, &browser),
        Err(error) => Ok(flow.failed(error)),
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

/// A provider that is configured.
pub(crate) fn find<'a>(app: &'a App, name: &ProviderName) -> Result<(&'a ProviderSignIn, &'a OpenIdProvider), Problem> {
    let sign_in = app.provider_sign_in.as_ref().ok_or_else(provider_not_found)?;
    Ok((sign_in, sign_in.provider(name)?))
}

fn redirect(status: StatusCode, url: &Url) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((LOCATION, url.as_str()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// Return from a provider
///
/// The provider redirects browsers here; clients don't call it. Always redirects to the front end, signed in or with
/// `?error=provider_…`.
#[utoipa::path(
    get,
    path = "/auth/providers/{provider}/callback",
    tag = "auth",
    operation_id = "finishProvider",
    security(()),
    params(ProviderPath),
    responses(
        (status = 302, description = "To the front end", headers(("Location" = String, description = "Where to"))),
        (status = 404, description = "`provider_not_found`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn finish_provider(
    state: Data<AppState>,
    request: HttpRequest,
    name: PathParam<ProviderName>,
) -> Result<HttpResponse, Problem> {
    let (sign_in, provider) = find(&state.app, &name.0)?;
    let callback = read_callback(request.query_string());
    let browser = cookies::oauth_browser(&state, request.head());
    let mut response = match sign_in.take_flow(provider, &callback, browser.as_ref()).await {
        Err(error) => Flow { sign_in, provider, next: &LocalPath::home() }.failed(error),
        Ok(pending) => {
            let client = client(&state, request.head(), None);
            let flow = Flow { sign_in, provider, next: &pending.next };
            match sign_in.finish(provider, &pending, callback, &client).await {
                Err(error) => flow.failed(error),
                Ok(Finished::Linked) => flow.succeeded(None),
                Ok(Finished::Ticket(code)) => flow.succeeded(Some(&format!("provider_code={code}"))),
                Ok(Finished::SignedIn(opened)) => {
                    let mut response = flow.succeeded(None);
                    match issue_cookie(&state, &request, &opened, &mut response).await {
                        Ok(()) => response,
                        Err(problem) => flow.failed_with(problem.code(), None),
                    }
                }
            }
        }
    };
    let forget = cookies::clear_oauth_browser(&state, request.head());
    response.add_cookie(&forget).map_err(|error| Problem::internal(&error))?;
    Ok(response)
}

/// Return from a provider that posts a form
///
/// Providers with the response mode `form_post` (Apple) have browsers post here; clients don't call it. Redirects to the
/// same address with the form's members in the query: the browser's cookies come with that, and not with what another
/// site posts.
#[utoipa::path(
    post,
    path = "/auth/providers/{provider}/callback",
    tag = "auth",
    operation_id = "forwardProviderForm",
    security(()),
    params(ProviderPath),
    responses(
        (status = 303, description = "To the same address, with a query", headers(("Location" = String, description = "Where to"))),
        (status = 404, description = "`provider_not_found`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`: the form is larger than 16 KiB", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`: it is no form", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn forward_provider_form(
    state: Data<AppState>,
    request: HttpRequest,
    name: PathParam<ProviderName>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (_, provider) = find(&state.app, &name.0)?;
    let Callback { state, code, error, issuer } = read_callback(&read_form(&request, payload.into_inner()).await?);
    let mut url = provider.redirect_url().clone();
    url.query_pairs_mut().extend_pairs(
        [("state", state), ("code", code), ("error", error), ("iss", issuer)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    Ok(redirect(StatusCode::SEE_OTHER, &url))
}

/// A flow that has ended: how the browser returns to the front end.
struct Flow<'a> {
    sign_in: &'a ProviderSignIn,
    provider: &'a OpenIdProvider,
    next: &'a LocalPath,
}

impl Flow<'_> {
    fn succeeded(&self, fragment: Option<&str>) -> HttpResponse {
        redirect(StatusCode::FOUND, &self.next.below(&self.sign_in.front_end, &[], fragment))
    }

    fn failed(&self, error: circadia_app::Error) -> HttpResponse {
        if let circadia_app::Error::SecondFactorRequired { challenge } = &error {
            return self.failed_with(Code::SecondFactorRequired, Some(challenge));
        }
        self.failed_with(Problem::from(error).code(), None)
    }

    fn failed_with(&self, code: Code, challenge: Option<&str>) -> HttpResponse {
        let error = match code {
            Code::SecondFactorRequired => "provider_second_factor_required",
            Code::Unavailable => "provider_unavailable",
            Code::ProviderDenied
            | Code::ProviderStateInvalid
            | Code::ProviderUnavailable
            | Code::ProviderCodeRefused
            | Code::ProviderTokenInvalid
            | Code::ProviderEmailUnverified
            | Code::ProviderAccountExists
            | Code::ProviderAccountInactive
            | Code::ProviderSubjectTaken
            | Code::ProviderAlreadyLinked
            | Code::ProviderLinkExpired => code.as_str(),
            _ => "provider_failed",
        };
        let provider = self.provider.name();
        tracing::info!(error, %provider, "a sign-in through a provider was refused");
        let fragment = challenge.map(|challenge| format!("provider_challenge={challenge}"));
        let query = [("error", error), ("provider", provider.as_str())];
        redirect(StatusCode::FOUND, &self.next.below(&self.sign_in.front_end, &query, fragment.as_deref()))
    }
}

/// The code that an app received from its browser.
#[derive(Debug, ToSchema)]
pub struct ExchangeProviderCodeBody {
    /// The code in the front end's URL, after `#provider_code=`.
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

impl Decode for ExchangeProviderCodeBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let code = fields.required_with("code", text(code));
        let code_verifier = fields.required_with("code_verifier", text(verifier));
        let device = fields.optional_with("device", text(device));
        Some(Self { code: code?, code_verifier: code_verifier?, device })
    }
}

/// Exchange a provider's sign-in code for tokens
///
/// For apps: what their browser has brought in the front end's address, together with the `code_verifier` that they
/// made the `code_challenge` of `GET /auth/providers/{provider}/start` of. A code is valid once, for a minute.
#[utoipa::path(
    post,
    path = "/auth/providers/{provider}/exchange",
    tag = "auth",
    operation_id = "exchangeProviderCode",
    extensions(("x-rate-limit" = json!("auth"))),
    security(()),
    params(ProviderPath),
    request_body = ExchangeProviderCodeBody,
    responses(
        (status = 200, description = "Signed in", body = TokensBody),
        (status = 400, description = "`provider_code_invalid`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 401, description = "`second_factor_required`, with a `challenge` for `POST /auth/login/totp` or `POST /auth/passkeys/start`", body = SecondFactorDoc, content_type = "application/problem+json"),
        (status = 403, description = "`provider_account_inactive`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`provider_not_found`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`provider_account_exists`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn exchange_provider_code(
    state: Data<AppState>,
    request: HttpRequest,
    name: PathParam<ProviderName>,
    body: Body<ExchangeProviderCodeBody>,
) -> Result<HttpResponse, Problem> {
    let ExchangeProviderCodeBody { code, code_verifier, device } = body.0;
    let client = client(&state, request.head(), device.as_deref());
    let (sign_in, provider) = find(&state.app, &name.0)?;
    let exchanged = sign_in.exchange::<TokenSession>(provider, &code, &code_verifier, &client).await;
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
