//! Reads the rows of tables of an SQLite database, page by page, as the file format says
//! (<https://www.sqlite.org/fileformat2.html>).
//!
//! A database from a stranger isn't opened by SQLite: no statement, trigger, view or schema of it is ever run. Only tables
//! with row ids are read, in UTF-8, from the file alone (not from a write-ahead log). Each page of a tree is read at most
//! once, so no loop of pages goes on for ever.

mod record;
mod statement;

use std::collections::{HashMap, HashSet};

pub use self::record::Value;
use self::record::{be16, be32, record, varint};
use self::statement::columns_of;
use crate::ReadError;

const MAGIC: &[u8] = b"SQLite format 3\0";
/// The most pages that a tree may be deep.
const MAX_DEPTH: usize = 32;
/// The most bytes that a row may have.
const MAX_ROW_BYTES: u64 = 1024 * 1024;
/// The most rows of a table.
const MAX_ROWS: u64 = 1_000_000;
/// The most tables, indexes, views and triggers.
const MAX_SCHEMA: usize = 1_000;

/// A row: its id, and its values by column, whose names are in lower case.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// The row's id.
    pub id: i64,
    columns: &'a HashMap<String, usize>,
    values: Vec<Value>,
    key: Option<usize>,
}

impl Row<'_> {
    /// The value of a column; nothing if there is no such column.
    pub fn get(&self, column: &str) -> Value {
        match self.columns.get(column) {
            // The column that stands for the row's id isn't stored.
            Some(at) if Some(*at) == self.key => Value::Integer(self.id),
            Some(at) => self.values.get(*at).cloned().unwrap_or(Value::Null),
            None => Value::Null,
        }
    }
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    root: u32,
    columns: HashMap<String, usize>,
    /// The column that stands for the row's id.
    key: Option<usize>,
}

impl Table {
    /// Whether it has a column, whose name is in lower case.
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }
}

/// A database, as it is in memory.
#[derive(Debug)]
pub struct Database<'a> {
    bytes: &'a [u8],
    page_size: usize,
    usable: usize,
}

/// A walk through a tree, and what may still come.
struct Visit<'v> {
    seen: HashSet<u32>,
    rows: u64,
    bytes: u64,
    each: &'v mut dyn FnMut(&Row<'_>) -> Result<(), ReadError>,
}

fn damaged(what: &str) -> ReadError {
    ReadError::unreadable(format!("The database is damaged: {what}."))
}

impl<'a> Database<'a> {
    /// Opens a database.
    ///
    /// # Errors
    /// [`ReadError::Unreadable`] unless it is one, in UTF-8.
    pub fn open(bytes: &'a [u8]) -> Result<Self, ReadError> {
        let header = bytes.get(..100).ok_or_else(|| damaged("it is shorter than its header"))?;
        if !header.starts_with(MAGIC) {
            return Err(ReadError::unreadable("The file isn't an SQLite database."));
        }
        let page_size = match be16(header, 16)? {
            1 => 65_536,
            size if size >= 512 && size.is_power_of_two() => usize::from(size),
            _ => return Err(damaged("its page size is none")),
        };
        let reserved = header.get(20).copied().map_or(0, usize::from);
        let usable = page_size.saturating_sub(reserved);
        if usable < 480 {
            return Err(damaged("its pages have no room"));
        }
        if be32(header, 56)? > 1 {
            return Err(ReadError::unreadable("The database isn't in UTF-8."));
        }
        Ok(Self { bytes, page_size, usable })
    }

    /// The number that programs give their version of the tables.
    pub fn user_version(&self) -> u32 {
        be32(self.bytes, 60).unwrap_or(0)
    }

    /// A table, by its name in lower case.
    ///
    /// # Errors
    /// [`ReadError::Unreadable`] if there is none, or it isn't a plain table.
    pub fn table(&self, name: &str) -> Result<Table, ReadError> {
        let names = ["type", "name", "tbl_name", "rootpage", "sql"];
        let columns = names.iter().enumerate().map(|(at, name)| ((*name).to_owned(), at)).collect();
        let schema = Table { root: 1, columns, key: None };
        let (mut found, mut count) = (None, 0);
        self.rows(&schema, &mut |row| {
            count += 1;
            if count > MAX_SCHEMA {
                return Err(damaged("it has too many tables"));
            }
            let is_it = row.get("name").text().is_some_and(|found| found.eq_ignore_ascii_case(name));
            if is_it && found.is_none() {
                found = Some((row.get("type"), row.get("rootpage"), row.get("sql")));
            }
            Ok(())
        })?;
        let refused = |why: &str| ReadError::unreadable(format!("The database has no plain table `{name}`{why}."));
        let Some((kind, root, sql)) = found else { return Err(refused("")) };
        let root = root.integer().and_then(|root| u32::try_from(root).ok()).filter(|root| *root > 0);
        let (Some("table"), Some(root), Some(sql)) = (kind.text(), root, sql.text()) else {
            return Err(refused(": it is a view, or something else"));
        };
        let (columns, key) = columns_of(sql).ok_or_else(|| refused(", as far as can be told"))?;
        Ok(Table { root, columns, key })
    }

