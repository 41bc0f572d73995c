//! `POST /me/email`: asking for another address.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use circadia_auth::accounts::LetterOrder;
use circadia_auth::passwords::Password;
use circadia_domain::users::Email;
use circadia_domain::{Entity, Error};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::proof::prove;
use crate::app::App;
use crate::identity::Principal;
use crate::input::{Body, Decode, Fields, text};
use crate::letters;
use crate::problem::Problem;
use crate::routes::auth::{StatusBody, accepted};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(change_email);
}

/// Another address.
#[derive(Debug, ToSchema)]
pub struct ChangeEmailBody {
    /// The new address.
    #[schema(value_type = String, format = Email, max_length = 254, example = "countess@example.org")]
    email: Email,
    /// The password; may be left out for five minutes after signing in with Google.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<String>,
}

impl Decode for ChangeEmailBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let email = fields.required("email", text(Email::parse));
        let password = fields.optional("password", text(|given| Password::given(given).map(|_| given.to_owned())));
        Some(Self { email: email?, password })
    }
}

/// Change my address
///
/// Mails a link to the new address, and a notice to the present one, which stays the account's until the link is
/// followed (`POST /auth/verify-email`). The answer is the same whether or not another account has the new address.
#[utoipa::path(
    tag = "me",
    operation_id = "changeEmail",
    request_body = ChangeEmailBody,
    responses(
        (status = 202, description = "A mail to the new address is on its way", body = StatusBody),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`mail_disabled`: this server sends no mail", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/me/email")]
async fn change_email(
    app: Data<App>,
    principal: Principal,
    body: Body<ChangeEmailBody>,
) -> Result<HttpResponse, Problem> {
    let ChangeEmailBody { email, password } = body.value;
    letters::require_mail(&app)?;
    prove(&app, principal, password.as_deref()).await?;
    let (user, now, inner) = (principal.user, app.now(), app.clone());
    app.work
        .write(user, now, move |tx| {
            let account = tx.store.find_user(user)?.ok_or(Error::NotFound(Entity::User))?;
            let present = account.email.as_str().to_owned();
            let change = LetterOrder::EmailChange { user, email: email.as_str().to_owned() };
            letters::order(&inner, tx.store, Some(user), &change, now)?;
            let notice = LetterOrder::EmailChangeNotice { user, email: present };
            letters::order(&inner, tx.store, Some(user), &notice, now).map_err(Problem::from)
        })
        .await?;
    app.outbox.wake();
    Ok(accepted("verification_sent"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<ChangeEmailBody>();
    }
}
