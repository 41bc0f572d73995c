//! Counts the statements of a unit of work.
//!
//! A unit of work runs on one thread, so the counter is thread-local. Diesel reports every statement of a connection to
//! its [`Instrumentation`]. The runner resets the counter before the work and reads it after, so `BEGIN`, raising the
//! revision and `COMMIT` don't count.

use std::cell::Cell;

use diesel::connection::{Instrumentation, InstrumentationEvent};

thread_local! {
    static RUNNING: Cell<u32> = const { Cell::new(0) };
    static LAST_UNIT: Cell<u32> = const { Cell::new(0) };
}

/// Counts the statements of a connection.
pub(crate) struct CountStatements;

impl Instrumentation for CountStatements {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { .. } = event {
            RUNNING.set(RUNNING.get().saturating_add(1));
        }
    }
}

/// Resets the counter.
pub(crate) fn begin_unit() {
    RUNNING.set(0);
    LAST_UNIT.set(0);
}

/// Keeps the count.
pub(crate) fn end_unit() {
    LAST_UNIT.set(RUNNING.get());
}

/// The number of statements of the thread's last unit of work.
pub(crate) fn of_last_unit() -> u32 {
    LAST_UNIT.get()
}
