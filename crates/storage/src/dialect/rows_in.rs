//! `(a, b) IN (…)`: which Diesel doesn't have.

use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

use super::upsert::{Bind, push_rows};
use crate::connection::{AnyConnection, MultiBackend};

/// Whether a row's columns are among the given rows.
pub(crate) struct RowsIn<'a, const COLUMNS: usize> {
    head: String,
    rows: Vec<[Bind<'a>; COLUMNS]>,
}

impl<'a, const COLUMNS: usize> RowsIn<'a, COLUMNS> {
    /// The condition on `columns`, whose names must be unambiguous in the query.
    pub(crate) fn new(
        connection: &AnyConnection,
        columns: [&'static str; COLUMNS],
        rows: Vec<[Bind<'a>; COLUMNS]>,
    ) -> Self {
        let values = match connection {
            // MySQL has no `VALUES` lists there, and turns this form into look-ups in the index.
            #[cfg(feature = "mysql")]
            AnyConnection::Mysql(_) => "",
            // SQLite has no other form; PostgreSQL plans it as a join, the other as as many conditions.
            _ => "VALUES ",
        };
        Self { head: format!("({}) IN ({values}", columns.join(", ")), rows }
    }
}

impl<const COLUMNS: usize> QueryFragment<MultiBackend> for RowsIn<'_, COLUMNS> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if self.rows.len() != 1 {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql(&self.head);
        push_rows(&mut out, &self.rows)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<const COLUMNS: usize> QueryId for RowsIn<'_, COLUMNS> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<const COLUMNS: usize> Expression for RowsIn<'_, COLUMNS> {
    type SqlType = Bool;
}

impl<Source, const COLUMNS: usize> AppearsOnTable<Source> for RowsIn<'_, COLUMNS> {}
impl<Source, const COLUMNS: usize> SelectableExpression<Source> for RowsIn<'_, COLUMNS> {}

impl<GroupBy, const COLUMNS: usize> ValidGrouping<GroupBy> for RowsIn<'_, COLUMNS> {
    type IsAggregate = is_aggregate::No;
}
