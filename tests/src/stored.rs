//! Reads everything that is stored, to assert that a request changed nothing or that a secret isn't stored.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::database::Connection;
use crate::{Backend, TestDatabase};

/// Tables that tell of refused requests, or of none: the attempts to log in and the sums that a job makes of them, jobs
/// and their schedules, and which migrations there were.
const NOTED: [&str; 8] = [
    "login_attempts",
    "login_rollup_state",
    "login_rollups",
    "login_totals",
    "login_client_days",
    "jobs",
    "job_schedules",
    "__diesel_schema_migrations",
];

/// Columns in which the use of something is noted beside the requests.
const NOTED_COLUMNS: [&str; 3] = ["last_used_at", "user_agent", "ip"];

impl TestDatabase {
    /// What is stored: each table with the number of its rows and a digest of them, but for what is noted of any
    /// request or beside them. A request that was refused must leave it as it was.
    pub fn contents(&self) -> Vec<(String, String)> {
        let mut connection = Connection::open(self.url());
        let tables = tables(&mut connection);
        let tables = tables.into_iter().filter(|name| !NOTED.contains(&name.as_str()));
        let contents = tables.map(|table| {
            let columns = columns(&mut connection, &table);
            let columns = columns.iter().filter(|name| !NOTED_COLUMNS.contains(&name.as_str()));
            let rows = rows(&mut connection, &table, &columns.map(String::as_str).collect::<Vec<_>>());
            let mut hasher = DefaultHasher::new();
            rows.hash(&mut hasher);
            (table, format!("{} rows, {:016x}", rows.lines().count(), hasher.finish()))
        });
        let contents: Vec<_> = contents.collect();
        assert!(contents.len() > 20, "the schema has lost tables: {contents:?}");
        contents
    }

    /// The names of all tables.
    #[cfg(feature = "postgres")]
    pub(crate) fn tables(&self) -> Vec<String> {
        tables(&mut Connection::open(self.url()))
    }

    /// The tables that have a column `user_id`.
    pub fn tables_of_users(&self) -> Vec<String> {
        let mut connection = Connection::open(self.url());
        let mut tables = tables(&mut connection);
        tables.retain(|table| columns(&mut connection, table).iter().any(|column| column == "user_id"));
        tables
    }

    /// Everything that is stored, in the bytes of its columns one after the other; of SQLite, also its files as they
    /// are.
    pub fn everything(&self) -> Vec<Vec<u8>> {
        let mut connection = Connection::open(self.url());
        let mut parts = Vec::new();
        for table in tables(&mut connection) {
            let columns = columns(&mut connection, &table);
            let rows = rows(&mut connection, &table, &columns.iter().map(String::as_str).collect::<Vec<_>>());
            parts.extend(rows.lines().flat_map(|row| row.split(',')).map(from_hex));
        }
        if self.backend() == Backend::Sqlite {
            for name in ["test.db", "test.db-wal"] {
                parts.push(std::fs::read(self.folder().join(name)).expect("the database's files"));
            }
        }
        parts
    }

    /// How bytes are written in SQL.
    pub fn literal(&self, bytes: &[u8]) -> String {
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let hex: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
        match self.backend() {
            Backend::Postgres => format!("'\\x{hex}'::bytea"),
            Backend::Sqlite | Backend::Mysql => format!("X'{hex}'"),
        }
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("digits"));
    digits.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits")).collect()
}

/// The names of all tables.
fn tables(connection: &mut Connection) -> Vec<String> {
    names(
        connection,
        match connection {
            Connection::Sqlite(_) => {
                "SELECT group_concat(name) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            }
            #[cfg(feature = "postgres")]
            Connection::Postgres(_) => {
                "SELECT string_agg(table_name::text, ',') FROM information_schema.tables
                 WHERE table_schema = 'public'"
            }
            #[cfg(feature = "mysql")]
            Connection::Mysql(_) => {
                "SELECT group_concat(table_name) FROM information_schema.tables WHERE table_schema = database()"
            }
        },
    )
}

/// The names of a table's columns.
fn columns(connection: &mut Connection, table: &str) -> Vec<String> {
    let query = match connection {
        Connection::Sqlite(_) => format!("SELECT group_concat(name) FROM pragma_table_info('{table}')"),
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => format!(
            "SELECT string_agg(column_name::text, ',') FROM information_schema.columns
             WHERE table_schema = 'public' AND table_name = '{table}'"
        ),
        #[cfg(feature = "mysql")]
        Connection::Mysql(_) => format!(
            "SELECT group_concat(column_name) FROM information_schema.columns
             WHERE table_schema = database() AND table_name = '{table}'"
        ),
    };
    names(connection, &query)
}

fn names(connection: &mut Connection, query: &str) -> Vec<String> {
    let mut names: Vec<String> = connection.text(query).split(',').map(str::to_owned).collect();
    names.sort();
    names
}

/// A table's rows in their order, each a line: the hexadecimal digits of the columns' bytes, with commas between.
fn rows(connection: &mut Connection, table: &str, columns: &[&str]) -> String {
    let row = |each: &dyn Fn(&str) -> String, between: &str| -> String {
        columns.iter().map(|name| each(name)).collect::<Vec<_>>().join(between)
    };
    let query = match connection {
        Connection::Sqlite(_) => {
            let row = row(&|name| format!("coalesce(hex(\"{name}\"), '')"), " || ',' || ");
            format!("SELECT coalesce(group_concat(r, char(10)), '') FROM (SELECT {row} AS r FROM {table} ORDER BY r)")
        }
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => {
            // Bytes are told by the backslash that their text begins with.
            let row = row(
                &|name| {
                    format!(
                        "coalesce(CASE WHEN pg_typeof(\"{name}\")::text = 'bytea' THEN substr(\"{name}\"::text, 3)
                         ELSE encode(convert_to(\"{name}\"::text, 'UTF8'), 'hex') END, '')"
                    )
                },
                " || ',' || ",
            );
            format!(
                "SELECT coalesce(string_agg(r, chr(10) ORDER BY r), '') FROM (SELECT {row} AS r FROM {table}) AS all_rows"
            )
        }
        #[cfg(feature = "mysql")]
        Connection::Mysql(_) => {
            let row = row(&|name| format!("coalesce(hex(cast(`{name}` AS binary)), '')"), ", ',', ");
            format!("SELECT coalesce(group_concat(concat({row}) ORDER BY 1 SEPARATOR '\\n'), '') FROM {table}")
        }
    };
    connection.text(&query)
}
