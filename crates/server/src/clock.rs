//! Where the present and fresh ids come from: the only place that may ask the system for them.

use circadia_app::Clock;
use circadia_domain::civil::Instant;
use circadia_domain::ids::IdSource;
use uuid::Uuid;

/// The system clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        #[expect(clippy::disallowed_methods, reason = "the composition root is where the clock is read")]
        let now = chrono::Utc::now();
        Instant::from(now)
    }
}

/// Generates `UUIDv7`s that increase within this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct FreshIds;

impl IdSource for FreshIds {
    fn fresh(&self) -> Uuid {
        #[expect(clippy::disallowed_methods, reason = "the composition root is where ids are made")]
        let id = Uuid::now_v7();
        id
    }
}
