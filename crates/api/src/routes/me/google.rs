//! `/me/google`: linking the signed-in account with Google, and unlinking it.
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use circadia_app::google::{identity, unlink};
use circadia_app::passwords::SubmittedPassword;
use circadia_auth::keys::Kid;
use circadia_auth::oauth::{Challenge, LocalPath};
use circadia_domain::civil::Instant;
use circadia_domain::identities::Identity;
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::reauthentication::ReauthenticationBody;
use crate::http::answer::{Answer, NoContent, unstored};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, OptionalBody, Parsed, text};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::routes::auth::google::{browser_of, code, google, verifier, with_browser};
use crate::routes::auth::password_field::reauthentication;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_google, link_google, confirm_google, unlink_google);
}

/// Whether the account is linked with Google.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GoogleLink)]
pub struct GoogleLinkBody {
    /// Whether the account is linked.
    linked: bool,
    /// The Google account's e-mail address at the time of linking.
    #[schema(format = Email, example = "ada@example.org")]
    email: Option<String>,
    /// When it was linked.
    linked_at: Option<Instant>,
}

impl From<Option<Identity>> for GoogleLinkBody {
    fn from(identity: Option<Identity>) -> Self {
        Self {
            linked: identity.is_some(),
            linked_at: identity.as_ref().map(|identity| identity.linked_at),
            email: identity.map(|identity| identity.email.as_str().to_owned()),
        }
    }
}

/// Get my link with Google
///
/// The Google account that can sign in to this account.
#[utoipa::path(
    get,
    path = "/me/google",
    tag = "me",
    operation_id = "getGoogleLink",
    responses((status = 200, description = "Whether the account is linked", body = GoogleLinkBody))
)]
async fn get_google(caller: Caller) -> Result<Answer, Problem> {
    Answer::computed(&GoogleLinkBody::from(identity(&caller.context, caller.user).await?))
}

/// How to return from Google.
#[derive(Debug, ToSchema)]
pub struct LinkGoogleBody {
    /// The front end's path to return to, such as `/settings`. Anything else leads to its default page.
    #[schema(value_type = Option<String>, max_length = 512, example = "/settings")]
    next: Option<LocalPath>,
    /// For apps, whose browser doesn't share their cookies: as for `GET /auth/google/start`. The link is then made by
    /// `POST /me/google/confirm`.
    #[schema(value_type = Option<String>, min_length = 43, max_length = 43, example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")]
    code_challenge: Option<Challenge>,
    /// The password. Either this or `encrypted_password` is required, unless this session was opened at most five
    /// minutes ago.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Zeroizing<String>>,
    /// The password, encrypted with the key of `GET /auth/public-key`.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_password: Option<Vec<u8>>,
    /// The `kid` of that key.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{16}$")]
    password_kid: Option<Kid>,
}

fn next(text: &str) -> Parsed<LocalPath> {
    if text.chars().count() > 512 {
        return Err(Violations::of("too_long", "must have at most 512 characters"));
    }
    Ok(LocalPath::normalised(Some(text)))
}

impl Decode for LinkGoogleBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let next = fields.optional_with("next", text(next));
        let code_challenge = fields.optional_with("code_challenge", text(Challenge::parse));
        let SubmittedPassword { plain, encrypted, kid } = reauthentication(fields);
        Some(Self { next, code_challenge, password: plain, encrypted_password: encrypted, password_kid: kid })
    }
}

/// The address to open.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GoogleAuthorization)]
pub struct AuthorizationBody {
    /// The URL to open in the browser.
    #[schema(example = "https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=…")]
    authorization_url: String,
}

