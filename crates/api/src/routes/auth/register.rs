//! `POST /auth/register`: registering an account.
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use circadia_app::passwords::{PASSWORD, SubmittedPassword};
use circadia_app::sign_up::{NewAccount, SignedUp};
use circadia_auth::keys::Kid;
use circadia_auth::passwords::Password;
use circadia_domain::civil::Zone;
use circadia_domain::users::{Email, Locale, Username};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{StatusBody, TokensBody, accepted, device, password_field, tokens};
use crate::http::caller::client;
use crate::http::input::{Body, Decode, Fields, text};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, register);
}

/// An account to register.
#[derive(Debug, ToSchema)]
pub struct RegisterBody {
    /// 3–32 letters, digits, `.`, `_` or `-` of ASCII; unique regardless of case.
    username: Username,
    /// The address; unique regardless of case.
    email: Email,
    /// 8–128 characters; common and all-numeric passwords, those similar to the user name or the e-mail address, and
    /// those that are easy to guess are refused with the reason. Either this or `encrypted_password`.
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 128, example = "correct horse battery")]
    password: Option<Zeroizing<String>>,
    /// The password, encrypted with the key of `GET /auth/public-key`.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_password: Option<Vec<u8>>,
    /// The `kid` of that key. Without it, every accepted key is tried.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{16}$")]
    password_kid: Option<Kid>,
    /// The user's IANA time zone. Defaults to `UTC`.
    timezone: Option<Zone>,
    /// The language as a BCP 47 tag. Defaults to `en`.
    locale: Option<Locale>,
    /// The device's name, shown in the list of sessions.
    #[schema(value_type = Option<String>, max_length = 100, example = "Ada's phone")]
    device: Option<String>,
}

impl Decode for RegisterBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let username = fields.required("username");
        let email = fields.required("email");
        let (name, address) = (username.clone(), email.clone());
        let chosen = |given: &str| Password::chosen(given, name.as_ref(), address.as_ref()).map(drop);
        let sent = password_field::required(fields, PASSWORD, chosen);
        let timezone = fields.optional("timezone");
        let locale = fields.optional("locale");
        let device = fields.optional_with("device", text(device));
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
/// If addresses needn't be verified, creates an account and signs it in. If they must be (see `GET /config`), the
/// account can be used once the link in a mail was followed. In that case neither the answer nor its timing nor any
/// later sign-in reveals whether the address already has an account: the account's owner gets a different mail, and the
/// user name is taken either way.
#[utoipa::path(
    post,
    path = "/auth/register",
    tag = "auth",
    operation_id = "register",
    extensions(("x-rate-limit" = json!("auth"))),
    security(()),
    request_body = RegisterBody,
    responses(
        (status = 201, description = "The account was created; these are its first tokens", body = TokensBody),
        (status = 202, description = "A mail was sent to the address; the account can be used once its link was followed", body = StatusBody),
        (status = 409, description = "`username_taken`; `email_taken` only where addresses needn't be verified", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn register(
    state: Data<AppState>,
    request: HttpRequest,
    body: Body<RegisterBody>,
) -> Result<HttpResponse, Problem> {
    let given = body.0;
    let client = client(&state, request.head(), given.device.as_deref());
    let new = NewAccount {
        username: given.username,
        email: given.email,
        password: SubmittedPassword {
            plain: given.password,
            encrypted: given.encrypted_password,
            kid: given.password_kid,
        },
        timezone: given.timezone,
        locale: given.locale,
    };
    match state.app.sign_up.register(new, client).await? {
        SignedUp::SignedIn(opened, profile) => {
            tokens(&state, StatusCode::CREATED, &opened.session, &opened.refresh_token, *profile)
        }
        SignedUp::VerificationSent => Ok(accepted("verification_sent")),
    }
}
