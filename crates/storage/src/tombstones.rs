//! What is left of rows that were removed, so that delta sync can tell of it.
//!
//! A thing that was removed and made again keeps its tombstone, older than its row: readers of tombstones leave out
//! those whose thing exists.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::ids::{HabitId, ThemeId, UserId};
use circadia_domain::store::Revision;
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
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Theme => "theme",
            Self::Habit => "habit",
            Self::Entry => "entry",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Theme, Self::Habit, Self::Entry].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A thing that may have been removed.
pub(crate) enum Item {
    Theme(ThemeId),
    Habit(HabitId),
    Entry(HabitId, Date),
}

impl Item {
    const fn kind(&self) -> Kind {
        match self {
            Self::Theme(_) => Kind::Theme,
            Self::Habit(_) => Kind::Habit,
            Self::Entry(..) => Kind::Entry,
        }
    }

    /// The id's bytes; an entry's are its habit's, then its date's.
    fn key(&self) -> Vec<u8> {
        match self {
            Self::Theme(id) => id.as_uuid().as_bytes().to_vec(),
            Self::Habit(id) => id.as_uuid().as_bytes().to_vec(),
            Self::Entry(habit, date) => {
                let mut key = habit.as_uuid().as_bytes().to_vec();
                key.extend(date.days_since_epoch().to_be_bytes());
                key
            }
        }
    }
}

impl Transaction {
    /// Notes that something was removed.
    pub(crate) fn bury(&mut self, user: UserId, item: &Item, rev: Revision, now: Instant) -> Result<()> {
        let key = item.key();
        let tombstone = Upsert {
            table: "tombstones",
            columns: ["user_id", "kind", "item_key", "rev", "deleted_at"],
            key: &["user_id", "kind", "item_key"],
            replaced: &["rev", "deleted_at"],
            rows: vec![[
                Bind::User(user),
                Bind::Text(item.kind().as_str()),
                Bind::Bytes(&key),
                Bind::BigInt(rev.0),
                Bind::Instant(now),
            ]],
        };
        tombstone.run(self.connection()).classified()
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
