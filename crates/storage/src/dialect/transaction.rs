//! How transactions begin, and the locks at their beginning.

use circadia_domain::ids::UserId;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;

use crate::connection::{AnyConnection, MultiBackend};
use crate::schema::{user_revisions, users};
use crate::sql_types::{Sql, Uuid};

/// Whether a transaction reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Reads of one snapshot.
    Reading,
    /// Writes, after locking the row that serialises them.
    Writing,
}

/// Begins a transaction.
///
/// On SQLite a write transaction takes the write lock at once, since upgrading a read lock fails when two try. On
/// PostgreSQL and MySQL it is `READ COMMITTED`: each statement sees what was committed before it, hence everything of
/// the writers it waited for. On MySQL this also avoids `InnoDB`'s gap locks, over which users would block each other
/// or deadlock.
pub(crate) fn begin(connection: &mut AnyConnection, purpose: Purpose) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(connection) => AnsiTransactionManager::begin_transaction_sql(
            connection,
            match purpose {
                Purpose::Reading => "BEGIN DEFERRED",
                Purpose::Writing => "BEGIN IMMEDIATE",
            },
        ),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => AnsiTransactionManager::begin_transaction_sql(
            connection,
            match purpose {
                Purpose::Reading => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                Purpose::Writing => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
            },
        ),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(connection) => AnsiTransactionManager::begin_transaction_sql(
            connection,
            match purpose {
                Purpose::Reading => "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION READ ONLY",
                // READ COMMITTED is the session's default.
                Purpose::Writing => "START TRANSACTION READ WRITE",
            },
        ),
    }
}

/// Commits the open transaction.
pub(crate) fn commit(connection: &mut AnyConnection) -> QueryResult<()> {
    <AnyConnection as diesel::Connection>::TransactionManager::commit_transaction(connection)
}

/// Rolls the open transaction back.
pub(crate) fn roll_back(connection: &mut AnyConnection) -> QueryResult<()> {
    <AnyConnection as diesel::Connection>::TransactionManager::rollback_transaction(connection)
}

/// Raises a user's revision and returns the new one; [`diesel::NotFound`] if there is none.
pub(crate) fn raise_revision(connection: &mut AnyConnection, user: UserId) -> QueryResult<i64> {
    match connection {
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => {
            // Neither MySQL nor MariaDB has UPDATE … RETURNING.
            if (RaiseRevision { user: Sql(user), returning: "" }).execute(connection)? == 0 {
                return Err(diesel::NotFound);
            }
            user_revisions::table
                .filter(user_revisions::user_id.eq(Sql(user)))
                .select(user_revisions::rev)
                .first(connection)
        }
        connection => RaiseRevision { user: Sql(user), returning: " RETURNING rev" }.get_result(connection),
    }
}

/// Raises a revision. Diesel's own UPDATE isn't cached as a prepared statement.
struct RaiseRevision {
    user: Sql<UserId>,
    returning: &'static str,
}

impl QueryFragment<MultiBackend> for RaiseRevision {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("UPDATE user_revisions SET rev = rev + 1 WHERE user_id = ");
        out.push_bind_param::<Uuid, _>(&self.user)?;
        out.push_sql(self.returning);
        Ok(())
    }
}

impl QueryId for RaiseRevision {
    // A connection is of one database, so the text is the same on each.
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for RaiseRevision {
    type SqlType = BigInt;
}

impl RunQueryDsl<AnyConnection> for RaiseRevision {}

/// Holds up a user's writers until the end of the transaction, without raising the revision. SQLite has one writer at a
/// time anyway. [`diesel::NotFound`] if there is no such user.
pub(crate) fn lock_revision(connection: &mut AnyConnection, user: UserId) -> QueryResult<()> {
    let row = user_revisions::table.find(Sql(user)).select(user_revisions::rev);
    match connection {
        AnyConnection::Sqlite(connection) => row.first::<i64>(connection).map(drop),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => row.for_update().first::<i64>(connection).map(drop),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(connection) => row.for_update().first::<i64>(connection).map(drop),
    }
}

/// Locks a user's row until the end of the transaction, so that no row that references it can be inserted. SQLite has
/// one writer at a time anyway. [`diesel::NotFound`] if there is no such user.
pub(crate) fn lock_user(connection: &mut AnyConnection, user: UserId) -> QueryResult<()> {
    let row = users::table.find(Sql(user)).select(users::rev);
    match connection {
        AnyConnection::Sqlite(connection) => row.first::<i64>(connection).map(drop),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => row.for_update().first::<i64>(connection).map(drop),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(connection) => row.for_update().first::<i64>(connection).map(drop),
    }
}
