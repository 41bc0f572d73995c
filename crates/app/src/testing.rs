//! What the tests of this crate share.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicUsize, Ordering};

use circadia_domain::database_calls::DatabaseCalls;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::{Database, Store, TransactionEnd, UnitCost};

thread_local! {
    static CALLS: OnceCell<DatabaseCalls> = const { OnceCell::new() };
}

/// A database that stores nothing, and whose calls are those that a test tells of.
#[derive(Debug, Default)]
pub(crate) struct SilentDatabase {
    left_behind: AtomicUsize,
}

impl SilentDatabase {
    /// The number of connections that were left behind.
    pub(crate) fn left_behind(&self) -> usize {
        self.left_behind.load(Ordering::SeqCst)
    }
}

type Result = std::result::Result<(), StoreError>;

fn nothing() -> Result {
    Err(StoreError::Unavailable("it stores nothing".to_owned()))
}

impl Database for SilentDatabase {
    fn run_query(&self, _: &mut dyn FnMut(&mut dyn Store)) -> Result {
        nothing()
    }

    fn run_read(&self, _: &mut dyn FnMut(&mut dyn Store)) -> Result {
        nothing()
    }

    fn run_write(&self, _: UserId, _: &mut dyn FnMut(&mut dyn Store, Revision) -> TransactionEnd) -> Result {
        nothing()
    }

    fn run_unowned_write(&self, _: &mut dyn FnMut(&mut dyn Store) -> TransactionEnd) -> Result {
        nothing()
    }

    fn ping(&self) -> Result {
        nothing()
    }

    fn is_reachable(&self) -> bool {
        true
    }

    fn is_full(&self) -> bool {
        false
    }

    fn probe(&self) -> Result {
        nothing()
    }

    fn stopped_answering(&self) {}

    fn limits_statements(&self) -> bool {
        false
    }

    fn calls(&self) -> DatabaseCalls {
        CALLS.with(|calls| calls.get_or_init(DatabaseCalls::default).clone())
    }

    fn leave_connection_behind(&self) {
        self.left_behind.fetch_add(1, Ordering::SeqCst);
    }

    fn connection_came_back(&self) {
        self.left_behind.fetch_sub(1, Ordering::SeqCst);
    }

    fn cost_of_last_unit(&self) -> UnitCost {
        UnitCost::default()
    }
}
