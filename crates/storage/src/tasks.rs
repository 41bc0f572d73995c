//! Tasks.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::ids::{TaskId, ThemeId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::tasks::{
    DueTasks, Priority, Task, TaskCursor, TaskDescription, TaskFilter, TaskRepository, TaskSeek, TaskSort, TaskStatus,
    TaskTitle,
};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::connection::MultiBackend;
use crate::convert::{corrupt, number, sql_limit};
use crate::row::{Stored, delete_row, execute, first_row, load_rows, row};
use crate::schema::{reminders, tasks, time_entries, timers};
use crate::sql_types::Sql;
use crate::task_keys::KeyColumns;
use crate::text_search::containing;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = tasks, primary_key(user_id, id))]
    pub(crate) struct TaskRow of Task {
        id: Sql<TaskId>,
        title: Sql<TaskTitle>,
        description: Option<Sql<TaskDescription>>,
        priority: i32,
        status: Sql<TaskStatus>,
        due_on: Option<Sql<Date>>,
        #[diesel(column_name = theme_id)]
        theme: Option<Sql<ThemeId>>,
        completed_at: Option<Sql<Instant>>,
        #[diesel(skip_update)]
        created_at: Sql<Instant>,
        updated_at: Sql<Instant>,
        rev: i64,
        #[diesel(skip_update)]
        request_digest: Vec<u8>,
    }
}

impl Stored<Priority> for i32 {
    fn from_domain(priority: &Priority) -> Result<Self> {
        Ok(priority.rank())
    }
    fn into_domain(self) -> Result<Priority> {
        Priority::from_rank(self).ok_or_else(|| corrupt(format_args!("{self} is no rank of a priority")))
    }
}

type Query<'a> = tasks::BoxedQuery<'a, MultiBackend>;

/// The statuses of open tasks.
const OPEN: [TaskStatus; 2] = [TaskStatus::Todo, TaskStatus::InProgress];

/// The tasks that meet a filter.
fn filtered(user: UserId, filter: &TaskFilter) -> Query<'static> {
    let mut query = tasks::table.into_boxed().filter(tasks::user_id.eq(Sql(user)));
    if !filter.statuses.is_empty() {
        query = query.filter(tasks::status.eq_any(filter.statuses.iter().copied().map(Sql).collect::<Vec<_>>()));
    }
    if let Some(priority) = filter.priority {
        query = query.filter(tasks::priority.eq(priority.rank()));
    }
    if let Some(theme) = filter.theme {
        query = query.filter(tasks::theme_id.eq(Some(Sql(theme))));
    }
    if let Some(from) = filter.due_from {
        query = query.filter(tasks::due_on.ge(Some(Sql(from))));
    }
    if let Some(to) = filter.due_to {
        query = query.filter(tasks::due_on.le(Some(Sql(to))));
    }
    let open = || OPEN.map(Sql);
    match filter.overdue {
        None => {}
        Some((today, true)) => {
            query = query.filter(tasks::due_on.lt(Some(Sql(today)))).filter(tasks::status.eq_any(open()));
        }
        Some((today, false)) => {
            let in_time = tasks::due_on.is_null().or(tasks::due_on.assume_not_null().ge(Sql(today)));
            query = query.filter(in_time.or(tasks::status.ne_all(open())));
        }
    }
    if let Some(text) = &filter.text {
        query = query.filter(tasks::search_key.like(containing(text)).escape('!'));
    }
    query
}

/// Orders a query by a column and the id, and starts it after a cursor: keyset pagination.
macro_rules! ordered {
    ($query:expr, $column:expr, $ascending:expr, $beyond:expr) => {
        match ($ascending, $beyond) {
            (true, None) => $query.then_order_by(($column.asc(), tasks::id.asc())),
            (false, None) => $query.then_order_by(($column.desc(), tasks::id.desc())),
            (true, Some((value, id))) => $query
                .filter($column.gt(value.clone()).or($column.eq(value).and(tasks::id.gt(Sql(id)))))
                .then_order_by(($column.asc(), tasks::id.asc())),
            (false, Some((value, id))) => $query
                .filter($column.lt(value.clone()).or($column.eq(value).and(tasks::id.lt(Sql(id)))))
                .then_order_by(($column.desc(), tasks::id.desc())),
        }
    };
}

