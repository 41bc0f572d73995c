//! Where changes lie, and sums over all that a user has: unions over the tables of all synced types. Diesel can't build
//! them for several backends at once.

use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use circadia_domain::sync::{Place, SyncType, SyncTypes};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer, Text};
use diesel::{QueryResult, RunQueryDsl};

use super::wide;
use crate::connection::{AnyConnection, MultiBackend};
use crate::sql_types::{Sql, Uuid};

/// The table of a type, and what of it is its user.
pub(crate) const fn table_of(kind: SyncType) -> (&'static str, &'static str) {
    match kind {
        SyncType::Settings => ("users", "id"),
        SyncType::Theme => ("themes", "user_id"),
        SyncType::Habit => ("habits", "user_id"),
        SyncType::SharedPause => ("shared_pauses", "user_id"),
        SyncType::Task => ("tasks", "user_id"),
        SyncType::Entry => ("entries", "user_id"),
        SyncType::TimeEntry => ("time_entries", "user_id"),
        SyncType::Timer => ("timers", "user_id"),
        SyncType::SleepLog => ("sleep_logs", "user_id"),
        SyncType::Mood => ("moods", "user_id"),
        SyncType::MoodMoment => ("mood_moments", "user_id"),
        SyncType::Reminder => ("reminders", "user_id"),
    }
}

/// Selects the revisions and the numbers of the places of the first changes after a revision, in order.
pub(crate) struct ChangedPlaces {
    pub(crate) user: Sql<UserId>,
    pub(crate) types: SyncTypes,
    pub(crate) after: i64,
    pub(crate) deleted_after: i64,
    pub(crate) limit: i64,
    names: Vec<&'static str>,
}

impl ChangedPlaces {
    pub(crate) fn new(user: UserId, types: SyncTypes, after: Revision, deleted_after: Revision, limit: i64) -> Self {
        let names = types.iter().map(SyncType::as_str).collect();
        Self { user: Sql(user), types, after: after.0, deleted_after: deleted_after.0, limit, names }
    }

    /// `SELECT * FROM (SELECT rev, place FROM … ORDER BY rev LIMIT …) of_place`: SQLite takes no limit in a part of a union.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "what is bound must outlive the statement")]
    fn push_part<'b>(
        &'b self,
        out: &mut AstPass<'_, 'b, MultiBackend>,
        place: Place,
        (table, user): (&str, &str),
        after: &'b i64,
    ) -> QueryResult<()> {
        let number = place.number();
        out.push_sql(&format!("SELECT * FROM (SELECT rev, {number} AS place FROM {table} WHERE {user} = "));
        out.push_bind_param::<Uuid, _>(&self.user)?;
        out.push_sql(" AND rev > ");
        out.push_bind_param::<BigInt, _>(after)?;
        if place == Place::Deletions {
            out.push_sql(" AND kind IN (");
            for (at, name) in self.names.iter().enumerate() {
                if at > 0 {
                    out.push_sql(", ");
                }
                out.push_bind_param::<Text, _>(name)?;
            }
            out.push_sql(")");
        }
        out.push_sql(" ORDER BY rev LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(&format!(") of_{number}"));
        Ok(())
    }
}

impl QueryFragment<MultiBackend> for ChangedPlaces {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("SELECT rev, place FROM (");
        self.push_part(&mut out, Place::Deletions, ("tombstones", "user_id"), &self.deleted_after)?;
        for kind in self.types.iter() {
            out.push_sql(" UNION ALL ");
            self.push_part(&mut out, Place::Items(kind), table_of(kind), &self.after)?;
        }
        out.push_sql(") changes ORDER BY rev, place LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)
    }
}

impl QueryId for ChangedPlaces {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for ChangedPlaces {
    type SqlType = (BigInt, Integer);
}

impl RunQueryDsl<AnyConnection> for ChangedPlaces {}

/// Selects the number of each type's place, how many items there are, and the sums of their revisions and of the squares
/// of these modulo 65,521.
pub(crate) struct SyncSums {
    user: Sql<UserId>,
    wide: &'static str,
}

impl SyncSums {
    pub(crate) const fn new(connection: &AnyConnection, user: UserId) -> Self {
        Self { user: Sql(user), wide: wide(connection) }
    }
}

impl QueryFragment<MultiBackend> for SyncSums {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        for (at, kind) in SyncType::ALL.into_iter().enumerate() {
            if at > 0 {
                out.push_sql(" UNION ALL ");
            }
            let ((table, user), number, wide) = (table_of(kind), Place::Items(kind).number(), self.wide);
            out.push_sql(&format!(
                "SELECT {number}, count(*), CAST(coalesce(sum(rev), 0) AS {wide}), \
                 CAST(coalesce(sum((rev % 65521) * (rev % 65521)), 0) AS {wide}) FROM {table} WHERE {user} = "
            ));
            out.push_bind_param::<Uuid, _>(&self.user)?;
        }
        Ok(())
    }
}

impl QueryId for SyncSums {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for SyncSums {
    type SqlType = (Integer, BigInt, BigInt, BigInt);
}

impl RunQueryDsl<AnyConnection> for SyncSums {}
