//! `/auth`: getting an account, signing in, staying signed in, signing out.

use std::future::{Future, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_LENGTH, TRANSFER_ENCODING, USER_AGENT};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, post};
use circadia_auth::Client;
use circadia_auth::accounts::{self, Attempt, Registration, SignInRefusal};
use circadia_auth::passwords::{Busy, Password};
use circadia_auth::sessions::{self, Opened, RefreshToken, SessionRefusal};
use circadia_domain::Error;
use circadia_domain::civil::{Instant, Zone};
use circadia_domain::logins::LoginMethod;
use circadia_domain::sessions::Session;
use circadia_domain::store::{Refusal, Store, StoreError};
use circadia_domain::users::{Email, Locale, Login, Role, Settings, Username};
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::me::UserBody;
use crate::app::App;
use crate::client_address::client_address;
use crate::identity::{Principal, principal_of};
use crate::input::{Body, Decode, Fields, any_text, text};
use crate::limits;
use crate::problem::{Place, Problem};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(register).service(log_in).service(refresh_tokens).service(log_out).service(log_out_everywhere);
}

/// An account to make.
#[derive(Debug, ToSchema)]
pub struct RegisterBody {
    /// 3–32 letters, digits, `.`, `_` or `-` of ASCII; unique whatever its case.
    #[schema(value_type = String, min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9._-]+$", example = "ada")]
    username: Username,
    /// The address; unique whatever its case.
    #[schema(value_type = String, format = Email, max_length = 254, example = "ada@example.org")]
    email: Email,
    /// 8–128 characters; common, all-numeric ones and ones like the name or the address are refused, with the reason.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128, example = "correct horse battery")]
    password: String,
    /// The IANA time zone whose wall clock counts; `UTC` if absent.
    #[schema(value_type = Option<String>, example = "Europe/Berlin")]
    timezone: Option<Zone>,
    /// The language, as a BCP 47 tag; `en` if absent.
    #[schema(value_type = Option<String>, example = "en")]
    locale: Option<Locale>,
    /// What the device calls itself, shown in the list of sessions.
    #[schema(value_type = Option<String>, max_length = 100, example = "Ada's phone")]
    device: Option<String>,
}

/// A name or address to sign in by: of any shape, for what isn't one is simply nobody's.
fn login_name(text: &str) -> Result<String, Violations> {
    if text.contains('\0') {
        return Err(Violations::of("nul_character", "must not contain the NUL character"));
    }
    if text.len() > 1024 {
        return Err(Violations::of("too_long", "must have at most 254 characters"));
    }
    Ok(text.to_owned())
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

impl Decode for RegisterBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let username = fields.required("username", text(Username::parse));
        let email = fields.required("email", text(Email::parse));
        let (name, address) = (username.clone(), email.clone());
        let password = fields.required(
            "password",
            text(move |given| Password::chosen(given, name.as_ref(), address.as_ref()).map(|_| given.to_owned())),
        );
        let timezone = fields.optional("timezone", text(Zone::parse));
        let locale = fields.optional("locale", text(Locale::parse));
        let device = fields.optional("device", text(device));
        Some(Self { username: username?, email: email?, password: password?, timezone, locale, device })
    }
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
    /// The password.
    #[schema(value_type = String, format = Password, example = "correct horse battery")]
    password: String,
    /// What the device calls itself, shown in the list of sessions.
    #[schema(value_type = Option<String>, max_length = 100, example = "Ada's phone")]
    device: Option<String>,
}

impl Decode for LoginBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let email = fields.optional("email", text(login_name));
        let username = fields.optional("username", text(login_name));
        let password = fields.required("password", text(|given| Password::given(given).map(|_| given.to_owned())));
        let device = fields.optional("device", text(device));
        match (&email, &username) {
            (None, None) => fields.note("email", "required", "is required, unless `username` is given"),
            (Some(_), Some(_)) => fields.note("username", "unexpected", "must be left out where `email` is given"),
            _ => {}
        }
        Some(Self { email, username, password: password?, device })
    }
}

impl LoginBody {
    fn login(&self) -> Login {
        match (&self.email, &self.username) {
            (Some(email), _) => Login::email(email),
            (None, username) => Login::username(username.as_deref().unwrap_or_default()),
        }
    }
}

