//! What only statistics ask for.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{ThemeId, UserId};
use circadia_domain::stats::overview::{StatsRepository, TaskFact};
use circadia_domain::tasks::{Priority, TaskStatus};
use diesel::prelude::*;

use crate::convert::corrupt;
use crate::schema::tasks;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable)]
#[diesel(table_name = tasks)]
struct Row {
    priority: i32,
    status: TaskStatus,
    theme_id: Option<ThemeId>,
    created_at: Instant,
    completed_at: Option<Instant>,
}

impl Row {
    fn read(self) -> Result<TaskFact> {
        let rank = self.priority;
        Ok(TaskFact {
            priority: Priority::from_rank(rank)
                .ok_or_else(|| corrupt(format_args!("{rank} is no rank of a priority")))?,
            status: self.status,
            theme: self.theme_id,
            created_at: self.created_at,
            completed_at: self.completed_at,
        })
    }
}

impl StatsRepository for Transaction {
    fn task_facts(&mut self, user: UserId) -> Result<Vec<TaskFact>> {
        let rows: Vec<Row> = tasks::table
            .filter(tasks::user_id.eq(Sql(user)))
            .select(Row::as_select())
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(Row::read).collect()
    }
}
