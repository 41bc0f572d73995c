//! `/me/providers`: linking the signed-in account with accounts at providers, and unlinking them.
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use circadia_app::passwords::SubmittedPassword;
use circadia_app::providers::ProviderLink;
use circadia_auth::keys::Kid;
use circadia_auth::oauth::{Challenge, LocalPath};
use circadia_domain::civil::Instant;
use circadia_domain::identities::ProviderName;
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::reauthentication::ReauthenticationBody;
use crate::http::answer::{NoContent, unstored};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, OptionalBody, Parsed, PathParam, ProviderPath, Query, text};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::routes::auth::password_field::reauthentication;
use crate::routes::auth::providers::{browser_of, code, find, verifier, with_browser};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_provider_links, link_provider, confirm_provider_link, unlink_provider);
}

/// A provider, and the account there that can sign in to this account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProviderLink)]
pub struct ProviderLinkBody {
    /// The provider's name.
    #[schema(example = "google")]
    name: String,
    /// What to call the provider.
    #[schema(example = "Google")]
    title: String,
    /// Whether the provider is configured. One that isn't is listed while a link with it is left.
    available: bool,
    /// Whether an account is linked.
    linked: bool,
    /// The linked account's e-mail address at the time of linking.
    #[schema(format = Email, example = "ada@example.org")]
    email: Option<String>,
    /// When it was linked.
    linked_at: Option<Instant>,
}

impl From<ProviderLink> for ProviderLinkBody {
    fn from(link: ProviderLink) -> Self {
        let ProviderLink { name, title, available, account } = link;
        Self {
            name: name.as_str().to_owned(),
            title,
            available,
            linked: account.is_some(),
            linked_at: account.as_ref().map(|account| account.linked_at),
            email: account.map(|account| account.email.as_str().to_owned()),
        }
    }
}

/// List my links with providers
///
/// Every provider that is configured, and whether an account there can sign in to this account.
#[utoipa::path(
    get,
    path = "/me/providers",
    tag = "me",
    operation_id = "listProviderLinks",
    params(PageRequest),
    responses((status = 200, description = "The providers, by name", body = Page<ProviderLinkBody>))
)]
async fn list_provider_links(caller: Caller, query: Query<PageRequest>) -> Result<Page<ProviderLinkBody>, Problem> {
    let links = caller.provider_links.list(caller.user).await?;
    let mut items: Vec<ProviderLinkBody> = links.into_iter().map(ProviderLinkBody::from).collect();
    items.sort_by(|a, b| a.name.cmp(&b.name));
    Page::of_sorted(items, |item| item.name.clone(), "name", &query.0, |a, b| a < b)
}

/// How to return from the provider.
#[derive(Debug, ToSchema)]
pub struct LinkProviderBody {
    /// The front end's path to return to, such as `/settings`. Anything else leads to its default page.
    #[schema(value_type = Option<String>, max_length = 512, example = "/settings")]
    next: Option<LocalPath>,
    /// For apps, whose browser doesn't share their cookies: as for `GET /auth/providers/{provider}/start`. The link is
    /// then made by `POST /me/providers/{provider}/confirm`.
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

impl Decode for LinkProviderBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let next = fields.optional_with("next", text(next));
        let code_challenge = fields.optional_with("code_challenge", text(Challenge::parse));
        let SubmittedPassword { plain, encrypted, kid } = reauthentication(fields);
        Some(Self { next, code_challenge, password: plain, encrypted_password: encrypted, password_kid: kid })
    }
}

/// The address to open.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProviderAuthorization)]
pub struct AuthorizationBody {
    /// The URL to open in the browser.
    #[schema(example = "https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=…")]
    authorization_url: String,
}

