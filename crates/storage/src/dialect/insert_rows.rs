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

/// Upserts one row into each of two tables: `upsert_two!(connection, a, row, on (key) replace (column); b, …)`. In one
/// statement on PostgreSQL, in two on the others.
macro_rules! upsert_two {
    (
        $connection:expr,
        $first:ident, $first_row:expr, on ($($first_key:ident),+) replace ($($first_column:ident),+ $(,)?);
        $second:ident, $second_row:expr, on ($($second_key:ident),+) replace ($($second_column:ident),+ $(,)?) $(;)?
    ) => {
        $crate::dialect::run_two(
            $connection,
            (stringify!($first), diesel::Insertable::<$first::table>::values($first_row)),
            &$crate::dialect::OnConflict::Replace {
                key: &[$(<$first::$first_key as diesel::Column>::NAME),+],
                columns: &[$(<$first::$first_column as diesel::Column>::NAME),+],
            },
            (stringify!($second), diesel::Insertable::<$second::table>::values($second_row)),
            &$crate::dialect::OnConflict::Replace {
                key: &[$(<$second::$second_key as diesel::Column>::NAME),+],
                columns: &[$(<$second::$second_column as diesel::Column>::NAME),+],
            },
        )
    };
}
pub(crate) use upsert_two;

/// What [`upsert_two!`] calls.
pub(crate) fn run_two<First, Second>(
    connection: &mut AnyConnection,
    (first_table, first): (&'static str, First),
    first_conflict: &OnConflict,
    (second_table, second): (&'static str, Second),
    second_conflict: &OnConflict,
) -> QueryResult<()>
where
    First: QueryFragment<MultiBackend>,
    Second: QueryFragment<MultiBackend>,
{
    let (first_conflict, second_conflict) = (first_conflict.sql(connection), second_conflict.sql(connection));
    let none = Vec::<First>::new();
    let first = InsertStatement { table: first_table, first, rest: none, on_conflict: &first_conflict };
    let none = Vec::<Second>::new();
    let second = InsertStatement { table: second_table, first: second, rest: none, on_conflict: &second_conflict };
    match connection {
        #[cfg(feature = "postgres")]
        connection @ AnyConnection::Postgres(_) => TwoInserts { first, second }.execute(connection).map(drop),
        connection => {
            first.execute(connection)?;
            second.execute(connection).map(drop)
        }
    }
}

/// Two inserts in one statement, as PostgreSQL knows it.
#[cfg(feature = "postgres")]
struct TwoInserts<First, Second> {
    first: First,
    second: Second,
}

#[cfg(feature = "postgres")]
impl<First, Second> QueryFragment<MultiBackend> for TwoInserts<First, Second>
where
    First: QueryFragment<MultiBackend>,
    Second: QueryFragment<MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("WITH first AS (");
        self.first.walk_ast(out.reborrow())?;
        out.push_sql(") ");
        self.second.walk_ast(out.reborrow())
    }
}

#[cfg(feature = "postgres")]
impl<First, Second> QueryId for TwoInserts<First, Second> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(feature = "postgres")]
impl<First, Second> RunQueryDsl<AnyConnection> for TwoInserts<First, Second> {}

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
        // Single rows are frequent and worth a prepared statement; each number of rows isn't.
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
