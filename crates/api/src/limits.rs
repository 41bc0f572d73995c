//! How many requests are served to whom: GCRA limits by the `governor` crate, shown in the `RateLimit` header fields of
//! the IETF draft (`draft-ietf-httpapi-ratelimit-headers`).
//!
//! Each request falls under one limit: where credentials are tried, that of its address; signed in, that of its user;
//! else that of its address for anonymous requests. Health, docs and schema are exempt.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, ResponseError as _};
use circadia_auth::throttles::{Decision, Quota};
use circadia_domain::ids::UserId;
use governor::RateLimiter;
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;

use crate::app::App;
use crate::client_address::{client_address, network_of};
use crate::identity::principal_of;
use crate::problem::Problem;
use crate::settings::RateLimits;

/// The limits there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Where credentials are tried: per address.
    Auth,
    /// Without having signed in: per address.
    Anonymous,
    /// Per user.
    User,
}

impl Class {
    const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Anonymous => "anonymous",
            Self::User => "user",
        }
    }

    /// Under which limit a request falls.
    fn of(request: &ServiceRequest) -> Option<Self> {
        // The path as it is routed: `/%61uth` is `/auth`, and must not be a way around its limit.
        let path = request.match_info().as_str();
        let api = path.strip_prefix("/api/v1/")?;
        Some(match api {
            "auth/register" | "auth/login" | "auth/refresh" => Self::Auth,
            "auth/logout" if principal_of(request).is_none() => Self::Auth,
            _ if principal_of(request).is_some() => Self::User,
            _ => Self::Anonymous,
        })
    }
}

/// Whom a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    /// Somebody at an address.
    Address(Option<IpAddr>),
    /// A user.
    User(UserId),
}

fn refusal(policy: &str, quota: Quota, seconds: u64) -> Problem {
    let seconds = seconds.max(1);
    let detail = format!(
        "At most {} requests per {} s are served here. Try again in {seconds} s.",
        quota.burst(),
        quota.period_seconds()
    );
    Problem::of("rate_limited", detail)
        .with_retry_after(seconds)
        .with_header("ratelimit-policy", policy_field(policy, quota))
        .with_header("ratelimit", format!("\"{policy}\";r=0;t={seconds}"))
}

/// The refusal of an account's throttle.
pub fn account_refusal(quota: Quota, decision: &Decision) -> Problem {
    refusal("account", quota, u64::from(decision.retry_after_seconds))
}

fn policy_field(policy: &str, quota: Quota) -> String {
    format!("\"{policy}\";q={};w={}", quota.burst(), quota.period_seconds())
}

type Limiter = RateLimiter<Who, DefaultKeyedStateStore<Who>, DefaultClock, StateInformationMiddleware>;

/// One class's limit.
struct Limit {
    class: Class,
    quota: Quota,
    limiter: Limiter,
}

impl Limit {
    fn new(class: Class, quota: Quota) -> Option<Self> {
        let step = Duration::from_secs(u64::from(quota.period_seconds())) / quota.burst();
        let figures = governor::Quota::with_period(step)?.allow_burst(NonZeroU32::new(quota.burst())?);
        let limiter = RateLimiter::keyed(figures).with_middleware::<StateInformationMiddleware>();
        Some(Self { class, quota, limiter })
    }

    /// Counts a request: the header fields of its answer, or a refusal.
    fn count(&self, who: Who) -> Result<[(&'static str, String); 2], Problem> {
        let policy = self.class.name();
        match self.limiter.check_key(&who) {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity();
                let used = u64::from(self.quota.burst().saturating_sub(remaining));
                let full_in = (used * u64::from(self.quota.period_seconds())).div_ceil(u64::from(self.quota.burst()));
                Ok([
                    ("ratelimit-policy", policy_field(policy, self.quota)),
                    ("ratelimit", format!("\"{policy}\";r={remaining};t={full_in}")),
                ])
            }
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                Err(refusal(policy, self.quota, seconds))
            }
        }
    }
}

/// The limits of all classes; made once, shared by all workers.
pub struct Limits {
    auth: Option<Limit>,
    anonymous: Option<Limit>,
    user: Option<Limit>,
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").finish_non_exhaustive()
    }
}

impl Limits {
    /// The limits that the settings ask for.
    pub fn new(quotas: RateLimits) -> Self {
        let limit = |class, quota: Option<Quota>| quota.and_then(|quota| Limit::new(class, quota));
        Self {
            auth: limit(Class::Auth, quotas.auth),
            anonymous: limit(Class::Anonymous, quotas.anonymous),
            user: limit(Class::User, quotas.user),
        }
    }

    /// Forgets whoever has their whole allowance back. To be called from time to time: it bounds the memory.
    pub fn forget_idle(&self) {
        for limit in [&self.auth, &self.anonymous, &self.user].into_iter().flatten() {
            limit.limiter.retain_recent();
            limit.limiter.shrink_to_fit();
        }
    }

    fn of(&self, class: Class) -> Option<&Limit> {
        match class {
            Class::Auth => self.auth.as_ref(),
            Class::Anonymous => self.anonymous.as_ref(),
            Class::User => self.user.as_ref(),
        }
    }
}

/// Serves a request if its limit allows it.
pub async fn limit(
    app: Data<App>,
    limits: Data<Limits>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(limit) = Class::of(&request).and_then(|class| limits.of(class)) else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let who = match principal_of(&request) {
        Some(principal) if limit.class == Class::User => Who::User(principal.user),
        _ => Who::Address(client_address(request.head(), &app.settings).map(network_of)),
    };
    let fields = match limit.count(who) {
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
    use super::*;

    #[test]
    fn the_sixth_of_a_burst_is_refused_and_says_when_to_come_back() {
        let limit = Limit::new(Class::Auth, Quota::new(5, 60)).unwrap();
        let ada = Who::Address(Some([192, 0, 2, 1].into()));
        for left in (0..5).rev() {
            let fields = limit.count(ada).unwrap();
            assert_eq!(fields[0].1, "\"auth\";q=5;w=60");
            assert_eq!(fields[1].1, format!("\"auth\";r={left};t={}", 12 * (5 - left)));
        }
        let refused = limit.count(ada).unwrap_err();
        assert_eq!((refused.status(), refused.code()), (429, "rate_limited"));
        assert!(limit.count(Who::Address(Some([192, 0, 2, 2].into()))).is_ok());
    }
}
