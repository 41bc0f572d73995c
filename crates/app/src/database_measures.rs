//! What units of work cost this process, for those who operate it.

use std::time::Duration;

use circadia_domain::measures::{Counter, Durations, Each, UnitKind, UnitOutcome};
use circadia_domain::unit_of_work::{UnitCost, UnitOfWorkError};

/// The units of work of this process.
#[derive(Debug, Default)]
pub struct DatabaseMeasures {
    pub units: Each<UnitKind, UnitMeasures>,
    /// How long those that were queued waited for a connection.
    pub waits: Durations,
    /// Statements of the repositories.
    pub statements: Counter,
    /// Everything that was sent to the database.
    pub round_trips: Counter,
}

/// Units of work of one kind.
#[derive(Debug, Default)]
pub struct UnitMeasures {
    pub outcomes: Each<UnitOutcome, Counter>,
    /// How long they took, with the wait for a connection.
    pub durations: Durations,
}

impl DatabaseMeasures {
    /// Notes a unit of work that has ended, and says how.
    pub(crate) fn note<T, E: UnitOfWorkError>(
        &self,
        kind: UnitKind,
        outcome: &Result<T, E>,
        duration: Duration,
    ) -> UnitOutcome {
        let outcome = match outcome {
            Ok(_) => UnitOutcome::Done,
            Err(error) => UnitOutcome::of_error(error.store_error()),
        };
        if let Some(measures) = self.units.of(kind) {
            measures.outcomes.increment(outcome);
            measures.durations.observe(duration);
        }
        outcome
    }

    pub(crate) fn add(&self, cost: UnitCost) {
        self.statements.add(cost.statements.into());
        self.round_trips.add(cost.round_trips.into());
    }
}
