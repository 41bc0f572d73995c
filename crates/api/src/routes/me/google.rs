//! `/me/google`: linking the signed-in account with Google, and unlinking it.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use circadia_auth::accounts;
use circadia_auth::keys::Kid;
use circadia_auth::oauth::{Browser, Challenge, Completion, LocalPath, Purpose};
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::identities::{Identity, Provider};
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use zeroize::Zeroizing;

use super::proof::{ProofBody, by_password_or_fresh_sign_in, hold_session, proof};
use crate::app::App;
use crate::conditional::Answer;
use crate::google::{self, Google};
use crate::identity::Principal;
use crate::input::{Body, Decode, Fields, OptionalBody, Parsed, text};
use crate::prelogin;
use crate::problem::Problem;
use crate::routes::auth::google::{code, verifier};
use crate::routes::auth::secret::SubmittedPassword;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_google).service(link_google).service(confirm_google).service(unlink_google);
}

/// Whether the account is linked with Google.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GoogleLink)]
pub struct GoogleLinkBody {
    /// Whether it is.
    linked: bool,
    /// The Google account's address when it was linked.
    #[schema(format = Email, example = "ada@example.org")]
    email: Option<String>,
    /// When that was.
    #[schema(value_type = Option<String>, format = DateTime)]
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

/// Am I linked with Google?
///
/// Which Google account signs in to this one.
#[utoipa::path(
    tag = "me",
    operation_id = "getGoogleLink",
    responses((status = 200, description = "Whether the account is linked", body = GoogleLinkBody))
)]
#[get("/me/google")]
async fn get_google(app: Data<App>, request: HttpRequest, principal: Principal) -> Result<HttpResponse, Problem> {
    let read = app.unit_of_work.read(move |store| store.identity_of(principal.user, Provider::Google));
    let identity = read.await?;
    Answer::computed(&GoogleLinkBody::from(identity))?.to(&request)
}

/// How to link.
#[derive(Debug, ToSchema)]
pub struct LinkGoogleBody {
    /// Where in the front end to end up: a path such as `/settings`. Anything else is its default page.
    #[schema(value_type = Option<String>, max_length = 512, example = "/settings")]
    next: Option<LocalPath>,
    /// For apps, whose browser doesn't share their cookies: as for `GET /auth/google/start`. The link is then made by
    /// `POST /me/google/confirm`.
    #[schema(value_type = Option<String>, min_length = 43, max_length = 43, example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")]
    code_challenge: Option<Challenge>,
    /// The password; this or `encrypted_password`, unless this session was opened at most five minutes ago.
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
        let next = fields.optional("next", text(next));
        let code_challenge = fields.optional("code_challenge", text(Challenge::parse));
        let SubmittedPassword { plain, encrypted, kid } = proof(fields);
        Some(Self { next, code_challenge, password: plain, encrypted_password: encrypted, password_kid: kid })
    }
}

/// Where to go to link.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GoogleAuthorization)]
pub struct AuthorizationBody {
    /// Where to send the browser.
    #[schema(example = "https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=…")]
    authorization_url: String,
}

