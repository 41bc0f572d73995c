//! Reading whole tables as they were at one moment.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::fingerprint::Fingerprint;
use super::row::Row;
use super::table::Table;
use super::{Progress, ROWS_PER_BATCH, TransferError};
use crate::connection::AnyConnection;
use crate::database::SqlDatabase;
use crate::dialect::{self, Purpose, RowsAfter};
use crate::migrations;

/// A reading transaction on a connection of its own, without limits on its time. Others may write meanwhile, and
/// nothing of that is seen.
pub struct Snapshot {
    connection: AnyConnection,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Snapshot(..)")
    }
}

impl SqlDatabase {
    /// Everything as it is now.
    ///
    /// # Errors
    /// If the database can't be reached or has none of our tables.
    pub fn snapshot(&self) -> Result<Snapshot, TransferError> {
        let mut connection = migrations::connect(self.backend(), self.options(), Duration::ZERO)?;
        let begin = |connection: &mut AnyConnection| {
            dialect::lift_limits(connection)?;
            dialect::begin(connection, Purpose::Reading)?;
            // The moment is that of the first read.
            crate::schema::global_locks::table.count().get_result::<i64>(connection)
        };
        begin(&mut connection).map_err(TransferError::of("a snapshot can't be taken"))?;
        Ok(Snapshot { connection })
    }
}

impl Snapshot {
    /// Up to [`ROWS_PER_BATCH`] rows in the order of their keys, those after a row.
    fn batch(&mut self, table: &Table, after: Option<&Row>) -> Result<Vec<Row>, TransferError> {
        let limit = i64::try_from(ROWS_PER_BATCH).unwrap_or(i64::MAX);
        let after = after.map(|row| row.key(table));
        RowsAfter::new(&self.connection, table, after, limit)
            .load(&mut self.connection)
            .map_err(TransferError::of(format!("{} can't be read", table.name)))
    }

    /// Passes all rows of a table on, in batches and in the order of their keys.
    ///
    /// # Errors
    /// The database's, and those of `each`.
    pub fn each_batch<E: From<TransferError>>(
        &mut self,
        table: &Table,
        mut each: impl FnMut(Vec<Row>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = None;
        loop {
            let rows = self.batch(table, after.as_ref())?;
            let Some(last) = rows.last().cloned() else { return Ok(()) };
            let is_last = rows.len() < ROWS_PER_BATCH;
            each(rows)?;
            if is_last {
                return Ok(());
            }
            after = Some(last);
        }
    }

    /// How many rows the tables have together.
    ///
    /// # Errors
    /// The database's.
    pub fn count(&mut self, tables: &[Table]) -> Result<u64, TransferError> {
        let mut sum = 0;
        for table in tables {
            table.check()?;
            let count = diesel::dsl::sql::<BigInt>(&format!("(SELECT count(*) FROM {})", table.name));
            let rows: i64 = diesel::select(count)
                .get_result(&mut self.connection)
                .map_err(TransferError::of(format!("{} can't be counted", table.name)))?;
            sum += rows.unsigned_abs();
        }
        Ok(sum)
    }

    /// What each table holds.
    ///
    /// # Errors
    /// The database's.
    pub fn fingerprints(
        &mut self,
        tables: &[Table],
        told: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<(String, Fingerprint)>, TransferError> {
        let mut fingerprints = Vec::with_capacity(tables.len());
        for table in tables {
            let mut fingerprint = Fingerprint::default();
            self.each_batch::<TransferError>(table, |rows| {
                for row in &rows {
                    fingerprint.add(row);
                }
                told(Progress::Rows(u64::try_from(rows.len()).unwrap_or(u64::MAX)));
                Ok(())
            })?;
            fingerprints.push((table.name.clone(), fingerprint));
        }
        Ok(fingerprints)
    }
}
