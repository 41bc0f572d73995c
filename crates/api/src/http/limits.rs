//! Rate limits, shown in the `RateLimit` header fields of the IETF draft (`draft-ietf-httpapi-ratelimit-headers`). The
//! counting is the `auth` crate's: by all replicas together where there is a Redis, else by each for itself.
//!
//! Each request falls under one limit: where secrets are tried, that of its address; signed in, that of its user; else
//! that of its address for anonymous requests. Health, docs and schema are exempt.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, ResponseError as _};
use circadia_auth::factors::CODE_QUOTA;
use circadia_auth::network_of;
use circadia_auth::throttles::{Decision, Quota, Throttle};
use circadia_domain::ids::UserId;

use crate::http::state::AppState;
use circadia_domain::code::Code;
use circadia_domain::words::Words;

use crate::http::caller::principal_of;
use crate::http::client_address::client_address;
use crate::http::context;
use crate::http::problem::Problem;
use crate::http::routing::matched;

/// The limits there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Where secrets are tried: per address.
    Auth,
    /// Where sessions are refreshed: per address.
    Refresh,
    /// Without having signed in: per address.
    Anonymous,
    /// Per user.
    User,
    /// Exports and imports: per user.
    Transfer,
}

/// How strictly an operation is limited, as its documentation declares it (`x-rate-limit`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum RateLimit {
    /// By user, or by address without a sign-in.
    #[default]
    Standard,
    /// It tries a secret: by address, and strictly.
    Auth,
    /// It tries a secret, unless the client is signed in.
    AuthUnlessSignedIn,
    /// It exchanges a refresh token, which can't be guessed: by address, generously.
    Refresh,
    /// It reads or writes all that an account holds.
    Transfer,
}

impl RateLimit {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "auth" => Some(Self::Auth),
            "auth_unless_signed_in" => Some(Self::AuthUnlessSignedIn),
            "refresh" => Some(Self::Refresh),
            "transfer" => Some(Self::Transfer),
            _ => None,
        }
    }

    const fn class(self, signed_in: bool) -> Class {
        match (self, signed_in) {
            (Self::Auth, _) | (Self::AuthUnlessSignedIn, false) => Class::Auth,
            (Self::Refresh, _) => Class::Refresh,
            (Self::Transfer, true) => Class::Transfer,
            (_, true) => Class::User,
            (Self::Standard | Self::Transfer, false) => Class::Anonymous,
        }
    }
}

/// A limit, by its name in the header fields and in the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitName {
    Auth,
    Refresh,
    Anonymous,
    User,
    /// Exports and imports.
    Transfer,
    /// Attempts on an account.
    Account,
    /// Wrong codes of a second factor.
    SecondFactor,
}

impl Words for LimitName {
    const ALL: &'static [Self] =
        &[Self::Auth, Self::Refresh, Self::Anonymous, Self::User, Self::Transfer, Self::Account, Self::SecondFactor];

    fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Refresh => "refresh",
            Self::Anonymous => "anonymous",
            Self::User => "user",
            Self::Transfer => "transfer",
            Self::Account => "account",
            Self::SecondFactor => "second-factor",
        }
    }
}

impl Class {
    const fn name(self) -> LimitName {
        match self {
            Self::Auth => LimitName::Auth,
            Self::Refresh => LimitName::Refresh,
            Self::Anonymous => LimitName::Anonymous,
            Self::User => LimitName::User,
            Self::Transfer => LimitName::Transfer,
        }
    }

    /// Under which limit a request falls; `None` outside of the API proper (health, documentation).
    fn of(request: &ServiceRequest) -> Option<Self> {
        let matched = matched(request)?;
        matched.versioned.then(|| matched.policy.rate_limit.class(principal_of(request).is_some()))
    }
}

/// What a limit counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// An anonymous client, by address.
    Address(Option<IpAddr>),
    /// A user.
    User(UserId),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(Some(address)) => write!(f, "address {address}"),
            Self::Address(None) => f.write_str("address unknown"),
            Self::User(user) => write!(f, "user {user}"),
        }
    }
}

fn refusal(name: LimitName, quota: Quota, decision: &Decision) -> Problem {
    let seconds = decision.retry_after_seconds.max(1);
    let detail = format!(
        "At most {} requests per {} s are served here. Try again in {seconds} s.",
        quota.burst(),
        quota.period_seconds()
    );
    refusal_of(name, quota, seconds, detail)
}