    /// Hands each row of a table to `each`, by its id.
    ///
    /// # Errors
    /// [`ReadError::Unreadable`], and what `each` says.
    pub fn rows(
        &self,
        table: &Table,
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let left = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        let mut visit = Visit { seen: HashSet::new(), rows: MAX_ROWS, bytes: left, each };
        self.tree(table, table.root, 0, &mut visit)
    }

    fn page(&self, number: u32) -> Result<&'a [u8], ReadError> {
        let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let start = at.and_then(|at| at.checked_mul(self.page_size)).ok_or_else(|| damaged("a page has no number"))?;
        let end = start.checked_add(self.page_size).ok_or_else(|| damaged("a page has no end"))?;
        self.bytes.get(start..end).ok_or_else(|| damaged("a page is missing"))
    }

    fn tree(&self, table: &Table, number: u32, depth: usize, visit: &mut Visit<'_>) -> Result<(), ReadError> {
        if depth > MAX_DEPTH || !visit.seen.insert(number) {
            return Err(damaged("its pages go round in circles"));
        }
        let page = self.page(number)?;
        let start = if number == 1 { 100 } else { 0 };
        let kind = page.get(start).copied().unwrap_or(0);
        let count = usize::from(be16(page, start + 3)?);
        let pointers = start + if kind == 5 { 12 } else { 8 };
        for at in 0..count {
            let cell = usize::from(be16(page, pointers + 2 * at)?);
            match kind {
                5 => self.tree(table, be32(page, cell)?, depth + 1, visit)?,
                13 => self.leaf(table, page, cell, visit)?,
                _ => return Err(damaged("a page isn't of a table with row ids")),
            }
        }
        match kind {
            5 => self.tree(table, be32(page, start + 8)?, depth + 1, visit),
            13 => Ok(()),
            _ => Err(damaged("a page isn't of a table with row ids")),
        }
    }

    fn leaf(&self, table: &Table, page: &[u8], cell: usize, visit: &mut Visit<'_>) -> Result<(), ReadError> {
        let (length, after) = varint(page, cell)?;
        // Damaged pages can have rows lie over each other: then there are more, and longer ones, than there is room for.
        visit.rows = visit.rows.checked_sub(1).ok_or_else(|| damaged("it has too many rows"))?;
        visit.bytes = visit.bytes.checked_sub(length).ok_or_else(|| damaged("its rows are longer than itself"))?;
        let (id, after) = varint(page, after)?;
        let payload = self.payload(page, after, length)?;
        let values = record(&payload)?;
        let id = i64::from_be_bytes(id.to_be_bytes());
        (visit.each)(&Row { id, columns: &table.columns, values, key: table.key })
    }

    /// A row's bytes: what is in its page, and in the pages that it overflows to.
    fn payload(&self, page: &[u8], start: usize, length: u64) -> Result<Vec<u8>, ReadError> {
        if length > MAX_ROW_BYTES {
            return Err(damaged("a row is too long"));
        }
        let length = usize::try_from(length).map_err(|_| damaged("a row is too long"))?;
        let most = self.usable - 35;
        if length <= most {
            let end = start.saturating_add(length);
            return Ok(page.get(start..end).ok_or_else(|| damaged("a row leaves its page"))?.to_vec());
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fitting = least + (length - least) % (self.usable - 4);
        let local = if fitting <= most { fitting } else { least };
        let mut payload =
            page.get(start..start.saturating_add(local)).ok_or_else(|| damaged("a row leaves its page"))?.to_vec();
        let mut next = be32(page, start.saturating_add(local))?;
        // Each page adds to the row, whose length is bounded.
        while payload.len() < length {
            let page = self.page(next)?;
            next = be32(page, 0)?;
            let wanted = (length - payload.len()).min(self.usable - 4);
            payload.extend(page.get(4..4 + wanted).ok_or_else(|| damaged("a row leaves its page"))?);
        }
        Ok(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_lie_over_each_other_are_refused() {
        let mut bytes = vec![0; 65_536];
        bytes[..16].copy_from_slice(MAGIC);
        bytes[16..18].copy_from_slice(&1_u16.to_be_bytes());
        // A leaf with 30,000 pointers to one row of 60 bytes.
        bytes[100] = 13;
        bytes[103..105].copy_from_slice(&30_000_u16.to_be_bytes());
        for at in 0..30_000 {
            bytes[108 + 2 * at..110 + 2 * at].copy_from_slice(&65_000_u16.to_be_bytes());
        }
        bytes[65_000..65_003].copy_from_slice(&[60, 1, 1]);
        let refused = Database::open(&bytes).unwrap().table("habits").unwrap_err().to_string();
        assert!(refused.contains("damaged"), "{refused}");
    }

    #[test]
    fn what_is_no_database_is_refused() {
        assert!(Database::open(b"").is_err());
        assert!(Database::open(&[0; 200]).is_err());
        let mut bytes = vec![0; 512];
        bytes[..16].copy_from_slice(MAGIC);
        bytes[16..18].copy_from_slice(&512_u16.to_be_bytes());
        let database = Database::open(&bytes).unwrap();
        assert!(database.table("habits").is_err());
        // An inner page whose only child is itself.
        bytes[100] = 5;
        bytes[108..112].copy_from_slice(&1_u32.to_be_bytes());
        assert!(Database::open(&bytes).unwrap().table("habits").is_err());
    }
}
