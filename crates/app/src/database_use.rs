//! Measures what a task's units of work cost the database.

use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

use circadia_domain::unit_of_work::UnitCost;

tokio::task_local! {
    static DATABASE_USE: Cell<DatabaseUse>;
}

/// What a task cost the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DatabaseUse {
    /// Units of work.
    pub units: u32,
    /// Statements of the repositories, without those that begin and end transactions.
    pub statements: u32,
    /// Everything that was sent to the database, those included.
    pub round_trips: u32,
    /// Microseconds in units of work, including the wait for a connection.
    pub micros: u64,
}

/// Runs a future, and returns what its units of work cost.
pub async fn measure<F: Future>(future: F) -> (F::Output, DatabaseUse) {
    DATABASE_USE
        .scope(Cell::default(), async {
            let output = future.await;
            (output, DATABASE_USE.with(Cell::get))
        })
        .await
}

/// Adds a unit of work to the present task's sum. Without effect outside of [`measure`].
pub(crate) fn record(cost: UnitCost, time: Duration) {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let _ = DATABASE_USE.try_with(|total| {
        let sum = total.get();
        total.set(DatabaseUse {
            units: sum.units.saturating_add(1),
            statements: sum.statements.saturating_add(cost.statements),
            round_trips: sum.round_trips.saturating_add(cost.round_trips),
            micros: sum.micros.saturating_add(micros),
        });
    });
}
