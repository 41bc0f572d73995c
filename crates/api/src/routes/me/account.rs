//! `DELETE /me`: deleting one's account.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use circadia_auth::accounts::delete_account;
use circadia_domain::audit::{self, AuditAction, AuditEvent};
use circadia_domain::{Entity, Error};
use utoipa_actix_web::service_config::ServiceConfig;

use super::proof::{ProofBody, by_password_or_google};
use crate::app::App;
use crate::conditional::IfMatch;
use crate::identity::{Principal, follow_revocations};
use crate::input::OptionalBody;
use crate::problem::Problem;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(delete_me);
}

/// Delete my account
///
/// At once and for good: every session ends, and everything of the user's is removed. Needs the password, unless this
/// session was opened through Google at most five minutes ago.
#[utoipa::path(
    tag = "me",
    operation_id = "deleteMe",
    request_body = Option<ProofBody>,
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
    body: OptionalBody<ProofBody>,
) -> Result<HttpResponse, Problem> {
    by_password_or_google(&app, principal, body.0.unwrap_or_default().sent()).await?;
    let (user, now, inner) = (principal.user, app.now(), app.clone());
    app.unit_of_work
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
