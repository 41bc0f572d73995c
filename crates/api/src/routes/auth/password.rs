//! `POST /auth/password/forgot`, `/reset`, `/change`: getting another password.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use circadia_auth::accounts::{EmailJob, PasswordRefusal, Reset, change_password, reset_password, resettable};
use circadia_auth::keys::Kid;
use circadia_auth::passwords::Password;
use circadia_domain::audit::{self, AuditAction, AuditEvent};
use circadia_domain::error::StoreError;
use circadia_domain::{Entity, Error};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use zeroize::Zeroizing;

use super::email::{AddressBody, mail};
use super::links::{self, LinkRefused};
use super::secret::{Names, PASSWORD, SubmittedPassword, verify};
use super::{StatusBody, Target, accepted, throttle};
use crate::app::App;
use crate::identity::{Principal, follow_revocations};
use crate::input::{Body, Decode, Fields, Parsed, any_text};
use crate::letters;
use crate::problem::Problem;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(forgot).service(reset).service(change);
}

/// A token that came by mail, and a password to have from now on.
#[derive(Debug, ToSchema)]
pub struct ResetPasswordBody {
    /// The token of the link.
    #[schema(example = "AgGSC35MXX4vihs8TV5veotn8e2zrWkzUmKDMmgVnNsW0AbaM2vGZ3WmQWq3pO1EkQ")]
    token: String,
    /// The new password: 8–128 characters; common, all-numeric ones and ones like the name or the address are refused,
    /// with the reason. Either this or `encrypted_password`.
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 128, example = "correct horse battery")]
    password: Option<Zeroizing<String>>,
    /// The new password, encrypted with the key of `GET /auth/public-key`.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_password: Option<Vec<u8>>,
    /// The `kid` of that key; without it, every key that is accepted is tried.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{16}$")]
    password_kid: Option<Kid>,
}

impl Decode for ResetPasswordBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let token = fields.required("token", any_text);
        let SubmittedPassword { plain, encrypted, kid } = SubmittedPassword::required(fields, PASSWORD, strong_enough)?;
        Some(Self { token: token?, password: plain, encrypted_password: encrypted, password_kid: kid })
    }
}

/// The present password.
const CURRENT: Names = Names { plain: "current_password", encrypted: "encrypted_current_password" };
/// The one that takes its place.
const NEW: Names = Names { plain: "new_password", encrypted: "encrypted_new_password" };

/// The password as it is, and another.
#[derive(Debug, ToSchema)]
pub struct ChangePasswordBody {
    /// The present password; either this or `encrypted_current_password`.
    #[schema(value_type = Option<String>, format = Password)]
    current_password: Option<Zeroizing<String>>,
    /// The present password, encrypted with the key of `GET /auth/public-key`.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_current_password: Option<Vec<u8>>,
    /// The new password: 8–128 characters; common, all-numeric ones and ones like the name or the address are refused,
    /// with the reason. Either this or `encrypted_new_password`.
    #[schema(value_type = Option<String>, format = Password, min_length = 8, max_length = 128, example = "correct horse battery")]
    new_password: Option<Zeroizing<String>>,
    /// The new password, encrypted with that key.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_new_password: Option<Vec<u8>>,
    /// The `kid` of that key; without it, every key that is accepted is tried.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{16}$")]
    password_kid: Option<Kid>,
}

impl Decode for ChangePasswordBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let current = SubmittedPassword::required(fields, CURRENT, |given| Password::given(given).map(drop));
        let new = SubmittedPassword::required(fields, NEW, strong_enough);
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

/// What can be said of a password without knowing whose it is.
fn strong_enough(given: &str) -> Parsed<()> {
    Password::chosen(given, None, None).map(drop)
}

