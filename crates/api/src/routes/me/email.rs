//! `POST /me/email`: changing the e-mail address.
use actix_web::HttpResponse;
use circadia_app::passwords::SubmittedPassword;
use circadia_auth::keys::Kid;
use circadia_domain::users::Email;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::routes::auth::password_field::reauthentication;
use crate::routes::auth::{StatusBody, accepted};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, change_email);
}

/// A change of the e-mail address.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"email": "ada.lovelace@example.org", "password": "correct horse battery"}))]
pub struct ChangeEmailBody {
    /// The new address.
    email: Email,
    /// The password. Either this or `encrypted_password` is required, unless this session was opened through a provider at
    /// most five minutes ago.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Zeroizing<String>>,
    /// The password, encrypted with the key of `GET /auth/public-key`.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_password: Option<Vec<u8>>,
    /// The `kid` of that key.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{16}$")]
    password_kid: Option<Kid>,
}

impl Decode for ChangeEmailBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let email = fields.required("email");
        let SubmittedPassword { plain, encrypted, kid } = reauthentication(fields);
        Some(Self { email: email?, password: plain, encrypted_password: encrypted, password_kid: kid })
    }
}

/// Change my e-mail address
///
/// Mails a link to the new address, and a notice to the current one, which stays in use until the link is followed
/// (`POST /auth/verify-email`). The answer is the same whether or not another account has the new address.
#[utoipa::path(
    post,
    path = "/me/email",
    tag = "me",
    operation_id = "changeEmail",
    extensions(("x-rate-limit" = json!("auth"))),
    request_body = ChangeEmailBody,
    responses(
        (status = 202, description = "A mail to the new address is on its way", body = StatusBody),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`mail_disabled`: this server sends no mail", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn change_email(caller: Caller, body: Body<ChangeEmailBody>) -> Result<HttpResponse, Problem> {
    let ChangeEmailBody { email, password, encrypted_password, password_kid } = body.0;
    let submitted = SubmittedPassword { plain: password, encrypted: encrypted_password, kid: password_kid };
    caller.accounts.change_email(caller.principal, email, submitted).await?;
    Ok(accepted("verification_sent"))
}