fn refusal_of(name: LimitName, quota: Quota, seconds: u32, detail: String) -> Problem {
    context::note_refusal(name);
    let policy = name.as_str();
    Problem::of(Code::RateLimited, detail)
        .with_retry_after(seconds.into())
        .with_header("ratelimit-policy", policy_field(policy, quota))
        .with_header("ratelimit", format!("\"{policy}\";r=0;t={seconds}"))
}

/// The problem for too many wrong codes of a second factor.
pub(crate) fn guesses_refusal(seconds: u32) -> Problem {
    let seconds = seconds.max(1);
    let detail = format!(
        "Too many wrong codes were tried: codes of the authenticator are accepted again in {seconds} s. Recovery codes are \
         still accepted."
    );
    refusal_of(LimitName::SecondFactor, CODE_QUOTA, seconds, detail)
}

/// The problem for too many attempts on an account.
pub(crate) fn account_refusal(quota: Quota, decision: &Decision) -> Problem {
    refusal(LimitName::Account, quota, decision)
}

/// The problem for too many attempts of strangers on an account.
pub(crate) fn strangers_refusal(quota: Quota, decision: &Decision) -> Problem {
    let seconds = decision.retry_after_seconds.max(1);
    let detail = format!(
        "The password of this account was tried too often from unknown devices; after {} tries each waits longer than \
         the one before. Try again in {seconds} s, or from a device or network where you signed in before.",
        quota.burst()
    );
    refusal_of(LimitName::Account, quota, seconds, detail)
}

fn policy_field(policy: &str, quota: Quota) -> String {
    format!("\"{policy}\";q={};w={}", quota.burst(), quota.period_seconds())
}

/// One class's limit.
struct Limit {
    class: Class,
    throttle: Arc<dyn Throttle>,
    quota: Quota,
}

impl Limit {
    /// The header fields for a decision, or the problem if it refuses the request.
    fn header_fields(&self, decision: &Decision) -> Result<[(&'static str, String); 2], Problem> {
        let name = self.class.name();
        if !decision.allowed {
            return Err(refusal(name, self.quota, decision));
        }
        let policy = name.as_str();
        let Decision { remaining, reset_seconds, .. } = decision;
        Ok([
            ("ratelimit-policy", policy_field(policy, self.quota)),
            ("ratelimit", format!("\"{policy}\";r={remaining};t={reset_seconds}")),
        ])
    }
}

/// The limits of all classes; made once, shared by all workers.
pub struct Limits {
    auth: Option<Limit>,
    refresh: Option<Limit>,
    anonymous: Option<Limit>,
    user: Option<Limit>,
    transfer: Option<Limit>,
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").finish_non_exhaustive()
    }
}

impl Limits {
    /// The limits of the settings, counted by the throttles of the state.
    pub fn new(state: &AppState) -> Self {
        let (throttles, quotas) = (state.throttles.clone(), state.settings.rate_limits);
        let limit = |class, throttle: Option<Arc<dyn Throttle>>, quota: Option<Quota>| {
            Some(Limit { class, throttle: throttle?, quota: quota? })
        };
        Self {
            auth: limit(Class::Auth, throttles.auth, quotas.auth),
            refresh: limit(Class::Refresh, throttles.refresh, quotas.refresh),
            anonymous: limit(Class::Anonymous, throttles.anonymous, quotas.anonymous),
            user: limit(Class::User, throttles.user, quotas.user),
            transfer: limit(Class::Transfer, throttles.transfer, quotas.transfer),
        }
    }

    fn of(&self, class: Class) -> Option<&Limit> {
        match class {
            Class::Auth => self.auth.as_ref(),
            Class::Refresh => self.refresh.as_ref(),
            Class::Anonymous => self.anonymous.as_ref(),
            Class::User => self.user.as_ref(),
            Class::Transfer => self.transfer.as_ref(),
        }
    }
}

