//! How to reach a database, and what can be wrong with that.

use std::fmt;
use std::time::Duration;

use crate::backend::Backend;

/// How to reach a database, and how long to wait for it.
#[derive(Clone)]
pub struct StorageOptions {
    /// `sqlite://path`, `postgres://…`, `postgresql://…`, `mysql://…` or `mariadb://…`.
    pub url: String,
    /// Connections at most. Twice the cores is a sound number.
    pub max_connections: u32,
    /// How long a unit of work waits for a connection before it fails as unavailable. With what else a request takes,
    /// it is answered within a second while the database is away.
    pub acquire_timeout: Duration,
    /// How long a unit of work that writes waits for its turn on SQLite.
    pub turn_timeout: Duration,
    /// How long opening a connection may take.
    pub connect_timeout: Duration,
    /// How long one statement may run before the database ends it. SQLite has no such limit.
    pub statement_timeout: Duration,
    /// How long a statement waits for a row (PostgreSQL, MySQL) or for another process's write (SQLite).
    pub lock_timeout: Duration,
}

impl StorageOptions {
    /// The options for `url` with times that suit a server: everything is answered or refused within a few seconds.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 8,
            acquire_timeout: Duration::from_millis(600),
            turn_timeout: Duration::from_millis(800),
            connect_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(5),
        }
    }
}

impl fmt::Debug for StorageOptions {
    /// Without the URL: it holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageOptions").field("max_connections", &self.max_connections).finish_non_exhaustive()
    }
}

/// Why a database can't be used at all.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The URL's scheme names no database that is known here.
    #[error(
        "the database URL must begin with sqlite://, postgres://, postgresql://, mysql:// or mariadb://, not {scheme:?}"
    )]
    UnknownScheme {
        /// What stands before `://`.
        scheme: String,
    },
    /// The database is known, but was left out of this build.
    #[error(
        "this build has no support for {}: build it with `cargo build --release --features {}` (needs {})",
        backend.name(), backend.feature(), needs(*backend)
    )]
    NotCompiledIn {
        /// Which.
        backend: Backend,
    },
    /// The URL is wrong in another way.
    #[error("the database URL is wrong: {0}")]
    InvalidUrl(String),
    /// The options contradict themselves.
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
