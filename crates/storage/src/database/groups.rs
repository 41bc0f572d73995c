//! Several waiting writes in one transaction, each in a savepoint, for one flush of the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};

use circadia_domain::error::StoreError;
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::{GroupableWrite, TransactionEnd, UnitCost};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use super::SqlDatabase;
use crate::dialect::{self, Purpose};
use crate::statements;
use crate::transaction::{Result, Transaction};

impl SqlDatabase {
    /// Runs several writes in one transaction. What became of each, and its cost.
    pub(super) fn run_group(&self, writes: &mut [&mut dyn GroupableWrite]) -> Result<Vec<(Result<()>, UnitCost)>> {
        let _writer_guard = self.writers.lock(self.options.turn_timeout)?;
        let (mut transaction, ()) = self.open(Purpose::Writing, |_| Ok(()))?;
        let mut outcomes = Vec::with_capacity(writes.len());
        for write in writes {
            let ran = run_in_savepoint(&mut transaction, *write).map_err(|error| dialect::classify(&error));
            self.note_room(false);
            let ran = ran?;
            outcomes.push((ran, statements::of_last_unit()));
        }
        let committed = transaction.commit();
        self.note_room(committed.is_ok());
        committed.map_err(|error| dialect::classify_commit(&error))?;
        Ok(outcomes)
    }
}

/// Runs a write in a savepoint. Fails if the whole transaction is lost.
fn run_in_savepoint(transaction: &mut Transaction, write: &mut dyn GroupableWrite) -> QueryResult<Result<()>> {
    const UNDO: &str = "ROLLBACK TO SAVEPOINT unit; RELEASE SAVEPOINT unit";
    statements::begin_unit();
    transaction.connection().batch_execute("SAVEPOINT unit")?;
    let raised = write.user().map(|user| dialect::raise_revision(transaction.connection(), user)).transpose();
    let rev = match raised {
        Ok(rev) => rev.map(Revision),
        Err(error) => {
            transaction.connection().batch_execute(UNDO)?;
            return Ok(Err(match error {
                diesel::NotFound => StoreError::NoSuchUser,
                error => dialect::classify(&error),
            }));
        }
    };
    statements::begin_work();
    let ran = catch_unwind(AssertUnwindSafe(|| write.run(transaction, rev)));
    statements::end_work();
    let commit = matches!(ran, Ok(TransactionEnd::Commit));
    transaction.connection().batch_execute(if commit { "RELEASE SAVEPOINT unit" } else { UNDO })?;
    statements::end_unit();
    Ok(ran.map(drop).map_err(|_| StoreError::Defect("a unit of work panicked".to_owned())))
}
