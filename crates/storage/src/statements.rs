//! Counts the statements of a unit of work, and notes whether one of them found the connection dead or the disk full or lost
//! to another transaction, and whether the thread waits for the database at the moment.
//!
//! A unit of work runs on one thread, so all of it is thread-local. Diesel reports everything that is sent over a connection to
//! its [`Instrumentation`].

use std::cell::Cell;

use circadia_domain::database_calls::DatabaseCalls;
use circadia_domain::unit_of_work::UnitCost;
use diesel::connection::{Instrumentation, InstrumentationEvent};

use crate::dialect::{is_conflict, is_connection_lost, is_disk_full};

thread_local! {
    /// What was sent since the unit began.
    static SENT: Cell<u32> = const { Cell::new(0) };
    /// What of that had been sent when the work began.
    static BEFORE_WORK: Cell<u32> = const { Cell::new(0) };
    static LAST_UNIT: Cell<UnitCost> = const { Cell::new(UnitCost { statements: 0, round_trips: 0 }) };
    static CONNECTION_LOST: Cell<bool> = const { Cell::new(false) };
    static CONFLICT: Cell<bool> = const { Cell::new(false) };
    static DISK_FULL: Cell<bool> = const { Cell::new(false) };
    static CALLS: DatabaseCalls = DatabaseCalls::default();
}

/// The target of an event per statement, with its text.
pub const STATEMENTS: &str = "circadia_storage::statements";

/// Watches the statements of a connection.
pub(crate) struct WatchStatements;

impl Instrumentation for WatchStatements {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } => {
                if tracing::enabled!(target: STATEMENTS, tracing::Level::TRACE) {
                    let text = query.to_string();
                    // Without the values, which are the users'.
                    let sql = text.split_once(" -- binds").map_or(&*text, |(sql, _)| sql);
                    tracing::trace!(target: STATEMENTS, sql);
                }
                SENT.set(SENT.get().saturating_add(1));
                CALLS.with(DatabaseCalls::begin);
            }
            InstrumentationEvent::FinishQuery { error, .. } => {
                CALLS.with(DatabaseCalls::end);
                if let Some(error) = error {
                    CONNECTION_LOST.set(CONNECTION_LOST.get() || is_connection_lost(error));
                    CONFLICT.set(CONFLICT.get() || is_conflict(error));
                    DISK_FULL.set(DISK_FULL.get() || is_disk_full(error));
                }
            }
            _ => {}
        }
    }
}

/// Runs what waits for the database without being a statement.
pub(crate) fn waiting<T>(call: impl FnOnce() -> T) -> T {
    CALLS.with(DatabaseCalls::begin);
    let result = call();
    CALLS.with(DatabaseCalls::end);
    result
}

/// A statement has ended. Diesel doesn't tell of a `SELECT` on PostgreSQL that succeeded.
pub(crate) fn ended() {
    CALLS.with(DatabaseCalls::end);
}

/// The calls of this thread.
pub(crate) fn calls() -> DatabaseCalls {
    CALLS.with(Clone::clone)
}

/// Forgets the unit before.
pub(crate) fn begin_unit() {
    SENT.set(0);
    BEFORE_WORK.set(0);
    LAST_UNIT.set(UnitCost::default());
    CONNECTION_LOST.set(false);
    CONFLICT.set(false);
    DISK_FULL.set(false);
}

/// From here on, statements are the repositories'.
pub(crate) fn begin_work() {
    ended();
    BEFORE_WORK.set(SENT.get());
}

/// The repositories are done.
pub(crate) fn end_work() {
    ended();
    LAST_UNIT.set(UnitCost { statements: SENT.get().saturating_sub(BEFORE_WORK.get()), round_trips: SENT.get() });
}

/// The transaction has ended.
pub(crate) fn end_unit() {
    LAST_UNIT.set(UnitCost { round_trips: SENT.get(), ..LAST_UNIT.get() });
}

/// Whether a statement of the thread's unit of work found the connection dead.
pub(crate) fn found_connection_lost() -> bool {
    CONNECTION_LOST.get()
}

/// Whether the database ended the thread's transaction for the sake of another.
pub(crate) fn found_conflict() -> bool {
    CONFLICT.get()
}

/// Whether the database found no room for what a statement of the thread's unit of work was to write.
pub(crate) fn found_disk_full() -> bool {
    DISK_FULL.get()
}

/// The cost of the thread's last unit of work.
pub(crate) fn of_last_unit() -> UnitCost {
    LAST_UNIT.get()
}
