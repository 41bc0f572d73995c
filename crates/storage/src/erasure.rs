//! The erasure of an account, with every row of its user.
//!
//! Every table that has a column `user_id` is named by [`owned_by_users`] or [`RETAINED_AFTER_ERASURE`]. A contract
//! test compares them with the databases' own catalogues, and fails for a table that is missing.

use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};

use crate::connection::{AnyConnection, MultiBackend};
use crate::dialect;
use crate::schema::owned_by_users;
use crate::sql_types::{Sql, Uuid};
use crate::transaction::{Classify as _, Result, Transaction};

/// Tables that keep rows of an erased account for a while, each with the reason.
pub const RETAINED_AFTER_ERASURE: &[(&str, &str)] =
    &[("revocations", "tells every replica that the account's sessions have ended; ids only, removed after a while")];

struct DeleteOf {
    table: &'static str,
    column: &'static str,
    user: Sql<UserId>,
}

impl QueryFragment<MultiBackend> for DeleteOf {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        // Too rare for prepared statements that stay cached on each connection.
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
    /// Deletes a user and all of the user's rows. Login attempts and jobs are inserted outside of the user's own write
    /// transactions, so the user's row is locked: inserts that reference it wait, and then fail.
    pub(crate) fn erase(&mut self, user: UserId) -> Result<()> {
        match dialect::lock_user(self.connection(), user) {
            Err(diesel::NotFound) => return Err(StoreError::NoSuchUser),
            locked => locked.classified()?,
        }
        self.subtract_logins(user)?;
        for table in owned_by_users() {
            DeleteOf { table, column: "user_id", user: Sql(user) }.execute(self.connection()).classified()?;
        }
        DeleteOf { table: "users", column: "id", user: Sql(user) }.execute(self.connection()).map(drop).classified()
    }
}
