//! `(habit_id, date) IN (…)`: which Diesel doesn't have.

use circadia_domain::civil::Date;
use circadia_domain::ids::HabitId;
use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

use crate::connection::{AnyConnection, MultiBackend};
use crate::sql_types::{Day, Sql, Uuid};

/// Whether a row's habit and date are among the given ones.
pub(crate) struct HabitDayIn {
    head: &'static str,
    days: Vec<(Sql<HabitId>, Sql<Date>)>,
}

impl HabitDayIn {
    pub(crate) fn new(connection: &AnyConnection, days: &[(HabitId, Date)]) -> Self {
        let head = match connection {
            // MySQL has no `VALUES` lists there, and turns this form into look-ups in the index.
            #[cfg(feature = "mysql")]
            AnyConnection::Mysql(_) => "(habit_id, date) IN (",
            // SQLite has no other form; PostgreSQL plans it as a join, the other as as many conditions.
            _ => "(habit_id, date) IN (VALUES ",
        };
        Self { head, days: days.iter().map(|(habit, date)| (Sql(*habit), Sql(*date))).collect() }
    }
}

impl QueryFragment<MultiBackend> for HabitDayIn {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if self.days.len() != 1 {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql(self.head);
        for (index, (habit, date)) in self.days.iter().enumerate() {
            out.push_sql(if index == 0 { "(" } else { ", (" });
            out.push_bind_param::<Uuid, _>(habit)?;
            out.push_sql(", ");
            out.push_bind_param::<Day, _>(date)?;
            out.push_sql(")");
        }
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for HabitDayIn {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for HabitDayIn {
    type SqlType = Bool;
}

impl<Source> AppearsOnTable<Source> for HabitDayIn {}
impl<Source> SelectableExpression<Source> for HabitDayIn {}

impl<GroupBy> ValidGrouping<GroupBy> for HabitDayIn {
    type IsAggregate = is_aggregate::No;
}
