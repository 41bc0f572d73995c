//! Counts the statements of a unit of work.
//!
//! A unit of work runs on one thread, so the count is the thread's. Diesel reports every statement of a connection to
//! its [`Instrumentation`]; the runner sets the count to zero when the work begins and keeps what it finds when the
//! work is done, so that `BEGIN`, the revision and `COMMIT` aren't in it.

use std::cell::Cell;

use diesel::connection::{Instrumentation, InstrumentationEvent};

thread_local! {
    static RUNNING: Cell<u32> = const { Cell::new(0) };
    static LAST_UNIT: Cell<u32> = const { Cell::new(0) };
}

/// Tells the thread's count of every statement that its connection runs.
pub(crate) struct CountStatements;

impl Instrumentation for CountStatements {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { .. } = event {
            RUNNING.set(RUNNING.get().saturating_add(1));
        }
    }
}

/// The work begins.
pub(crate) fn begin_unit() {
    RUNNING.set(0);
    LAST_UNIT.set(0);
}

/// The work is done.
pub(crate) fn end_unit() {
    LAST_UNIT.set(RUNNING.get());
}

/// How many statements the thread's last unit of work ran.
pub(crate) fn of_last_unit() -> u32 {
    LAST_UNIT.get()
}
