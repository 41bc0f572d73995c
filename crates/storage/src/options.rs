//! Connection options, and errors outside of transactions.

use std::fmt;
use std::time::Duration;

use crate::backend::Backend;

/// The URL of a database, and limits and timeouts.
#[derive(Clone)]
pub struct StorageOptions {
    /// `sqlite://path`, `postgres://…`, `postgresql://…`, `mysql://…` or `mariadb://…`.
    pub url: String,
    /// Size of the pool. Twice the number of cores is a good value.
    pub max_connections: u32,
    /// How long a unit of work waits for a connection while all are in use.
    pub acquire_timeout: Duration,
    /// How long a write transaction on SQLite waits for the other writers of this process.
    pub turn_timeout: Duration,
    /// Limit for opening a connection.
    pub connect_timeout: Duration,
    /// Limit for one statement. SQLite has none; there, only the client of a statement is told.
    pub statement_timeout: Duration,
    /// How long a statement waits for a row lock (PostgreSQL, MySQL) or for another process's write (SQLite).
    pub lock_timeout: Duration,
}

impl StorageOptions {
    /// The options for `url` with defaults that suit a server: a request that waits for a lock or a slow statement is refused
    /// within about two seconds.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 8,
            acquire_timeout: Duration::from_millis(600),
            turn_timeout: Duration::from_millis(800),
            connect_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_millis(1_900),
            lock_timeout: Duration::from_millis(700),
        }
    }
}

impl fmt::Debug for StorageOptions {
    /// Leaves out the URL, which holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageOptions").field("max_connections", &self.max_connections).finish_non_exhaustive()
    }
}

/// An error outside of transactions: in the configuration, while connecting, in a migration.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The URL's scheme is unknown.
    #[error(
        "the database URL must begin with sqlite://, postgres://, postgresql://, mysql:// or mariadb://, not {scheme:?}"
    )]
    UnknownScheme {
        /// The part before `://`.
        scheme: String,
    },
    /// The backend's cargo feature is off in this build.
    #[error(
        "this build has no support for {}: build it with `cargo build --release --features {}` (needs {})",
        backend.name(), backend.feature(), needs(*backend)
    )]
    NotCompiledIn {
        /// The backend.
        backend: Backend,
    },
    /// The URL is invalid in another way.
    #[error("the database URL is wrong: {0}")]
    InvalidUrl(String),
    /// An option has an invalid value.
    #[error("the storage options are wrong: {0}")]
    InvalidOptions(String),
    /// The database can't be reached.
    #[error("the database can't be reached: {0}")]
    Unreachable(String),
    /// A migration failed.
    #[error("a migration failed: {0}")]
    Migration(String),
}

const fn needs(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "a C compiler",
        Backend::Postgres => "libpq, in Debian the package libpq-dev",
        Backend::Mysql => "libmariadb, in Debian the package libmariadb-dev",
    }
}
