//! `POST /auth/login/totp`: the second half of signing in, where a second factor is asked for.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use circadia_auth::accounts::{SecondFactor, accept_second_factor};
use circadia_auth::factors::Challenge;
use circadia_auth::sessions::Authenticated;
use circadia_domain::sessions::SessionKind;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::login::Opener;
use super::{Refused, Target, TokensBody, client_of, open, throttle, tokens};
use crate::app::App;
use crate::input::{Body, Decode, Fields, Parsed, any_text, text};
use crate::problem::{Problem, ProblemDoc};
use crate::routes::me::UserBody;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(log_in_with_totp);
}

/// A code that somebody typed: of any shape, for what isn't one is simply wrong.
pub(crate) fn code(given: &str) -> Parsed<String> {
    if given.chars().count() > 64 {
        return Err(circadia_domain::violation::Violations::of("too_long", "must have at most 64 characters"));
    }
    Ok(given.to_owned())
}

/// The answer to a challenge.
#[derive(Debug, ToSchema)]
pub struct SecondFactorBody {
    /// The `challenge` of the refusal.
    challenge: String,
    /// The code that the authenticator shows, or a recovery code.
    #[schema(max_length = 64, example = "492039")]
    code: String,
}

impl Decode for SecondFactorBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let challenge = fields.required("challenge", any_text);
        let code = fields.required("code", text(code));
        Some(Self { challenge: challenge?, code: code? })
    }
}

/// Log in with a second factor
///
/// Opens the session that `POST /auth/login` refused with `second_factor_required`. Each code is good once; a recovery
/// code may stand in for the authenticator's. Wrong codes are counted for good: after
/// ten, one may be tried every 48 minutes (429 with `Retry-After`), and recovery codes at any time.
#[utoipa::path(
    tag = "auth",
    operation_id = "loginWithTotp",
    security(()),
    request_body = SecondFactorBody,
    responses(
        (status = 200, description = "Signed in", body = TokensBody),
        (status = 401, description = "`wrong_code`; or `challenge_expired`: begin again with the password", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/auth/login/totp")]
async fn log_in_with_totp(
    app: Data<App>,
    request: HttpRequest,
    body: Body<SecondFactorBody>,
) -> Result<HttpResponse, Problem> {
    let (opened, user) = answer_challenge(&app, &request, body.value, SessionKind::Token, open).await?;
    tokens(&app, StatusCode::OK, &opened.session, &opened.refresh_token, user)
}

/// The challenge for somebody whose password was right, or whom a provider vouched for; it opens a session of this kind
/// only.
pub(crate) fn challenge(
    app: &App,
    Authenticated { user, first_factor }: Authenticated,
    kind: SessionKind,
    password_hash: Option<&str>,
    identifier_hash: [u8; 32],
    device: Option<String>,
) -> Problem {
    let challenge = Challenge::new(user, (kind, first_factor), password_hash, identifier_hash, device, app.now());
    match challenge.seal(&app.identity.master, &*app.identity.entropy) {
        Ok(challenge) => Problem::of(
            "second_factor_required",
            "The first factor is right. Send the `challenge` with a code of the authenticator, or a recovery code, within \
             five minutes.",
        )
        .with_member("challenge", &challenge),
        Err(error) => Problem::internal(&error),
    }
}

/// Signs somebody in by a challenge and a code, if the challenge was given for this kind of session.
pub(super) async fn answer_challenge<T: Send + 'static>(
    app: &Data<App>,
    request: &HttpRequest,
    body: SecondFactorBody,
    kind: SessionKind,
    open: Opener<T>,
) -> Result<(T, UserBody), Problem> {
    let SecondFactorBody { challenge, code } = body;
    let now = app.now();
    let opened = Challenge::open(&challenge, &app.identity.master, now).map_err(|error| Problem::internal(&error))?;
    let Some(challenge) = opened.filter(|challenge| challenge.kind == kind) else {
        return Err(expired());
    };
    let user = challenge.user;
    throttle(app, Target::SecondFactor(user)).await?;
    let authenticated = Authenticated { user, first_factor: challenge.first_factor };
    let client = client_of(request, app, challenge.device.as_deref());
    let inner = app.clone();
    let signed_in = app.unit_of_work.write(user, now, move |tx| {
        let given = SecondFactor {
            challenge: &challenge,
            code: &code,
            client: &client,
            master: &inner.identity.master,
            ids: &*inner.ids,
            now,
        };
        let account = accept_second_factor(tx.store, &given)?;
        let opened = open(tx.store, &inner, authenticated, &client, now)?;
        let user = UserBody::load(tx.store, account.id, now)?;
        Ok::<_, Refused>((opened, user))
    });
    signed_in.await
}

/// The refusal of a challenge that leads nowhere.
pub(super) fn expired() -> Problem {
    Problem::of("challenge_expired", "The challenge is not valid any more: sign in with the password again.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<SecondFactorBody>();
    }
}