/// Link with Google
///
/// Answers where to send the browser. It comes back to the front end: linked, or with `?error=google_…`. Has to be
/// finished within 10 minutes, while the session that asked is live, and in the browser that asked: the answer sets a
/// cookie (call with `credentials: "include"`). Apps send a `code_challenge` instead, and confirm. Needs the password,
/// unless this session was opened at most five minutes ago; the account's owner is told by mail.
#[utoipa::path(
    tag = "me",
    operation_id = "linkGoogle",
    request_body = LinkGoogleBody,
    responses(
        (status = 200, description = "Where to send the browser", body = AuthorizationBody),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`google_disabled`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`google_already_linked`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 503, description = "`google_unavailable` or `unavailable`: try again after `Retry-After` seconds", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/me/google")]
async fn link_google(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    body: Body<LinkGoogleBody>,
) -> Result<HttpResponse, Problem> {
    let google = Google::of(&app)?;
    let LinkGoogleBody { next, code_challenge, password, encrypted_password, password_kid } = body.value;
    let sent = SubmittedPassword { plain: password, encrypted: encrypted_password, kid: password_kid };
    by_password_or_fresh_sign_in(&app, principal, sent).await?;
    let user = principal.user;
    let linked = app.unit_of_work.read::<_, StoreError>(move |store| store.identity_of(user, Provider::Google)).await?;
    if linked.is_some() {
        return Err(accounts::FederatedRefusal::AlreadyLinked.into());
    }
    // An app proves by its verifier that it was the one who asked, a browser by its cookie.
    let browser = match code_challenge {
        Some(_) => None,
        None => Some(prelogin::browser(&request, &app).unwrap_or_else(|| Browser::fresh(&*app.identity.entropy))),
    };
    let purpose = Purpose::Link { user, session: principal.session };
    let completion = code_challenge.map_or(Completion::Browser, Completion::App);
    let next = next.unwrap_or_else(LocalPath::home);
    let url = google.begin(&app, purpose, completion, next, browser.as_ref()).await?;
    let body = AuthorizationBody { authorization_url: url.into() };
    let mut response = HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(body);
    if let Some(browser) = browser {
        prelogin::remember(&mut response, &request, &app, &browser)?;
    }
    Ok(response)
}

/// What an app's browser has brought.
#[derive(Debug, ToSchema)]
pub struct ConfirmGoogleBody {
    /// The code in the front end's address, after `#google_code=`.
    #[schema(value_type = String, max_length = 100)]
    code: String,
    /// What the app made its `code_challenge` of.
    #[schema(value_type = String, min_length = 43, max_length = 128, example = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")]
    code_verifier: String,
}

impl Decode for ConfirmGoogleBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let code = fields.required("code", text(code));
        let code_verifier = fields.required("code_verifier", text(verifier));
        Some(Self { code: code?, code_verifier: code_verifier? })
    }
}

/// Confirm a link with Google
///
/// For apps that began with a `code_challenge`: links, with what their browser has brought in the front end's address.
/// A code is good once, for a minute, for the user who asked for it.
#[utoipa::path(
    tag = "me",
    operation_id = "confirmGoogleLink",
    request_body = ConfirmGoogleBody,
    responses(
        (status = 200, description = "Linked", body = GoogleLinkBody),
        (status = 400, description = "`google_code_invalid`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 403, description = "`google_link_expired`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`google_disabled`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`google_subject_taken` or `google_already_linked`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/me/google/confirm")]
async fn confirm_google(
    app: Data<App>,
    principal: Principal,
    body: Body<ConfirmGoogleBody>,
) -> Result<HttpResponse, Problem> {
    let google = Google::of(&app)?;
    let ConfirmGoogleBody { code, code_verifier } = body.value;
    match google.redeem(&app, &code, &code_verifier).await? {
        (Purpose::Link { user, session }, profile) if user == principal.user => {
            let identity = google::link(&app, user, session, profile).await?;
            let body = GoogleLinkBody::from(Some(identity));
            Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(body))
        }
        _ => Err(Problem::of("google_code_invalid", "This code doesn't link an account, or not this one.")),
    }
}

/// Unlink from Google
///
/// Refused if nothing would be left to sign in with. Needs the password, unless this session was opened at most five
/// minutes ago.
#[utoipa::path(
    tag = "me",
    operation_id = "unlinkGoogle",
    request_body = Option<ProofBody>,
    responses(
        (status = 204, description = "Unlinked"),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`google_not_linked`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`google_last_way_in`: choose a password first", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[delete("/me/google")]
async fn unlink_google(
    app: Data<App>,
    principal: Principal,
    body: OptionalBody<ProofBody>,
) -> Result<HttpResponse, Problem> {
    by_password_or_fresh_sign_in(&app, principal, body.0.unwrap_or_default().sent()).await?;
    let (inner, now) = (app.clone(), app.now());
    app.unit_of_work
        .write(principal.user, now, move |tx| {
            hold_session::<Problem>(tx.store, principal, now)?;
            let ids = &*inner.ids;
            Ok::<_, Problem>(accounts::unlink(tx.store, principal.user, principal.session, Provider::Google, ids, now)?)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<LinkGoogleBody>();
        assert_documented::<ConfirmGoogleBody>();
    }
}
