//! `/auth`: getting an account, signing in, staying signed in, signing out.

pub mod email;
pub mod google;
mod links;
pub mod login;
pub mod logout;
pub mod password;
pub mod public_key;
pub mod refresh;
pub mod register;
pub(crate) mod secret;
pub mod session;
pub mod totp;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, USER_AGENT};
use actix_web::{HttpRequest, HttpResponse};
use circadia_auth::accounts::{FederatedRefusal, SignInRefusal};
use circadia_auth::passwords::Busy;
use circadia_auth::sessions::{self, Authenticated, Opened, RefreshToken, SessionRefusal};
use circadia_auth::{Client, OutboxError};
use circadia_domain::Error;
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::sessions::Session;
use circadia_domain::unit_of_work::{Refusal, Store};
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::me::UserBody;
use crate::app::App;
use crate::client_address::client_address;
use crate::limits;
use crate::problem::Problem;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    register::routes(config);
    login::routes(config);
    totp::routes(config);
    refresh::routes(config);
    logout::routes(config);
    public_key::routes(config);
    session::routes(config);
    google::routes(config);
    email::routes(config);
    password::routes(config);
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
    Federated(FederatedRefusal),
    Session(SessionRefusal),
    Domain(Error),
    Outbox(OutboxError),
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

impl From<FederatedRefusal> for Refused {
    fn from(refusal: FederatedRefusal) -> Self {
        Self::Federated(refusal)
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

impl From<OutboxError> for Refused {
    fn from(error: OutboxError) -> Self {
        Self::Outbox(error)
    }
}

impl Refusal for Refused {
    fn is_remembered(&self) -> bool {
        match self {
            Self::SignIn(refusal) => refusal.is_remembered(),
            Self::Federated(refusal) => refusal.is_remembered(),
            Self::Session(refusal) => refusal.is_remembered(),
            Self::Domain(error) => error.is_remembered(),
            Self::Outbox(error) => error.is_remembered(),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::SignIn(SignInRefusal::InvalidCredentials | SignInRefusal::PasswordReplaced) => {
                Self::of("invalid_credentials", "There is no account with this name and this password.")
            }
            Refused::SignIn(SignInRefusal::EmailNotVerified) => Self::of(
                "email_not_verified",
                "The password is right, but the e-mail address isn't verified yet: follow the link in the mail, or ask for \
                 another at `POST /auth/resend-verification`.",
            ),
            Refused::SignIn(SignInRefusal::WrongCode) => {
                Self::of("wrong_code", "The code is wrong, or was used before.")
            }
            Refused::SignIn(SignInRefusal::TooManyGuesses(seconds)) => limits::guesses_refusal(seconds),
            Refused::SignIn(SignInRefusal::ChallengeExpired) => totp::expired(),
            // Whoever signs somebody in makes a challenge of it.
            Refused::SignIn(refusal @ SignInRefusal::SecondFactorRequired { .. }) => Self::internal(&refusal),
            Refused::SignIn(SignInRefusal::Keys(error)) => Self::internal(&error),
            Refused::SignIn(SignInRefusal::Store(error)) | Refused::Session(SessionRefusal::Store(error)) => {
                error.into()
            }
            Refused::Session(refusal) => match refusal.token_error() {
                Some(error) => error.into(),
                None => Self::internal(&refusal),
            },
            Refused::Federated(refusal) => refusal.into(),
            Refused::Domain(error) => error.into(),
            Refused::Outbox(error) => error.into(),
        }
    }
}

impl From<Busy> for Problem {
    fn from(_: Busy) -> Self {
        Self::unavailable("Too many passwords are being checked at the moment. Try again in a moment.")
    }
}

pub(super) use password::wrong_password;

fn device(text: &str) -> Result<String, Violations> {
    if text.chars().count() > 100 {
        return Err(Violations::of("too_long", "must have at most 100 characters"));
    }
    if text.contains('\0') {
        return Err(Violations::of("nul_character", "must not contain the NUL character"));
    }
    Ok(text.to_owned())
}

fn client_of(request: &HttpRequest, app: &App, device: Option<&str>) -> Client {
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    Client::new(device, agent, client_address(request.head(), &app.settings))
}

/// What was begun, and goes on by mail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Status)]
pub struct StatusBody {
    /// `verification_sent` or `reset_sent`.
    #[schema(example = "verification_sent")]
    pub status: &'static str,
}

/// Answers that something was begun.
pub(super) fn accepted(status: &'static str) -> HttpResponse {
    HttpResponse::Accepted().insert_header((CACHE_CONTROL, "no-store")).json(StatusBody { status })
}

/// What attempts are counted on, each apart from the others.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target<'a> {
    /// An account, by the name or address that it is tried by: what is counted together would tell what belongs
    /// together.
    Login(&'a str),
    /// An address that somebody registers with.
    Registration(&'a str),
    /// An address that a link to verify it is asked for.
    Verification(&'a str),
    /// An address that a link to a new password is asked for.
    Reset(&'a str),
    /// A password that is guessed from within.
    Password(UserId),
    /// A second factor.
    SecondFactor(UserId),
}

impl std::fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Login(login) => write!(f, "login {login}"),
            Self::Registration(email) => write!(f, "registration {email}"),
            Self::Verification(email) => write!(f, "verification {email}"),
            Self::Reset(email) => write!(f, "reset {email}"),
            Self::Password(user) => write!(f, "password {user}"),
            Self::SecondFactor(user) => write!(f, "second factor {user}"),
        }
    }
}

/// Counts an attempt.
pub(crate) async fn throttle(app: &App, target: Target<'_>) -> Result<(), Problem> {
    let (Some(throttle), Some(quota)) = (&app.identity.account_throttle, app.settings.rate_limits.auth) else {
        return Ok(());
    };
    let decision = throttle.attempt(&target.to_string(), app.now()).await;
    if decision.allowed { Ok(()) } else { Err(limits::account_refusal(quota, &decision)) }
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

fn open(
    store: &mut dyn Store,
    app: &App,
    authenticated: Authenticated,
    client: &Client,
    now: Instant,
) -> Result<Opened, SessionRefusal> {
    let keys = app.identity.tokens.keys();
    sessions::open_session(store, authenticated, client, &keys, &*app.ids, &*app.identity.entropy, now)
}
