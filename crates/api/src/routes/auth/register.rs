//! `POST /auth/register`: getting an account.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use circadia_auth::Client;
use circadia_auth::accounts::{self, EmailJob, Registration, Verification};
use circadia_auth::keys::Kid;
use circadia_auth::passwords::Password;
use circadia_auth::sessions::Authenticated;
use circadia_domain::civil::Zone;
use circadia_domain::users::{Email, Locale, Login, Role, Settings, Username};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use zeroize::Zeroizing;

use super::secret::{PASSWORD, SubmittedPassword};
use super::{Refused, StatusBody, Target, TokensBody, accepted, client_of, device, open, throttle, tokens};
use crate::app::App;
use crate::input::{Body, Decode, Fields, text};
use crate::letters;
use crate::problem::Problem;
use crate::routes::me::UserBody;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(register);
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
    /// Either this or `encrypted_password`.
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 128, example = "correct horse battery")]
    password: Option<Zeroizing<String>>,
    /// The password, encrypted with the key of `GET /auth/public-key`.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_password: Option<Vec<u8>>,
    /// The `kid` of that key; without it, every key that is accepted is tried.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{16}$")]
    password_kid: Option<Kid>,
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

impl Decode for RegisterBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let username = fields.required("username", text(Username::parse));
        let email = fields.required("email", text(Email::parse));
        let (name, address) = (username.clone(), email.clone());
        let chosen = |given: &str| Password::chosen(given, name.as_ref(), address.as_ref()).map(drop);
        let sent = SubmittedPassword::required(fields, PASSWORD, chosen);
        let timezone = fields.optional("timezone", text(Zone::parse));
        let locale = fields.optional("locale", text(Locale::parse));
        let device = fields.optional("device", text(device));
        let SubmittedPassword { plain, encrypted, kid } = sent?;
        Some(Self {
            username: username?,
            email: email?,
            password: plain,
            encrypted_password: encrypted,
            password_kid: kid,
            timezone,
            locale,
            device,
        })
    }
}

/// Register
///
/// Where addresses needn't be verified, makes an account and signs it in. Where they must be (`GET /config` tells),
/// makes an account that can be used once the link in a mail was followed; then the answer, and the time it takes, are
/// the same when there is an account with this address already: its owner gets another mail.
#[utoipa::path(
    tag = "auth",
    operation_id = "register",
    security(()),
    request_body = RegisterBody,
    responses(
        (status = 201, description = "The account was made; these are its first tokens", body = TokensBody),
        (status = 202, description = "A mail to the address is on its way, and the account can be used after it", body = StatusBody),
        (status = 409, description = "`username_taken`; `email_taken` only where addresses needn't be verified", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/auth/register")]
async fn register(app: Data<App>, request: HttpRequest, body: Body<RegisterBody>) -> Result<HttpResponse, Problem> {
    let given = body.value;
    let client = client_of(&request, &app, given.device.as_deref());
    throttle(&app, Target::Registration(given.email.as_str())).await?;
    let sent =
        SubmittedPassword { plain: given.password, encrypted: given.encrypted_password, kid: given.password_kid };
    let password = sent.chosen(&app, PASSWORD, Some(&given.username), Some(&given.email)).await?;
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
    match app.settings.verification {
        Verification::Optional => sign_up(&app, registration, hash, client).await,
        Verification::Required => ask_to_verify(&app, registration, hash).await,
    }
}

/// Makes an account and signs it in.
async fn sign_up(
    app: &Data<App>,
    registration: Registration,
    hash: String,
    client: Client,
) -> Result<HttpResponse, Problem> {
    let (now, inner) = (app.now(), app.clone());
    let (opened, user) = app
        .unit_of_work
        .write_unowned(move |store| {
            let letter = EmailJob::Registration { email: registration.email.as_str().to_owned(), taken: false };
            let user = accounts::register(store, registration, hash, &*inner.ids, now)?;
            letters::order(&inner, store, None, &letter, now)?;
            let opened = open(store, &inner, Authenticated::by_password(user.id), &client, now)?;
            let user = UserBody::load(store, user.id, now)?;
            Ok::<_, Refused>((opened, user))
        })
        .await?;
    app.outbox.wake();
    tokens(app, StatusCode::CREATED, &opened.session, &opened.refresh_token, user)
}

/// Makes an account, if there is none with this address, and orders a mail to it in any case: one row is enqueued and
/// one transaction committed, whichever it is.
async fn ask_to_verify(app: &Data<App>, registration: Registration, hash: String) -> Result<HttpResponse, Problem> {
    let (now, inner) = (app.now(), app.clone());
    let email = registration.email.as_str().to_owned();
    let letter = |taken| EmailJob::Registration { email: email.clone(), taken };
    let (login, free) = (Login::username(registration.username.as_str()), letter(false));
    let made = app
        .unit_of_work
        .write_unowned(move |store| {
            accounts::register(store, registration, hash, &*inner.ids, now)?;
            letters::order(&inner, store, None, &free, now).map_err(Refused::from)
        })
        .await;
    match made {
        Err(problem) if problem.code() == "email_taken" => {
            let (inner, taken) = (app.clone(), letter(true));
            app.unit_of_work
                .write_unowned(move |store| {
                    // Names aren't secret, and are refused before anything is said of the address.
                    if store.find_credentials(&login)?.is_some() {
                        return Err(accounts::username_taken().into());
                    }
                    letters::order(&inner, store, None, &taken, now).map_err(Refused::from)
                })
                .await?;
        }
        made => made?,
    }
    app.outbox.wake();
    Ok(accepted("verification_sent"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<RegisterBody>();
    }
}
