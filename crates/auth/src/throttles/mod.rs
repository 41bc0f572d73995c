//! Throttles: limits on attempts per account, IP address or user.
//!
//! They slow down rather than lock out: an allowance refills evenly ([`Quota`]), or waits grow up to a bound
//! ([`Backoff`]), whatever happens, and a success resets nothing. What strangers use up of an account's allowance, they
//! take from each other: devices and networks that signed in before have their own (see [`crate::devices`]).

mod backoff;
mod gcra;
mod local;
mod rule;
#[cfg(feature = "redis")]
mod shared;

pub use backoff::{Backoff, BackoffState};
pub use gcra::{Decision, Quota};
pub use local::LocalThrottle;
pub use rule::Rule;
#[cfg(feature = "redis")]
use rule::SharedRule;
#[cfg(feature = "redis")]
use shared::SharedThrottle;

use std::future::Future;
use std::pin::Pin;
#[cfg(feature = "redis")]
use std::sync::Arc;

use circadia_domain::civil::Instant;

#[cfg(feature = "redis")]
use crate::stores::Redis;

/// Counts attempts by key, in this process only ([`LocalThrottle`]) or for all replicas through a shared store. If the
/// store is unreachable, it decides locally.
pub trait Throttle: Send + Sync {
    /// Counts an attempt and returns the decision.
    fn attempt<'a>(&'a self, key: &'a str, now: Instant) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>>;
}

/// A throttle with this quota for each key: shared by all replicas if there is a Redis, otherwise local. Throttles with
/// different names count separately.
#[cfg(feature = "redis")]
pub fn throttle(name: &str, quota: Quota, redis: Option<&Arc<Redis>>) -> Arc<dyn Throttle> {
    by_rule(name, quota, redis)
}

/// The same, with waits that grow after the burst of the quota.
#[cfg(feature = "redis")]
pub fn backoff(name: &str, quota: Quota, redis: Option<&Arc<Redis>>) -> Arc<dyn Throttle> {
    by_rule(name, Backoff(quota), redis)
}

#[cfg(feature = "redis")]
fn by_rule<R: SharedRule>(name: &str, rule: R, redis: Option<&Arc<Redis>>) -> Arc<dyn Throttle> {
    match redis {
        Some(redis) => Arc::new(SharedThrottle::new(Arc::clone(redis), name, rule)),
        None => Arc::new(LocalThrottle::new(rule)),
    }
}
