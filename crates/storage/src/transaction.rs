//! An open transaction. The repositories are implemented on it, each in its own file.

use circadia_domain::error::StoreError;
use circadia_domain::unit_of_work::Store;
use diesel::result::{DatabaseErrorKind, Error};
use r2d2::PooledConnection;

use crate::connection::AnyConnection;
use crate::dialect::{self, Purpose};
use crate::pool::Manager;

/// What repositories return.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// A transaction that is open as long as it lives. Dropped before its end, by an error or a panic, it is rolled back;
/// then its connection goes back to the pool.
pub(crate) struct Transaction {
    pooled: PooledConnection<Manager>,
    purpose: Purpose,
    ended: bool,
}

impl Transaction {
    /// Opens a transaction in the way its dialect wants it for this purpose.
    pub(crate) fn begin(mut pooled: PooledConnection<Manager>, purpose: Purpose) -> diesel::QueryResult<Self> {
        if let Err(error) = dialect::begin(&mut pooled.connection, purpose) {
            pooled.broken = true;
            return Err(error);
        }
        Ok(Self { pooled, purpose, ended: false })
    }

    /// What it is for.
    pub(crate) const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Where queries run.
    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.pooled.connection
    }

    /// Keeps what was written.
    pub(crate) fn commit(mut self) -> diesel::QueryResult<()> {
        self.ended = true;
        dialect::commit(&mut self.pooled.connection).inspect_err(|_| self.pooled.broken = true)
    }

    /// Undoes what was written. Whether the connection is still good.
    pub(crate) fn roll_back(mut self) -> bool {
        self.end_by_roll_back();
        !self.pooled.broken
    }

    /// A connection that can't roll back is thrown away, which undoes what was written as well.
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

/// Gives Diesel's errors the domain's words.
pub(crate) trait Classify<T> {
    /// The same, with the error classified.
    fn classified(self) -> Result<T>;

    /// The same for a row that belongs to a user but is written outside of their writing units of work: the account may
    /// be gone by now.
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
