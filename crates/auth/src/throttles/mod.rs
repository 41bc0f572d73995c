//! Throttles: limits on attempts per account, IP address or user.
//!
//! They slow down rather than lock out: an allowance refills evenly, whatever happens, and a success resets nothing. An
//! attacker who keeps trying an account's name uses up its refills and keeps its owner from signing in with a password
//! meanwhile; open sessions, links by mail and Google aren't affected.

mod gcra;
mod local;
#[cfg(feature = "redis")]
mod shared;

pub use gcra::{Decision, Quota};
pub use local::LocalThrottle;
#[cfg(feature = "redis")]
pub use shared::SharedThrottle;

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
    match redis {
        Some(redis) => Arc::new(SharedThrottle::new(Arc::clone(redis), name, quota)),
        None => Arc::new(LocalThrottle::new(quota)),
    }
}