/// Orders a query by due day, tasks without one last, and starts it after the cursor.
fn by_due_day(query: Query<'static>, seek: &TaskSeek, ascending: bool) -> Query<'static> {
    let without = tasks::due_on.is_null();
    let day = tasks::due_on.assume_not_null();
    let beyond = match &seek.beyond {
        Some((TaskCursor::DueOn(due_on), id)) => Some((*due_on, *id)),
        _ => None,
    };
    // The rows after the cursor, in the direction in which the list is read.
    let query = match (beyond, seek.backwards, ascending) {
        (None, ..) => query,
        (Some((None, id)), false, true) => query.filter(without.and(tasks::id.gt(Sql(id)))),
        (Some((None, id)), false, false) => query.filter(without.and(tasks::id.lt(Sql(id)))),
        (Some((None, id)), true, true) => {
            query.filter(tasks::due_on.is_not_null().or(without.and(tasks::id.gt(Sql(id)))))
        }
        (Some((None, id)), true, false) => {
            query.filter(tasks::due_on.is_not_null().or(without.and(tasks::id.lt(Sql(id)))))
        }
        (Some((Some(due_on), id)), false, true) => {
            query.filter(without.or(day.gt(Sql(due_on))).or(day.eq(Sql(due_on)).and(tasks::id.gt(Sql(id)))))
        }
        (Some((Some(due_on), id)), false, false) => {
            query.filter(without.or(day.lt(Sql(due_on))).or(day.eq(Sql(due_on)).and(tasks::id.lt(Sql(id)))))
        }
        (Some((Some(due_on), id)), true, true) => {
            query.filter(day.gt(Sql(due_on)).or(day.eq(Sql(due_on)).and(tasks::id.gt(Sql(id)))))
        }
        (Some((Some(due_on), id)), true, false) => {
            query.filter(day.lt(Sql(due_on)).or(day.eq(Sql(due_on)).and(tasks::id.lt(Sql(id)))))
        }
    };
    let query = if seek.backwards { query.order_by(without.desc()) } else { query.order_by(without.asc()) };
    ordered!(query, tasks::due_on, ascending, None::<(Option<Sql<Date>>, TaskId)>)
}

impl TaskRepository for Transaction {
    fn tasks(&mut self, user: UserId, filter: &TaskFilter, seek: &TaskSeek) -> Result<Vec<Task>> {
        let query = filtered(user, filter);
        let ascending = seek.order.reversed == seek.backwards;
        let query = match (seek.order.by, &seek.beyond) {
            (TaskSort::DueOn, _) => by_due_day(query, seek, ascending),
            (TaskSort::Priority, Some((TaskCursor::Priority(place), id))) => {
                ordered!(query, tasks::priority, ascending, Some((place.rank(), *id)))
            }
            (TaskSort::Priority, _) => ordered!(query, tasks::priority, ascending, None::<(i32, TaskId)>),
            (TaskSort::CreatedAt, Some((TaskCursor::CreatedAt(place), id))) => {
                ordered!(query, tasks::created_at, ascending, Some((Sql(*place), *id)))
            }
            (TaskSort::CreatedAt, _) => ordered!(query, tasks::created_at, ascending, None::<(Sql<Instant>, TaskId)>),
            (TaskSort::Title, Some((TaskCursor::Title(place), id))) => {
                ordered!(query, tasks::title_key, ascending, Some((place.clone(), *id)))
            }
            (TaskSort::Title, _) => ordered!(query, tasks::title_key, ascending, None::<(String, TaskId)>),
        };
        load_rows!(self, query.limit(sql_limit(seek.limit)), TaskRow)
    }

    fn tasks_due(&mut self, user: UserId, by: Date, limit: usize) -> Result<DueTasks> {
        let filter = TaskFilter { statuses: OPEN.to_vec(), due_to: Some(by), ..TaskFilter::default() };
        // None is without a due day, so the index has their order.
        let query = ordered!(filtered(user, &filter), tasks::due_on, true, None::<(Option<Sql<Date>>, TaskId)>);
        let rows: Vec<(TaskRow, i64)> = query
            .limit(sql_limit(limit))
            .select((TaskRow::as_select(), sql::<BigInt>("count(*) OVER ()")))
            .load(self.connection())
            .classified()?;
        let total = rows.first().map_or(Ok(0), |(_, total)| number(*total))?;
        Ok(DueTasks { items: rows.into_iter().map(|(task, _)| task.into_domain()).collect::<Result<_>>()?, total })
    }

    fn find_task(&mut self, user: UserId, id: TaskId) -> Result<Option<Task>> {
        first_row!(self, tasks::table.find((Sql(user), Sql(id))), TaskRow)
    }

    fn task_total(&mut self, user: UserId) -> Result<i64> {
        tasks::table.filter(tasks::user_id.eq(Sql(user))).count().get_result(self.connection()).classified()
    }

    fn insert_task(&mut self, user: UserId, task: &Task) -> Result<()> {
        execute!(
            self,
            diesel::insert_into(tasks::table).values((
                tasks::user_id.eq(Sql(user)),
                TaskRow::from_domain(task)?,
                KeyColumns::of(&task.title, task.description.as_ref()),
            ))
        )
    }

    fn update_task(&mut self, user: UserId, task: &Task) -> Result<()> {
        execute!(
            self,
            diesel::update(tasks::table.find((Sql(user), Sql(task.id))))
                .set((TaskRow::from_domain(task)?, KeyColumns::of(&task.title, task.description.as_ref())))
        )
    }

    fn delete_task(&mut self, user: UserId, id: TaskId, rev: Revision, now: Instant) -> Result<bool> {
        let spent = time_entries::table
            .filter(time_entries::user_id.eq(Sql(user)))
            .filter(time_entries::task_id.eq(Some(Sql(id))));
        diesel::update(spent)
            .set((
                time_entries::task_id.eq(None::<Sql<TaskId>>),
                time_entries::updated_at.eq(Sql(now)),
                time_entries::rev.eq(rev.0),
            ))
            .execute(self.connection())
            .classified()?;
        let running = timers::table.find(Sql(user)).filter(timers::task_id.eq(Some(Sql(id))));
        diesel::update(running)
            .set((timers::task_id.eq(None::<Sql<TaskId>>), timers::rev.eq(rev.0)))
            .execute(self.connection())
            .classified()?;
        diesel::delete(
            reminders::table.filter(reminders::user_id.eq(Sql(user))).filter(reminders::task_id.eq(Some(Sql(id)))),
        )
        .execute(self.connection())
        .classified()?;
        delete_row!(self, tasks, user, id, rev, now)
    }
}
