//! `DELETE /me`: deleting one's account.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use circadia_auth::accounts::delete_account;
use circadia_auth::passwords::Password;
use circadia_domain::audit::{self, AuditAction, AuditEvent};
use circadia_domain::{Entity, Error};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::proof::prove;
use crate::app::App;
use crate::conditional::IfMatch;
use crate::identity::{Principal, follow_revocations};
use crate::input::{Decode, Fields, OptionalBody, text};
use crate::problem::Problem;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(delete_me);
}

/// What proves that it is really the user who wants this.
#[derive(Debug, Default, ToSchema)]
pub struct DeleteMeBody {
    /// The password; may be left out for five minutes after signing in with Google.
    #[schema(value_type = Option<String>, format = Password, example = "correct horse battery")]
    password: Option<String>,
}

impl Decode for DeleteMeBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let password = fields.optional("password", text(|given| Password::given(given).map(|_| given.to_owned())));
        Some(Self { password })
    }
}

/// Delete my account
///
/// At once and for good: every session ends, and everything of the user's is removed.
#[utoipa::path(
    tag = "me",
    operation_id = "deleteMe",
    request_body = Option<DeleteMeBody>,
    responses(
        (status = 204, description = "The account is gone"),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`last_superuser`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[delete("/me")]
async fn delete_me(
    app: Data<App>,
    principal: Principal,
    if_match: IfMatch,
    body: OptionalBody<DeleteMeBody>,
) -> Result<HttpResponse, Problem> {
    let password = body.0.unwrap_or_default().password;
    prove(&app, principal, password.as_deref()).await?;
    let (user, now, inner) = (principal.user, app.now(), app.clone());
    app.work
        .write(user, now, move |tx| {
            let account = tx.store.find_user(user)?.ok_or(Error::NotFound(Entity::User))?;
            if_match.0.check(account.rev)?;
            delete_account(tx.store, user, now)?;
            let event = AuditEvent::by(inner.ids.fresh().into(), AuditAction::ACCOUNT_DELETED, user, now);
            Ok::<_, Error>(audit::record(tx.store, &event)?)
        })
        .await?;
    follow_revocations(&app).await;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<DeleteMeBody>();
    }
}
