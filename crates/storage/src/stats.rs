//! Queries that only statistics need. All of them are answered from indexes.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{ThemeId, UserId};
use circadia_domain::stats::overview::{StatsRepository, TaskCount, TaskDone};
use circadia_domain::tasks::{Priority, TaskStatus};
use diesel::dsl::{count_star, min};
use diesel::prelude::*;

use crate::convert::{corrupt, number};
use crate::schema::tasks;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

impl StatsRepository for Transaction {
    fn task_counts(&mut self, user: UserId) -> Result<Vec<TaskCount>> {
        /// Theme, status, rank of the priority, number, and the first creation.
        type Group = (Option<Sql<ThemeId>>, Sql<TaskStatus>, i32, i64, Option<Sql<Instant>>);
        // A covering index has them in this order.
        let groups: Vec<Group> = tasks::table
            .filter(tasks::user_id.eq(Sql(user)))
            .group_by((tasks::theme_id, tasks::status, tasks::priority))
            .select((tasks::theme_id, tasks::status, tasks::priority, count_star(), min(tasks::created_at)))
            .load(self.connection())
            .classified()?;
        let count = |(theme, Sql(status), rank, count, first_created_at): Group| {
            Ok(TaskCount {
                theme: theme.map(Sql::into_inner),
                priority: Priority::from_rank(rank)
                    .ok_or_else(|| corrupt(format_args!("{rank} is no rank of a priority")))?,
                status,
                count: number(count)?,
                first_created_at: first_created_at.ok_or_else(|| corrupt("a task was never made"))?.0,
            })
        };
        groups.into_iter().map(count).collect()
    }

    fn tasks_made(&mut self, user: UserId, from: Instant, until: Instant) -> Result<Vec<Instant>> {
        let made: Vec<Sql<Instant>> = tasks::table
            .filter(tasks::user_id.eq(Sql(user)))
            .filter(tasks::created_at.ge(Sql(from)))
            .filter(tasks::created_at.lt(Sql(until)))
            .select(tasks::created_at)
            .load(self.connection())
            .classified()?;
        Ok(made.into_iter().map(Sql::into_inner).collect())
    }

    fn tasks_done(&mut self, user: UserId, from: Instant, until: Instant) -> Result<Vec<TaskDone>> {
        let rows: Vec<(Sql<Instant>, Option<Sql<Instant>>)> = tasks::table
            .filter(tasks::user_id.eq(Sql(user)))
            .filter(tasks::completed_at.ge(Some(Sql(from))))
            .filter(tasks::completed_at.lt(Some(Sql(until))))
            .select((tasks::created_at, tasks::completed_at))
            .load(self.connection())
            .classified()?;
        Ok(rows
            .into_iter()
            .filter_map(|(Sql(made), done)| Some(TaskDone { created_at: made, done_at: done?.0 }))
            .collect())
    }
}
