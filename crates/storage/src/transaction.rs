//! An open transaction, or a connection without one. The repositories are implemented on it, each in its own file.

use circadia_domain::error::StoreError;
use circadia_domain::unit_of_work::Store;
use diesel::result::{DatabaseErrorKind, Error};
use r2d2::PooledConnection;

use crate::connection::AnyConnection;
use crate::dialect::{self, Purpose};
use crate::pool::Manager;

/// What repositories return.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// An open transaction. Dropped without a commit, by an error or a panic, it is rolled back; then its connection goes
/// back to the pool. For single queries it is a connection on which every statement is a transaction by itself.
pub(crate) struct Transaction {
    pooled: PooledConnection<Manager>,
    purpose: Purpose,
    ended: bool,
}

impl Transaction {
    /// Begins a transaction for this purpose.
    pub(crate) fn begin(mut pooled: PooledConnection<Manager>, purpose: Purpose) -> diesel::QueryResult<Self> {
        if let Err(error) = dialect::begin(&mut pooled.connection, purpose) {
            pooled.broken = true;
            return Err(error);
        }
        Ok(Self { pooled, purpose, ended: false })
    }

    /// A connection on which every statement is a transaction by itself.
    pub(crate) const fn autocommit(pooled: PooledConnection<Manager>) -> Self {
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
        &mut self.pooled.connection
    }

    /// Commits.
    pub(crate) fn commit(mut self) -> diesel::QueryResult<()> {
        self.ended = true;
        dialect::commit(&mut self.pooled.connection).inspect_err(|_| self.pooled.broken = true)
    }

    /// Rolls back. Returns whether the connection is still usable.
    pub(crate) fn roll_back(mut self) -> bool {
        self.end_by_roll_back();
        !self.pooled.broken
    }

    /// A connection that can't roll back is closed, which makes the database roll back.
    fn end_by_roll_back(&mut self) {
        self.ended = true;
        if dialect::roll_back(&mut self.pooled.connection).is_err() {
            self.pooled.broken = true;
        }
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
        self.map_err(|error| dialect::classify(&error))
    }

    fn of_a_user(self) -> Result<T> {
        match self {
            Err(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => Err(StoreError::NoSuchUser),
            other => other.classified(),
        }
    }
}
