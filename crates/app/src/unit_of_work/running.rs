//! Hands units of work to the threads, waits for how they end, and measures what they cost.

use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use circadia_domain::error::StoreError;
use circadia_domain::measures::UnitKind;
use circadia_domain::unit_of_work::{Database, UnitCost, UnitOfWorkError};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::UnitOfWork;
use crate::SPAN_TARGET;
use crate::claim::Claim;
use crate::database_threads::{QueueFull, Submitted, UnitOutcome};
use crate::database_use;

/// How often it is checked whether a unit of work was given up, or the database became unreachable.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

fn unreachable() -> StoreError {
    StoreError::Unavailable("it could not be reached a moment ago".to_owned())
}

/// A unit of work, as it is measured.
pub(super) struct Unit {
    kind: UnitKind,
    /// For traces.
    pub(super) span: Span,
}

impl Unit {
    pub(super) fn of(kind: UnitKind) -> Self {
        let span = tracing::info_span!(
            target: SPAN_TARGET,
            "unit of work",
            otel.name = kind.as_str(),
            circadia.statements = Empty,
            circadia.outcome = Empty,
        );
        Self { kind, span }
    }
}

impl UnitOfWork {
    pub(super) async fn run<T, E>(
        &self,
        unit: Unit,
        claim: Claim,
        work: impl FnOnce(&dyn Database) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let begun = Stopwatch::now();
        let database = Arc::clone(&self.database);
        let task = move || {
            // The unit before may have found out just now.
            if !database.is_reachable() {
                return (Err(unreachable().into()), UnitCost::default());
            }
            let outcome = work(database.as_ref());
            (outcome, database.cost_of_last_unit())
        };
        self.finish(unit, self.threads.submit(claim, task), begun).await
    }

    /// Waits for the outcome, and records what it cost.
    pub(super) async fn finish<T, E: UnitOfWorkError>(
        &self,
        unit: Unit,
        submitted: Result<Submitted<UnitOutcome<T, E>>, QueueFull>,
        begun: Stopwatch,
    ) -> Result<T, E> {
        let ended = match submitted {
            Ok(submitted) => self.wait(submitted, begun).instrument(unit.span.clone()).await,
            Err(QueueFull) => Err(StoreError::Busy),
        };
        match ended {
            Ok((outcome, cost)) => {
                self.note(&unit, &outcome, cost, begun.elapsed());
                outcome
            }
            Err(error) => {
                let outcome = Err(error.into());
                self.note_end(&unit, &outcome, begun.elapsed());
                outcome
            }
        }
    }

    /// Notes how a unit of work that ran ended, and what it cost.
    pub(super) fn note<T, E: UnitOfWorkError>(
        &self,
        unit: &Unit,
        outcome: &Result<T, E>,
        cost: UnitCost,
        duration: Duration,
    ) {
        self.measures.add(cost);
        database_use::record(cost, duration);
        unit.span.record("circadia.statements", cost.statements);
        self.note_end(unit, outcome, duration);
    }

    fn note_end<T, E: UnitOfWorkError>(&self, unit: &Unit, outcome: &Result<T, E>, duration: Duration) {
        let outcome = self.measures.note(unit.kind, outcome, duration);
        unit.span.record("circadia.outcome", outcome.as_str());
    }

    /// Waits for the outcome, for a bounded time. While the database is unreachable, no unit of work begins.
    async fn wait<T>(&self, mut submitted: Submitted<T>, begun: Stopwatch) -> Result<T, StoreError> {
        let panicked = |_| StoreError::Defect("a unit of work panicked".to_owned());
        loop {
            let reachable = self.database.is_reachable();
            let is_turn_over = begun.elapsed() >= self.acquire_timeout;
            if (!reachable || is_turn_over) && submitted.cancel() {
                return Err(if reachable { StoreError::Busy } else { unreachable() });
            }
            if let Ok(outcome) = tokio::time::timeout(CHECK_INTERVAL, submitted.outcome()).await {
                return outcome.map_err(panicked);
            }
            if let Some(error) = submitted.claim.given_up() {
                // It may have ended just before.
                return submitted.outcome().try_recv().map_err(|_| error);
            }
            if begun.elapsed() >= self.acquire_timeout + self.run_timeout {
                submitted.claim.give_up();
            }
        }
    }
}
