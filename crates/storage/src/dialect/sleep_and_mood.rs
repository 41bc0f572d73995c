//! The union of `sleep_logs`, `mood_moments` and `moods`, which Diesel can't build for several backends at once.

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::ids::UserId;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use diesel::{QueryResult, RunQueryDsl};

use super::UserDays;
use crate::connection::{AnyConnection, MultiBackend};
use crate::sql_types::{CivilDate, TypedText, UtcTimestamp, Uuid};

/// The logs of sleep of some dates, and the mood and moments of a day: the columns of all three tables, unordered; those
/// that a table lacks are null in its rows.
pub(crate) struct SleepAndMood {
    sleep: UserDays,
    /// A range of one day: SQLite would look up all of a user's moments for an equal one.
    mood: UserDays,
}

impl SleepAndMood {
    pub(crate) const fn new(user: UserId, sleep: DateRange, mood: Date) -> Self {
        Self { sleep: UserDays::new(user, sleep), mood: UserDays::new(user, DateRange::day(mood)) }
    }
}

impl QueryFragment<MultiBackend> for SleepAndMood {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        // PostgreSQL takes the types of the first two: each column is one of theirs.
        out.push_sql(
            "SELECT id, started_at, ended_at, date, kind, quality, awake_seconds, NULL, note, NULL, created_at, \
             updated_at, rev, request_digest, timezone FROM sleep_logs",
        );
        self.sleep.push(&mut out)?;
        out.push_sql(
            " UNION ALL SELECT id, felt_at, NULL, date, NULL, NULL, NULL, value, note, tags, created_at, updated_at, \
             rev, request_digest, timezone FROM mood_moments",
        );
        self.mood.push(&mut out)?;
        out.push_sql(
            " UNION ALL SELECT NULL, NULL, NULL, date, NULL, NULL, NULL, value, note, tags, created_at, updated_at, \
             rev, NULL, NULL FROM moods",
        );
        self.mood.push(&mut out)
    }
}

impl QueryId for SleepAndMood {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for SleepAndMood {
    type SqlType = (
        Nullable<Uuid>,
        Nullable<UtcTimestamp>,
        Nullable<UtcTimestamp>,
        CivilDate,
        Nullable<TypedText>,
        Nullable<Integer>,
        Nullable<Integer>,
        Nullable<Integer>,
        Nullable<TypedText>,
        Nullable<Text>,
        UtcTimestamp,
        UtcTimestamp,
        BigInt,
        Nullable<Binary>,
        Nullable<TypedText>,
    );
}

impl RunQueryDsl<AnyConnection> for SleepAndMood {}
