//! Filling an empty database, batch by batch.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;

use super::TransferError;
use super::row::Row;
use super::table::{FILLED_BY_MIGRATIONS, NUMBERED, Table};
use crate::connection::AnyConnection;
use crate::database::SqlDatabase;
use crate::dialect::{self, DeleteAll, InsertAll, Purpose, RowsAfter};
use crate::migrations;

/// Bytes of rows in one statement, about: MariaDB takes 16 MiB unless it is told otherwise.
const BYTES_PER_STATEMENT: usize = 1 << 20;
/// Values in one statement. SQLite takes 32,766.
const VALUES_PER_STATEMENT: usize = 20_000;

/// The table that says how far it got.
const MARK: &str = "unfinished_load";
/// The name of the row that says what was begun.
const ORIGIN: &str = "@origin";

diesel::table! {
    unfinished_load (name) {
        name -> diesel::sql_types::Text,
        loaded -> diesel::sql_types::BigInt,
        last_key -> diesel::sql_types::Text,
    }
}

/// What a database is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// What another database holds. It can be gone on with.
    Copy,
    /// A backup.
    Backup,
}

impl Origin {
    const fn word(self) -> &'static str {
        match self {
            Self::Copy => "a copy",
            Self::Backup => "a restored backup",
        }
    }
}

/// How far a table is filled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Filled {
    pub(crate) rows: u64,
    /// The key of the last row, as a line of JSON.
    pub(crate) last_key: String,
}

/// A connection that fills a database.
pub struct Loader {
    connection: AnyConnection,
    filled: BTreeMap<String, Filled>,
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Loader(..)")
    }
}

/// What a database holds before it is filled.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Empty,
    /// Something was begun: its word, and how far each table is filled.
    Begun(String, BTreeMap<String, Filled>),
    /// These tables have rows.
    InUse(Vec<String>),
}

impl SqlDatabase {
    /// Whether something was begun to be loaded, and isn't finished: what, if so.
    ///
    /// # Errors
    /// The database's.
    pub fn unfinished_load(&self) -> Result<Option<String>, TransferError> {
        let mut connection = migrations::connect(self.backend(), self.options(), Duration::ZERO)?;
        match marks(&mut connection).map_err(TransferError::of("the database can't be looked into"))? {
            None => Ok(None),
            Some((origin, _)) => Ok(Some(origin)),
        }
    }

    /// Begins to fill the database, which has its tables: one that is empty, one in which a copy was begun, or with
    /// `replace` any, which is then emptied.
    ///
    /// # Errors
    /// [`TransferError::NotEmpty`], [`TransferError::Begun`], the database's.
    pub fn loader(&self, tables: &[Table], origin: Origin, replace: bool) -> Result<Loader, TransferError> {
        let mut connection = migrations::connect(self.backend(), self.options(), Duration::ZERO)?;
        dialect::lift_limits(&mut connection).map_err(TransferError::of("the database can't be set up"))?;
        let filled = check(find(&mut connection, tables)?, origin, replace)?;
        let mut loader = Loader { connection, filled: BTreeMap::new() };
        match filled {
            Some(filled) => loader.filled = filled,
            None => loader.begin(tables, origin)?,
        }
        Ok(loader)
    }
}

/// How far a copy got that can be gone on with; `None` if everything is to be emptied and begun.
fn check(found: Found, origin: Origin, replace: bool) -> Result<Option<BTreeMap<String, Filled>>, TransferError> {
    if replace {
        return Ok(None);
    }
    match found {
        Found::Empty => Ok(None),
        Found::InUse(tables) => Err(TransferError::NotEmpty(tables)),
        Found::Begun(word, filled) if word == origin.word() => Ok((origin == Origin::Copy).then_some(filled)),
        Found::Begun(word, _) => Err(TransferError::Begun(word)),
    }
}

/// What was begun, and how far each table is filled.
fn marks(connection: &mut AnyConnection) -> QueryResult<Option<(String, BTreeMap<String, Filled>)>> {
    if !dialect::has_table(connection, MARK)? {
        return Ok(None);
    }
    let rows: Vec<(String, i64, String)> = unfinished_load::table
        .select((unfinished_load::name, unfinished_load::loaded, unfinished_load::last_key))
        .load(connection)?;
    let mut origin = String::new();
    let mut filled = BTreeMap::new();
    for (name, rows, last_key) in rows {
        if name == ORIGIN {
            origin = last_key;
        } else {
            filled.insert(name, Filled { rows: rows.unsigned_abs(), last_key });
        }
    }
    Ok(Some((origin, filled)))
}

fn find(connection: &mut AnyConnection, tables: &[Table]) -> Result<Found, TransferError> {
    let marks = marks(connection).map_err(TransferError::of("the database can't be looked into"))?;
    if let Some((origin, filled)) = marks {
        return Ok(Found::Begun(origin, filled));
    }
    let mut in_use = Vec::new();
    for table in tables.iter().filter(|table| !FILLED_BY_MIGRATIONS.contains(&table.name.as_str())) {
        table.check()?;
        let first: Vec<Row> = RowsAfter::new(connection, table, None, 1)
            .load(connection)
            .map_err(TransferError::of(format!("{} can't be read", table.name)))?;
        if !first.is_empty() {
            in_use.push(table.name.clone());
        }
    }
    Ok(if in_use.is_empty() { Found::Empty } else { Found::InUse(in_use) })
}

impl Loader {
    /// How far a table was filled before.
    pub(crate) fn filled(&self, table: &Table) -> Filled {
        self.filled.get(&table.name).cloned().unwrap_or_default()
    }

