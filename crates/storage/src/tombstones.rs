//! Tombstones: what delta sync tells of deleted rows.
//!
//! The tombstone stays when a row with the same key is created again: readers of tombstones skip those whose row
//! exists.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use circadia_domain::tombstones::{ItemKey, TombstoneRepository};
use diesel::dsl::exists;
use diesel::prelude::*;

use crate::dialect::insert_rows;
use crate::schema::tombstones;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

impl Transaction {
    /// Stores a tombstone.
    pub(crate) fn leave_tombstone(&mut self, user: UserId, item: &ItemKey, rev: Revision, now: Instant) -> Result<()> {
        self.leave_tombstones(user, std::slice::from_ref(item), rev, now)
    }

    /// Stores tombstones, in a bounded number of statements.
    pub(crate) fn leave_tombstones(
        &mut self,
        user: UserId,
        items: &[ItemKey],
        rev: Revision,
        now: Instant,
    ) -> Result<()> {
        let rows = items.iter().map(|item| {
            (
                tombstones::user_id.eq(Sql(user)),
                tombstones::kind.eq(item.kind),
                tombstones::item_key.eq(item.bytes.as_slice()),
                tombstones::rev.eq(rev.0),
                tombstones::deleted_at.eq(Sql(now)),
            )
        });
        insert_rows!(self.connection(), tombstones, rows, on (user_id, kind, item_key) replace (rev, deleted_at))
            .classified()
    }
}

impl TombstoneRepository for Transaction {
    fn was_deleted(&mut self, user: UserId, item: &ItemKey) -> Result<bool> {
        let tombstone = tombstones::table
            .filter(tombstones::user_id.eq(Sql(user)))
            .filter(tombstones::kind.eq(item.kind))
            .filter(tombstones::item_key.eq(&item.bytes));
        diesel::select(exists(tombstone)).get_result(self.connection()).classified()
    }
}
