//! `/me/totp`: the second factor of one's account.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use circadia_auth::factors::{self, FactorRefusal, Proof};
use circadia_auth::keys::Kid;
use circadia_auth::tokens::TokenError;
use circadia_domain::audit::{self, AuditAction, AuditDetail, AuditEvent};
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::unit_of_work::{Refusal, Store};
use circadia_domain::{Entity, Error};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use zeroize::Zeroizing;

use super::proof::{self, ProofBody, hold_session};
use crate::app::App;
use crate::conditional::Answer;
use crate::identity::Principal;
use crate::input::{Body, Decode, Fields, text};
use crate::limits;
use crate::problem::{Problem, ProblemDoc};
use crate::routes::auth::secret::{PASSWORD, SubmittedPassword};
use crate::routes::auth::totp::code;
use crate::routes::auth::{Target, throttle};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(get_totp)
        .service(set_up_totp)
        .service(confirm_totp)
        .service(delete_totp)
        .service(renew_recovery_codes);
}

/// How far a second factor is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TotpStatus)]
pub enum StatusBody {
    /// There is none.
    Off,
    /// It was set up, and is asked for once it is confirmed.
    Pending,
    /// It is asked for at every sign-in.
    Active,
}

/// The second factor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Totp)]
pub struct TotpBody {
    /// How far it is.
    status: StatusBody,
    /// Since when it is asked for.
    #[schema(value_type = Option<String>, format = DateTime)]
    active_since: Option<Instant>,
    /// How many recovery codes are left.
    recovery_codes_left: i64,
}

impl TotpBody {
    fn load(store: &mut dyn Store, principal: Principal) -> Result<Self, Error> {
        let factor = store.find_totp(principal.user)?;
        let active_since = factor.as_ref().and_then(|factor| factor.confirmed_at);
        let status = match (&factor, active_since) {
            (None, _) => StatusBody::Off,
            (Some(_), None) => StatusBody::Pending,
            (Some(_), Some(_)) => StatusBody::Active,
        };
        Ok(Self { status, active_since, recovery_codes_left: store.recovery_codes_left(principal.user)? })
    }
}

/// What an authenticator app needs; shown once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TotpSetUp)]
pub struct SetUpBody<'a> {
    /// The secret, to be typed into an app (base32).
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: &'a str,
    /// The same, to be shown as a QR code.
    #[schema(
        example = "otpauth://totp/Circadia:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Circadia&algorithm=SHA1&digits=6&period=30"
    )]
    otpauth_uri: &'a str,
}

/// Codes for the day the authenticator is lost; shown once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
pub struct RecoveryCodesBody {
    /// Each is good once, instead of a code of the authenticator.
    #[schema(min_items = 10, max_items = 10)]
    recovery_codes: Vec<String>,
}

/// A code.
#[derive(Debug, ToSchema)]
pub struct ConfirmTotpBody {
    /// The code that the authenticator shows.
    #[schema(max_length = 64, example = "492039")]
    code: String,
}

impl Decode for ConfirmTotpBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let code = fields.required("code", text(code));
        Some(Self { code: code? })
    }
}

/// Proof that it is one's own: exactly one of a code and the password.
#[derive(Debug, ToSchema)]
pub struct TotpProofBody {
    /// A code of the authenticator, or a recovery code.
    #[schema(value_type = Option<String>, max_length = 64, example = "492039")]
    code: Option<String>,
    /// The password, instead of a code.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Zeroizing<String>>,
    /// The password, encrypted with the key of `GET /auth/public-key`.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_password: Option<Vec<u8>>,
    /// The `kid` of that key.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{16}$")]
    password_kid: Option<Kid>,
}

impl Decode for TotpProofBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let code = fields.optional("code", text(code));
        let SubmittedPassword { plain, encrypted, kid } = proof::proof(fields);
        let with_password = fields.has(PASSWORD.plain) || fields.has(PASSWORD.encrypted);
        match (fields.has("code"), with_password) {
            (false, false) => fields.note("code", "required", "is required, unless `password` is given"),
            (true, true) => fields.note("code", "unexpected", "must be left out where a password is given"),
            _ => {}
        }
        Some(Self { code, password: plain, encrypted_password: encrypted, password_kid: kid })
    }
}

/// Why something about a second factor isn't done.
#[derive(Debug)]
enum Refused {
    Factor(FactorRefusal),
    Domain(Error),
    Session(TokenError),
}

