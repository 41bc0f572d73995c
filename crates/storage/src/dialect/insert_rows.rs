//! Inserts of many rows in one statement, and upserts.
//!
//! Diesel writes neither `ON CONFLICT` nor inserts of many rows for several backends at once, so the statement is put
//! together here from what each row's `Insertable` gives. Its text depends on nothing but the table, its columns and
//! the number of rows.

use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::{QueryResult, RunQueryDsl};

use crate::connection::{AnyConnection, MultiBackend};

/// Rows per statement at most. SQLite allows 32,766 values in a statement (PostgreSQL and MySQL 65,535), and tables
/// have at most 32 columns.
pub(crate) const ROWS_PER_STATEMENT: usize = 1_000;

/// What happens to a row whose key is stored already.
pub(crate) enum OnConflict {
    /// The statement fails.
    Fail,
    /// The stored row takes these columns of the new one.
    Replace { key: &'static [&'static str], columns: &'static [&'static str] },
}

impl OnConflict {
    /// How the statement ends.
    fn sql(&self, connection: &AnyConnection) -> String {
        let Self::Replace { key, columns } = self else { return String::new() };
        let assignments = |value: &dyn Fn(&str) -> String| {
            columns.iter().map(|column| format!("{column} = {}", value(column))).collect::<Vec<_>>().join(", ")
        };
        match connection {
            // Not the newer `AS new`, which MariaDB doesn't know.
            #[cfg(feature = "mysql")]
            AnyConnection::Mysql(_) => {
                format!(" ON DUPLICATE KEY UPDATE {}", assignments(&|column| format!("VALUES({column})")))
            }
            _ => format!(
                " ON CONFLICT ({}) DO UPDATE SET {}",
                key.join(", "),
                assignments(&|column| format!("excluded.{column}")),
            ),
        }
    }
}

/// Inserts rows into a table: in one statement up to [`ROWS_PER_STATEMENT`], in none if there are no rows. Each row is
/// anything that is `Insertable`; together they have the same columns.
///
/// `insert_rows!(connection, table, rows)` fails if a key is stored already;
/// `insert_rows!(connection, table, rows, on (key, …) replace (column, …))` is an upsert.
macro_rules! insert_rows {
    ($connection:expr, $table:ident, $rows:expr) => {
        insert_rows!(@run $connection, $table, $rows, $crate::dialect::OnConflict::Fail)
    };
    ($connection:expr, $table:ident, $rows:expr, on ($($key:ident),+) replace ($($column:ident),+ $(,)?)) => {
        insert_rows!(@run $connection, $table, $rows, $crate::dialect::OnConflict::Replace {
            key: &[$(<$table::$key as diesel::Column>::NAME),+],
            columns: &[$(<$table::$column as diesel::Column>::NAME),+],
        })
    };
    (@run $connection:expr, $table:ident, $rows:expr, $on_conflict:expr) => {
        $crate::dialect::run_insert(
            $connection,
            stringify!($table),
            $rows.into_iter().map(|row| diesel::Insertable::<$table::table>::values(row)),
            // A closure, since Diesel doesn't export the name of the type that has this field.
            |clause| clause.values,
            &$on_conflict,
        )
    };
}
pub(crate) use insert_rows;

/// What [`insert_rows!`] calls. `Clause` is `(columns) VALUES (values)` of a row, `values` takes the values out of it.
pub(crate) fn run_insert<Clause, Values>(
    connection: &mut AnyConnection,
    table: &'static str,
    mut clauses: impl Iterator<Item = Clause>,
    values: impl Fn(Clause) -> Values,
    on_conflict: &OnConflict,
) -> QueryResult<()>
where
    Clause: QueryFragment<MultiBackend>,
    Values: QueryFragment<MultiBackend>,
{
    let on_conflict = on_conflict.sql(connection);
    while let Some(first) = clauses.next() {
        let rest: Vec<Values> = clauses.by_ref().take(ROWS_PER_STATEMENT - 1).map(&values).collect();
        InsertStatement { table, first, rest, on_conflict: &on_conflict }.execute(connection)?;
    }
    Ok(())
}

struct InsertStatement<'a, Clause, Values> {
    table: &'static str,
    first: Clause,
    rest: Vec<Values>,
    on_conflict: &'a str,
}

impl<Clause, Values> QueryFragment<MultiBackend> for InsertStatement<'_, Clause, Values>
where
    Clause: QueryFragment<MultiBackend>,
    Values: QueryFragment<MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        // Single rows are the rule and worth a prepared statement; one for each number of rows isn't.
        if !self.rest.is_empty() {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql("INSERT INTO ");
        out.push_sql(self.table);
        out.push_sql(" ");
        self.first.walk_ast(out.reborrow())?;
        for values in &self.rest {
            out.push_sql(", (");
            values.walk_ast(out.reborrow())?;
            out.push_sql(")");
        }
        out.push_sql(self.on_conflict);
        Ok(())
    }
}

impl<Clause, Values> QueryId for InsertStatement<'_, Clause, Values> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Clause, Values> RunQueryDsl<AnyConnection> for InsertStatement<'_, Clause, Values> {}
