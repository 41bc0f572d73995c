//! The embedded migrations, and the lock they run under.
//!
//! Of replicas that start together, one gets the lock and migrates; the others wait for it and find nothing pending. On
//! PostgreSQL and MySQL the lock belongs to the session (so migrate on a direct connection, not through a pooler that
//! shares sessions), on SQLite it is the exclusive transaction.

use std::thread;
use std::time::{Duration, Instant};

#[cfg(any(feature = "postgres", feature = "mysql"))]
use diesel::connection::SimpleConnection as _;
use diesel::migration::{Migration, MigrationSource};
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::backend::Backend;
use crate::connection::{self, AnyConnection};
use crate::options::{StorageError, StorageOptions};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
#[cfg(feature = "postgres")]
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
#[cfg(feature = "mysql")]
const MYSQL: EmbeddedMigrations = embed_migrations!("../../migrations/mysql");

/// How long to wait for another replica's migrations.
const MIGRATION_LOCK_TIMEOUT: Duration = Duration::from_mins(10);

/// The pause between attempts to connect.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);

type Result<T> = std::result::Result<T, StorageError>;

/// Runs the pending migrations. See [`crate::SqlDatabase::migrate`].
pub(crate) fn migrate(backend: Backend, options: &StorageOptions, wait: Duration) -> Result<Vec<String>> {
    match connect(backend, options, wait)? {
        AnyConnection::Sqlite(mut connection) => migrate_sqlite(&mut connection),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(mut connection) => migrate_postgres(&mut connection),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(mut connection) => migrate_mysql(&mut connection),
    }
}

/// The names of the pending migrations, oldest first.
pub(crate) fn pending(backend: Backend, options: &StorageOptions) -> Result<Vec<String>> {
    match connect(backend, options, Duration::ZERO)? {
        AnyConnection::Sqlite(mut connection) => pending_of(&mut connection, SQLITE),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(mut connection) => pending_of(&mut connection, POSTGRES),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(mut connection) => pending_of(&mut connection, MYSQL),
    }
}

/// The names of the applied migrations, oldest first.
pub(crate) fn applied(backend: Backend, options: &StorageOptions) -> Result<Vec<String>> {
    match connect(backend, options, Duration::ZERO)? {
        AnyConnection::Sqlite(mut connection) => applied_of(&mut connection, &SQLITE),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(mut connection) => applied_of(&mut connection, &POSTGRES),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(mut connection) => applied_of(&mut connection, &MYSQL),
    }
}

/// Opens a connection without limits on its statements. Retries until `wait` is over.
fn connect(backend: Backend, options: &StorageOptions, wait: Duration) -> Result<AnyConnection> {
    let unlimited =
        StorageOptions { statement_timeout: Duration::ZERO, lock_timeout: MIGRATION_LOCK_TIMEOUT, ..options.clone() };
    let deadline = Instant::now() + wait;
    loop {
        match connection::open(backend, &unlimited) {
            Ok(connection) => return Ok(connection),
            Err(error) if Instant::now() < deadline => {
                tracing::info!(%error, "waiting for the database");
                thread::sleep(RETRY_INTERVAL);
            }
            Err(error) => return Err(StorageError::Unreachable(error.to_string())),
        }
    }
}

fn failed(error: impl std::fmt::Display) -> StorageError {
    StorageError::Migration(error.to_string())
}

fn pending_of<C, DB>(connection: &mut C, source: EmbeddedMigrations) -> Result<Vec<String>>
where
    C: MigrationHarness<DB>,
    DB: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let pending = connection.pending_migrations(source).map_err(failed)?;
    Ok(pending.iter().map(|migration| migration.name().to_string()).collect())
}

fn applied_of<C, DB>(connection: &mut C, source: &EmbeddedMigrations) -> Result<Vec<String>>
where
    C: MigrationHarness<DB>,
    DB: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let known: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(failed)?;
    let name_of = |version: diesel::migration::MigrationVersion<'static>| {
        let migration = known.iter().find(|migration| migration.name().version() == version);
        migration.map_or_else(|| version.to_string(), |migration| migration.name().to_string())
    };
    let mut applied: Vec<String> = connection.applied_migrations().map_err(failed)?.into_iter().map(name_of).collect();
    applied.sort();
    Ok(applied)
}

/// Runs the pending migrations, each in one transaction. The caller holds the lock.
fn run_pending<C, DB>(connection: &mut C, source: EmbeddedMigrations) -> Result<Vec<String>>
where
    C: MigrationHarness<DB>,
    DB: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let pending = connection.pending_migrations(source).map_err(failed)?;
    let mut run = Vec::new();
    for migration in &pending {
        let name = migration.name().to_string();
        connection.run_migration(migration).map_err(|error| StorageError::Migration(format!("{name}: {error}")))?;
        run.push(name);
    }
    Ok(run)
}

/// Runs all in one exclusive transaction, which is the lock, too.
fn migrate_sqlite(connection: &mut SqliteConnection) -> Result<Vec<String>> {
    let mut outcome = Ok(Vec::new());
    let committed: std::result::Result<(), diesel::result::Error> = connection.exclusive_transaction(|connection| {
        outcome = run_pending::<_, Sqlite>(connection, SQLITE);
        if outcome.is_ok() { Ok(()) } else { Err(diesel::result::Error::RollbackTransaction) }
    });
    let run = outcome?;
    committed.map_err(failed)?;
    Ok(run)
}

/// The key of the advisory lock: "circadia" in ASCII.
#[cfg(feature = "postgres")]
const ADVISORY_LOCK_KEY: i64 = 0x6369_7263_6164_6961;

#[cfg(feature = "postgres")]
fn migrate_postgres(connection: &mut diesel::pg::PgConnection) -> Result<Vec<String>> {
    connection.batch_execute(&format!("SELECT pg_advisory_lock({ADVISORY_LOCK_KEY})")).map_err(failed)?;
    let run = run_pending(connection, POSTGRES);
    // If this fails, the end of the session releases the lock.
    connection.batch_execute(&format!("SELECT pg_advisory_unlock({ADVISORY_LOCK_KEY})")).map_err(failed)?;
    run
}

#[cfg(feature = "mysql")]
fn migrate_mysql(connection: &mut diesel::mysql::MysqlConnection) -> Result<Vec<String>> {
    use diesel::prelude::*;
    use diesel::sql_types::{BigInt, Nullable};

    // The server's databases share the names of locks.
    const LOCK_NAME: &str = "LEFT(CONCAT('circadia ', DATABASE()), 64)";
    let lock =
        diesel::dsl::sql::<Nullable<BigInt>>(&format!("GET_LOCK({LOCK_NAME}, {})", MIGRATION_LOCK_TIMEOUT.as_secs()));
    let got: Option<i64> = diesel::select(lock).get_result(connection).map_err(failed)?;
    if got != Some(1) {
        return Err(failed("another replica has been migrating for too long"));
    }
    let run = run_pending(connection, MYSQL);
    connection.batch_execute(&format!("DO RELEASE_LOCK({LOCK_NAME})")).map_err(failed)?;
    run
}
