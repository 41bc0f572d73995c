//! What is left of rows that were removed, so that delta sync can tell of it.
//!
//! A thing that was removed and made again keeps its tombstone, older than its row: readers of tombstones leave out
//! those whose thing exists.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::entity::{self, Entity};
use circadia_domain::ids::{HabitId, Id, UserId};
use circadia_domain::revision::Revision;
use diesel::dsl::exists;
use diesel::prelude::*;

use crate::dialect::insert_rows;
use crate::schema::tombstones;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

/// A thing that may have been removed.
pub(crate) struct Item {
    /// [`Entity::NAME`].
    kind: &'static str,
    /// The id's bytes; an entry's are its habit's, then its date's, a mood's those of its date.
    key: Vec<u8>,
}

impl Item {
    /// A habit's entry.
    pub(crate) fn entry(habit: HabitId, date: Date) -> Self {
        let mut key = habit.as_uuid().as_bytes().to_vec();
        key.extend(date.days_since_epoch().to_be_bytes());
        Self { kind: entity::Entry::NAME, key }
    }

    /// A day's own mood.
    pub(crate) fn mood(date: Date) -> Self {
        Self { kind: entity::Mood::NAME, key: date.days_since_epoch().to_be_bytes().to_vec() }
    }
}

impl<E: Entity> From<Id<E>> for Item {
    fn from(id: Id<E>) -> Self {
        Self { kind: E::NAME, key: id.as_uuid().as_bytes().to_vec() }
    }
}

impl Transaction {
    /// Notes that something was removed.
    pub(crate) fn leave_tombstone(&mut self, user: UserId, item: &Item, rev: Revision, now: Instant) -> Result<()> {
        self.leave_tombstones(user, std::slice::from_ref(item), rev, now)
    }

    /// Notes that several things were removed, in a bounded number of statements.
    pub(crate) fn leave_tombstones(&mut self, user: UserId, items: &[Item], rev: Revision, now: Instant) -> Result<()> {
        let rows = items.iter().map(|item| {
            (
                tombstones::user_id.eq(Sql(user)),
                tombstones::kind.eq(item.kind),
                tombstones::item_key.eq(item.key.as_slice()),
                tombstones::rev.eq(rev.0),
                tombstones::deleted_at.eq(Sql(now)),
            )
        });
        insert_rows!(self.connection(), tombstones, rows, on (user_id, kind, item_key) replace (rev, deleted_at))
            .classified()
    }

    /// Whether something was removed.
    pub(crate) fn has_tombstone(&mut self, user: UserId, item: &Item) -> Result<bool> {
        let tombstone = tombstones::table
            .filter(tombstones::user_id.eq(Sql(user)))
            .filter(tombstones::kind.eq(item.kind))
            .filter(tombstones::item_key.eq(&item.key));
        diesel::select(exists(tombstone)).get_result(self.connection()).classified()
    }
}
