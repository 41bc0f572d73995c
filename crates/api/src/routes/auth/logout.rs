//! `POST /auth/logout`, `POST /auth/logout-all`: signing out.

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, post};
use circadia_auth::sessions::{self, RefreshToken};
use circadia_domain::audit::{self, AuditAction, AuditEvent};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::Refused;
use crate::app::App;
use crate::identity::{Principal, principal_of};
use crate::input::{Decode, Fields, OptionalBody, any_text};
use crate::problem::Problem;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(log_out).service(log_out_everywhere);
}

/// Which session to end.
#[derive(Debug, ToSchema)]
pub struct LogoutBody {
    /// A refresh token of the session to end; without one, the session of the access token ends.
    refresh_token: Option<String>,
}

impl Decode for LogoutBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let refresh_token = fields.optional("refresh_token", any_text);
        Some(Self { refresh_token })
    }
}

/// Log out
///
/// Ends the session of the refresh token in the body, for which no access token is needed; or, without a body, that of
/// the access token.
#[utoipa::path(
    tag = "auth",
    operation_id = "logout",
    security((), ("bearer" = [])),
    request_body = Option<LogoutBody>,
    responses(
        (status = 204, description = "The session has ended; it is refused everywhere within a second"),
        (status = 401, description = "Neither a refresh token nor an access token, or one that is no good", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/auth/logout")]
async fn log_out(
    app: Data<App>,
    request: HttpRequest,
    body: OptionalBody<LogoutBody>,
) -> Result<HttpResponse, Problem> {
    let now = app.now();
    let token = body.0.and_then(|body| body.refresh_token).map(|text| RefreshToken::parse(&text)).transpose()?;
    // Whoever holds the refresh token may end its session, whether or not the access token is still good.
    let user = match &token {
        Some(token) => token.user,
        None => Principal::extract(&request).await?.user,
    };
    let session = principal_of(&request).map(|principal| principal.session);
    let keys = app.identity.tokens.keys();
    let inner = app.clone();
    app.unit_of_work
        .write(user, now, move |tx| {
            let (ended, session) = match (&token, session) {
                (Some(token), _) => (sessions::revoke_by_token(tx.store, token, &keys, now)?, token.session),
                (None, Some(session)) => (sessions::revoke(tx.store, user, session, now)?, session),
                (None, None) => return Ok(()),
            };
            if ended {
                let event = AuditEvent::by(inner.ids.fresh().into(), AuditAction::SESSION_REVOKED, user, now);
                audit::record(tx.store, &event.in_session(session))?;
            }
            Ok::<_, Refused>(())
        })
        .await?;
    crate::identity::follow_revocations(&app).await;
    Ok(HttpResponse::NoContent().finish())
}

/// Log out everywhere
///
/// Ends every session of the user, this one included.
#[utoipa::path(
    tag = "auth",
    operation_id = "logoutAll",
    responses((status = 204, description = "Every session has ended"))
)]
#[post("/auth/logout-all")]
async fn log_out_everywhere(app: Data<App>, principal: Principal) -> Result<HttpResponse, Problem> {
    let (inner, now) = (app.clone(), app.now());
    app.unit_of_work
        .write(principal.user, now, move |tx| {
            sessions::revoke_all(tx.store, principal.user, now)?;
            let event = AuditEvent::by(inner.ids.fresh().into(), AuditAction::SESSIONS_REVOKED, principal.user, now);
            audit::record(tx.store, &event.in_session(principal.session)).map_err(Refused::from)
        })
        .await?;
    crate::identity::follow_revocations(&app).await;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<LogoutBody>();
    }
}
