//! `GET /config`: what a client needs to know before anybody has signed in.

use actix_web::web::Data;
use circadia_auth::accounts::Verification;
use circadia_auth::passwords::{MAX_LENGTH, MIN_LENGTH};
use circadia_auth::throttles::Quota;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::Answer;
use crate::http::input::MAX_BODY_BYTES;
use crate::http::page::MAX_LIMIT;
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::http::state::AppState;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_config);
}

/// How the service is set up.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceConfig)]
pub struct ConfigBody {
    /// The version that is running.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Ways to sign in.
    providers: Providers,
    /// Whether addresses are verified.
    verification: VerificationRules,
    /// What passwords may be chosen.
    password: PasswordRules,
    /// How much is accepted.
    limits: Limits,
    /// What else there is.
    features: Features,
}

/// Ways to sign in, and whether each is open.
#[derive(Debug, Serialize, ToSchema)]
struct Providers {
    /// With a name or address and a password.
    password: bool,
    /// Through Google.
    google: bool,
}

/// Whether addresses are verified.
#[derive(Debug, Serialize, ToSchema)]
struct VerificationRules {
    /// `required`: an account can be used once its address is verified; `optional`: at once.
    email: VerificationMode,
}

/// Whether an account can be used before its address was verified.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum VerificationMode {
    /// It can't.
    Required,
    /// It can.
    Optional,
}

/// What passwords may be chosen.
#[derive(Debug, Serialize, ToSchema)]
struct PasswordRules {
    /// Code points at least.
    #[schema(example = 8)]
    min_length: usize,
    /// Code points at most.
    #[schema(example = 128)]
    max_length: usize,
    /// Why else one may be refused, by the codes of the errors at its field.
    refused: [&'static str; 4],
}

/// How much is accepted.
#[derive(Debug, Serialize, ToSchema)]
struct Limits {
    /// Bytes of a request's body.
    #[schema(example = 262_144)]
    body_bytes: usize,
    /// Items of one page of a list.
    #[schema(example = 100)]
    page_items: usize,
    /// Requests; a burst of that many, which refills in that time.
    requests: RequestLimits,
}

/// How many requests are served; null is no limit.
#[derive(Debug, Serialize, ToSchema)]
struct RequestLimits {
    /// Where credentials are tried: per address, and per account.
    auth: Option<RequestLimit>,
    /// Without having signed in: per address.
    anonymous: Option<RequestLimit>,
    /// Signed in: per user.
    user: Option<RequestLimit>,
}

/// A limit of requests.
#[derive(Debug, Serialize, ToSchema)]
struct RequestLimit {
    /// So many requests at once.
    #[schema(example = 120)]
    requests: u32,
    /// Seconds in which as many become possible again.
    #[schema(example = 60)]
    seconds: u32,
}

impl From<Quota> for RequestLimit {
    fn from(quota: Quota) -> Self {
        Self { requests: quota.burst(), seconds: quota.period_seconds() }
    }
}

/// What else there is.
#[derive(Debug, Serialize, ToSchema)]
struct Features {
    /// Whether mail is sent: without, addresses can't be verified or changed, and forgotten passwords not replaced.
    mail: bool,
}

impl ConfigBody {
    fn of(state: &AppState) -> Self {
        let settings = &state.settings;
        Self {
            version: settings.version,
            providers: Providers { password: true, google: state.app.google.is_some() },
            verification: VerificationRules {
                email: match state.app.settings.verification {
                    Verification::Required => VerificationMode::Required,
                    Verification::Optional => VerificationMode::Optional,
                },
            },
            password: PasswordRules {
                min_length: MIN_LENGTH,
                max_length: MAX_LENGTH,
                refused: ["all_numeric", "common", "similar_to_username", "similar_to_email"],
            },
            limits: Limits {
                body_bytes: MAX_BODY_BYTES,
                page_items: MAX_LIMIT,
                requests: RequestLimits {
                    auth: settings.rate_limits.auth.map(RequestLimit::from),
                    anonymous: settings.rate_limits.anonymous.map(RequestLimit::from),
                    user: settings.rate_limits.user.map(RequestLimit::from),
                },
            },
            features: Features { mail: state.app.settings.sends_email },
        }
    }
}

/// How is the service set up?
///
/// What a client needs before anybody has signed in: ways to sign in, rules, limits.
#[utoipa::path(
    get,
    path = "/config",
    tag = "system",
    operation_id = "getConfig",
    security(()),
    responses((status = 200, description = "How the service is set up", body = ConfigBody))
)]
async fn get_config(state: Data<AppState>) -> Result<Answer, Problem> {
    Answer::computed(&ConfigBody::of(&state))
}
