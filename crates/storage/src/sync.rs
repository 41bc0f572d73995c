//! Delta sync: what changed, by revision and key.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::error::StoreError;
use circadia_domain::ids::{HabitId, MoodMomentId, SharedPauseId, SleepLogId, TaskId, ThemeId, TimeEntryId, UserId};
use circadia_domain::reminders::ReminderId;
use circadia_domain::revision::Revision;
use circadia_domain::sync::{
    Change, CommandId, Place, Span, StoredCommand, SyncCommandRepository, SyncHead, SyncRepository, SyncType,
    SyncTypes, TypeSum,
};
use diesel::dsl::max;
use diesel::prelude::*;
use uuid::Uuid;

use crate::convert::{corrupt, sql_limit};
use crate::dialect::{ChangedPlaces, SyncSums, insert_rows, table_of};
use crate::entries::EntryRow;
use crate::habits::HabitRow;
use crate::moods::{MomentRow, MoodRow};
use crate::reminders::ReminderRow;
use crate::row::{Stored as _, load_rows, row};
use crate::schema::{
    entries, habits, mood_moments, moods, reminders, shared_pauses, sleep_logs, sync_commands, tasks, themes,
    time_entries, tombstones, user_revisions,
};
use crate::shared_pauses::SharedPauseRow;
use crate::sleep::SleepLogRow;
use crate::sql_types::Sql;
use crate::tasks::TaskRow;
use crate::themes::ThemeRow;
use crate::time_entries::TimeEntryRow;
use crate::transaction::{Classify as _, Result, Transaction};

/// Tables of users whose rows have a revision but aren't synced, each with the reason. A contract test compares them, and the
/// synced ones, with the databases' own catalogues.
pub const NOT_SYNCED: &[(&str, &str)] = &[
    ("user_revisions", "the revision itself"),
    ("tombstones", "told as deletions"),
    ("sync_commands", "told as results of commands"),
    ("passkeys", "managed where there is a connection"),
    ("personal_tokens", "managed where there is a connection"),
    ("calendar_feeds", "a secret, managed where there is a connection"),
    ("push_subscriptions", "a browser's own"),
    ("webhooks", "managed where there is a connection"),
];

/// The tables of users that are synced, without `users`.
pub fn synced_tables() -> impl Iterator<Item = &'static str> {
    SyncType::ALL.into_iter().filter(|kind| *kind != SyncType::Settings).map(|kind| table_of(kind).0)
}

row! {
    #[diesel(table_name = sync_commands, primary_key(user_id, id))]
    struct CommandRow of StoredCommand {
        id: Sql<CommandId>,
        digest: Vec<u8>,
        #[diesel(column_name = rev)]
        revision: i64,
        refusal: Option<String>,
    }
}

/// Items of several types may have one id: so many tombstones have one key at most.
const TYPES: usize = SyncType::ALL.len();

/// Narrows a boxed query to a span, in its order. `$key` is the column of the key, `$read` makes a value of it of bytes.
macro_rules! within {
    ($query:expr, $table:ident, $key:ident, $span:ident, $limit:ident, $read:expr) => {{
        let mut query = $query;
        match $span {
            Span::Of { revision, after } => {
                query = query.filter($table::rev.eq(revision.0));
                if let Some(after) = after {
                    query = query.filter($table::$key.gt($read(&after.bytes)?));
                }
            }
            Span::Between { after, until } => {
                query = query.filter($table::rev.gt(after.0)).filter($table::rev.le(until.0));
            }
        }
        query.order(($table::rev, $table::$key)).limit(sql_limit($limit))
    }};
}

/// The changed rows of a table whose key is the user and one more column. `$read` makes its value of bytes.
macro_rules! changed {
    ($transaction:ident, $table:ident, $row:ident, ($user:ident, $span:ident, $limit:ident), $key:ident => $read:expr) => {{
        let query = $table::table.into_boxed().filter($table::user_id.eq(Sql($user)));
        let query = within!(query, $table, $key, $span, $limit, $read).select($row::as_select());
        let rows: Vec<$row> = query.load($transaction.connection()).classified()?;
        rows.into_iter().map(|row| Ok(Change::from(row.into_domain()?))).collect()
    }};
}

/// An id of the bytes of a cursor, which may be forged.
fn id<I: From<Uuid>>(bytes: &[u8]) -> Result<Sql<I>> {
    Uuid::from_slice(bytes).map(|uuid| Sql(uuid.into())).map_err(|_| unreadable())
}

