//! `/me/tokens`: personal access tokens, which let other programs act for a user.
use circadia_app::passwords::SubmittedPassword;
use circadia_app::personal_access_tokens::NewToken;
use circadia_auth::keys::Kid;
use circadia_domain::civil::Instant;
use circadia_domain::ids::PersonalTokenId;
use circadia_domain::personal_tokens::{self, PersonalToken, Scope, Scopes, TokenName};
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, PathParam, Query, list, text};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};
use crate::http::schemas::one_of;
use crate::routes::auth::password_field::reauthentication;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_tokens, create_token, get_token, revoke_token);
}

one_of! {
    /// What a token may do, everywhere or in an area; writing includes reading.
    TokenScope: Scope::all().map(|scope| scope.to_string()), such as "habits:read"
}

/// A personal access token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonalToken)]
pub struct TokenBody {
    /// Its id.
    pub id: PersonalTokenId,
    /// What its owner calls it. Example: `Sleep importer`
    pub name: TokenName,
    /// What it may do.
    #[schema(value_type = Vec<TokenScope>, example = json!(["sleep:write", "habits:read"]))]
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Instant,
    /// Until when it is good.
    pub expires_at: Instant,
    /// When it was used last, to the hour.
    pub last_used_at: Option<Instant>,
}

impl From<PersonalToken> for TokenBody {
    fn from(token: PersonalToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            scopes: token.scopes.iter().map(|scope| scope.to_string()).collect(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
        }
    }
}

/// A personal access token that was just made, with its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewPersonalToken)]
pub struct NewTokenBody {
    /// The token itself, to be sent as `Authorization: Bearer crc_…`; shown this once.
    #[schema(
        pattern = "^crc_[A-Za-z0-9_-]{91}$",
        example = "crc_EMnY9tlicZLhCUJwnHBdHIyvNLVlRXFwF8JlMaLNy02K35uDNHfkf7J8Rszi0z4JxT3PzPmhDJEpQwL6dfTkKPcPKPt"
    )]
    pub token: String,
    /// What it is.
    #[serde(flatten)]
    pub stored: TokenBody,
}

/// A personal access token to create.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"name": "Sleep importer", "scopes": ["sleep:write", "habits:read"], "password": "correct horse battery"}))]
pub struct CreateTokenBody {
    /// The name. Example: `Sleep importer`
    name: TokenName,
    /// The scopes: `read` or `write` everywhere, or in one area such as `habits:read`; writing includes reading.
    #[schema(value_type = Vec<TokenScope>, min_items = 1, max_items = 20, example = json!(["sleep:write", "habits:read"]))]
    scopes: Scopes,
    /// When it expires, at most a year ahead. Defaults to 90 days.
    expires_at: Option<Instant>,
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

impl Decode for CreateTokenBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name");
        let scopes = fields
            .required_with("scopes", |raw| list(20, text(Scope::parse))(raw).and_then(|scopes| Scopes::of(&scopes)));
        let expires_at = fields.optional("expires_at");
        let SubmittedPassword { plain, encrypted, kid } = reauthentication(fields);
        Some(Self {
            name: name?,
            scopes: scopes?,
            expires_at,
            password: plain,
            encrypted_password: encrypted,
            password_kid: kid,
        })
    }
}

/// List my tokens
///
/// Oldest first, without their secrets. Expired tokens are shown for another month.
#[utoipa::path(
    get,
    path = "/me/tokens",
    tag = "me",
    operation_id = "listTokens",
    params(PageRequest),
    responses((status = 200, description = "A page of tokens", body = Page<TokenBody>))
)]
async fn list_tokens(caller: Caller, query: Query<PageRequest>) -> Result<Page<TokenBody>, Problem> {
    let user = caller.user;
    let tokens = caller.query(move |store| personal_tokens::list(store, user)).await?;
    let items: Vec<TokenBody> = tokens.into_iter().map(TokenBody::from).collect();
    let key = |token: &TokenBody| (token.created_at.micros(), token.id);
    Page::of_sorted(items, key, "created_at", &query.0, |a, b| a < b)
}

/// Create a token
///
/// Lets another program act for you. The secret is shown only in this answer. Each request creates another token. Needs
/// the password, unless this session was opened at most five minutes ago. Personal access tokens can't be used for
/// sessions, passwords, the second factor, tokens or the account.
#[utoipa::path(
    post,
    path = "/me/tokens",
    tag = "me",
    operation_id = "createToken",
    request_body = CreateTokenBody,
    responses(
        (status = 201, description = "The token", body = NewTokenBody),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_token(caller: Caller, body: Body<CreateTokenBody>) -> Result<Answer, Problem> {
    let CreateTokenBody { name, scopes, expires_at, password, encrypted_password, password_kid } = body.0;
    let submitted = SubmittedPassword { plain: password, encrypted: encrypted_password, kid: password_kid };
    let new = NewToken { name, scopes, expires_at };
    let (made, text) = caller.personal_access_tokens.create(caller.principal, new, submitted).await?;
    let (rev, location) = (made.rev, format!("/api/v1/me/tokens/{}", made.id));
    let body = NewTokenBody { token: text.to_string(), stored: made.into() };
    Ok(Answer::stored(&body, rev)?.created(location))
}

/// Get one of my tokens
///
/// Without its secret, which only creating it answers.
#[utoipa::path(
    get,
    path = "/me/tokens/{token_id}",
    tag = "me",
    operation_id = "getToken",
    params(("token_id" = Uuid, Path, description = "The token's id")),
    responses((status = 200, description = "The token, without its secret", body = TokenBody))
)]
async fn get_token(caller: Caller, id: PathParam<PersonalTokenId>) -> Result<Answer, Problem> {
    let user = caller.user;
    let token = caller.query(move |store| personal_tokens::find(store, user, id.0)).await?;
    let rev = token.rev;
    Answer::stored(&TokenBody::from(token), rev)
}

/// Revoke one of my tokens
///
/// Every server refuses it within a second.
#[utoipa::path(
    delete,
    path = "/me/tokens/{token_id}",
    tag = "me",
    operation_id = "revokeToken",
    params(("token_id" = Uuid, Path, description = "The token's id"), IfMatch),
    responses((status = 204, description = "The token was revoked"))
)]
async fn revoke_token(caller: Caller, id: PathParam<PersonalTokenId>, if_match: IfMatch) -> Result<NoContent, Problem> {
    caller.personal_access_tokens.revoke(caller.principal, id.0, if_match.0).await?;
    Ok(NoContent)
}
