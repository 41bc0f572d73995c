//! Statements over whole tables, whichever they are: reading them in the order of their keys, filling and emptying them.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Untyped};

use crate::connection::{AnyConnection, MultiBackend};
use crate::transfer::{Row, Table};

/// How rows are compared, and what an insert is to say about columns that are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Words {
    /// Whether `(a, b) > (1, 2)` finds its way in an index. On MySQL, only what it stands for does.
    compares_rows: bool,
    overriding: &'static str,
    /// Whether a sequence beside the table numbers its rows.
    has_sequences: bool,
}

const fn words(connection: &AnyConnection) -> Words {
    match connection {
        AnyConnection::Sqlite(_) => Words { compares_rows: true, overriding: "", has_sequences: false },
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => {
            Words { compares_rows: true, overriding: " OVERRIDING SYSTEM VALUE", has_sequences: true }
        }
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => Words { compares_rows: false, overriding: "", has_sequences: false },
    }
}

/// No limits on statements, nor on how long a transaction may wait for its next one.
pub(crate) fn lift_limits(connection: &mut AnyConnection) -> QueryResult<()> {
    // One of these is accepted.
    let ways: &[&str] = match connection {
        AnyConnection::Sqlite(_) => &[],
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => &["SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0"],
        // MySQL, unlike MariaDB, has no limit on transactions that wait.
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => &[
            "SET SESSION max_statement_time = 0, SESSION idle_transaction_timeout = 0",
            "SET SESSION max_execution_time = 0",
        ],
    };
    let mut lifted = Ok(());
    for way in ways {
        lifted = connection.batch_execute(way);
        if lifted.is_ok() {
            break;
        }
    }
    lifted
}

/// Whether there is a table of this name.
pub(crate) fn has_table(connection: &mut AnyConnection, name: &'static str) -> QueryResult<bool> {
    let catalogue = match connection {
        AnyConnection::Sqlite(_) => "sqlite_master WHERE type = 'table' AND name",
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => "information_schema.tables WHERE table_schema = current_schema() AND table_name",
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => "information_schema.tables WHERE table_schema = database() AND table_name",
    };
    let count = diesel::dsl::sql::<BigInt>(&format!("(SELECT count(*) FROM {catalogue} = '{name}')"));
    let found: i64 = diesel::select(count).get_result(connection)?;
    Ok(found > 0)
}

/// What a new table needs to hold any text, whatever the database was made for.
pub(crate) const fn any_text(connection: &AnyConnection) -> &'static str {
    match connection {
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        _ => "",
    }
}

/// Has the database go on numbering behind the rows that were inserted with their numbers. SQLite and MySQL do by
/// themselves.
pub(crate) fn renumber(connection: &mut AnyConnection, table: &str, column: &str) -> QueryResult<()> {
    if !words(connection).has_sequences {
        return Ok(());
    }
    connection.batch_execute(&format!(
        "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), coalesce(max({column}), 0) + 1, false) FROM {table}"
    ))
}

/// Up to so many rows in the order of the key, those after a key.
pub(crate) struct RowsAfter<'a> {
    table: &'a Table,
    after: Option<Row>,
    limit: i64,
    words: Words,
}

impl<'a> RowsAfter<'a> {
    pub(crate) fn new(connection: &AnyConnection, table: &'a Table, after: Option<Row>, limit: i64) -> Self {
        Self { table, after, limit, words: words(connection) }
    }

    /// A column of the key, with its table: a label may be the name of a column.
    fn push_name(&self, out: &mut AstPass<'_, '_, MultiBackend>, name: &str) -> QueryResult<()> {
        out.push_identifier(&self.table.name)?;
        out.push_sql(".");
        out.push_identifier(name)
    }

    fn push_key(&self, out: &mut AstPass<'_, '_, MultiBackend>) -> QueryResult<()> {
        for (place, name) in self.table.key.iter().enumerate() {
            if place > 0 {
                out.push_sql(", ");
            }
            self.push_name(out, name)?;
        }
        Ok(())
    }
}

impl QueryFragment<MultiBackend> for RowsAfter<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        for (place, column) in self.table.columns.iter().enumerate() {
            out.push_sql(if place == 0 { "SELECT " } else { ", " });
            out.push_identifier(&column.name)?;
            out.push_sql(" AS ");
            out.push_identifier(column.kind.label())?;
        }
        out.push_sql(" FROM ");
        out.push_identifier(&self.table.name)?;
        if let Some(after) = &self.after {
            out.push_sql(" WHERE ");
            if self.words.compares_rows {
                out.push_sql("(");
                self.push_key(&mut out)?;
                for (place, value) in after.values.iter().enumerate() {
                    out.push_sql(if place == 0 { ") > (" } else { ", " });
                    value.push(&mut out)?;
                }
                out.push_sql(")");
            } else {
                // a > 1 OR (a = 1 AND b > 2) …
                for length in 1..=after.values.len() {
                    out.push_sql(if length == 1 { "(" } else { " OR (" });
                    for (place, (name, value)) in self.table.key.iter().zip(&after.values).take(length).enumerate() {
                        if place > 0 {
                            out.push_sql(" AND ");
                        }
                        self.push_name(&mut out, name)?;
                        out.push_sql(if place + 1 == length { " > " } else { " = " });
                        value.push(&mut out)?;
                    }
                    out.push_sql(")");
                }
            }
        }
        out.push_sql(" ORDER BY ");
        self.push_key(&mut out)?;
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)
    }
}

impl QueryId for RowsAfter<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for RowsAfter<'_> {
    type SqlType = Untyped;
}

impl RunQueryDsl<AnyConnection> for RowsAfter<'_> {}

/// Inserts rows with the values that they have.
pub(crate) struct InsertAll<'a> {
    table: &'a Table,
    rows: &'a [Row],
    words: Words,
}

impl<'a> InsertAll<'a> {
    pub(crate) fn new(connection: &AnyConnection, table: &'a Table, rows: &'a [Row]) -> Self {
        Self { table, rows, words: words(connection) }
    }
}

impl QueryFragment<MultiBackend> for InsertAll<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("INSERT INTO ");
        out.push_identifier(&self.table.name)?;
        for (place, column) in self.table.columns.iter().enumerate() {
            out.push_sql(if place == 0 { " (" } else { ", " });
            out.push_identifier(&column.name)?;
        }
        out.push_sql(")");
        out.push_sql(self.words.overriding);
        out.push_sql(" VALUES ");
        for (number, row) in self.rows.iter().enumerate() {
            if number > 0 {
                out.push_sql(", ");
            }
            for (place, value) in row.values.iter().enumerate() {
                out.push_sql(if place == 0 { "(" } else { ", " });
                value.push(&mut out)?;
            }
            out.push_sql(")");
        }
        Ok(())
    }
}

impl QueryId for InsertAll<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<AnyConnection> for InsertAll<'_> {}

/// Deletes every row.
pub(crate) struct DeleteAll<'a>(pub(crate) &'a Table);

impl QueryFragment<MultiBackend> for DeleteAll<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("DELETE FROM ");
        out.push_identifier(&self.0.name)
    }
}

impl QueryId for DeleteAll<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<AnyConnection> for DeleteAll<'_> {}
