//! A database of its own for every test.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

/// Tables that tell of refused requests, or of none: the attempts to log in, letters that are on their way, and which
/// migrations there were.
const NOTED: [&str; 3] = ["login_attempts", "jobs", "__diesel_schema_migrations"];

/// Columns in which the use of something is noted beside the requests.
const NOTED_COLUMNS: [&str; 3] = ["last_used_at", "user_agent", "ip"];

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
        let name = fresh_name();
        let (address, _) = server.rsplit_once('/').expect("a URL with a database");
        let url = format!("{address}/{name}");
        let mut connection = Connection::open(&server);
        // One that an earlier process of this number left behind.
        connection.execute(&format!("DROP DATABASE IF EXISTS {name}"));
        connection.execute(&format!("CREATE DATABASE {name}"));
        Self { url, removal: Some((server, name)), folder }
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

    /// The bytes that a query gives.
    pub fn bytes(&self, query: &str) -> Vec<u8> {
        Connection::open(&self.url).bytes(query)
    }

    /// What is stored: each table with the number of its rows and a digest of them, but for what is noted of any
    /// request or beside them. A request that was refused must leave it as it was.
    pub fn contents(&self) -> Vec<(String, String)> {
        let mut connection = Connection::open(&self.url);
        let tables: Vec<String> =
            connection.tables().into_iter().filter(|name| !NOTED.contains(&name.as_str())).collect();
        assert!(tables.len() > 20, "the schema has lost tables: {tables:?}");
        tables.into_iter().map(|table| (table.clone(), connection.digest(&table))).collect()
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
enum Connection {
    Sqlite(SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(PgConnection),
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
    fn open(url: &str) -> Self {
        match url.split_once("://") {
            Some(("sqlite", path)) => {
                let mut connection = SqliteConnection::establish(path).expect("connect");
                connection.batch_execute("PRAGMA busy_timeout = 5000").expect("pragma");
                Self::Sqlite(connection)
            }
            #[cfg(feature = "postgres")]
            Some(("postgres", _)) => Self::Postgres(PgConnection::establish(url).expect("connect")),
            #[cfg(feature = "mysql")]
            Some(("mysql", _)) => Self::Mysql(MysqlConnection::establish(url).expect("connect")),
            _ => panic!("no such database is compiled in"),
        }
    }

    fn execute(&mut self, statement: &str) {
        on!(self, connection => connection.batch_execute(statement)).expect(statement);
    }

    fn bytes(&mut self, query: &str) -> Vec<u8> {
        on!(self, connection => sql::<Binary>(query).get_result(connection)).expect(query)
    }

    fn number(&mut self, query: &str) -> i64 {
        on!(self, connection => sql::<BigInt>(query).get_result(connection)).expect(query)
    }

    fn text(&mut self, query: &str) -> String {
        on!(self, connection => sql::<Text>(query).get_result(connection)).expect(query)
    }

    /// The names of all tables.
    fn tables(&mut self) -> Vec<String> {
        let query = match self {
            Self::Sqlite(_) => {
                "SELECT group_concat(name) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                "SELECT string_agg(table_name::text, ',') FROM information_schema.tables WHERE table_schema = 'public'"
            }
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => {
                "SELECT group_concat(table_name) FROM information_schema.tables WHERE table_schema = database()"
            }
        };
        let mut names: Vec<String> = self.text(query).split(',').map(str::to_owned).collect();
        names.sort();
        names
    }

    /// The names of a table's columns, but for those in which use is noted.
    fn columns(&mut self, table: &str) -> Vec<String> {
        let query = match self {
            Self::Sqlite(_) => format!("SELECT group_concat(name) FROM pragma_table_info('{table}')"),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => format!(
                "SELECT string_agg(column_name::text, ',') FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
            ),
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => format!(
                "SELECT group_concat(column_name) FROM information_schema.columns WHERE table_schema = database() AND table_name = '{table}'"
            ),
        };
        let columns = self.text(&query);
        columns.split(',').filter(|name| !NOTED_COLUMNS.contains(name)).map(str::to_owned).collect()
    }

    /// A table's number of rows and a digest of them.
    fn digest(&mut self, table: &str) -> String {
        let columns = self.columns(table);
        let row = |each: &dyn Fn(&str) -> String, between: &str| -> String {
            columns.iter().map(|name| each(name)).collect::<Vec<_>>().join(between)
        };
        let query = match self {
            Self::Sqlite(_) => {
                let row = row(&|name| format!("quote(\"{name}\")"), " || ',' || ");
                format!("SELECT coalesce(group_concat(r, ';'), '') FROM (SELECT {row} AS r FROM {table} ORDER BY r)")
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => {
                let row = row(&|name| format!("quote_nullable(\"{name}\"::text)"), " || ',' || ");
                format!(
                    "SELECT coalesce(string_agg(r, ';' ORDER BY r), '') FROM (SELECT {row} AS r FROM {table}) rows_"
                )
            }
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => {
                let row = row(&|name| format!("coalesce(hex(`{name}`), '-')"), ", ',', ");
                format!("SELECT cast(coalesce(bit_xor(crc32(concat({row}))), 0) AS char) FROM {table}")
            }
        };
        let mut hasher = DefaultHasher::new();
        self.text(&query).hash(&mut hasher);
        format!("{} rows, {:016x}", self.number(&format!("SELECT count(*) FROM {table}")), hasher.finish())
    }
}
