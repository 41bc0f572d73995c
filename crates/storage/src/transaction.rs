//! An open transaction, or a connection without one. The repositories are implemented on it, each in its own file.

use circadia_domain::error::StoreError;
use circadia_domain::unit_of_work::Store;
use diesel::result::{DatabaseErrorKind, Error};

use crate::connection::AnyConnection;
use crate::dialect::{self, Purpose};
use crate::pool::PooledConnection;
use crate::statements;

/// What repositories return.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// An open transaction. Dropped without a commit, by an error or a panic, it is rolled back; then its connection goes
/// back to the pool. For single queries it is a connection on which every statement is a transaction by itself.
pub(crate) struct Transaction {
    pooled: PooledConnection,
    purpose: Purpose,
    ended: bool,
}

impl Transaction {
    /// Begins a transaction for this purpose.
    pub(crate) fn begin(mut pooled: PooledConnection, purpose: Purpose) -> diesel::QueryResult<Self> {
        if let Err(error) = dialect::begin(pooled.connection(), purpose) {
            pooled.broken = true;
            return Err(error);
        }
        Ok(Self { pooled, purpose, ended: false })
    }

    /// A connection on which every statement is a transaction by itself.
    pub(crate) const fn autocommit(pooled: PooledConnection) -> Self {
        Self { pooled, purpose: Purpose::Reading, ended: true }
    }

    /// Closes the connection, which is dead.
    pub(crate) fn discard(mut self) {
        self.ended = true;
        self.pooled.broken = true;
    }

    pub(crate) const fn purpose(&self) -> Purpose {
        self.purpose
    }

    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        self.pooled.connection()
    }

    /// Commits.
    pub(crate) fn commit(mut self) -> diesel::QueryResult<()> {
        self.ended = true;
        let committed = dialect::commit(self.pooled.connection());
        // A transaction that lost to another is over, and its connection is well.
        let is_broken = committed.is_err() && !statements::found_conflict();
        self.pooled.broken |= is_broken || statements::found_connection_lost();
        committed
    }

    /// Rolls back.
    pub(crate) fn roll_back(mut self) {
        self.end_by_roll_back();
    }

    /// A connection that can't roll back is closed, which makes the database roll back.
    fn end_by_roll_back(&mut self) {
        self.ended = true;
        let rolled_back = dialect::roll_back(self.pooled.connection());
        self.pooled.broken |= rolled_back.is_err() || statements::found_connection_lost();
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.ended {
            self.end_by_roll_back();
        }
    }
}

impl Store for Transaction {}

/// Turns Diesel's errors into [`StoreError`]s.
pub(crate) trait Classify<T> {
    /// Classifies the error, see [`dialect::classify`].
    fn classified(self) -> Result<T>;

    /// Classifies the error of writing a user's row outside of the user's own write transactions: a broken foreign key
    /// means that the account was deleted meanwhile.
    fn of_a_user(self) -> Result<T>;
}

impl<T> Classify<T> for diesel::QueryResult<T> {
    fn classified(self) -> Result<T> {
        statements::ended();
        self.map_err(|error| dialect::classify(&error))
    }

    fn of_a_user(self) -> Result<T> {
        match self {
            Err(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => Err(StoreError::NoSuchUser),
            other => other.classified(),
        }
    }
}
