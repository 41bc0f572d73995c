//! Connection URLs, and the session settings of new connections.

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::result::{ConnectionError, QueryResult};
use diesel::sqlite::SqliteConnection;

use crate::backend::Backend;
use crate::connection::AnyConnection;
use crate::options::StorageOptions;

/// The URL in the form that the backend's driver expects.
pub(crate) fn address(backend: Backend, options: &StorageOptions) -> Result<String, ConnectionError> {
    let url = options.url.as_str();
    let (_, rest) = url.split_once("://").unwrap_or_default();
    match backend {
        Backend::Sqlite => sqlite_path(rest),
        Backend::Postgres => Ok(postgres_url(url, options)),
        Backend::Mysql => Ok(format!("mysql://{rest}")),
    }
}

fn sqlite_path(path: &str) -> Result<String, ConnectionError> {
    let invalid = |why: &str| Err(ConnectionError::InvalidConnectionUrl(why.to_owned()));
    if path.is_empty() {
        return invalid("sqlite:// must be followed by the path of a file");
    }
    if path.contains(":memory:") || path.starts_with("file:") {
        return invalid("sqlite:// must be followed by the plain path of a file: connections share it");
    }
    Ok(path.to_owned())
}

/// Adds timeouts that the URL doesn't set. Without them libpq takes hours to notice that a server is gone.
fn postgres_url(url: &str, options: &StorageOptions) -> String {
    let tcp_timeout = options.statement_timeout + options.connect_timeout;
    let defaults = [
        ("connect_timeout", options.connect_timeout.as_secs().max(2).to_string()),
        ("tcp_user_timeout", tcp_timeout.as_millis().to_string()),
        ("keepalives_idle", "30".to_owned()),
        ("keepalives_interval", "10".to_owned()),
        ("keepalives_count", "3".to_owned()),
        ("application_name", "circadia".to_owned()),
    ];
    let mut full = url.to_owned();
    for (name, value) in defaults {
        if !url.contains(&format!("{name}=")) {
            full.push(if full.contains('?') { '&' } else { '?' });
            full.extend([name, "=", &value]);
        }
    }
    full
}

/// Sets up a new connection.
pub(crate) fn set_up(connection: &mut AnyConnection, options: &StorageOptions) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(connection) => {
            connection.batch_execute(&format!("PRAGMA busy_timeout = {}", options.lock_timeout.as_millis()))?;
            switch_to_wal(connection, options)?;
            // FULL: a committed write survives a power cut. Up to 4 MiB of cache per connection, 256 MiB of the file
            // mapped.
            connection.batch_execute(
                "PRAGMA synchronous = FULL;
                 PRAGMA foreign_keys = ON;
                 PRAGMA cache_size = -4096;
                 PRAGMA mmap_size = 268435456;
                 PRAGMA temp_store = MEMORY;
                 PRAGMA journal_size_limit = 67108864;",
            )
        }
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(connection) => connection.batch_execute(&format!(
            "SET TIME ZONE 'UTC';
             SET statement_timeout = {};
             SET lock_timeout = {};
             SET idle_in_transaction_session_timeout = '60s';
             SET client_min_messages = warning;",
            options.statement_timeout.as_millis(),
            options.lock_timeout.as_millis(),
        )),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(connection) => {
            let lock_timeout = options.lock_timeout.as_secs().max(1);
            // READ COMMITTED is for writes; reads of several statements ask for a snapshot, see `transaction`.
            connection.batch_execute(&format!(
                "SET NAMES utf8mb4 COLLATE utf8mb4_bin;
                 SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
                 SET SESSION time_zone = '+00:00';
                 SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
                 SET SESSION innodb_lock_wait_timeout = {lock_timeout}, SESSION lock_wait_timeout = {lock_timeout};",
            ))?;
            // MariaDB has max_statement_time in seconds, MySQL max_execution_time in milliseconds, for SELECT only.
            let limit = options.statement_timeout;
            let mariadb = format!(
                "SET SESSION max_statement_time = {}, SESSION idle_transaction_timeout = 60",
                limit.as_secs_f64()
            );
            connection.batch_execute(&mariadb).or_else(|_| {
                connection.batch_execute(&format!("SET SESSION max_execution_time = {}", limit.as_millis()))
            })
        }
    }
}

/// The pause between attempts to switch to write-ahead logging.
const RETRY_INTERVAL: Duration = Duration::from_millis(5);

/// Switches the file to write-ahead logging, so that readers and the writer don't block each other. Only a new file
/// needs it. When several connections try at once, SQLite refuses all but one regardless of `busy_timeout`.
fn switch_to_wal(connection: &mut SqliteConnection, options: &StorageOptions) -> QueryResult<()> {
    let deadline = Instant::now() + options.lock_timeout;
    loop {
        match connection.batch_execute("PRAGMA journal_mode = WAL") {
            Err(error) if is_busy(&error) && Instant::now() < deadline => thread::sleep(RETRY_INTERVAL),
            switched => return switched,
        }
    }
}

fn is_busy(error: &diesel::result::Error) -> bool {
    matches!(error, diesel::result::Error::DatabaseError(_, information) if information.message() == "database is locked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_follows_the_scheme() {
        let path = |url: &str| address(Backend::Sqlite, &StorageOptions::new(url));
        assert_eq!(path("sqlite://data/circadia.db").unwrap(), "data/circadia.db");
        assert_eq!(path("sqlite:///var/lib/circadia.db").unwrap(), "/var/lib/circadia.db");
        for wrong in ["sqlite://", "sqlite://:memory:", "sqlite://file:x.db?mode=memory"] {
            assert!(path(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn limits_are_added_to_a_postgres_url_unless_it_sets_them() {
        let url = address(Backend::Postgres, &StorageOptions::new("postgres://db/circadia?connect_timeout=9")).unwrap();
        assert!(url.starts_with("postgres://db/circadia?connect_timeout=9&tcp_user_timeout=4900&"), "{url}");
    }

    #[test]
    fn mariadb_is_reached_as_mysql() {
        let url = address(Backend::Mysql, &StorageOptions::new("mariadb://root@db/circadia")).unwrap();
        assert_eq!(url, "mysql://root@db/circadia");
    }
}
