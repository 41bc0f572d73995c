//! The clock, passed in by the composition root so that tests can set it.

use circadia_domain::civil::Instant;

/// Tells the present instant.
pub trait Clock: Send + Sync {
    fn now(&self) -> Instant;
}
