//! Counts the statements of a unit of work, and notes whether one of them found the connection dead.
//!
//! A unit of work runs on one thread, so both are thread-local. Diesel reports every statement of a connection to its
//! [`Instrumentation`]. The runner resets them before the work and reads them after, so `BEGIN`, raising the revision
//! and `COMMIT` don't count.

use std::cell::Cell;

use diesel::connection::{Instrumentation, InstrumentationEvent};

use crate::dialect::is_connection_lost;

thread_local! {
    static RUNNING: Cell<u32> = const { Cell::new(0) };
    static LAST_UNIT: Cell<u32> = const { Cell::new(0) };
    static CONNECTION_LOST: Cell<bool> = const { Cell::new(false) };
}

/// Watches the statements of a connection.
pub(crate) struct WatchStatements;

impl Instrumentation for WatchStatements {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => RUNNING.set(RUNNING.get().saturating_add(1)),
            InstrumentationEvent::FinishQuery { error: Some(error), .. } if is_connection_lost(error) => {
                CONNECTION_LOST.set(true);
            }
            _ => {}
        }
    }
}

/// Resets what is noted of a unit.
pub(crate) fn begin_unit() {
    RUNNING.set(0);
    LAST_UNIT.set(0);
    CONNECTION_LOST.set(false);
}

/// Whether a statement of the thread's unit of work found the connection dead.
pub(crate) fn found_connection_lost() -> bool {
    CONNECTION_LOST.get()
}

/// Keeps the count.
pub(crate) fn end_unit() {
    LAST_UNIT.set(RUNNING.get());
}

/// The number of statements of the thread's last unit of work.
pub(crate) fn of_last_unit() -> u32 {
    LAST_UNIT.get()
}