/// Serves a request if its limit allows it.
pub async fn limit(
    state: Data<AppState>,
    limits: Data<Limits>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(limit) = Class::of(&request).and_then(|class| limits.of(class)) else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let who = match principal_of(&request) {
        Some(principal) if matches!(limit.class, Class::User | Class::Transfer) => Who::User(principal.user),
        _ => Who::Address(client_address(request.head(), &state.settings).map(network_of)),
    };
    let decision = limit.throttle.attempt(&who.to_string(), state.app.context.now()).await;
    let fields = match limit.header_fields(&decision) {
        Ok(fields) => fields,
        Err(refusal) => return Ok(request.into_response(refusal.error_response())),
    };
    let mut response = next.call(request).await?.map_into_boxed_body();
    for (name, value) in fields {
        // An account's own limit, if it refused, has said more.
        if let (false, Ok(value)) = (response.headers().contains_key(name), HeaderValue::from_str(&value)) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use circadia_auth::throttles::LocalThrottle;

    use super::*;

    #[test]
    fn whatever_tries_a_secret_is_under_the_limit_for_that() {
        let tree = crate::routes::all().into_tree().unwrap();
        let class = |method: &Method, path: &str, signed_in| {
            tree.find(method, &format!("/api/v1/{path}")).policy.rate_limit.class(signed_in)
        };
        for (method, path) in [
            (Method::POST, "auth/login"),
            (Method::POST, "auth/login/totp"),
            (Method::POST, "auth/session"),
            (Method::POST, "auth/register"),
            (Method::POST, "auth/verify-email"),
            (Method::POST, "auth/password/forgot"),
            (Method::POST, "auth/password/reset"),
            (Method::POST, "auth/password/change"),
            (Method::POST, "auth/providers/google/exchange"),
            (Method::POST, "me/totp/confirm"),
            (Method::POST, "me/totp/remove"),
            (Method::POST, "me/email"),
            (Method::POST, "me/delete"),
        ] {
            for signed_in in [false, true] {
                assert_eq!(class(&method, path, signed_in), Class::Auth, "{method} {path}");
            }
        }
        for (method, path) in [
            (Method::GET, "auth/session"),
            (Method::GET, "auth/public-key"),
            // A browser comes here by a redirect; what it brings can't be guessed.
            (Method::GET, "auth/providers/google/callback"),
            (Method::POST, "auth/providers/google/callback"),
            (Method::GET, "me"),
            (Method::GET, "me/totp"),
            (Method::GET, "habits"),
        ] {
            assert_eq!(class(&method, path, true), Class::User, "{method} {path}");
            assert_eq!(class(&method, path, false), Class::Anonymous, "{method} {path}");
        }
        for signed_in in [false, true] {
            assert_eq!(class(&Method::POST, "auth/refresh", signed_in), Class::Refresh);
        }
        for (method, path) in [(Method::POST, "auth/logout"), (Method::DELETE, "auth/session")] {
            assert_eq!(class(&method, path, true), Class::User, "{method} {path}");
            assert_eq!(class(&method, path, false), Class::Auth, "{method} {path}");
        }
    }

    /// What is added under `/auth` tries a secret unless it is listed here as one that doesn't.
    #[test]
    fn an_operation_under_auth_declares_its_limit() {
        let (start, callback) = ("providers/{provider}/start", "providers/{provider}/callback");
        let known = [
            (Method::GET, "session"),
            (Method::GET, "public-key"),
            (Method::GET, start),
            (Method::GET, callback),
            (Method::POST, callback),
            // A page that offers passkeys asks for a challenge whenever it is shown.
            (Method::POST, "passkeys/start"),
        ];
        let tree = crate::routes::all().into_tree().unwrap();
        for (path, item) in crate::http::openapi::document()["paths"].as_object().unwrap() {
            let Some(path) = path.strip_prefix("/api/v1/auth/") else { continue };
            for (method, there) in [(Method::GET, !item["get"].is_null()), (Method::POST, !item["post"].is_null())] {
                let policy = tree.find(&method, &format!("/api/v1/auth/{path}")).policy;
                let exempt = known.contains(&(method.clone(), path));
                assert!(!there || exempt || policy.rate_limit != RateLimit::Standard, "{method} {path}");
            }
        }
    }

    #[test]
    fn the_sixth_of_a_burst_is_refused_and_says_when_to_come_back() {
        let quota = Quota::new(5, 60);
        let limit = Limit { class: Class::Auth, throttle: Arc::new(LocalThrottle::new(quota)), quota };
        let now = circadia_domain::civil::Instant::from_seconds(1_772_366_400);
        let count = |who: Who| {
            let who = who.to_string();
            let decision = futures_util::FutureExt::now_or_never(limit.throttle.attempt(&who, now)).unwrap();
            limit.header_fields(&decision)
        };
        let ada = Who::Address(Some([192, 0, 2, 1].into()));
        for left in (0..5).rev() {
            let fields = count(ada).unwrap();
            assert_eq!(fields[0].1, "\"auth\";q=5;w=60");
            assert_eq!(fields[1].1, format!("\"auth\";r={left};t={}", 12 * (5 - left)));
        }
        let refused = count(ada).unwrap_err();
        assert_eq!((refused.status(), refused.code()), (429, Code::RateLimited));
        assert!(count(Who::Address(Some([192, 0, 2, 2].into()))).is_ok());
    }
}
