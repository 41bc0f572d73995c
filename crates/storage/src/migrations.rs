//! The embedded migrations, and the lock they run under.
//!
//! Of replicas that start together, one gets the lock and migrates; the others wait for it and find nothing pending. On
//! PostgreSQL and MySQL the lock belongs to the session (so migrate on a direct connection, not through a pooler that
//! shares sessions, nor through several nodes of a cluster at once), on SQLite it is the exclusive transaction. A start that
//! finds nothing pending takes no lock: behind a pooler, it would be taken on one session and released on another.

#[cfg(any(feature = "postgres", feature = "mysql"))]
use std::collections::HashSet;
use std::sync::mpsc;
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

/// After what time a start says that it waits for a database that doesn't answer, and after what time it gives up.
const TELL_AFTER: Duration = Duration::from_secs(3);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause between attempts to connect.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);

type Result<T> = std::result::Result<T, StorageError>;

/// Runs the pending migrations. See [`crate::SqlDatabase::migrate`].
pub(crate) fn migrate(backend: Backend, options: &StorageOptions, wait: Duration) -> Result<Vec<String>> {
    run(connect(backend, options, wait)?, &|_| true)
}

/// Runs those of the pending migrations that are named. See [`crate::SqlDatabase::migrate_to`].
pub(crate) fn migrate_to(backend: Backend, options: &StorageOptions, names: &[String]) -> Result<Vec<String>> {
    run(connect(backend, options, Duration::ZERO)?, &|name| names.iter().any(|wanted| wanted == name))
}