fn date(bytes: &[u8]) -> Result<Sql<Date>> {
    let days = bytes.try_into().ok().map(i32::from_be_bytes);
    days.and_then(Date::from_days_since_epoch).map(Sql).ok_or_else(unreadable)
}

fn unreadable() -> StoreError {
    StoreError::Defect("the key of a cursor can't be read".to_owned())
}

impl Transaction {
    fn changed_entries(&mut self, user: UserId, span: &Span, limit: usize) -> Result<Vec<Change>> {
        let mut query = entries::table.into_boxed().filter(entries::user_id.eq(Sql(user)));
        match span {
            Span::Of { revision, after } => {
                query = query.filter(entries::rev.eq(revision.0));
                if let Some(after) = after {
                    let (habit, day) = after.bytes.split_at_checked(16).ok_or_else(unreadable)?;
                    let (habit, day) = (id::<HabitId>(habit)?, date(day)?);
                    let of_same = entries::habit_id.eq(habit).and(entries::date.gt(day));
                    query = query.filter(entries::habit_id.gt(habit).or(of_same));
                }
            }
            Span::Between { after, until } => {
                query = query.filter(entries::rev.gt(after.0)).filter(entries::rev.le(until.0));
            }
        }
        let query = query.order((entries::rev, entries::habit_id, entries::date)).limit(sql_limit(limit));
        let rows: Vec<EntryRow> = query.select(EntryRow::as_select()).load(self.connection()).classified()?;
        rows.into_iter().map(|row| Ok(Change::from(row.into_domain()?))).collect()
    }
}

fn place(number: i32) -> Result<Place> {
    u8::try_from(number).ok().and_then(Place::from_number).ok_or_else(|| corrupt("there is no such place of changes"))
}

impl SyncCommandRepository for Transaction {
    fn find_commands(&mut self, user: UserId, ids: &[CommandId]) -> Result<Vec<StoredCommand>> {
        load_rows!(
            self,
            sync_commands::table
                .filter(sync_commands::user_id.eq(Sql(user)))
                .filter(sync_commands::id.eq_any(ids.iter().copied().map(Sql))),
            CommandRow
        )
    }

    fn insert_commands(&mut self, user: UserId, commands: &[StoredCommand], now: Instant) -> Result<()> {
        let rows = commands.iter().map(|command| {
            let row = CommandRow::from_domain(command)?;
            Ok((sync_commands::user_id.eq(Sql(user)), row, sync_commands::created_at.eq(Sql(now))))
        });
        let rows = rows.collect::<Result<Vec<_>>>()?;
        insert_rows!(self.connection(), sync_commands, rows).classified()
    }

    fn purge_commands(&mut self, before: Instant) -> Result<usize> {
        diesel::delete(sync_commands::table.filter(sync_commands::created_at.lt(Sql(before))))
            .execute(self.connection())
            .classified()
    }
}

impl SyncRepository for Transaction {
    fn revisions(&mut self, users: &[UserId]) -> Result<Vec<(UserId, Revision)>> {
        let rows: Vec<(Sql<UserId>, i64)> = user_revisions::table
            .filter(user_revisions::user_id.eq_any(users.iter().copied().map(Sql)))
            .select((user_revisions::user_id, user_revisions::rev))
            .load(self.connection())
            .classified()?;
        Ok(rows.into_iter().map(|(Sql(user), revision)| (user, Revision(revision))).collect())
    }

    fn sync_head(&mut self, user: UserId) -> Result<Option<SyncHead>> {
        let row = user_revisions::table.find(Sql(user)).select((user_revisions::rev, user_revisions::pruned_rev));
        let found: Option<(i64, i64)> = row.first(self.connection()).optional().classified()?;
        Ok(found.map(|(revision, pruned)| SyncHead { revision: Revision(revision), pruned: Revision(pruned) }))
    }

    fn changed_places(
        &mut self,
        user: UserId,
        types: SyncTypes,
        after: Revision,
        deleted_after: Revision,
        limit: usize,
    ) -> Result<Vec<(Revision, Place)>> {
        let query = ChangedPlaces::new(user, types, after, deleted_after, sql_limit(limit));
        let rows: Vec<(i64, i32)> = query.load(self.connection()).classified()?;
        rows.into_iter().map(|(revision, number)| Ok((Revision(revision), place(number)?))).collect()
    }