/// Link with Google
///
/// Returns the URL to open in the browser. Google sends the browser back to the front end, with the account linked or
/// with `?error=google_…`. This must finish within 10 minutes, during the same session and in the same browser, because
/// the answer sets a cookie (call with `credentials: "include"`). Apps send a `code_challenge` instead, and confirm.
/// Needs the password, unless this session was opened at most five minutes ago; the account's owner is notified by
/// mail.
#[utoipa::path(
    post,
    path = "/me/google",
    tag = "me",
    operation_id = "linkGoogle",
    extensions(("x-rate-limit" = json!("auth"))),
    request_body = LinkGoogleBody,
    responses(
        (status = 200, description = "The URL to open in the browser", body = AuthorizationBody),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`google_disabled`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`google_already_linked`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 503, description = "`google_unavailable` or `unavailable`: try again after `Retry-After` seconds", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn link_google(
    caller: Caller,
    request: HttpRequest,
    body: Body<LinkGoogleBody>,
) -> Result<HttpResponse, Problem> {
    let LinkGoogleBody { next, code_challenge, password, encrypted_password, password_kid } = body.0;
    let submitted = SubmittedPassword { plain: password, encrypted: encrypted_password, kid: password_kid };
    let next = next.unwrap_or_else(LocalPath::home);
    let browser = || browser_of(&caller.state, &request);
    let begun = google(&caller)?.begin_link(caller.principal, submitted, code_challenge, next, browser).await;
    let (url, browser) = begun?;
    let response = unstored(StatusCode::OK, &AuthorizationBody { authorization_url: url.into() });
    match browser {
        Some(browser) => with_browser(response, &caller.state, &request, &browser),
        None => Ok(response),
    }
}

/// The code that an app received from its browser.
#[derive(Debug, ToSchema)]
pub struct ConfirmGoogleBody {
    /// The code in the front end's URL, after `#google_code=`.
    #[schema(value_type = String, max_length = 100)]
    code: String,
    /// The `code_verifier` that belongs to the app's `code_challenge` (RFC 7636).
    #[schema(value_type = String, min_length = 43, max_length = 128, example = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")]
    code_verifier: String,
}

impl Decode for ConfirmGoogleBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let code = fields.required_with("code", text(code));
        let code_verifier = fields.required_with("code_verifier", text(verifier));
        Some(Self { code: code?, code_verifier: code_verifier? })
    }
}

/// Confirm a link with Google
///
/// For apps that began with a `code_challenge`: links the account, with the code in the front end's URL. A code is
/// valid once, for a minute, for the user who requested it.
#[utoipa::path(
    post,
    path = "/me/google/confirm",
    tag = "me",
    operation_id = "confirmGoogleLink",
    extensions(("x-rate-limit" = json!("auth"))),
    request_body = ConfirmGoogleBody,
    responses(
        (status = 200, description = "Linked", body = GoogleLinkBody),
        (status = 400, description = "`google_code_invalid`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 403, description = "`google_link_expired`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`google_disabled`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`google_subject_taken` or `google_already_linked`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn confirm_google(caller: Caller, body: Body<ConfirmGoogleBody>) -> Result<HttpResponse, Problem> {
    let ConfirmGoogleBody { code, code_verifier } = body.0;
    let identity = google(&caller)?.confirm_link(caller.principal, &code, &code_verifier).await?;
    Ok(unstored(StatusCode::OK, &GoogleLinkBody::from(Some(identity))))
}

/// Unlink from Google
///
/// Refused if the account would have no sign-in method left. Needs the password, unless this session was opened at most
/// five minutes ago.
#[utoipa::path(
    post,
    path = "/me/google/unlink",
    tag = "me",
    operation_id = "unlinkGoogle",
    extensions(("x-rate-limit" = json!("auth"))),
    request_body = Option<ReauthenticationBody>,
    responses(
        (status = 204, description = "Unlinked"),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`google_not_linked`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`google_last_way_in`: choose a password first", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn unlink_google(caller: Caller, body: OptionalBody<ReauthenticationBody>) -> Result<NoContent, Problem> {
    unlink(&caller.reauthentication, caller.principal, body.0.unwrap_or_default().submitted()).await?;
    Ok(NoContent)
}