fn run(connection: AnyConnection, is_wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>> {
    match connection {
        AnyConnection::Sqlite(mut connection) => migrate_sqlite(&mut connection, is_wanted),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(mut connection) => migrate_postgres(&mut connection, is_wanted),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(mut connection) => migrate_mysql(&mut connection, is_wanted),
    }
}

/// The names of all migrations, oldest first.
pub(crate) fn known(backend: Backend) -> Result<Vec<String>> {
    match backend {
        Backend::Sqlite => names_of::<Sqlite>(&SQLITE),
        #[cfg(feature = "postgres")]
        Backend::Postgres => names_of::<diesel::pg::Pg>(&POSTGRES),
        #[cfg(feature = "mysql")]
        Backend::Mysql => names_of::<diesel::mysql::Mysql>(&MYSQL),
        #[cfg(not(all(feature = "postgres", feature = "mysql")))]
        missing => Err(StorageError::NotCompiledIn { backend: missing }),
    }
}

fn names_of<DB: diesel::backend::Backend>(source: &impl MigrationSource<DB>) -> Result<Vec<String>> {
    let known = source.migrations().map_err(failed)?;
    let mut names: Vec<String> = known.iter().map(|migration| migration.name().to_string()).collect();
    names.sort();
    Ok(names)
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

/// Opens a connection without limits on its statements. Retries until `wait` is over, and while the database doesn't
/// answer, for [`ANSWER_TIMEOUT`] at least.
pub(crate) fn connect(backend: Backend, options: &StorageOptions, wait: Duration) -> Result<AnyConnection> {
    let unlimited =
        StorageOptions { statement_timeout: Duration::ZERO, lock_timeout: MIGRATION_LOCK_TIMEOUT, ..options.clone() };
    let place = place_of(&options.url);
    let begun = Instant::now();
    let mut has_told = false;
    loop {
        // On a thread of its own, because a client library may wait for ever.
        let (sender, opened) = mpsc::channel();
        let unlimited = unlimited.clone();
        let open = move || drop(sender.send(connection::open(backend, &unlimited)));
        thread::Builder::new().name("database-start".to_owned()).spawn(open).map_err(failed)?;
        let error = loop {
            match opened.recv_timeout(RETRY_INTERVAL) {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => break error.to_string(),
                Err(_) if begun.elapsed() >= wait.max(ANSWER_TIMEOUT) => {
                    return Err(StorageError::Unreachable(format!("{place} doesn't answer")));
                }
                Err(_) => {}
            }
            if !has_told && begun.elapsed() >= TELL_AFTER {
                tracing::warn!(%place, "waiting for the database, which doesn't answer");
                has_told = true;
            }
        };
        let timed_out = error.to_ascii_lowercase().contains("timeout expired");
        let longest = if timed_out { wait.max(ANSWER_TIMEOUT) } else { wait };
        if begun.elapsed() >= longest {
            return Err(StorageError::Unreachable(format!("{place}: {error}")));
        }
        tracing::info!(%place, %error, "waiting for the database");
        has_told = true;
        thread::sleep(RETRY_INTERVAL);
    }
}

/// Where a URL leads, without its password.
fn place_of(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    rest.split('?').next().unwrap_or(rest)
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

/// Runs those of the pending migrations that are wanted, each in one transaction. The caller holds the lock.
fn run_pending<C, DB>(
    connection: &mut C,
    source: EmbeddedMigrations,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>>
where
    C: MigrationHarness<DB>,
    DB: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let pending = connection.pending_migrations(source).map_err(failed)?;
    let mut run = Vec::new();
    for migration in &pending {
        let name = migration.name().to_string();
        if !is_wanted(&name) {
            continue;
        }
        connection.run_migration(migration).map_err(|error| StorageError::Migration(format!("{name}: {error}")))?;
        run.push(name);
    }
    Ok(run)
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
diesel::table! {
    /// Where Diesel notes what was run.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

/// Whether all migrations are noted. Changes nothing, unlike Diesel's own questions, which make the table where it is
/// missing.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn is_up_to_date<C, DB>(connection: &mut C, source: &EmbeddedMigrations) -> Result<bool>
where
    C: diesel::connection::LoadConnection<Backend = DB>,
    DB: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<DB>,
    for<'q> diesel::dsl::Select<__diesel_schema_migrations::table, __diesel_schema_migrations::version>:
        diesel::query_dsl::LoadQuery<'q, C, String>,
{
    use diesel::prelude::*;

    let known: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(failed)?;
    // An error is that of a missing table, or is met again under the lock.
    let noted: Vec<String> = __diesel_schema_migrations::table
        .select(__diesel_schema_migrations::version)
        .load(connection)
        .unwrap_or_default();
    let noted: HashSet<String> = noted.into_iter().collect();
    Ok(known.iter().all(|migration| noted.contains(&migration.name().version().to_string())))
}

/// Runs all in one exclusive transaction, which is the lock, too.
fn migrate_sqlite(connection: &mut SqliteConnection, is_wanted: &dyn Fn(&str) -> bool) -> Result<Vec<String>> {
    let mut outcome = Ok(Vec::new());
    let committed: std::result::Result<(), diesel::result::Error> = connection.exclusive_transaction(|connection| {
        outcome = run_pending::<_, Sqlite>(connection, SQLITE, is_wanted);
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
fn migrate_postgres(
    connection: &mut diesel::pg::PgConnection,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>> {
    if is_up_to_date(connection, &POSTGRES)? {
        return Ok(Vec::new());
    }
    connection.batch_execute(&format!("SELECT pg_advisory_lock({ADVISORY_LOCK_KEY})")).map_err(failed)?;
    let run = run_pending(connection, POSTGRES, is_wanted);
    // If this fails, the end of the session releases the lock.
    connection.batch_execute(&format!("SELECT pg_advisory_unlock({ADVISORY_LOCK_KEY})")).map_err(failed)?;
    run
}

#[cfg(feature = "mysql")]
fn migrate_mysql(
    connection: &mut diesel::mysql::MysqlConnection,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>> {
    use diesel::prelude::*;
    use diesel::sql_types::{BigInt, Nullable};

    if is_up_to_date(connection, &MYSQL)? {
        return Ok(Vec::new());
    }
    // The server's databases share the names of locks.
    const LOCK_NAME: &str = "LEFT(CONCAT('circadia ', DATABASE()), 64)";
    let lock =
        diesel::dsl::sql::<Nullable<BigInt>>(&format!("GET_LOCK({LOCK_NAME}, {})", MIGRATION_LOCK_TIMEOUT.as_secs()));
    let got: Option<i64> = diesel::select(lock).get_result(connection).map_err(failed)?;
    if got != Some(1) {
        return Err(failed("another replica has been migrating for too long"));
    }
    let run = run_pending(connection, MYSQL, is_wanted);
    connection.batch_execute(&format!("DO RELEASE_LOCK({LOCK_NAME})")).map_err(failed)?;
    run
}