/// A refresh token.
#[derive(Debug, ToSchema)]
pub struct RefreshBody {
    /// The one that came with the latest access token.
    #[schema(example = "crr_AZILfkxdfi-KGzxNXm96iwGSC35MXX4virs8TV5vepsAAAAA")]
    refresh_token: String,
}

impl Decode for RefreshBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let refresh_token = fields.required("refresh_token", any_text);
        Some(Self { refresh_token: refresh_token? })
    }
}

/// Which session to end.
#[derive(Debug, ToSchema)]
pub struct LogoutBody {
    /// A refresh token of the session to end; without one, the session of the access token ends.
    refresh_token: Option<String>,
}

impl Decode for LogoutBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let refresh_token = fields.optional("refresh_token", any_text);
        Some(Self { refresh_token })
    }
}

/// Tokens of a session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tokens)]
pub struct TokensBody {
    /// Proves who is asking: `Authorization: Bearer …`. A JWT, but of no meaning to clients.
    pub access_token: String,
    /// Renews the access token, once: the answer carries the next one.
    pub refresh_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    pub expires_in: i64,
    /// Who is signed in.
    pub user: UserBody,
}

/// Why somebody isn't let in, whichever step it was.
#[derive(Debug)]
enum Refused {
    SignIn(SignInRefusal),
    Session(SessionRefusal),
    Domain(Error),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Session(error.into())
    }
}

impl From<SignInRefusal> for Refused {
    fn from(refusal: SignInRefusal) -> Self {
        Self::SignIn(refusal)
    }
}

