//! Throttles: how often something may be tried, for each account, address or user.
//!
//! Back-off rather than lock-out: an allowance refills evenly, whatever is tried, and a success resets nothing. Who
//! goes on trying an account by its name takes what refills, and so holds its owner up for as long as they do; sessions
//! that are open, links by mail and Google aren't counted by that name.

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

/// Counts attempts by key. In this process only ([`LocalThrottle`]), or for all replicas together through a shared
/// store. One that can't reach its store decides by itself rather than not at all.
pub trait Throttle: Send + Sync {
    /// Counts an attempt, and says whether it may go on.
    fn attempt<'a>(&'a self, key: &'a str, now: Instant) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>>;
}

/// The throttle of this quota for each key: shared by all replicas if there is a Redis, else this process's own. Those
/// of other names count apart.
#[cfg(feature = "redis")]
pub fn throttle(name: &str, quota: Quota, redis: Option<&Arc<Redis>>) -> Arc<dyn Throttle> {
    match redis {
        Some(redis) => Arc::new(SharedThrottle::new(Arc::clone(redis), name, quota)),
        None => Arc::new(LocalThrottle::new(quota)),
    }
}
