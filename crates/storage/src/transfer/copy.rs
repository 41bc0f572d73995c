//! From one database to another.

use std::time::Duration;

use super::fingerprint::Fingerprint;
use super::load::Origin;
use super::row::Row;
use super::table::{Table, tables};
use super::{Phase, Progress, TransferError, differences};
use crate::database::SqlDatabase;

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// What each table holds, on both sides.
    pub tables: Vec<(String, Fingerprint)>,
    /// Tables of the source that were written to while it was copied: that isn't in the copy.
    pub changed: Vec<String>,
}

/// Copies everything as it is at this moment into a database that is empty, or holds the beginning of a copy, or with
/// `replace` any. What arrived is compared row by row with what was sent. In the end the source is looked at again.
///
/// # Errors
/// [`TransferError`]. What was copied until then is gone on with by calling this again.
pub fn copy(
    source: &SqlDatabase,
    target: &SqlDatabase,
    replace: bool,
    told: &mut dyn FnMut(Progress<'_>),
) -> Result<Copied, TransferError> {
    let pending = source.pending()?;
    if !pending.is_empty() {
        return Err(TransferError::Migrations(format!(
            "the source lacks {} migrations of this version: run `circadia migrate` on it before",
            pending.len()
        )));
    }
    let tables = tables();
    target.migrate(Duration::ZERO)?;
    if source.applied()? != target.applied()? {
        return Err(TransferError::Migrations(
            "the two databases have different migrations: take the newer version of this program".to_owned(),
        ));
    }
    let mut loader = target.loader(&tables, Origin::Copy, replace)?;

    let mut snapshot = source.snapshot()?;
    let rows = snapshot.count(&tables)?;
    told(Progress::Phase { phase: Phase::Moving, rows });
    let mut sent = Vec::with_capacity(tables.len());
    for table in &tables {
        let mut fingerprint = Fingerprint::default();
        let mut arrived = Arrived::of(table, loader.filled(table));
        snapshot.each_batch::<TransferError>(table, |rows| {
            for row in &rows {
                fingerprint.add(row);
            }
            loader.insert(table, arrived.skip(&rows)?)?;
            told(Progress::Rows(u64::try_from(rows.len()).unwrap_or(u64::MAX)));
            Ok(())
        })?;
        arrived.end()?;
        told(Progress::Table { name: &table.name, rows: fingerprint.rows });
        sent.push((table.name.clone(), fingerprint));
    }
    drop(snapshot);
    loader.renumber()?;

    told(Progress::Phase { phase: Phase::Comparing, rows });
    let different = differences(&sent, &target.snapshot()?.fingerprints(&tables, told)?);
    if !different.is_empty() {
        return Err(TransferError::Different(different));
    }
    loader.finish()?;

    told(Progress::Phase { phase: Phase::LookingAgain, rows });
    let changed = differences(&sent, &source.snapshot()?.fingerprints(&tables, told)?);
    Ok(Copied { tables: sent, changed })
}

/// The rows of a table that arrived with an earlier attempt: the first ones.
struct Arrived<'a> {
    table: &'a Table,
    /// Rows of them that are still to come.
    left: u64,
    last_key: String,
}

impl<'a> Arrived<'a> {
    fn of(table: &'a Table, filled: super::load::Filled) -> Self {
        Self { table, left: filled.rows, last_key: filled.last_key }
    }

    /// Those of the rows that are still to be inserted.
    fn skip<'r>(&mut self, rows: &'r [Row]) -> Result<&'r [Row], TransferError> {
        let here = usize::try_from(self.left).unwrap_or(usize::MAX).min(rows.len());
        let (before, rest) = rows.split_at(here);
        self.left -= u64::try_from(here).unwrap_or(u64::MAX);
        if let (0, Some(last)) = (self.left, before.last())
            && last.key(self.table).to_line() != self.last_key
        {
            return Err(TransferError::SourceChanged(self.table.name.clone()));
        }
        Ok(rest)
    }

    fn end(self) -> Result<(), TransferError> {
        if self.left == 0 { Ok(()) } else { Err(TransferError::SourceChanged(self.table.name.clone())) }
    }
}
