//! A database of its own for every test.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

use crate::DatabaseServer;

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file in a temporary folder.
    Sqlite,
    /// A database on the server of `CIRCADIA_TEST_POSTGRES_URL`.
    Postgres,
    /// A database on the server of `CIRCADIA_TEST_MYSQL_URL`.
    Mysql,
}

/// A database that is one test's alone, removed at its end.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    /// On a server: the address of a database to remove it from, and its name.
    removal: Option<(String, String)>,
    folder: tempfile::TempDir,
}

impl TestDatabase {
    /// An empty one.
    pub fn create(backend: Backend) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let variable = match backend {
            Backend::Sqlite => {
                let url = format!("sqlite://{}", folder.path().join("test.db").display());
                return Self { url, removal: None, folder };
            }
            Backend::Postgres => "CIRCADIA_TEST_POSTGRES_URL",
            Backend::Mysql => "CIRCADIA_TEST_MYSQL_URL",
        };
        let Ok(server) = std::env::var(variable) else {
            panic!("{variable} is not set: tests/run starts the servers and sets it");
        };
        Self::create_on(server, folder)
    }

    /// An empty one on a server of the test's own.
    pub fn on_server(server: &DatabaseServer) -> Self {
        Self::create_on(server.url().to_owned(), tempfile::tempdir().expect("a temporary folder"))
    }

    fn create_on(server: String, folder: tempfile::TempDir) -> Self {
        let name = fresh_name();
        let (address, _) = server.rsplit_once('/').expect("a URL with a database");
        let url = format!("{address}/{name}");
        let mut connection = Connection::open(&server);
        // One that an earlier process of this number left behind.
        connection.execute(&format!("DROP DATABASE IF EXISTS {name}"));
        connection.execute(&format!("CREATE DATABASE {name}"));
        Self { url, removal: Some((server, name)), folder }
    }

    /// A copy of it on the same server, as it is now.
    #[cfg(feature = "postgres")]
    pub fn copy(&self) -> Self {
        let (server, name) = self.removal.as_ref().expect("a database on a server");
        let copy = fresh_name();
        let mut connection = Connection::open(server);
        connection.execute(&format!("DROP DATABASE IF EXISTS {copy}"));
        if self.backend() == Backend::Postgres {
            // It copies only what nobody is connected to.
            connection.execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
            connection.execute(&format!(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"
            ));
            connection.execute(&format!("CREATE DATABASE {copy} TEMPLATE {name} ALLOW_CONNECTIONS true"));
            connection.execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
        } else {
            connection.execute(&format!("CREATE DATABASE {copy}"));
            for table in self.tables() {
                connection.execute(&format!("CREATE TABLE {copy}.{table} LIKE {name}.{table}"));
                connection.execute(&format!("INSERT INTO {copy}.{table} SELECT * FROM {name}.{table}"));
            }
        }
        let (address, _) = server.rsplit_once('/').expect("a URL with a database");
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { url: format!("{address}/{copy}"), removal: Some((server.clone(), copy)), folder }
    }

    /// Which database it is.
    pub fn backend(&self) -> Backend {
        match self.url.split(':').next() {
            Some("postgres") => Backend::Postgres,
            Some("mysql") => Backend::Mysql,
            _ => Backend::Sqlite,
        }
    }

    /// Its address, as the program is given it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A folder that is removed with it.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The number that a query gives.
    pub fn number(&self, query: &str) -> i64 {
        Connection::open(&self.url).number(query)
    }

    /// Runs a statement past the program.
    pub fn execute(&self, statement: &str) {
        Connection::open(&self.url).execute(statement);
    }

    /// A connection past the program that stays open.
    pub fn connection(&self) -> Connection {
        Connection::open(&self.url)
    }

    /// The bytes that a query gives.
    pub fn bytes(&self, query: &str) -> Vec<u8> {
        Connection::open(&self.url).bytes(query)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.removal {
            let force = if server.starts_with("postgres") { " WITH (FORCE)" } else { "" };
            Connection::open(server).execute(&format!("DROP DATABASE IF EXISTS {name}{force}"));
        }
    }
}

/// Unique among the processes that run tests at a time.
fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("circadia_http_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A connection past the program.
#[expect(missing_debug_implementations, reason = "Diesel's connections have none")]
pub enum Connection {
    /// To a file.
    Sqlite(SqliteConnection),
    /// To PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(PgConnection),
    /// To MySQL or MariaDB.
    #[cfg(feature = "mysql")]
    Mysql(MysqlConnection),
}

macro_rules! on {
    ($raw:expr, $connection:ident => $body:expr) => {
        match $raw {
            Connection::Sqlite($connection) => $body,
            #[cfg(feature = "postgres")]
            Connection::Postgres($connection) => $body,
            #[cfg(feature = "mysql")]
            Connection::Mysql($connection) => $body,
        }
    };
}

impl Connection {
    pub(crate) fn open(url: &str) -> Self {
        match url.split_once("://") {
            Some(("sqlite", path)) => {
                let mut connection = SqliteConnection::establish(path).expect("connect");
                connection.batch_execute("PRAGMA busy_timeout = 5000").expect("pragma");
                Self::Sqlite(connection)
            }
            #[cfg(feature = "postgres")]
            Some(("postgres", _)) => Self::Postgres(PgConnection::establish(url).expect("connect")),
            #[cfg(feature = "mysql")]
            Some(("mysql", _)) => {
                let mut connection = MysqlConnection::establish(url).expect("connect");
                connection.batch_execute("SET SESSION group_concat_max_len = 100000000").expect("a setting");
                Self::Mysql(connection)
            }
            _ => panic!("no such database is compiled in"),
        }
    }

    /// Runs a statement.
    pub fn execute(&mut self, statement: &str) {
        on!(self, connection => connection.batch_execute(statement)).expect(statement);
    }

    fn bytes(&mut self, query: &str) -> Vec<u8> {
        on!(self, connection => sql::<Binary>(query).get_result(connection)).expect(query)
    }

    /// The number that a query gives.
    pub fn number(&mut self, query: &str) -> i64 {
        on!(self, connection => sql::<BigInt>(query).get_result(connection)).expect(query)
    }

    pub(crate) fn text(&mut self, query: &str) -> String {
        on!(self, connection => sql::<Text>(query).get_result(connection)).expect(query)
    }
}
