//! `POST /auth/refresh`: staying signed in.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use circadia_auth::sessions::{self, RefreshToken, SessionRefusal};
use circadia_domain::audit::{self, AuditAction, AuditEvent};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{Refused, TokensBody, client_of, tokens};
use crate::app::App;
use crate::input::{Body, Decode, Fields, any_text};
use crate::problem::Problem;
use crate::routes::me::UserBody;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(refresh_tokens);
}

/// A refresh token.
#[derive(Debug, ToSchema)]
pub struct RefreshBody {
    /// The one that came with the latest access token.
    #[schema(example = "crr_AZILfkxdfi-KGzxNXm96iwGSC35MXX4virs8TV5vepsAAAAA")]
    refresh_token: String,
}

impl Decode for RefreshBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let refresh_token = fields.required("refresh_token", any_text);
        Some(Self { refresh_token: refresh_token? })
    }
}

/// Refresh
///
/// Exchanges a refresh token for new tokens. Each can be exchanged once: a token that was used before ends its whole
/// session, except that the latest exchange may be repeated for 10 seconds, for an answer that got lost.
#[utoipa::path(
    tag = "auth",
    operation_id = "refresh",
    security(()),
    request_body = RefreshBody,
    responses(
        (status = 200, description = "The next tokens", body = TokensBody),
        (status = 401, description = "`token_invalid`, `token_expired` or `token_revoked`", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/auth/refresh")]
async fn refresh_tokens(
    app: Data<App>,
    request: HttpRequest,
    body: Body<RefreshBody>,
) -> Result<HttpResponse, Problem> {
    let token = RefreshToken::parse(&body.value.refresh_token)?;
    let client = client_of(&request, &app, None);
    let keys = app.identity.tokens.keys();
    let (inner, now) = (app.clone(), app.now());
    let (refreshed, user) = app
        .unit_of_work
        .write(token.user, now, move |tx| {
            let refreshed = sessions::refresh(tx.store, &token, &client, &keys, now);
            if matches!(refreshed, Err(SessionRefusal::Replayed)) {
                // Whoever it was: the owner, or somebody who has a copy.
                let event = AuditEvent::of(inner.ids.fresh().into(), AuditAction::REFRESH_REPLAYED, now);
                audit::record(tx.store, &event.about(token.user).in_session(token.session).refused())?;
            }
            let refreshed = refreshed?;
            let user = UserBody::load(tx.store, token.user, now)?;
            Ok::<_, Refused>((refreshed, user))
        })
        .await?;
    tokens(&app, StatusCode::OK, &refreshed.session, &refreshed.refresh_token, user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<RefreshBody>();
    }
}