impl From<SessionRefusal> for Refused {
    fn from(refusal: SessionRefusal) -> Self {
        Self::Session(refusal)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

impl Refusal for Refused {
    fn is_remembered(&self) -> bool {
        match self {
            Self::SignIn(refusal) => refusal.is_remembered(),
            Self::Session(refusal) => refusal.is_remembered(),
            Self::Domain(error) => error.is_remembered(),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::SignIn(SignInRefusal::InvalidCredentials | SignInRefusal::PasswordReplaced) => {
                Self::of("invalid_credentials", "There is no account with this name and this password.")
            }
            Refused::SignIn(SignInRefusal::Store(error)) | Refused::Session(SessionRefusal::Store(error)) => {
                error.into()
            }
            Refused::Session(refusal) => match refusal.token_error() {
                Some(error) => error.into(),
                None => Self::internal(&refusal),
            },
            Refused::Domain(error) => error.into(),
        }
    }
}

impl From<Busy> for Problem {
    fn from(_: Busy) -> Self {
        Self::unavailable("Too many passwords are being checked at the moment. Try again in a moment.")
    }
}

fn client_of(request: &HttpRequest, app: &App, device: Option<&str>) -> Client {
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    Client::new(device, agent, client_address(request.head(), &app.settings))
}

fn invalid_password(wrong: Violations) -> Problem {
    let mut named = Violations::new();
    named.nest("/password", wrong);
    Problem::invalid(Place::Body, named)
}

/// The tokens of a session that was opened or renewed.
fn tokens(
    app: &App,
    status: StatusCode,
    session: &Session,
    refresh_token: &RefreshToken,
    user: UserBody,
) -> Result<HttpResponse, Problem> {
    let access = app.identity.tokens.issue(session, &*app.ids, app.now()).map_err(|error| Problem::internal(&error))?;
    let body = TokensBody {
        access_token: access.token,
        refresh_token: refresh_token.text(),
        token_type: "Bearer",
        expires_in: access.expires_in,
        user,
    };
    Ok(HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(body))
}

/// Register
///
/// Makes an account and signs it in.
#[utoipa::path(
    tag = "auth",
    operation_id = "register",
    security(()),
    request_body = RegisterBody,
    responses(
        (status = 201, description = "The account was made; these are its first tokens", body = TokensBody),
        (status = 409, description = "`username_taken` or `email_taken`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/auth/register")]
async fn register(app: Data<App>, request: HttpRequest, body: Body<RegisterBody>) -> Result<HttpResponse, Problem> {
    let given = body.value;
    let client = client_of(&request, &app, given.device.as_deref());
    let password =
        Password::chosen(&given.password, Some(&given.username), Some(&given.email)).map_err(invalid_password)?;
    let hash = app.identity.hasher.hash(password).await?;
    let defaults = Settings::default();
    let registration = Registration {
        username: given.username,
        email: given.email,
        settings: Settings {
            timezone: given.timezone.unwrap_or(defaults.timezone),
            locale: given.locale.unwrap_or(defaults.locale.clone()),
            ..defaults
        },
        role: Role::Regular,
        email_verified_at: None,
    };
    let now = app.now();
    let inner = app.clone();
    let (opened, user) = app
        .work
        .administer(move |store| {
            let user = accounts::register(store, registration, hash, &*inner.ids, now)?;
            let opened = open(store, &inner, user.id, &client, now)?;
            let user = UserBody::load(store, user.id, now)?;
            Ok::<_, Refused>((opened, user))
        })
        .await?;
    tokens(&app, StatusCode::CREATED, &opened.session, &opened.refresh_token, user)
}

fn open(
    store: &mut dyn Store,
    app: &App,
    user: circadia_domain::ids::UserId,
    client: &Client,
    now: Instant,
) -> Result<Opened, SessionRefusal> {
    let keys = app.identity.tokens.keys();
    sessions::open_session(store, user, client, &keys, &*app.ids, &*app.identity.entropy, now)
}

/// Log in
///
/// Opens a session. Whatever is wrong with the credentials, the answer is the same.
#[utoipa::path(
    tag = "auth",
    operation_id = "login",
    security(()),
    request_body = LoginBody,
    responses(
        (status = 200, description = "Signed in", body = TokensBody),
        (status = 401, description = "`invalid_credentials`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/auth/login")]
async fn log_in(app: Data<App>, request: HttpRequest, body: Body<LoginBody>) -> Result<HttpResponse, Problem> {
    let client = client_of(&request, &app, body.value.device.as_deref());
    throttle(&app, &body.value.login()).await?;
    // A password that was changed, or hashed anew, while it was checked is looked up once more.
    for _ in 0..2 {
        if let Some((opened, user)) = sign_in(&app, &client, &body.value).await? {
            return tokens(&app, StatusCode::OK, &opened.session, &opened.refresh_token, user);
        }
    }
    Err(Refused::from(SignInRefusal::InvalidCredentials).into())
}

/// Signs in; nothing if the password was replaced in between.
async fn sign_in(app: &Data<App>, client: &Client, body: &LoginBody) -> Result<Option<(Opened, UserBody)>, Problem> {
    let (login, client, inner) = (body.login(), client.clone(), app.clone());
    let sought = login.clone();
    let found = app.work.read::<_, Error>(move |store| Ok(store.find_credentials(&sought)?)).await?;
    let password = Password::given(&body.password).map_err(invalid_password)?;
    let stored = found.as_ref().and_then(|credentials| credentials.password_hash.clone());
    let verified = app.identity.hasher.verify(password, stored).await?;
    let now = app.now();
    // Who isn't known and who has another password take the same way, through the same kind of transaction.
    let Some(credentials) = found.clone().filter(|_| verified.matches) else {
        let refused = app.work.administer(move |store| {
            let attempt = attempt(&inner, &login, &client, now);
            accounts::refuse(store, &attempt, found.as_ref()).map_err(Refused::from)
        });
        return refused.await.map(|never| match never {});
    };
    let accepted = app.work.write(credentials.user, now, move |tx| {
        let attempt = attempt(&inner, &login, &client, now);
        let user = match accounts::accept(tx.store, tx.rev, &attempt, &credentials, &verified) {
            Err(SignInRefusal::PasswordReplaced) => return Ok(None),
            accepted => accepted?,
        };
        let opened = open(tx.store, &inner, user.id, &client, now)?;
        let user = UserBody::load(tx.store, user.id, now)?;
        Ok::<_, Refused>(Some((opened, user)))
    });
    accepted.await
}

fn attempt<'a>(app: &'a App, login: &'a Login, client: &'a Client, now: Instant) -> Attempt<'a> {
    Attempt {
        login,
        method: LoginMethod::Password,
        client,
        identifiers: &app.identity.identifiers,
        ids: &*app.ids,
        now,
    }
}

/// Counts an attempt on an account, by the name it is tried by: what is counted together would tell what belongs
/// together.
async fn throttle(app: &App, login: &Login) -> Result<(), Problem> {
    let (Some(throttle), Some(quota)) = (&app.identity.account_throttle, app.settings.rate_limits.auth) else {
        return Ok(());
    };
    let decision = throttle.attempt(login.key(), app.now()).await;
    if decision.allowed { Ok(()) } else { Err(limits::account_refusal(quota, &decision)) }
}