impl From<TokenError> for Refused {
    fn from(error: TokenError) -> Self {
        Self::Session(error)
    }
}

impl From<FactorRefusal> for Refused {
    fn from(refusal: FactorRefusal) -> Self {
        Self::Factor(refusal)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Domain(error.into())
    }
}

impl Refusal for Refused {
    fn is_remembered(&self) -> bool {
        match self {
            Self::Factor(refusal) => refusal.is_remembered(),
            Self::Domain(error) => error.is_remembered(),
            Self::Session(_) => false,
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let refusal = match refused {
            Refused::Factor(refusal) => refusal,
            Refused::Domain(error) => return error.into(),
            Refused::Session(error) => return error.into(),
        };
        match refusal {
            FactorRefusal::WrongCode { .. } => {
                Error::field("/code", "wrong_code", "is wrong, or was used before").into()
            }
            FactorRefusal::TooManyGuesses(seconds) => limits::guesses_refusal(seconds),
            FactorRefusal::NotSetUp => Self::of("totp_not_set_up", "There is no second factor: set one up first."),
            FactorRefusal::AlreadyActive => {
                Self::of("totp_active", "There is a second factor already: remove it to set up another.")
            }
            FactorRefusal::Keys(error) => Self::internal(&error),
            FactorRefusal::Store(error) => error.into(),
        }
    }
}

fn event(app: &App, principal: Principal, action: AuditAction, now: Instant) -> AuditEvent {
    AuditEvent::by(app.ids.fresh().into(), action, principal.user, now).in_session(principal.session)
}

/// Get my second factor
#[utoipa::path(
    tag = "me",
    operation_id = "getTotp",
    responses((status = 200, description = "How far it is", body = TotpBody))
)]
#[get("/me/totp")]
async fn get_totp(app: Data<App>, request: HttpRequest, principal: Principal) -> Result<HttpResponse, Problem> {
    let body = app.unit_of_work.read(move |store| TotpBody::load(store, principal)).await?;
    Answer::computed(&body)?.to(&request)
}