/// Forgot the password
///
/// Mails a link to choose another. The answer is the same whether or not there is an account with this address.
#[utoipa::path(
    tag = "auth",
    operation_id = "forgotPassword",
    security(()),
    request_body = AddressBody,
    responses(
        (status = 202, description = "If there is such an account, a mail is on its way", body = StatusBody),
        (status = 404, description = "`mail_disabled`: this server sends no mail", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/auth/password/forgot")]
async fn forgot(app: Data<App>, body: Body<AddressBody>) -> Result<HttpResponse, Problem> {
    let email = body.value.email.as_str().to_owned();
    throttle(&app, Target::Reset(&email)).await?;
    mail(&app, EmailJob::PasswordReset { email }).await?;
    Ok(accepted("reset_sent"))
}

/// Choose a new password
///
/// With the token of a link that was mailed: good once, for an hour. Ends every session, personal token and link that
/// is under way, and verifies the address that the link was sent to; if it wasn't before, a linked Google account and a
/// second factor are removed, too.
#[utoipa::path(
    tag = "auth",
    operation_id = "resetPassword",
    security(()),
    request_body = ResetPasswordBody,
    responses((status = 204, description = "The password is the new one; every session has ended"))
)]
#[post("/auth/password/reset")]
async fn reset(app: Data<App>, body: Body<ResetPasswordBody>) -> Result<HttpResponse, Problem> {
    let ResetPasswordBody { token, password, encrypted_password, password_kid } = body.value;
    let sent = SubmittedPassword { plain: password, encrypted: encrypted_password, kid: password_kid };
    let token = links::token(&token)?;
    let (now, sought) = (app.now(), token.clone());
    let user = app.unit_of_work.read(move |store| resettable(store, &sought, now).map_err(LinkRefused::from)).await?;
    let password = sent.chosen(&app, PASSWORD, Some(&user.username), Some(&user.email)).await?;
    let hash = app.identity.hasher.hash(password).await?;
    let (now, inner) = (app.now(), app.clone());
    app.unit_of_work
        .write(token.user, now, move |tx| {
            let Reset { user, unlinked, without_second_factor } = reset_password(tx.store, tx.rev, &token, &hash, now)?;
            let done = [
                (AuditAction::PASSWORD_RESET, true),
                (AuditAction::GOOGLE_UNLINKED, unlinked),
                (AuditAction::TOTP_DISABLED, without_second_factor),
            ];
            for (action, _) in done.into_iter().filter(|(_, is_so)| *is_so) {
                audit::record(tx.store, &AuditEvent::by(inner.ids.fresh().into(), action, user.id, now))?;
            }
            let letter = EmailJob::PasswordChanged { user: user.id };
            letters::order(&inner, tx.store, Some(user.id), &letter, now).map_err(LinkRefused::from)
        })
        .await?;
    app.outbox.wake();
    follow_revocations(&app).await;
    Ok(HttpResponse::NoContent().finish())
}

/// Change the password
///
/// Ends every other session of the user; this one goes on, and so do personal tokens.
#[utoipa::path(
    tag = "auth",
    operation_id = "changePassword",
    request_body = ChangePasswordBody,
    responses(
        (status = 204, description = "The password is the new one; every other session has ended"),
        (status = 403, description = "`wrong_password`: the present password is another", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`password_not_set`: the account has none; `POST /auth/password/forgot` is the way to one", body = crate::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/auth/password/change")]
async fn change(app: Data<App>, principal: Principal, body: Body<ChangePasswordBody>) -> Result<HttpResponse, Problem> {
    let user = principal.user;
    let ChangePasswordBody {
        current_password,
        encrypted_current_password,
        new_password,
        encrypted_new_password,
        password_kid,
    } = body.value;
    let current =
        SubmittedPassword { plain: current_password, encrypted: encrypted_current_password, kid: password_kid };
    let new = SubmittedPassword { plain: new_password, encrypted: encrypted_new_password, kid: password_kid };
    throttle(&app, Target::Password(user)).await?;
    let (account, found) = app
        .unit_of_work
        .read(move |store| {
            let account = store.find_user(user)?.ok_or(Error::NotFound(Entity::User))?;
            let credentials = store.credentials_of(user)?.ok_or(StoreError::NoSuchUser)?;
            Ok::<_, Error>((account, credentials.password_hash))
        })
        .await?;
    let Some(found) = found else {
        let way = "The account has no password yet: `POST /auth/password/forgot` mails a link to choose one.";
        return Err(Problem::of("password_not_set", way));
    };
    let given = current.given(&app).await?;
    let chosen = new.chosen(&app, NEW, Some(&account.username), Some(&account.email)).await?;
    if !verify(&app, given.as_ref(), Some(found.clone())).await?.matches {
        return Err(wrong_password());
    }
    let hash = app.identity.hasher.hash(chosen).await?;
    let (now, inner) = (app.now(), app.clone());
    app.unit_of_work
        .write(user, now, move |tx| {
            let here = (user, principal.session);
            change_password(tx.store, tx.rev, here, Some(&found), &hash, now).map_err(|refusal| match refusal {
                PasswordRefusal::Replaced => wrong_password(),
                PasswordRefusal::Store(error) => error.into(),
            })?;
            let event = AuditEvent::by(inner.ids.fresh().into(), AuditAction::PASSWORD_CHANGED, user, now);
            audit::record(tx.store, &event.in_session(principal.session))?;
            let letter = EmailJob::PasswordChanged { user };
            letters::order(&inner, tx.store, Some(user), &letter, now).map_err(Problem::from)
        })
        .await?;
    app.outbox.wake();
    follow_revocations(&app).await;
    Ok(HttpResponse::NoContent().finish())
}

/// The refusal of a password that isn't the account's. Not 401, for the session is a good one.
pub(in crate::routes) fn wrong_password() -> Problem {
    Problem::of("wrong_password", "This isn't the password of the account.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<ResetPasswordBody>();
        assert_documented::<ChangePasswordBody>();
    }
}
