//! `CASE id WHEN … THEN …`: a number for each of many rows, in one statement.

use circadia_domain::ids::HabitId;
use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Integer;

use crate::connection::MultiBackend;
use crate::sql_types::Uuid;

/// The number that goes with the id in a column.
pub(crate) struct CaseOf<'a> {
    column: &'static str,
    numbers: &'a [(HabitId, i32)],
}

impl<'a> CaseOf<'a> {
    /// By the ids in `column`; of ids that aren't among them, nothing.
    pub(crate) const fn new(column: &'static str, numbers: &'a [(HabitId, i32)]) -> Self {
        Self { column, numbers }
    }
}

impl QueryFragment<MultiBackend> for CaseOf<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("CASE ");
        out.push_sql(self.column);
        for (id, number) in self.numbers {
            out.push_sql(" WHEN ");
            out.push_bind_param::<Uuid, _>(id)?;
            out.push_sql(" THEN ");
            out.push_bind_param::<Integer, _>(number)?;
        }
        out.push_sql(" END");
        Ok(())
    }
}

impl QueryId for CaseOf<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for CaseOf<'_> {
    type SqlType = Integer;
}

impl<Source> AppearsOnTable<Source> for CaseOf<'_> {}

impl<GroupBy> ValidGrouping<GroupBy> for CaseOf<'_> {
    type IsAggregate = is_aggregate::No;
}
