//! `/me/totp`: the second factor of the account.
use circadia_app::passwords::{PASSWORD, SubmittedPassword};
use circadia_app::two_factor::{TwoFactorProof, TwoFactorState, TwoFactorStatus};
use circadia_auth::keys::Kid;
use circadia_domain::civil::Instant;
use circadia_domain::totp::TotpStatus;
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::reauthentication::ReauthenticationBody;
use crate::http::answer::{Answer, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, text};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};
use crate::routes::auth::password_field::reauthentication;
use crate::routes::auth::totp::code;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_totp, set_up_totp, confirm_totp, delete_totp, renew_recovery_codes);
}

/// The second factor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Totp)]
pub struct TotpBody {
    /// The status.
    status: TotpStatus,
    /// When it was activated.
    active_since: Option<Instant>,
    /// The number of unused recovery codes.
    recovery_codes_left: i64,
}

impl From<TwoFactorStatus> for TotpBody {
    fn from(found: TwoFactorStatus) -> Self {
        let (status, active_since) = match found.state {
            TwoFactorState::Off => (TotpStatus::Off, None),
            TwoFactorState::Pending => (TotpStatus::Pending, None),
            TwoFactorState::Active { since } => (TotpStatus::Active, Some(since)),
        };
        Self { status, active_since, recovery_codes_left: found.recovery_codes_left }
    }
}

/// What an authenticator app needs; shown once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TotpSetUp)]
pub struct SetUpBody<'a> {
    /// The secret in base32, to type into an app.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: &'a str,
    /// The secret as a URI, to show as a QR code.
    #[schema(
        example = "otpauth://totp/Circadia:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Circadia&algorithm=SHA1&digits=6&period=30"
    )]
    otpauth_uri: &'a str,
}

/// Recovery codes, for when the authenticator is lost; shown once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
pub struct RecoveryCodesBody {
    /// Each can be used once instead of the authenticator's code.
    #[schema(min_items = 10, max_items = 10, example = json!(["gezk-5wfm-t2qs", "x7bq-h3nd-5jlc", "m4pe-k2sw-7rfa", "q3tz-w6yc-j5nd", "b2hv-7gxk-p4ls", "n6jr-a3fm-5twq", "y5cd-z2be-h7vk", "t7lp-s4qx-2gnj", "k3wf-m6ra-c5yz", "v2ns-d7th-4bpe"]))]
    recovery_codes: Vec<String>,
}

/// A code.
#[derive(Debug, ToSchema)]
pub struct ConfirmTotpBody {
    /// The authenticator's current code.
    #[schema(max_length = 64, example = "492039")]
    code: String,
}

impl Decode for ConfirmTotpBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let code = fields.required_with("code", text(code));
        Some(Self { code: code? })
    }
}

/// Proof of identity: exactly one of a code and the password.
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
        let code = fields.optional_with("code", text(code));
        let SubmittedPassword { plain, encrypted, kid } = reauthentication(fields);
        let with_password = fields.has(PASSWORD.plain) || fields.has(PASSWORD.encrypted);
        match (fields.has("code"), with_password) {
            (false, false) => fields.note("code", "required", "is required, unless `password` is given"),
            (true, true) => fields.note("code", "unexpected", "must be left out where a password is given"),
            _ => {}
        }
        Some(Self { code, password: plain, encrypted_password: encrypted, password_kid: kid })
    }
}

impl TotpProofBody {
    fn proof(self) -> TwoFactorProof {
        let Self { code, password, encrypted_password, password_kid } = self;
        match code {
            Some(code) => TwoFactorProof::Code(code),
            None => TwoFactorProof::Password(SubmittedPassword {
                plain: password,
                encrypted: encrypted_password,
                kid: password_kid,
            }),
        }
    }
}

/// Get my second factor
///
/// Whether it is off, set up but not confirmed, or active, and how many recovery codes are left.
#[utoipa::path(
    get,
    path = "/me/totp",
    tag = "me",
    operation_id = "getTotp",
    responses((status = 200, description = "The status", body = TotpBody))
)]
async fn get_totp(caller: Caller) -> Result<Answer, Problem> {
    Answer::computed(&TotpBody::from(caller.two_factor.status(caller.principal).await?))
}

/// Set up a second factor
///
/// Creates a secret for an authenticator app and replaces an unconfirmed one. The second factor is active once it is
/// confirmed with a code. Needs the password, unless this session was opened at most five minutes ago.
#[utoipa::path(
    post,
    path = "/me/totp",
    tag = "me",
    operation_id = "setUpTotp",
    extensions(("x-rate-limit" = json!("auth"))),
    request_body = ReauthenticationBody,
    responses(
        (status = 200, description = "The secret, shown once", body = SetUpBody<'static>),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`totp_active`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn set_up_totp(caller: Caller, body: Body<ReauthenticationBody>) -> Result<Answer, Problem> {
    let made = caller.two_factor.set_up(caller.principal, body.0.submitted()).await?;
    Answer::computed(&SetUpBody { secret: &made.secret, otpauth_uri: &made.uri })
}

/// Confirm my second factor
///
/// From now on every sign-in requires it. The recovery codes are shown only in this answer.
#[utoipa::path(
    post,
    path = "/me/totp/confirm",
    tag = "me",
    operation_id = "confirmTotp",
    extensions(("x-rate-limit" = json!("auth"))),
    request_body = ConfirmTotpBody,
    responses(
        (status = 200, description = "The second factor is active", body = RecoveryCodesBody),
        (status = 409, description = "`totp_not_set_up` or `totp_active`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn confirm_totp(caller: Caller, body: Body<ConfirmTotpBody>) -> Result<Answer, Problem> {
    let recovery_codes = caller.two_factor.confirm(caller.principal, body.0.code).await?;
    Answer::computed(&RecoveryCodesBody { recovery_codes })
}

/// Remove my second factor
///
/// Also removes the recovery codes. Requires a code or the password. An unconfirmed second factor needn't be removed:
/// set it up again.
#[utoipa::path(
    post,
    path = "/me/totp/remove",
    tag = "me",
    operation_id = "deleteTotp",
    extensions(("x-rate-limit" = json!("auth"))),
    request_body = TotpProofBody,
    responses(
        (status = 204, description = "The second factor was removed"),
        (status = 403, description = "`wrong_password`", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`totp_not_set_up`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn delete_totp(caller: Caller, body: Body<TotpProofBody>) -> Result<NoContent, Problem> {
    caller.two_factor.remove(caller.principal, body.0.proof()).await?;
    Ok(NoContent)
}

/// Renew my recovery codes
///
/// The old codes become invalid. Requires a code or the password.
#[utoipa::path(
    post,
    path = "/me/totp/recovery-codes",
    tag = "me",
    operation_id = "renewRecoveryCodes",
    extensions(("x-rate-limit" = json!("auth"))),
    request_body = TotpProofBody,
    responses(
        (status = 200, description = "The new recovery codes, shown once", body = RecoveryCodesBody),
        (status = 403, description = "`wrong_password`", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`totp_not_set_up`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn renew_recovery_codes(caller: Caller, body: Body<TotpProofBody>) -> Result<Answer, Problem> {
    let recovery_codes = caller.two_factor.renew_recovery_codes(caller.principal, body.0.proof()).await?;
    Answer::computed(&RecoveryCodesBody { recovery_codes })
}
