//! Waits until replicas have learned that a session was revoked, or that a user is authenticated without a look-up.

use std::time::{Duration, Instant};

use crate::{Answer, Client};

/// How long a revocation may take to reach every replica.
const PROPAGATION_TIMEOUT: Duration = Duration::from_secs(1);
/// How long to wait for anything else before a test fails.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The pause between two requests.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

impl Client {
    /// Sends requests until one is refused, for at most a second. Returns the refusal, which must have this status and
    /// code.
    pub async fn until_refused(&self, status: u16, code: &str) -> Answer {
        self.until_refused_within(PROPAGATION_TIMEOUT, status, code).await
    }

    /// Like [`Self::until_refused`], with another timeout.
    pub async fn until_refused_within(&self, timeout: Duration, status: u16, code: &str) -> Answer {
        let begun = Instant::now();
        loop {
            let answer = self.get("/themes").await;
            if answer.status != 200 {
                return answer.expect(status).of_code(code);
            }
            assert!(begun.elapsed() < timeout, "{} is still let in after {timeout:?}", answer.request);
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Sends requests until one is accepted.
    pub async fn until_let_in_within(&self, timeout: Duration) {
        let begun = Instant::now();
        loop {
            let answer = self.get("/themes").await;
            if answer.status == 200 {
                return;
            }
            assert!(begun.elapsed() < timeout, "{} still answers {}", answer.request, answer.body);
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Sends requests until authentication needs no look-up: the only unit of work is the route's own.
    pub async fn until_known(&self) {
        self.until_units(1, TIMEOUT).await;
    }

    /// Sends requests until authentication needs a look-up again, for at most a second.
    pub async fn until_looked_up(&self) {
        self.until_units(2, PROPAGATION_TIMEOUT).await;
    }

    async fn until_units(&self, units: u32, timeout: Duration) {
        let begun = Instant::now();
        loop {
            let answer = self.get("/themes").await.expect(200);
            if answer.units() == units {
                return;
            }
            assert!(begun.elapsed() < timeout, "{} still takes {} units of work", answer.request, answer.units());
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}