    /// Notes what is begun, then removes all rows that there are.
    fn begin(&mut self, tables: &[Table], origin: Origin) -> Result<(), TransferError> {
        let connection = &mut self.connection;
        let mark = |connection: &mut AnyConnection| {
            if !dialect::has_table(connection, MARK)? {
                let text = dialect::any_text(connection);
                connection.batch_execute(&format!(
                    "CREATE TABLE {MARK} (
                         name     VARCHAR(64) NOT NULL PRIMARY KEY,
                         loaded   BIGINT      NOT NULL,
                         last_key TEXT        NOT NULL
                     ){text}"
                ))?;
            }
            diesel::delete(unfinished_load::table).execute(connection)?;
            diesel::insert_into(unfinished_load::table)
                .values((
                    unfinished_load::name.eq(ORIGIN),
                    unfinished_load::loaded.eq(0_i64),
                    unfinished_load::last_key.eq(origin.word()),
                ))
                .execute(connection)
        };
        mark(connection).map_err(TransferError::of("the database can't be marked as unfinished"))?;
        for table in tables.iter().rev() {
            table.check()?;
            DeleteAll(table)
                .execute(connection)
                .map_err(TransferError::of(format!("{} can't be emptied", table.name)))?;
        }
        Ok(())
    }

    /// Inserts rows, all of them or none. They are behind those that were inserted before.
    ///
    /// # Errors
    /// The database's.
    pub fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<(), TransferError> {
        let Some(last) = rows.last() else { return Ok(()) };
        let before = self.filled(table);
        let filled = Filled {
            rows: before.rows + u64::try_from(rows.len()).unwrap_or(u64::MAX),
            last_key: last.key(table).to_line(),
        };
        let connection = &mut self.connection;
        let is_first = before.rows == 0;
        let insert = |connection: &mut AnyConnection| {
            for rows in statements(rows, table.columns.len()) {
                InsertAll::new(connection, table, rows).execute(connection)?;
            }
            note(connection, &table.name, &filled, is_first)
        };
        dialect::begin(connection, Purpose::Writing).map_err(TransferError::of("a transaction can't be begun"))?;
        let ended = match insert(connection) {
            Ok(()) => dialect::commit(connection),
            Err(error) => {
                // A connection that can't roll back ends with this command.
                let _ = dialect::roll_back(connection);
                Err(error)
            }
        };
        ended.map_err(TransferError::of(format!("rows can't be written to {}", table.name)))?;
        self.filled.insert(table.name.clone(), filled);
        Ok(())
    }

    /// Has the database go on numbering behind the rows that arrived.
    ///
    /// # Errors
    /// The database's.
    pub fn renumber(&mut self) -> Result<(), TransferError> {
        for (table, column) in NUMBERED {
            dialect::renumber(&mut self.connection, table, column)
                .map_err(TransferError::of(format!("the next number of {table} can't be set")))?;
        }
        Ok(())
    }

    /// All arrived: the database may be used.
    ///
    /// # Errors
    /// The database's.
    pub fn finish(mut self) -> Result<(), TransferError> {
        self.connection
            .batch_execute(&format!("DROP TABLE {MARK}"))
            .map_err(TransferError::of("the mark of an unfinished load can't be removed"))
    }
}

/// Notes how far a table is filled.
fn note(connection: &mut AnyConnection, table: &str, filled: &Filled, is_first: bool) -> QueryResult<()> {
    let loaded = i64::try_from(filled.rows).unwrap_or(i64::MAX);
    if is_first {
        diesel::insert_into(unfinished_load::table)
            .values((
                unfinished_load::name.eq(table),
                unfinished_load::loaded.eq(loaded),
                unfinished_load::last_key.eq(&filled.last_key),
            ))
            .execute(connection)
            .map(drop)
    } else {
        diesel::update(unfinished_load::table.find(table))
            .set((unfinished_load::loaded.eq(loaded), unfinished_load::last_key.eq(&filled.last_key)))
            .execute(connection)
            .map(drop)
    }
}

/// Cuts rows into as many as one statement takes.
fn statements(mut rows: &[Row], columns: usize) -> Vec<&[Row]> {
    let most = (VALUES_PER_STATEMENT / columns.max(1)).max(1);
    let mut parts = Vec::new();
    while !rows.is_empty() {
        let mut bytes = 0;
        let fit = rows
            .iter()
            .take(most)
            .take_while(|row| {
                bytes += row.size();
                bytes <= BYTES_PER_STATEMENT
            })
            .count();
        let (part, rest) = rows.split_at(fit.max(1));
        parts.push(part);
        rows = rest;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::super::row::Value;
    use super::*;

    #[test]
    fn statements_are_neither_too_long_nor_too_large() {
        let row = |bytes: usize| Row { values: vec![Value::Bytes(vec![0; bytes])] };
        let lengths = |rows: &[Row], columns: usize| -> Vec<usize> {
            statements(rows, columns).into_iter().map(<[Row]>::len).collect()
        };
        assert_eq!(lengths(&[], 1), [0; 0]);
        assert_eq!(lengths(&vec![row(1); 1_000], 20), [1_000]);
        assert_eq!(lengths(&vec![row(1); 1_000], 40), [500, 500]);
        assert_eq!(lengths(&vec![row(400_000); 5], 1), [2, 2, 1]);
        // A row that is too large by itself is sent by itself.
        assert_eq!(lengths(&[row(9), row(5_000_000), row(9)], 1), [1, 1, 1]);
    }
}