/// Refresh
///
/// Exchanges a refresh token for new tokens. Each can be exchanged once: a token that was used before ends its whole
/// session, except that the latest exchange may be repeated for 10 seconds, for an answer that got lost.
#[utoipa::path(
    tag = "auth",
    operation_id = "refresh",
    security(()),
    request_body = RefreshBody,
    responses(
        (status = 200, description = "The next tokens", body = TokensBody),
        (status = 401, description = "`token_invalid`, `token_expired` or `token_revoked`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/auth/refresh")]
async fn refresh_tokens(
    app: Data<App>,
    request: HttpRequest,
    body: Body<RefreshBody>,
) -> Result<HttpResponse, Problem> {
    let token = RefreshToken::parse(&body.value.refresh_token)?;
    let client = client_of(&request, &app, None);
    let keys = app.identity.tokens.keys();
    let now = app.now();
    let (refreshed, user) = app
        .work
        .write(token.user, now, move |tx| {
            let refreshed = sessions::refresh(tx.store, &token, &client, &keys, now)?;
            let user = UserBody::load(tx.store, token.user, now)?;
            Ok::<_, Refused>((refreshed, user))
        })
        .await?;
    tokens(&app, StatusCode::OK, &refreshed.session, &refreshed.refresh_token, user)
}

/// Log out
///
/// Ends the session of the refresh token in the body, for which no access token is needed; or, without a body, that of
/// the access token.
#[utoipa::path(
    tag = "auth",
    operation_id = "logout",
    security((), ("bearer" = [])),
    request_body = Option<LogoutBody>,
    responses(
        (status = 204, description = "The session has ended; it is refused everywhere within a second"),
        (status = 401, description = "Neither a refresh token nor an access token, or one that is no good", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/auth/logout")]
async fn log_out(app: Data<App>, request: HttpRequest, body: OptionalBody) -> Result<HttpResponse, Problem> {
    let now = app.now();
    let token = body.0.and_then(|body| body.refresh_token).map(|text| RefreshToken::parse(&text)).transpose()?;
    // Whoever holds the refresh token may end its session, whether or not the access token is still good.
    let user = match &token {
        Some(token) => token.user,
        None => Principal::extract(&request).await?.user,
    };
    let session = principal_of(&request).map(|principal| principal.session);
    let keys = app.identity.tokens.keys();
    app.work
        .write(user, now, move |tx| {
            match (&token, session) {
                (Some(token), _) => sessions::revoke_by_token(tx.store, token, &keys, now)?,
                (None, Some(session)) => sessions::revoke(tx.store, user, session, now)?,
                (None, None) => false,
            };
            Ok::<_, Refused>(())
        })
        .await?;
    crate::identity::follow_revocations(&app).await;
    Ok(HttpResponse::NoContent().finish())
}

/// Log out everywhere
///
/// Ends every session of the user, this one included.
#[utoipa::path(
    tag = "auth",
    operation_id = "logoutAll",
    responses((status = 204, description = "Every session has ended"))
)]
#[post("/auth/logout-all")]
async fn log_out_everywhere(app: Data<App>, principal: Principal) -> Result<HttpResponse, Problem> {
    let now = app.now();
    app.work
        .write(principal.user, now, move |tx| {
            sessions::revoke_all(tx.store, principal.user, now).map_err(Refused::from)
        })
        .await?;
    crate::identity::follow_revocations(&app).await;
    Ok(HttpResponse::NoContent().finish())
}

/// The body of a log-out, which may be missing altogether.
struct OptionalBody(Option<LogoutBody>);

impl FromRequest for OptionalBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let chunked = request.headers().contains_key(TRANSFER_ENCODING);
        if length.unwrap_or(0) == 0 && !chunked {
            return Box::pin(ready(Ok(Self(None))));
        }
        let body = Body::<LogoutBody>::from_request(request, payload);
        Box::pin(async move { Ok(Self(Some(body.await?.value))) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<RegisterBody>();
        assert_documented::<LoginBody>();
        assert_documented::<RefreshBody>();
        assert_documented::<LogoutBody>();
    }
}
