//! Waiting for what replicas come to know: that a session was ended, or that none need be looked up.

use std::time::{Duration, Instant};

use crate::{Answer, Client};

/// Within what time an end is to be known everywhere.
const KNOWN_WITHIN: Duration = Duration::from_secs(1);
/// How long anything else may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is asked.
const STEP: Duration = Duration::from_millis(20);

impl Client {
    /// Asks until this client is let in no more, for a second at most: the refusal, which must have this status and
    /// code.
    pub async fn until_refused(&self, status: u16, code: &str) -> Answer {
        self.until_refused_within(KNOWN_WITHIN, status, code).await
    }

    /// The same for longer, or shorter.
    pub async fn until_refused_within(&self, patience: Duration, status: u16, code: &str) -> Answer {
        let begun = Instant::now();
        loop {
            let answer = self.get("/themes").await;
            if answer.status != 200 {
                return answer.expect(status).of_code(code);
            }
            assert!(begun.elapsed() < patience, "{} is still let in after {patience:?}", answer.request);
            tokio::time::sleep(STEP).await;
        }
    }

    /// Asks until this client is let in.
    pub async fn until_let_in_within(&self, patience: Duration) {
        let begun = Instant::now();
        loop {
            let answer = self.get("/themes").await;
            if answer.status == 200 {
                return;
            }
            assert!(begun.elapsed() < patience, "{} still answers {}", answer.request, answer.body);
            tokio::time::sleep(STEP).await;
        }
    }

    /// Asks until who this client is costs no look-up: the only unit of work is the route's own.
    pub async fn until_known(&self) {
        self.until_units(1, PATIENCE).await;
    }

    /// Asks until who this client is has to be looked up again, for a second at most.
    pub async fn until_looked_up(&self) {
        self.until_units(2, KNOWN_WITHIN).await;
    }

    async fn until_units(&self, units: u32, patience: Duration) {
        let begun = Instant::now();
        loop {
            let answer = self.get("/themes").await.expect(200);
            if answer.units() == units {
                return;
            }
            assert!(begun.elapsed() < patience, "{} still takes {} units of work", answer.request, answer.units());
            tokio::time::sleep(STEP).await;
        }
    }
}
