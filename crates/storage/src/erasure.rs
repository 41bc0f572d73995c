//! What goes with an account: every row of every table that is its user's.
//!
//! Two lists name every table that has a column `user_id`, and a test holds them against the databases' own catalogues:
//! a table that a new feature brings and forgets here fails it.

use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};

use crate::connection::{AnyConnection, MultiBackend};
use crate::dialect;
use crate::sql_types::{Sql, Uuid};
use crate::transaction::{Classify as _, Result, Transaction};

/// Tables whose rows go with the account, those that refer to others before those that they refer to, the revision
/// last. (The account's own row, in `users`, goes after them.)
pub const OWNED_BY_USERS: &[&str] = &[
    "timers",
    "time_entries",
    "tasks",
    "habit_histories",
    "entries",
    "habits",
    "themes",
    "sleep_logs",
    "moods",
    "mood_moments",
    "tombstones",
    "one_time_tokens",
    "personal_tokens",
    "recovery_codes",
    "totp_factors",
    "identities",
    "jobs",
    "login_attempts",
    "sessions",
    "user_revisions",
];

/// Tables that keep rows of an erased account for a while, each with the reason.
pub const KEPT_OF_THE_ERASED: &[(&str, &str)] =
    &[("revocations", "tells every replica that the account's sessions have ended; ids only, removed after a while")];

struct DeleteOf {
    table: &'static str,
    column: &'static str,
    user: Sql<UserId>,
}

impl QueryFragment<MultiBackend> for DeleteOf {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        // Accounts are deleted too seldom to keep ten prepared statements for it on each connection.
        out.unsafe_to_cache_prepared();
        out.push_sql("DELETE FROM ");
        out.push_sql(self.table);
        out.push_sql(" WHERE ");
        out.push_sql(self.column);
        out.push_sql(" = ");
        out.push_bind_param::<Uuid, _>(&self.user)
    }
}

impl QueryId for DeleteOf {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<AnyConnection> for DeleteOf {}

impl Transaction {
    /// Removes a user and everything of theirs. Attempts to sign in and jobs are stored without waiting for the user's
    /// other writers, so all who would refer to the user are made to wait; they then find that there is no such user.
    pub(crate) fn erase(&mut self, user: UserId) -> Result<()> {
        match dialect::hold_user(self.connection(), user) {
            Err(diesel::NotFound) => return Err(StoreError::NoSuchUser),
            held => held.classified()?,
        }
        for table in OWNED_BY_USERS {
            DeleteOf { table, column: "user_id", user: Sql(user) }.execute(self.connection()).classified()?;
        }
        DeleteOf { table: "users", column: "id", user: Sql(user) }.execute(self.connection()).map(drop).classified()
    }
}
