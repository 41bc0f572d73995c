//! Counts the statements of a unit of work, and notes whether one of them found the connection dead.
//!
//! A unit of work runs on one thread, so both are thread-local. Diesel reports everything that is sent over a connection to
//! its [`Instrumentation`].

use std::cell::Cell;

use circadia_domain::unit_of_work::UnitCost;
use diesel::connection::{Instrumentation, InstrumentationEvent};

use crate::dialect::is_connection_lost;

thread_local! {
    /// What was sent since the unit began.
    static SENT: Cell<u32> = const { Cell::new(0) };
    /// What of that had been sent when the work began.
    static BEFORE_WORK: Cell<u32> = const { Cell::new(0) };
    static LAST_UNIT: Cell<UnitCost> = const { Cell::new(UnitCost { statements: 0, round_trips: 0 }) };
    static CONNECTION_LOST: Cell<bool> = const { Cell::new(false) };
}

/// Watches the statements of a connection.
pub(crate) struct WatchStatements;

impl Instrumentation for WatchStatements {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => SENT.set(SENT.get().saturating_add(1)),
            InstrumentationEvent::FinishQuery { error: Some(error), .. } if is_connection_lost(error) => {
                CONNECTION_LOST.set(true);
            }
            _ => {}
        }
    }
}

/// Forgets the unit before.
pub(crate) fn begin_unit() {
    SENT.set(0);
    BEFORE_WORK.set(0);
    LAST_UNIT.set(UnitCost::default());
    CONNECTION_LOST.set(false);
}

/// From here on, statements are the repositories'.
pub(crate) fn begin_work() {
    BEFORE_WORK.set(SENT.get());
}

/// The repositories are done.
pub(crate) fn end_work() {
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

/// The cost of the thread's last unit of work.
pub(crate) fn of_last_unit() -> UnitCost {
    LAST_UNIT.get()
}