    fn changed_items(&mut self, user: UserId, kind: SyncType, span: &Span, limit: usize) -> Result<Vec<Change>> {
        macro_rules! by_id {
            ($table:ident, $row:ident, $id:ty) => {
                changed!(self, $table, $row, (user, span, limit), id => id::<$id>)
            };
        }
        match kind {
            SyncType::Theme => by_id!(themes, ThemeRow, ThemeId),
            SyncType::Habit => by_id!(habits, HabitRow, HabitId),
            SyncType::SharedPause => by_id!(shared_pauses, SharedPauseRow, SharedPauseId),
            SyncType::Task => by_id!(tasks, TaskRow, TaskId),
            SyncType::Entry => self.changed_entries(user, span, limit),
            SyncType::TimeEntry => by_id!(time_entries, TimeEntryRow, TimeEntryId),
            SyncType::SleepLog => by_id!(sleep_logs, SleepLogRow, SleepLogId),
            SyncType::Mood => {
                changed!(self, moods, MoodRow, (user, span, limit), date => date)
            }
            SyncType::MoodMoment => by_id!(mood_moments, MomentRow, MoodMomentId),
            SyncType::Reminder => by_id!(reminders, ReminderRow, ReminderId),
            SyncType::Settings | SyncType::Timer => {
                Err(StoreError::Defect("of settings and timers there is one, which is read as such".to_owned()))
            }
        }
    }

    fn deletions(&mut self, user: UserId, types: SyncTypes, span: &Span, limit: usize) -> Result<Vec<Change>> {
        let mut query = tombstones::table.into_boxed().filter(tombstones::user_id.eq(Sql(user)));
        query = query.filter(tombstones::kind.eq_any(types.iter().map(SyncType::as_str)));
        match span {
            Span::Of { revision, after } => {
                query = query.filter(tombstones::rev.eq(revision.0));
                if let Some(after) = after {
                    // Those of the same key may be of another type, which isn't sorted by here.
                    query = query.filter(tombstones::item_key.ge(&after.bytes));
                }
            }
            Span::Between { after, until } => {
                query = query.filter(tombstones::rev.gt(after.0)).filter(tombstones::rev.le(until.0));
            }
        }
        let rows: Vec<(String, Vec<u8>, i64)> = query
            .order((tombstones::rev, tombstones::item_key))
            .limit(sql_limit(limit.saturating_add(TYPES)))
            .select((tombstones::kind, tombstones::item_key, tombstones::rev))
            .load(self.connection())
            .classified()?;
        let mut changes = Vec::with_capacity(rows.len());
        for (name, bytes, revision) in rows {
            let kind = SyncType::parse(&name).map_err(corrupt)?;
            let change = Change::deletion(kind, bytes, Revision(revision));
            if span.holds(&change, Place::Deletions) {
                changes.push(change);
            }
        }
        changes.sort_by_cached_key(|change| (change.revision, change.place_key(Place::Deletions)));
        changes.truncate(limit);
        Ok(changes)
    }

    fn sync_sums(&mut self, user: UserId) -> Result<Vec<(SyncType, TypeSum)>> {
        let query = SyncSums::new(self.connection(), user);
        let rows: Vec<(i32, i64, i64, i64)> = query.load(self.connection()).classified()?;
        rows.into_iter()
            .map(|(number, count, revisions, squares)| match place(number)? {
                Place::Items(kind) => Ok((kind, TypeSum { count, revisions, squares })),
                Place::Deletions => Err(corrupt("deletions aren't summed up")),
            })
            .collect()
    }

    fn prune_tombstones(&mut self, before: Instant, users: usize) -> Result<usize> {
        let old: Vec<(Sql<UserId>, Option<i64>)> = tombstones::table
            .filter(tombstones::deleted_at.lt(Sql(before)))
            .group_by(tombstones::user_id)
            .select((tombstones::user_id, max(tombstones::rev)))
            .limit(sql_limit(users))
            .load(self.connection())
            .classified()?;
        for (user, last) in &old {
            let row = user_revisions::table.find(user).filter(user_revisions::pruned_rev.lt(last.unwrap_or_default()));
            diesel::update(row)
                .set(user_revisions::pruned_rev.eq(last.unwrap_or_default()))
                .execute(self.connection())
                .classified()?;
            let of_user = tombstones::table.filter(tombstones::user_id.eq(user));
            diesel::delete(of_user.filter(tombstones::deleted_at.lt(Sql(before))))
                .execute(self.connection())
                .classified()?;
        }
        Ok(old.len())
    }
}