/// Link with a provider
///
/// Returns the URL to open in the browser. The provider sends the browser back to the front end, with the account linked
/// or with `?error=provider_…`. This must finish within 10 minutes, during the same session and in the same browser,
/// because the answer sets a cookie (call with `credentials: "include"`). Apps send a `code_challenge` instead, and
/// confirm. Needs the password, unless this session was opened at most five minutes ago; the account's owner is notified
/// by mail.
#[utoipa::path(
    post,
    path = "/me/providers/{provider}",
    tag = "me",
    operation_id = "linkProvider",
    extensions(("x-rate-limit" = json!("auth"))),
    params(ProviderPath),
    request_body = LinkProviderBody,
    responses(
        (status = 200, description = "The URL to open in the browser", body = AuthorizationBody),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`provider_not_found`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`provider_already_linked`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 503, description = "`provider_unavailable` or `unavailable`: try again after `Retry-After` seconds", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn link_provider(
    caller: Caller,
    request: HttpRequest,
    name: PathParam<ProviderName>,
    body: Body<LinkProviderBody>,
) -> Result<HttpResponse, Problem> {
    let LinkProviderBody { next, code_challenge, password, encrypted_password, password_kid } = body.0;
    let submitted = SubmittedPassword { plain: password, encrypted: encrypted_password, kid: password_kid };
    let next = next.unwrap_or_else(LocalPath::home);
    let browser = || browser_of(&caller.state, &request);
    let (sign_in, provider) = find(&caller, &name.0)?;
    let begun = sign_in.begin_link(provider, caller.principal, submitted, code_challenge, next, browser).await;
    let (url, browser) = begun?;
    let response = unstored(StatusCode::OK, &AuthorizationBody { authorization_url: url.into() });
    match browser {
        Some(browser) => with_browser(response, &caller.state, &request, &browser),
        None => Ok(response),
    }
}

/// The code that an app received from its browser.
#[derive(Debug, ToSchema)]
pub struct ConfirmProviderBody {
    /// The code in the front end's URL, after `#provider_code=`.
    #[schema(value_type = String, max_length = 100)]
    code: String,
    /// The `code_verifier` that belongs to the app's `code_challenge` (RFC 7636).
    #[schema(value_type = String, min_length = 43, max_length = 128, example = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")]
    code_verifier: String,
}

impl Decode for ConfirmProviderBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let code = fields.required_with("code", text(code));
        let code_verifier = fields.required_with("code_verifier", text(verifier));
        Some(Self { code: code?, code_verifier: code_verifier? })
    }
}

/// Confirm a link with a provider
///
/// For apps that began with a `code_challenge`: links the account, with the code in the front end's URL. A code is
/// valid once, for a minute, for the user who requested it.
#[utoipa::path(
    post,
    path = "/me/providers/{provider}/confirm",
    tag = "me",
    operation_id = "confirmProviderLink",
    extensions(("x-rate-limit" = json!("auth"))),
    params(ProviderPath),
    request_body = ConfirmProviderBody,
    responses(
        (status = 200, description = "Linked", body = ProviderLinkBody),
        (status = 400, description = "`provider_code_invalid`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 403, description = "`provider_link_expired`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`provider_not_found`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`provider_subject_taken` or `provider_already_linked`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn confirm_provider_link(
    caller: Caller,
    name: PathParam<ProviderName>,
    body: Body<ConfirmProviderBody>,
) -> Result<HttpResponse, Problem> {
    let ConfirmProviderBody { code, code_verifier } = body.0;
    let (sign_in, provider) = find(&caller, &name.0)?;
    let link = sign_in.confirm_link(provider, caller.principal, &code, &code_verifier).await?;
    Ok(unstored(StatusCode::OK, &ProviderLinkBody::from(link)))
}

/// Unlink from a provider
///
/// Also from one that isn't configured any more. Refused if the account would have no sign-in method left. Needs the password, unless this session was opened at most
/// five minutes ago.
#[utoipa::path(
    post,
    path = "/me/providers/{provider}/unlink",
    tag = "me",
    operation_id = "unlinkProvider",
    extensions(("x-rate-limit" = json!("auth"))),
    params(ProviderPath),
    request_body = Option<ReauthenticationBody>,
    responses(
        (status = 204, description = "Unlinked"),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`provider_not_linked`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`provider_last_way_in`: choose a password first", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn unlink_provider(
    caller: Caller,
    name: PathParam<ProviderName>,
    body: OptionalBody<ReauthenticationBody>,
) -> Result<NoContent, Problem> {
    let submitted = body.0.unwrap_or_default().submitted();
    caller.provider_links.unlink(caller.principal, name.0, submitted).await?;
    Ok(NoContent)
}
