//! `GET /config`: what a client needs to know before signing in.

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

/// The service's configuration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceConfig)]
pub struct ConfigBody {
    /// The version that is running.
    #[schema(example = json!(env!("CARGO_PKG_VERSION")))]
    version: &'static str,
    /// The sign-in methods.
    providers: Providers,
    /// Whether addresses are verified.
    verification: VerificationRules,
    /// The rules for new passwords.
    password: PasswordRules,
    /// The limits of requests.
    limits: Limits,
    /// What browsers need to subscribe to notifications.
    web_push: WebPush,
    /// Optional features.
    features: Features,
}

/// The sign-in methods.
#[derive(Debug, Serialize, ToSchema)]
struct Providers {
    /// With a name or address and a password.
    password: bool,
    /// Through OpenID providers.
    openid: Vec<OpenIdProviderBody>,
}

/// An OpenID provider to sign in with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenIdProvider)]
struct OpenIdProviderBody {
    /// The name, for `/auth/providers/{provider}/start`.
    #[schema(example = "google")]
    name: String,
    /// What to call it on a button.
    #[schema(example = "Google")]
    title: String,
}

impl Providers {
    fn of(state: &AppState) -> Self {
        let openid = state.app.provider_links.providers.iter().map(|provider| OpenIdProviderBody {
            name: provider.name().as_str().to_owned(),
            title: provider.title().to_owned(),
        });
        Self { password: true, openid: openid.collect() }
    }
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
    /// It can't be used.
    Required,
    /// It can be used.
    Optional,
}

/// The rules for new passwords.
#[derive(Debug, Serialize, ToSchema)]
struct PasswordRules {
    /// The minimum length in code points.
    #[schema(example = 8)]
    min_length: usize,
    /// The maximum length in code points.
    #[schema(example = 128)]
    max_length: usize,
    /// The other reasons for refusing a password, as error codes of its field.
    refused: [&'static str; 5],
}

/// The limits of requests.
#[derive(Debug, Serialize, ToSchema)]
struct Limits {
    /// The maximum size of a request body in bytes.
    #[schema(example = 262_144)]
    body_bytes: usize,
    /// The maximum number of items on a page of a list.
    #[schema(example = 100)]
    page_items: usize,
    /// The rate limits: bursts, and the time in which they refill.
    requests: RequestLimits,
}

/// The rate limits; null if there is none.
#[derive(Debug, Serialize, ToSchema)]
struct RequestLimits {
    /// For requests that try credentials: per address, and per account.
    auth: Option<RequestLimit>,
    /// For refreshing tokens: per address.
    refresh: Option<RequestLimit>,
    /// For other requests without signing in: per address.
    anonymous: Option<RequestLimit>,
    /// For signed-in users: per user.
    user: Option<RequestLimit>,
}

/// A rate limit.
#[derive(Debug, Serialize, ToSchema)]
struct RequestLimit {
    /// The maximum number of requests in a burst.
    #[schema(example = 120)]
    requests: u32,
    /// Seconds until the whole burst is available again.
    #[schema(example = 60)]
    seconds: u32,
}

impl From<Quota> for RequestLimit {
    fn from(quota: Quota) -> Self {
        Self { requests: quota.burst(), seconds: quota.period_seconds() }
    }
}

/// What browsers need to subscribe to notifications.
#[derive(Debug, Serialize, ToSchema)]
struct WebPush {
    /// What `pushManager.subscribe` takes as `applicationServerKey`: an uncompressed point of P-256, in base64url. It stays
    /// the same.
    #[schema(
        pattern = "^[A-Za-z0-9_-]{87}$",
        example = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
    )]
    public_key: String,
}

/// Optional features.
#[derive(Debug, Serialize, ToSchema)]
struct Features {
    /// Whether mail is sent. Without it, addresses can't be verified or changed, and forgotten passwords can't be
    /// replaced.
    mail: bool,
    /// Whether passkeys can be added and used.
    passkeys: bool,
}

impl ConfigBody {
    fn of(state: &AppState) -> Result<Self, Problem> {
        let settings = &state.settings;
        Ok(Self {
            version: settings.version,
            providers: Providers::of(state),
            verification: VerificationRules {
                email: match state.app.settings.verification {
                    Verification::Required => VerificationMode::Required,
                    Verification::Optional => VerificationMode::Optional,
                },
            },
            password: PasswordRules {
                min_length: MIN_LENGTH,
                max_length: MAX_LENGTH,
                refused: ["all_numeric", "common", "similar_to_username", "similar_to_email", "guessable"],
            },
            limits: Limits {
                body_bytes: MAX_BODY_BYTES,
                page_items: MAX_LIMIT,
                requests: RequestLimits {
                    auth: settings.rate_limits.auth.map(RequestLimit::from),
                    refresh: settings.rate_limits.refresh.map(RequestLimit::from),
                    anonymous: settings.rate_limits.anonymous.map(RequestLimit::from),
                    user: settings.rate_limits.user.map(RequestLimit::from),
                },
            },
            web_push: WebPush { public_key: state.app.push.public_key()? },
            features: Features { mail: state.app.settings.sends_email, passkeys: state.app.passkeys.is_some() },
        })
    }
}

/// Get the service's configuration
///
/// What a client needs to know before signing in: sign-in methods, password rules, limits, and the key
/// for notifications.
#[utoipa::path(
    get,
    path = "/config",
    tag = "system",
    operation_id = "getConfig",
    security(()),
    responses((status = 200, description = "The configuration", body = ConfigBody))
)]
async fn get_config(state: Data<AppState>) -> Result<Answer, Problem> {
    Answer::computed(&ConfigBody::of(&state)?)
}
