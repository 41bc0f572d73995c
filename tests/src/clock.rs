//! A clock that stands still until a test moves it.

use std::sync::atomic::{AtomicI64, Ordering};

use circadia_app::Clock;
use circadia_domain::civil::Instant;

/// A clock that stands still until it is set.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock that shows an RFC 3339 instant.
    pub fn at(instant: &str) -> Self {
        Self(AtomicI64::new(micros(instant)))
    }

    /// Sets it to an RFC 3339 instant.
    pub fn set(&self, instant: &str) {
        self.0.store(micros(instant), Ordering::SeqCst);
    }

    /// What it shows, in microseconds since 1970.
    pub(crate) fn micros(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Moves it on by seconds.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

fn micros(instant: &str) -> i64 {
    Instant::parse(instant).expect("an RFC 3339 instant").micros()
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.micros())
    }
}
