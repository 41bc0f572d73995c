//! Throttles: how often something may be tried, for each account.
//!
//! Back-off rather than lock-out: nobody can shut somebody else out for longer than it takes the allowance to refill,
//! and a success resets nothing. (Per address, the API's own middleware throttles.)

mod gcra;
mod local;

pub use gcra::{Decision, Quota};
pub use local::LocalThrottle;

use std::future::Future;
use std::pin::Pin;

use circadia_domain::civil::Instant;

/// Counts attempts by key. In this process only ([`LocalThrottle`]), or for all replicas together through a shared
/// store. One that can't reach its store decides by itself rather than not at all.
pub trait Throttle: Send + Sync {
    /// Counts an attempt, and says whether it may go on.
    fn attempt<'a>(&'a self, key: &'a str, now: Instant) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>>;
}
