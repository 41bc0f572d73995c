//! Moving everything that a database holds: to another database, or to a file and back.
//!
//! - [`tables`]: what there is to move, taken from the schema;
//! - [`Snapshot`]: reads tables as they were at one moment, while others write;
//! - [`Row`]: a row of any table, and its line of JSON;
//! - [`Fingerprint`]: what a table holds, to be compared between databases;
//! - [`Loader`]: fills an empty database;
//! - [`copy`]: from one database to another.
//!
//! A database that is being filled has a table more, `unfinished_load`, which says how far it got. It goes when all is
//! there and was compared; until then no server starts on it.

mod copy;
mod fingerprint;
mod load;
mod row;
mod snapshot;
mod table;

use crate::options::StorageError;

pub use copy::{Copied, copy};
pub use fingerprint::Fingerprint;
pub use load::{Loader, Origin};
pub use row::Row;
pub use snapshot::Snapshot;
pub use table::{ColumnKind, FILLED_BY_MIGRATIONS, Table, TableColumn, tables};

/// Rows that are read at a time, and written in a transaction.
pub const ROWS_PER_BATCH: usize = 1_000;

/// What is told while rows are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Something begins that goes through so many rows, at least about.
    Phase {
        /// What it is.
        phase: Phase,
        /// How many rows.
        rows: u64,
    },
    /// So many more rows are done.
    Rows(u64),
    /// A table is done.
    Table {
        /// Its name.
        name: &'a str,
        /// How many rows it has.
        rows: u64,
    },
}

/// A part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Rows are moved.
    Moving,
    /// What arrived is read and compared.
    Comparing,
    /// The source is read again, to see whether it changed.
    LookingAgain,
}

/// Why rows can't be moved.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The database can't be used at all.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A statement failed.
    #[error("{what}: {reason}")]
    Statement {
        /// What was to be done.
        what: String,
        /// What the database said.
        reason: String,
    },
    /// What was written can't be read.
    #[error("{0}")]
    Unreadable(String),
    /// The source or the target lacks migrations, or has others.
    #[error("{0}")]
    Migrations(String),
    /// The database to be filled has rows.
    #[error(
        "the database to be filled isn't empty: it has rows in {}. Take an empty one, or `--replace` what it holds",
        .0.join(", ")
    )]
    NotEmpty(Vec<String>),
    /// Something else was begun there.
    #[error("the database holds the beginning of {0}. Finish that, or `--replace` what it holds")]
    Begun(String),
    /// The rows that were copied first aren't the first any more.
    #[error("the source changed since the copy was begun ({0}): begin it again with `--replace`")]
    SourceChanged(String),
    /// What arrived differs.
    #[error("what arrived differs from what was sent, in {}", .0.join(", "))]
    Different(Vec<String>),
}

impl TransferError {
    fn of<'a>(what: impl Into<String> + 'a) -> impl FnOnce(diesel::result::Error) -> Self + 'a {
        move |error| Self::Statement { what: what.into(), reason: error.to_string() }
    }
}

/// Names the tables whose fingerprints differ.
pub fn differences(sent: &[(String, Fingerprint)], arrived: &[(String, Fingerprint)]) -> Vec<String> {
    let of = |list: &[(String, Fingerprint)], name: &str| {
        list.iter().find(|(table, _)| table == name).map(|(_, fingerprint)| *fingerprint)
    };
    let names = sent.iter().chain(arrived).map(|(name, _)| name);
    let mut different: Vec<String> = Vec::new();
    for name in names {
        let (before, after) = (of(sent, name), of(arrived, name));
        if before == after || different.iter().any(|told| told.starts_with(&format!("{name} "))) {
            continue;
        }
        let rows = |found: Option<Fingerprint>| found.map_or(0, |found| found.rows);
        let (before, after) = (rows(before), rows(after));
        different.push(if before == after {
            format!("{name} (other content in {before} rows)")
        } else {
            format!("{name} ({before} rows and {after})")
        });
    }
    different
}
