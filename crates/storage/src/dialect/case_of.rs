//! `CASE id WHEN … THEN …`: a number for each of many rows, in one statement.

use circadia_domain::ids::HabitId;
use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Integer;

use crate::connection::MultiBackend;
use crate::sql_types::{Sql, Uuid};

/// The number that goes with the id in a column.
pub(crate) struct CaseOf {
    column: &'static str,
    numbers: Vec<(Sql<HabitId>, i32)>,
}

impl CaseOf {
    /// By the ids in `column`; of ids that aren't among them, nothing.
    pub(crate) fn new(column: &'static str, numbers: &[(HabitId, i32)]) -> Self {
        Self { column, numbers: numbers.iter().map(|(id, number)| (Sql(*id), *number)).collect() }
    }
}

impl QueryFragment<MultiBackend> for CaseOf {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("CASE ");
        out.push_sql(self.column);
        for (id, number) in &self.numbers {
            out.push_sql(" WHEN ");
            out.push_bind_param::<Uuid, _>(id)?;
            out.push_sql(" THEN ");
            out.push_bind_param::<Integer, _>(number)?;
        }
        out.push_sql(" END");
        Ok(())
    }
}

impl QueryId for CaseOf {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for CaseOf {
    type SqlType = Integer;
}

impl<Source> AppearsOnTable<Source> for CaseOf {}

impl<GroupBy> ValidGrouping<GroupBy> for CaseOf {
    type IsAggregate = is_aggregate::No;
}
