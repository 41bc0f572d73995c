//! How transactions begin, and how a user's revision is raised.

use circadia_domain::ids::UserId;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;

use crate::connection::AnyConnection;
use crate::schema::{user_revisions, users};
use crate::sql_types::Sql;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Several reads of one snapshot.
    Reading,
    /// Writing, after a row that serialises its kind was touched.
    Writing,
}

/// Begins a transaction.
///
/// SQLite takes its write lock at once: upgrading a read lock fails as soon as two try. On PostgreSQL and MySQL a
/// writer sees what was committed before each of its statements (`READ COMMITTED`), hence everything of those whom it
/// waited for; on MySQL this also keeps `InnoDB` from locking gaps between rows, over which users would wait for
/// each other or deadlock.
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

/// Raises a user's revision and gives the new one; [`diesel::NotFound`] if they have none.
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

/// Waits until nobody is storing rows that refer to a user; then nobody can until this transaction ends. On SQLite
/// there is one writer at a time anyway. [`diesel::NotFound`] if there is no such user.
pub(crate) fn hold_user(connection: &mut AnyConnection, user: UserId) -> QueryResult<()> {
    let row = users::table.find(Sql(user)).select(users::rev);
    match connection {
        AnyConnection::Sqlite(connection) => row.first::<i64>(connection).map(drop),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => row.for_update().first::<i64>(connection).map(drop),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(connection) => row.for_update().first::<i64>(connection).map(drop),
    }
}
