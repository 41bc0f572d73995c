//! Writing many rows at once, over those that are there already.
//!
//! Diesel writes neither `ON CONFLICT` nor inserts of many rows for several backends at once, so the statement is put
//! together here. Its text depends on nothing but the table, its columns and the number of rows.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::habits::EntryState;
use circadia_domain::ids::{HabitId, TaskId, TimeEntryId, UserId};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use diesel::{QueryResult, RunQueryDsl};

use crate::connection::{AnyConnection, MultiBackend};
use crate::sql_types::{Day, Moment, Uuid, Word};

/// A value of a row.
pub(crate) enum Bind<'a> {
    User(UserId),
    Habit(HabitId),
    MaybeHabit(Option<HabitId>),
    MaybeTask(Option<TaskId>),
    TimeEntry(TimeEntryId),
    Day(Date),
    Instant(Instant),
    MaybeInstant(Option<Instant>),
    State(EntryState),
    Text(&'a str),
    MaybeText(Option<&'a str>),
    Integer(i32),
    MaybeInteger(Option<i32>),
    BigInt(i64),
    Bytes(&'a [u8]),
}

impl Bind<'_> {
    pub(super) fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        match self {
            Self::User(id) => out.push_bind_param::<Uuid, _>(id),
            Self::Habit(id) => out.push_bind_param::<Uuid, _>(id),
            Self::MaybeHabit(id) => out.push_bind_param::<Nullable<Uuid>, _>(id),
            Self::MaybeTask(id) => out.push_bind_param::<Nullable<Uuid>, _>(id),
            Self::TimeEntry(id) => out.push_bind_param::<Uuid, _>(id),
            Self::Day(date) => out.push_bind_param::<Day, _>(date),
            Self::Instant(at) => out.push_bind_param::<Moment, _>(at),
            Self::MaybeInstant(at) => out.push_bind_param::<Nullable<Moment>, _>(at),
            Self::State(state) => out.push_bind_param::<Word, _>(state),
            Self::Text(text) => out.push_bind_param::<Text, _>(*text),
            Self::MaybeText(text) => out.push_bind_param::<Nullable<Text>, _>(text),
            Self::Integer(number) => out.push_bind_param::<Integer, _>(number),
            Self::MaybeInteger(number) => out.push_bind_param::<Nullable<Integer>, _>(number),
            Self::BigInt(number) => out.push_bind_param::<BigInt, _>(number),
            Self::Bytes(bytes) => out.push_bind_param::<Binary, _>(*bytes),
        }
    }
}

/// Inserts rows; where one of the same key is there, replaces its `replaced` columns.
pub(crate) struct Upsert<'a, const COLUMNS: usize> {
    pub(crate) table: &'static str,
    pub(crate) columns: [&'static str; COLUMNS],
    pub(crate) key: &'static [&'static str],
    pub(crate) replaced: &'static [&'static str],
    pub(crate) rows: Vec<[Bind<'a>; COLUMNS]>,
}

/// Values per statement at most. SQLite allows 32,766, PostgreSQL and MySQL 65,535.
const MAX_BINDS: usize = 30_000;

impl<const COLUMNS: usize> Upsert<'_, COLUMNS> {
    /// Runs it: in one statement as long as the values fit into one, and without any if there are no rows.
    pub(crate) fn run(self, connection: &mut AnyConnection) -> QueryResult<()> {
        let head = format!("INSERT INTO {} ({}) VALUES ", self.table, self.columns.join(", "));
        let tail = self.on_conflict(connection);
        for rows in self.rows.chunks(MAX_BINDS / COLUMNS.max(1)) {
            Statement { head: &head, rows, tail: &tail }.execute(connection)?;
        }
        Ok(())
    }

    fn on_conflict(&self, connection: &AnyConnection) -> String {
        let replaced = |by: &dyn Fn(&str) -> String| {
            let assignments: Vec<String> = self.replaced.iter().map(|column| by(column)).collect();
            assignments.join(", ")
        };
        match connection {
            // Not the newer `AS new`, which MariaDB doesn't know.
            #[cfg(feature = "mysql")]
            AnyConnection::Mysql(_) => {
                format!(" ON DUPLICATE KEY UPDATE {}", replaced(&|column| format!("{column} = VALUES({column})")))
            }
            _ => format!(
                " ON CONFLICT ({}) DO UPDATE SET {}",
                self.key.join(", "),
                replaced(&|column| format!("{column} = excluded.{column}")),
            ),
        }
    }
}

struct Statement<'a, const COLUMNS: usize> {
    head: &'a str,
    rows: &'a [[Bind<'a>; COLUMNS]],
    tail: &'a str,
}

impl<const COLUMNS: usize> QueryFragment<MultiBackend> for Statement<'_, COLUMNS> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        // Single rows are the rule and worth a prepared statement; one for each number of rows isn't.
        if self.rows.len() != 1 {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql(self.head);
        push_rows(&mut out, self.rows)?;
        out.push_sql(self.tail);
        Ok(())
    }
}

impl<const COLUMNS: usize> QueryId for Statement<'_, COLUMNS> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<const COLUMNS: usize> RunQueryDsl<AnyConnection> for Statement<'_, COLUMNS> {}

/// `(?, ?), (?, ?)`
pub(super) fn push_rows<'b, const COLUMNS: usize>(
    out: &mut AstPass<'_, 'b, MultiBackend>,
    rows: &'b [[Bind<'_>; COLUMNS]],
) -> QueryResult<()> {
    for (index, row) in rows.iter().enumerate() {
        out.push_sql(if index == 0 { "(" } else { ", (" });
        for (index, bind) in row.iter().enumerate() {
            if index > 0 {
                out.push_sql(", ");
            }
            bind.push(out)?;
        }
        out.push_sql(")");
    }
    Ok(())
}
