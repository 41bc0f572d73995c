//! `POST /auth/login`: signing in.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use circadia_auth::Client;
use circadia_auth::accounts::{self, Attempt, SignInRefusal};
use circadia_auth::keys::Kid;
use circadia_auth::passwords::Password;
use circadia_auth::sessions::{Authenticated, SessionRefusal};
use circadia_domain::Error;
use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::logins::LoginMethod;
use circadia_domain::sessions::SessionKind;
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::Login;
use circadia_domain::violation::Violations;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use zeroize::Zeroizing;

use super::secret::{self, PASSWORD, SubmittedPassword};
use super::totp::challenge;
use super::{Refused, Target, TokensBody, client_of, device, open, throttle, tokens};
use crate::app::App;
use crate::input::{Body, Decode, Fields, text};
use crate::problem::Problem;
use crate::routes::me::UserBody;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(log_in);
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

/// Credentials: an address or a name, and a password.
#[derive(Debug, ToSchema)]
pub struct LoginBody {
    /// The address; either this or `username`.
    #[schema(value_type = Option<String>, example = "ada@example.org")]
    email: Option<String>,
    /// The name; either this or `email`.
    #[schema(value_type = Option<String>)]
    username: Option<String>,
    /// The password; either this or `encrypted_password`.
    #[schema(value_type = Option<String>, format = Password, example = "correct horse battery")]
    password: Option<Zeroizing<String>>,
    /// The password, encrypted with the key of `GET /auth/public-key`.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_password: Option<Vec<u8>>,
    /// The `kid` of that key; without it, every key that is accepted is tried.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{16}$")]
    password_kid: Option<Kid>,
    /// What the device calls itself, shown in the list of sessions.
    #[schema(value_type = Option<String>, max_length = 100, example = "Ada's phone")]
    device: Option<String>,
}

impl Decode for LoginBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let email = fields.optional("email", text(login_name));
        let username = fields.optional("username", text(login_name));
        let sent = SubmittedPassword::required(fields, PASSWORD, |given| Password::given(given).map(drop));
        let device = fields.optional("device", text(device));
        match (&email, &username) {
            (None, None) => fields.note("email", "required", "is required, unless `username` is given"),
            (Some(_), Some(_)) => fields.note("username", "unexpected", "must be left out where `email` is given"),
            _ => {}
        }
        let SubmittedPassword { plain, encrypted, kid } = sent?;
        Some(Self { email, username, password: plain, encrypted_password: encrypted, password_kid: kid, device })
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

/// Log in
///
/// Opens a session. Whatever is wrong with the credentials, the answer is the same, also if an encrypted password can't
/// be decrypted.
#[utoipa::path(
    tag = "auth",
    operation_id = "login",
    security(()),
    request_body = LoginBody,
    responses(
        (status = 200, description = "Signed in", body = TokensBody),
        (status = 401, description = "`invalid_credentials`; or, if the password is right, `second_factor_required` with a `challenge` for `POST /auth/login/totp`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/auth/login")]
async fn log_in(app: Data<App>, request: HttpRequest, body: Body<LoginBody>) -> Result<HttpResponse, Problem> {
    let (opened, user) = sign_in(&app, &request, body.value, SessionKind::Token, open).await?;
    tokens(&app, StatusCode::OK, &opened.session, &opened.refresh_token, user)
}

/// How the session is opened that a sign-in leads to, inside the user's writing unit of work.
pub(super) type Opener<T> = fn(&mut dyn Store, &App, Authenticated, &Client, Instant) -> Result<T, SessionRefusal>;

/// Signs somebody in by their password, with a session of this kind. Where a second factor is asked for, the refusal
/// carries a challenge, which opens a session of the same kind.
pub(super) async fn sign_in<T: Send + 'static>(
    app: &Data<App>,
    request: &HttpRequest,
    body: LoginBody,
    kind: SessionKind,
    open: Opener<T>,
) -> Result<(T, UserBody), Problem> {
    let client = client_of(request, app, body.device.as_deref());
    let login = body.login();
    throttle(app, Target::Login(login.key())).await?;
    let sent = SubmittedPassword { plain: body.password, encrypted: body.encrypted_password, kid: body.password_kid };
    let password = sent.given(app).await?;
    // A password that was changed, or hashed anew, while it was checked is looked up once more.
    for _ in 0..2 {
        match attempt_once(app, &client, &login, password.as_ref(), open).await? {
            Accepted::NotAnyMore => {}
            Accepted::SignedIn(opened, user) => return Ok((opened, *user)),
            Accepted::FirstFactor { user, password_hash } => {
                let identifier = app.identity.identifiers.hash(&login);
                return Err(challenge(
                    app,
                    Authenticated::by_password(user),
                    kind,
                    password_hash.as_deref(),
                    identifier,
                    client.device,
                ));
            }
        }
    }
    Err(Refused::from(SignInRefusal::InvalidCredentials).into())
}

/// Holds the password against what is stored at the moment, and signs in.
async fn attempt_once<T: Send + 'static>(
    app: &Data<App>,
    client: &Client,
    login: &Login,
    password: Option<&Password>,
    open: Opener<T>,
) -> Result<Accepted<T>, Problem> {
    let (client, login, inner) = (client.clone(), login.clone(), app.clone());
    let sought = login.clone();
    let found = app.unit_of_work.read::<_, Error>(move |store| Ok(store.find_credentials(&sought)?)).await?;
    let stored = found.as_ref().and_then(|credentials| credentials.password_hash.clone());
    let verified = secret::verify(app, password, stored).await?;
    let now = app.now();
    // Who isn't known and who has another password take the same way, through the same kind of transaction.
    let Some(credentials) = found.clone().filter(|_| verified.matches) else {
        let refused = app.unit_of_work.write_unowned(move |store| {
            let attempt = attempt(&inner, &login, &client, now);
            accounts::refuse(store, &attempt, found.as_ref()).map_err(Refused::from)
        });
        return refused.await.map(|never| match never {});
    };
    let accepted = app.unit_of_work.write(credentials.user, now, move |tx| {
        let attempt = attempt(&inner, &login, &client, now);
        let user = match accounts::accept(tx.store, tx.rev, &attempt, &credentials, &verified) {
            Err(SignInRefusal::PasswordReplaced) => return Ok(Accepted::NotAnyMore),
            Err(SignInRefusal::SecondFactorRequired { user, password_hash }) => {
                return Ok(Accepted::FirstFactor { user, password_hash });
            }
            accepted => accepted?,
        };
        let opened = open(tx.store, &inner, Authenticated::by_password(user.id), &client, now)?;
        let user = UserBody::load(tx.store, user.id, now)?;
        Ok::<_, Refused>(Accepted::SignedIn(opened, Box::new(user)))
    });
    accepted.await
}

/// What became of a right password.
enum Accepted<T> {
    /// It was replaced while it was checked.
    NotAnyMore,
    /// A second factor is asked for.
    FirstFactor { user: UserId, password_hash: Option<String> },
    /// A session was opened.
    SignedIn(T, Box<UserBody>),
}

fn attempt<'a>(app: &'a App, login: &'a Login, client: &'a Client, now: Instant) -> Attempt<'a> {
    Attempt {
        login,
        method: LoginMethod::Password,
        client,
        verification: app.settings.verification,
        identifiers: &app.identity.identifiers,
        ids: &*app.ids,
        now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<LoginBody>();
    }
}