/// Set up a second factor
///
/// Makes a secret for an authenticator app, in place of one that was never confirmed. It is asked for only once it is
/// confirmed by a code. Needs the password, unless the sign-in is at most five minutes old.
#[utoipa::path(
    tag = "me",
    operation_id = "setUpTotp",
    request_body = ProofBody,
    responses(
        (status = 200, description = "The secret, shown once", body = SetUpBody<'static>),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`totp_active`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/me/totp")]
async fn set_up_totp(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    body: Body<ProofBody>,
) -> Result<HttpResponse, Problem> {
    proof::by_password_or_fresh_sign_in(&app, principal, body.value.sent()).await?;
    let (inner, now) = (app.clone(), app.now());
    let made = app.unit_of_work.write(principal.user, now, move |tx| {
        hold_session::<Refused>(tx.store, principal, now)?;
        let user = tx.store.find_user(principal.user)?.ok_or(Error::NotFound(Entity::User))?;
        let identity = &inner.identity;
        let account = user.username.as_str();
        Ok::<_, Refused>(factors::set_up(tx.store, user.id, account, &identity.master, &*identity.entropy, now)?)
    });
    let made = made.await?;
    Answer::computed(&SetUpBody { secret: &made.secret, otpauth_uri: &made.uri })?.to(&request)
}

/// Confirm my second factor
///
/// From now on it is asked for at every sign-in. The recovery codes are shown this once.
#[utoipa::path(
    tag = "me",
    operation_id = "confirmTotp",
    request_body = ConfirmTotpBody,
    responses(
        (status = 200, description = "It is in force", body = RecoveryCodesBody),
        (status = 409, description = "`totp_not_set_up` or `totp_active`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/me/totp/confirm")]
async fn confirm_totp(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    body: Body<ConfirmTotpBody>,
) -> Result<HttpResponse, Problem> {
    throttle(&app, Target::SecondFactor(principal.user)).await?;
    let (inner, now) = (app.clone(), app.now());
    let confirmed = app.unit_of_work.write(principal.user, now, move |tx| {
        hold_session::<Refused>(tx.store, principal, now)?;
        let (identity, code) = (&inner.identity, &body.value.code);
        let codes = factors::confirm(tx.store, principal.user, code, &identity.master, &*identity.entropy, now)?;
        audit::record(tx.store, &event(&inner, principal, AuditAction::TOTP_ENABLED, now))?;
        Ok::<_, Refused>(codes)
    });
    let recovery_codes = confirmed.await?;
    Answer::computed(&RecoveryCodesBody { recovery_codes })?.to(&request)
}

/// What proved somebody to be who they are.
#[derive(Debug, Clone)]
enum Proven {
    /// The password was right.
    Password,
    /// This code is to be judged, in the unit of work that it is for.
    Code(String),
}

async fn proven(app: &Data<App>, principal: Principal, body: TotpProofBody) -> Result<Proven, Problem> {
    let TotpProofBody { code, password, encrypted_password, password_kid } = body;
    if let Some(code) = code {
        throttle(app, Target::SecondFactor(principal.user)).await?;
        return Ok(Proven::Code(code));
    }
    let sent = SubmittedPassword { plain: password, encrypted: encrypted_password, kid: password_kid };
    proof::by_password(app, principal, sent).await?;
    Ok(Proven::Password)
}

impl Proven {
    /// Whether it is: that there is a second factor in force, and the code is one of it.
    fn judge(&self, store: &mut dyn Store, app: &App, principal: Principal, now: Instant) -> Result<(), Refused> {
        hold_session::<Refused>(store, principal, now)?;
        match self {
            Self::Password if factors::is_active(store, principal.user)? => Ok(()),
            Self::Password => Err(FactorRefusal::NotSetUp.into()),
            Self::Code(code) => {
                let proof = factors::prove(store, principal.user, code, &app.identity.master, now)?;
                if proof == Proof::RecoveryCode {
                    audit::record(store, &event(app, principal, AuditAction::RECOVERY_CODE_USED, now))?;
                }
                Ok(())
            }
        }
    }
}

/// Remove my second factor
///
/// With its recovery codes. Takes a code or the password; one that was never confirmed may simply be set up anew.
#[utoipa::path(
    tag = "me",
    operation_id = "deleteTotp",
    request_body = TotpProofBody,
    responses(
        (status = 204, description = "It is not asked for any more"),
        (status = 403, description = "`wrong_password`", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`totp_not_set_up`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[delete("/me/totp")]
async fn delete_totp(app: Data<App>, principal: Principal, body: Body<TotpProofBody>) -> Result<HttpResponse, Problem> {
    let proven = proven(&app, principal, body.value).await?;
    let (inner, now) = (app.clone(), app.now());
    let removed = app.unit_of_work.write(principal.user, now, move |tx| {
        proven.judge(tx.store, &inner, principal, now)?;
        tx.store.delete_totp(principal.user)?;
        audit::record(tx.store, &event(&inner, principal, AuditAction::TOTP_DISABLED, now))?;
        Ok::<_, Refused>(())
    });
    removed.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Renew my recovery codes
///
/// The old ones are good for nothing any more. Takes a code or the password.
#[utoipa::path(
    tag = "me",
    operation_id = "renewRecoveryCodes",
    request_body = TotpProofBody,
    responses(
        (status = 200, description = "The new ones, shown once", body = RecoveryCodesBody),
        (status = 403, description = "`wrong_password`", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`totp_not_set_up`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/me/totp/recovery-codes")]
async fn renew_recovery_codes(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    body: Body<TotpProofBody>,
) -> Result<HttpResponse, Problem> {
    let proven = proven(&app, principal, body.value).await?;
    let (inner, now) = (app.clone(), app.now());
    let renewed = app.unit_of_work.write(principal.user, now, move |tx| {
        proven.judge(tx.store, &inner, principal, now)?;
        let identity = &inner.identity;
        let codes = factors::renew_recovery_codes(tx.store, principal.user, &identity.master, &*identity.entropy, now)?;
        let count = AuditDetail::Number(i64::try_from(codes.len()).unwrap_or(0));
        let event = event(&inner, principal, AuditAction::RECOVERY_CODES_RENEWED, now).with("codes", count);
        audit::record(tx.store, &event)?;
        Ok::<_, Refused>(codes)
    });
    let recovery_codes = renewed.await?;
    Answer::computed(&RecoveryCodesBody { recovery_codes })?.to(&request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<ConfirmTotpBody>();
        assert_documented::<TotpProofBody>();
    }
}
