//! `POST /auth/password/forgot`, `/reset`, `/change`: replacing a password.
use actix_web::HttpResponse;
use actix_web::web::Data;
use circadia_app::passwords::{CURRENT_PASSWORD, NEW_PASSWORD, PASSWORD, SubmittedPassword};
use circadia_auth::keys::Kid;
use circadia_auth::passwords::Password;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::email::AddressBody;
use super::{StatusBody, accepted, password_field};
use crate::http::answer::NoContent;
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, Parsed, any_text};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, forgot, reset, change);
}

/// A token from a mail, and the new password.
#[derive(Debug, ToSchema)]
pub struct ResetPasswordBody {
    /// The token in the link.
    #[schema(example = "AgGSC35MXX4vihs8TV5veotn8e2zrWkzUmKDMmgVnNsW0AbaM2vGZ3WmQWq3pO1EkQ")]
    token: String,
    /// The new password: 8–128 characters; common and all-numeric passwords, and those similar to the user name or the
    /// e-mail address, are refused with the reason. Either this or `encrypted_password`.
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 128, example = "correct horse battery")]
    password: Option<Zeroizing<String>>,
    /// The new password, encrypted with the key of `GET /auth/public-key`.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_password: Option<Vec<u8>>,
    /// The `kid` of that key. Without it, every accepted key is tried.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{16}$")]
    password_kid: Option<Kid>,
}

impl Decode for ResetPasswordBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let token = fields.required_with("token", any_text);
        let SubmittedPassword { plain, encrypted, kid } = password_field::required(fields, PASSWORD, strong_enough)?;
        Some(Self { token: token?, password: plain, encrypted_password: encrypted, password_kid: kid })
    }
}

/// The current password and the new one.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"current_password": "correct horse battery", "new_password": "a horse that staples batteries"}))]
pub struct ChangePasswordBody {
    /// The current password; either this or `encrypted_current_password`.
    #[schema(value_type = Option<String>, format = Password)]
    current_password: Option<Zeroizing<String>>,
    /// The current password, encrypted with the key of `GET /auth/public-key`.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_current_password: Option<Vec<u8>>,
    /// The new password: 8–128 characters; common and all-numeric passwords, and those similar to the user name or the
    /// e-mail address, are refused with the reason. Either this or `encrypted_new_password`.
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 128, example = "correct horse battery")]
    new_password: Option<Zeroizing<String>>,
    /// The new password, encrypted with that key.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_new_password: Option<Vec<u8>>,
    /// The `kid` of that key. Without it, every accepted key is tried.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{16}$")]
    password_kid: Option<Kid>,
}

impl Decode for ChangePasswordBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let current = password_field::required(fields, CURRENT_PASSWORD, |given| Password::given(given).map(drop));
        let new = password_field::required(fields, NEW_PASSWORD, strong_enough);
        let (current, new) = (current?, new?);
        Some(Self {
            current_password: current.plain,
            encrypted_current_password: current.encrypted,
            new_password: new.plain,
            encrypted_new_password: new.encrypted,
            password_kid: new.kid,
        })
    }
}

/// The password rules that don't depend on the user.
fn strong_enough(given: &str) -> Parsed<()> {
    Password::chosen(given, None, None).map(drop)
}

/// Request a password reset
///
/// Mails a link to choose a new password. The answer is the same whether or not there is an account with this address.
#[utoipa::path(
    post,
    path = "/auth/password/forgot",
    tag = "auth",
    operation_id = "forgotPassword",
    extensions(("x-rate-limit" = json!("auth"))),
    security(()),
    request_body = AddressBody,
    responses(
        (status = 202, description = "If there is such an account, a mail was sent", body = StatusBody),
        (status = 404, description = "`mail_disabled`: this server sends no mail", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn forgot(state: Data<AppState>, body: Body<AddressBody>) -> Result<HttpResponse, Problem> {
    state.app.passwords.forgot(&body.0.email).await?;
    Ok(accepted("reset_sent"))
}

/// Choose a new password
///
/// Requires the token of a mailed link, which is valid once, for an hour. Ends every session, personal access token and
/// pending link, and verifies the address that the link was sent to. If the address wasn't verified before, a linked
/// accounts at providers and a second factor are removed, too.
#[utoipa::path(
    post,
    path = "/auth/password/reset",
    tag = "auth",
    operation_id = "resetPassword",
    extensions(("x-rate-limit" = json!("auth"))),
    security(()),
    request_body = ResetPasswordBody,
    responses((status = 204, description = "The password was replaced; every session has ended"))
)]
async fn reset(state: Data<AppState>, body: Body<ResetPasswordBody>) -> Result<NoContent, Problem> {
    let ResetPasswordBody { token, password, encrypted_password, password_kid } = body.0;
    let submitted = SubmittedPassword { plain: password, encrypted: encrypted_password, kid: password_kid };
    state.app.passwords.reset(&token, submitted).await?;
    Ok(NoContent)
}

/// Change the password
///
/// Ends every other session of the user. This session and personal access tokens stay valid.
#[utoipa::path(
    post,
    path = "/auth/password/change",
    tag = "auth",
    operation_id = "changePassword",
    extensions(("x-rate-limit" = json!("auth"))),
    request_body = ChangePasswordBody,
    responses(
        (status = 204, description = "The password was changed; every other session has ended"),
        (status = 403, description = "`wrong_password`: the current password is wrong", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`password_not_set`: the account has no password; use `POST /auth/password/forgot` to set one", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn change(caller: Caller, body: Body<ChangePasswordBody>) -> Result<NoContent, Problem> {
    let ChangePasswordBody {
        current_password,
        encrypted_current_password,
        new_password,
        encrypted_new_password,
        password_kid: kid,
    } = body.0;
    let current = SubmittedPassword { plain: current_password, encrypted: encrypted_current_password, kid };
    let new = SubmittedPassword { plain: new_password, encrypted: encrypted_new_password, kid };
    caller.passwords.change(caller.principal, current, new).await?;
    Ok(NoContent)
}
