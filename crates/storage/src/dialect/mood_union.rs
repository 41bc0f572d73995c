//! The union of `moods` and `mood_moments`, which Diesel can't build for several backends at once.

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::ids::UserId;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use diesel::{QueryResult, RunQueryDsl};

use crate::connection::{AnyConnection, MultiBackend};
use crate::sql_types::{CivilDate, Sql, TypedText, UtcTimestamp, Uuid};

/// A user and a range of days.
pub(crate) struct UserDays {
    user: Sql<UserId>,
    from: Sql<Date>,
    to: Sql<Date>,
}

/// All columns of both tables, unordered; those that `moods` lacks are null in its rows.
pub(crate) struct MoodUnion(pub(crate) UserDays);

/// Date, value, and whether it is a moment's (1) or the day's own (0), unordered.
pub(crate) struct MoodValues(pub(crate) UserDays);

/// The distinct dates of both tables, in order.
pub(crate) struct MoodDates {
    pub(crate) days: UserDays,
    pub(crate) limit: i64,
    pub(crate) backwards: bool,
}

impl UserDays {
    pub(crate) const fn new(user: UserId, range: DateRange) -> Self {
        Self { user: Sql(user), from: Sql(range.from()), to: Sql(range.to()) }
    }

    /// ` WHERE user_id = ? AND date BETWEEN ? AND ?`
    pub(super) fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql(" WHERE user_id = ");
        out.push_bind_param::<Uuid, _>(&self.user)?;
        out.push_sql(" AND date BETWEEN ");
        out.push_bind_param::<CivilDate, _>(&self.from)?;
        out.push_sql(" AND ");
        out.push_bind_param::<CivilDate, _>(&self.to)
    }
}

impl QueryFragment<MultiBackend> for MoodUnion {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql(
            "SELECT id, felt_at, date, value, note, tags, created_at, updated_at, rev, request_digest, timezone \
             FROM mood_moments",
        );
        self.0.push(&mut out)?;
        out.push_sql(
            " UNION ALL SELECT NULL, NULL, date, value, note, tags, created_at, updated_at, rev, NULL, NULL FROM moods",
        );
        self.0.push(&mut out)
    }
}

impl QueryFragment<MultiBackend> for MoodValues {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("SELECT date, value, 0 FROM moods");
        self.0.push(&mut out)?;
        out.push_sql(" UNION ALL SELECT date, value, 1 FROM mood_moments");
        self.0.push(&mut out)
    }
}

impl QueryFragment<MultiBackend> for MoodDates {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        // The text depends on `backwards`, which isn't bound.
        out.unsafe_to_cache_prepared();
        out.push_sql("SELECT date FROM moods");
        self.days.push(&mut out)?;
        out.push_sql(" UNION SELECT date FROM mood_moments");
        self.days.push(&mut out)?;
        out.push_sql(if self.backwards { " ORDER BY 1 DESC LIMIT " } else { " ORDER BY 1 LIMIT " });
        out.push_bind_param::<BigInt, _>(&self.limit)
    }
}

macro_rules! query {
    ($query:ty: $columns:ty) => {
        impl QueryId for $query {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl Query for $query {
            type SqlType = $columns;
        }

        impl RunQueryDsl<AnyConnection> for $query {}
    };
}

query!(MoodUnion: (
    Nullable<Uuid>,
    Nullable<UtcTimestamp>,
    CivilDate,
    Integer,
    Nullable<TypedText>,
    Text,
    UtcTimestamp,
    UtcTimestamp,
    BigInt,
    Nullable<Binary>,
    Nullable<TypedText>,
));
query!(MoodValues: (CivilDate, Integer, Integer));
query!(MoodDates: CivilDate);
