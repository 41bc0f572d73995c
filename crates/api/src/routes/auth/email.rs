//! `POST /auth/verify-email`, `POST /auth/resend-verification`: verifying an e-mail address.
use actix_web::HttpResponse;
use actix_web::web::Data;
use circadia_domain::users::Email;
use utoipa::ToSchema;

use super::{StatusBody, accepted};
use crate::http::answer::NoContent;
use crate::http::input::{Body, Decode, Fields, any_text};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, verify_email, resend_verification);
}

/// A token from a mail.
#[derive(Debug, ToSchema)]
pub struct VerifyEmailBody {
    /// The token in the link.
    #[schema(example = "AQGSC35MXX4vihs8TV5veotn8e2zrWkzUmKDMmgVnNsW0AbaM2vGZ3WmQWq3pO1EkQ")]
    token: String,
}

impl Decode for VerifyEmailBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let token = fields.required_with("token", any_text);
        Some(Self { token: token? })
    }
}

/// The address to send an e-mail to, if it has an account.
#[derive(Debug, ToSchema)]
pub struct AddressBody {
    /// The address.
    pub(super) email: Email,
}

impl Decode for AddressBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let email = fields.required("email");
        Some(Self { email: email? })
    }
}

/// Verify an address
///
/// Verifies an address with the token of a mailed link: the address of the registration, or a new one requested with
/// `POST /me/email`, which replaces the account's address. The token is valid once, for 24 hours.
#[utoipa::path(
    post,
    path = "/auth/verify-email",
    tag = "auth",
    operation_id = "verifyEmail",
    extensions(("x-rate-limit" = json!("auth"))),
    security(()),
    request_body = VerifyEmailBody,
    responses(
        (status = 204, description = "The address is verified"),
        (status = 409, description = "`email_taken`: another account has taken the address", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn verify_email(state: Data<AppState>, body: Body<VerifyEmailBody>) -> Result<NoContent, Problem> {
    state.app.accounts.verify_email(&body.0.token).await?;
    Ok(NoContent)
}

/// Send the verification mail again
///
/// The answer is the same whether or not there is an account with this address, and whether or not it is verified.
#[utoipa::path(
    post,
    path = "/auth/resend-verification",
    tag = "auth",
    operation_id = "resendVerification",
    extensions(("x-rate-limit" = json!("auth_unless_signed_in"))),
    security(()),
    request_body = AddressBody,
    responses(
        (status = 202, description = "If there is such an account and its address isn't verified, a mail was sent", body = StatusBody),
        (status = 404, description = "`mail_disabled`: this server sends no mail", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn resend_verification(state: Data<AppState>, body: Body<AddressBody>) -> Result<HttpResponse, Problem> {
    state.app.accounts.resend_verification(&body.0.email).await?;
    Ok(accepted("verification_sent"))
}
