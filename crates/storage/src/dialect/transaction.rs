//! How transactions begin, and the locks at their beginning.

use circadia_domain::ids::UserId;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;

use crate::connection::AnyConnection;
use crate::schema::{user_revisions, users};
use crate::sql_types::Sql;

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
                Purpose::Reading => "START TRANSACTION READ ONLY",
                Purpose::Writing => "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION READ WRITE",
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
    let row = user_revisions::table.filter(user_revisions::user_id.eq(Sql(user)));
    let raise = diesel::update(row).set(user_revisions::rev.eq(user_revisions::rev + 1));
    match connection {
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => raise.returning(user_revisions::rev).get_result(connection),
        connection => {
            if raise.execute(connection)? == 0 {
                return Err(diesel::NotFound);
            }
            row.select(user_revisions::rev).first(connection)
        }
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
