//! What is left of rows that were removed, so that delta sync can tell of it.
//!
//! A thing that was removed and made again keeps its tombstone, older than its row: readers of tombstones leave out
//! those whose thing exists.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::ids::{HabitId, MoodMomentId, SleepLogId, TaskId, ThemeId, TimeEntryId, UserId};
use circadia_domain::revision::Revision;
use diesel::dsl::exists;
use diesel::prelude::*;

use crate::dialect::{Bind, Upsert};
use crate::schema::tombstones;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

/// What kind of thing was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Theme,
    Habit,
    Entry,
    SleepLog,
    Mood,
    MoodMoment,
    Task,
    TimeEntry,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Theme,
        Self::Habit,
        Self::Entry,
        Self::SleepLog,
        Self::Mood,
        Self::MoodMoment,
        Self::Task,
        Self::TimeEntry,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Theme => "theme",
            Self::Habit => "habit",
            Self::Entry => "entry",
            Self::SleepLog => "sleep_log",
            Self::Mood => "mood",
            Self::MoodMoment => "mood_moment",
            Self::Task => "task",
            Self::TimeEntry => "time_entry",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A thing that may have been removed.
pub(crate) enum Item {
    Theme(ThemeId),
    Habit(HabitId),
    Entry(HabitId, Date),
    SleepLog(SleepLogId),
    Mood(Date),
    MoodMoment(MoodMomentId),
    Task(TaskId),
    TimeEntry(TimeEntryId),
}

impl Item {
    const fn kind(&self) -> Kind {
        match self {
            Self::Theme(_) => Kind::Theme,
            Self::Habit(_) => Kind::Habit,
            Self::Entry(..) => Kind::Entry,
            Self::SleepLog(_) => Kind::SleepLog,
            Self::Mood(_) => Kind::Mood,
            Self::MoodMoment(_) => Kind::MoodMoment,
            Self::Task(_) => Kind::Task,
            Self::TimeEntry(_) => Kind::TimeEntry,
        }
    }

    /// The id's bytes; an entry's are its habit's, then its date's, a mood's those of its date.
    fn key(&self) -> Vec<u8> {
        match self {
            Self::Theme(id) => id.as_uuid().as_bytes().to_vec(),
            Self::Habit(id) => id.as_uuid().as_bytes().to_vec(),
            Self::Task(id) => id.as_uuid().as_bytes().to_vec(),
            Self::TimeEntry(id) => id.as_uuid().as_bytes().to_vec(),
            Self::Entry(habit, date) => {
                let mut key = habit.as_uuid().as_bytes().to_vec();
                key.extend(date.days_since_epoch().to_be_bytes());
                key
            }
            Self::SleepLog(id) => id.as_uuid().as_bytes().to_vec(),
            Self::Mood(date) => date.days_since_epoch().to_be_bytes().to_vec(),
            Self::MoodMoment(id) => id.as_uuid().as_bytes().to_vec(),
        }
    }
}

impl Transaction {
    /// Notes that something was removed.
    pub(crate) fn leave_tombstone(&mut self, user: UserId, item: &Item, rev: Revision, now: Instant) -> Result<()> {
        self.leave_tombstones(user, std::slice::from_ref(item), rev, now)
    }

    /// Notes that several things were removed, in a bounded number of statements.
    pub(crate) fn leave_tombstones(&mut self, user: UserId, items: &[Item], rev: Revision, now: Instant) -> Result<()> {
        let keys: Vec<(Kind, Vec<u8>)> = items.iter().map(|item| (item.kind(), item.key())).collect();
        let row = |kind: &'static str, key| {
            [Bind::User(user), Bind::Text(kind), Bind::Bytes(key), Bind::BigInt(rev.0), Bind::Instant(now)]
        };
        let tombstones = Upsert {
            table: "tombstones",
            columns: ["user_id", "kind", "item_key", "rev", "deleted_at"],
            key: &["user_id", "kind", "item_key"],
            replaced: &["rev", "deleted_at"],
            rows: keys.iter().map(|(kind, key)| row(kind.as_str(), key)).collect(),
        };
        tombstones.run(self.connection()).classified()
    }

    /// Whether something was removed.
    pub(crate) fn is_buried(&mut self, user: UserId, item: &Item) -> Result<bool> {
        let tombstone = tombstones::table
            .filter(tombstones::user_id.eq(Sql(user)))
            .filter(tombstones::kind.eq(Sql(item.kind())))
            .filter(tombstones::item_key.eq(item.key()));
        diesel::select(exists(tombstone)).get_result(self.connection()).classified()
    }
}
