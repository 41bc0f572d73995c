//! Databases of their own for tests, and things to put into them.

pub(crate) mod account;
pub(crate) mod samples;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::unit_of_work::{WriteTransaction, read, write, write_unowned};
use circadia_storage::{Backend, SqlDatabase, StorageOptions};
use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// A database that is this test's alone, removed at its end.
pub(crate) struct TestDatabase {
    pub(crate) database: SqlDatabase,
    pub(crate) options: StorageOptions,
    place: Place,
}

enum Place {
    Folder {
        _removed_by_its_drop: tempfile::TempDir,
    },
    /// Dropped on the server that has this maintenance database.
    Server {
        maintenance: String,
        name: String,
    },
}

impl TestDatabase {
    /// One with all its tables.
    pub(crate) fn migrated(backend: Backend) -> Self {
        let made = Self::make(backend, true);
        if backend != Backend::Postgres {
            made.database.migrate(Duration::ZERO).expect("migrate");
        }
        made
    }

    /// One without tables.
    pub(crate) fn empty(backend: Backend) -> Self {
        Self::make(backend, false)
    }

    fn make(backend: Backend, from_template: bool) -> Self {
        let name = fresh_name();
        let (url, place) = match backend {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                (
                    format!("sqlite://{}/test.db", folder.path().display()),
                    Place::Folder { _removed_by_its_drop: folder },
                )
            }
            Backend::Postgres | Backend::Mysql => {
                let maintenance = server_url(backend);
                let mut server = Raw::open(&maintenance);
                server.execute(&format!("DROP DATABASE IF EXISTS {name}")).expect("drop");
                if backend == Backend::Postgres && from_template {
                    let template = postgres_template(&maintenance);
                    server.execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).expect("create");
                } else {
                    server.execute(&format!("CREATE DATABASE {name}")).expect("create");
                }
                (in_database(&maintenance, &name), Place::Server { maintenance, name })
            }
        };
        let timeout = Duration::from_secs(30);
        let options = StorageOptions {
            acquire_timeout: timeout,
            turn_timeout: timeout,
            statement_timeout: timeout,
            lock_timeout: timeout,
            ..StorageOptions::new(url)
        };
        let database = SqlDatabase::new(options.clone()).expect("options");
        Self { database, options, place }
    }

    /// The same database through a pool of its own.
    pub(crate) fn reopened(&self, change: impl FnOnce(&mut StorageOptions)) -> SqlDatabase {
        let mut options = self.options.clone();
        change(&mut options);
        SqlDatabase::new(options).expect("options")
    }

    /// A connection past the repositories.
    pub(crate) fn raw(&self) -> Raw {
        Raw::open(&self.options.url)
    }

    /// A registered user.
    pub(crate) fn user(&self) -> UserId {
        let user = samples::user();
        write_unowned(&self.database, |store| store.insert_user(&user)).expect("insert_user");
        user.id
    }

    /// A user's writing unit of work that succeeds.
    pub(crate) fn write<T>(
        &self,
        user: UserId,
        work: impl FnMut(&mut WriteTransaction<'_>) -> Result<T, StoreError>,
    ) -> T {
        write(&self.database, user, samples::NOW, work).expect("write")
    }

    /// A reading unit of work that succeeds.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&mut dyn circadia_domain::unit_of_work::Store) -> Result<T, StoreError>,
    ) -> T {
        read(&self.database, work).expect("read")
    }

    /// How many statements the last unit of work on this thread ran.
    pub(crate) fn database_statements(&self) -> u32 {
        circadia_domain::unit_of_work::Database::cost_of_last_unit(&self.database).statements
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Place::Server { maintenance, name } = &self.place {
            let force = if maintenance.starts_with("postgres") { " WITH (FORCE)" } else { "" };
            // A failing test is told of by its own panic; what is left behind goes with the throw-away server.
            let _ = Raw::open(maintenance).execute(&format!("DROP DATABASE {name}{force}"));
        }
    }
}

/// Unique among the processes that run tests at a time; one left by an earlier process is dropped first.
fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("circadia_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn server_url(backend: Backend) -> String {
    let name = match backend {
        Backend::Postgres => "CIRCADIA_TEST_POSTGRES_URL",
        Backend::Mysql | Backend::Sqlite => "CIRCADIA_TEST_MYSQL_URL",
    };
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: tests/run starts the servers and sets it"))
}

/// `url` with another database's name.
fn in_database(url: &str, name: &str) -> String {
    let (server, _) = url.rsplit_once('/').expect("a URL with a database");
    format!("{server}/{name}")
}

/// The migrated database that others are copied from; the first test creates it. Its name has a hash of the migrations,
/// so that one of older migrations isn't taken for it.
fn postgres_template(maintenance: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/postgres");
    let content: String = {
        let mut files: Vec<_> =
            std::fs::read_dir(folder).expect("migrations").map(|entry| entry.expect("entry").path()).collect();
        files.sort();
        files.iter().map(|file| std::fs::read_to_string(file.join("up.sql")).expect("up.sql")).collect()
    };
    // FNV-1a
    let hash = content
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let name = format!("circadia_template_{hash:016x}");
    let mut server = Raw::open(maintenance);
    server.execute("SELECT pg_advisory_lock(7)").expect("lock");
    let known = server.number(&format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'"));
    if known == 0 {
        // Under another name until it is whole.
        let unfinished = format!("{name}_unfinished");
        server.execute(&format!("DROP DATABASE IF EXISTS {unfinished}")).expect("drop");
        server.execute(&format!("CREATE DATABASE {unfinished}")).expect("create");
        let database = SqlDatabase::new(StorageOptions::new(in_database(maintenance, &unfinished))).expect("options");
        database.migrate(Duration::ZERO).expect("migrate");
        drop(database);
        server
            .execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{unfinished}'"))
            .expect("terminate");
        server.execute(&format!("ALTER DATABASE {unfinished} RENAME TO {name}")).expect("rename");
    }
    server.execute("SELECT pg_advisory_unlock(7)").expect("unlock");
    name
}

/// A connection past the repositories.
pub(crate) enum Raw {
    Sqlite(SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(PgConnection),
    #[cfg(feature = "mysql")]
    Mysql(MysqlConnection),
}

macro_rules! on_raw {
    ($raw:expr, $connection:ident => $body:expr) => {
        match $raw {
            Raw::Sqlite($connection) => $body,
            #[cfg(feature = "postgres")]
            Raw::Postgres($connection) => $body,
            #[cfg(feature = "mysql")]
            Raw::Mysql($connection) => $body,
        }
    };
}

impl Raw {
    pub(crate) fn open(url: &str) -> Self {
        match Backend::of_url(url).expect("backend") {
            Backend::Sqlite => {
                let mut connection = SqliteConnection::establish(&url["sqlite://".len()..]).expect("connect");
                connection.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON").expect("pragma");
                Self::Sqlite(connection)
            }
            #[cfg(feature = "postgres")]
            Backend::Postgres => Self::Postgres(PgConnection::establish(url).expect("connect")),
            #[cfg(feature = "mysql")]
            Backend::Mysql => Self::Mysql(MysqlConnection::establish(url).expect("connect")),
            #[cfg(not(all(feature = "postgres", feature = "mysql")))]
            backend => panic!("{backend:?} is not compiled in"),
        }
    }

    /// Runs statements; on failure the database's message.
    pub(crate) fn execute(&mut self, statements: &str) -> Result<(), String> {
        on_raw!(self, connection => connection.batch_execute(statements)).map_err(|error| error.to_string())
    }

    /// The number that a query gives.
    pub(crate) fn number(&mut self, query: &str) -> i64 {
        on_raw!(self, connection => sql::<BigInt>(query).get_result(connection)).expect(query)
    }

    /// The texts that a query gives.
    pub(crate) fn texts(&mut self, query: &str) -> Vec<String> {
        on_raw!(self, connection => sql::<Text>(query).get_results(connection)).expect(query)
    }
}

/// Runs `work` on `count` threads that start together; their results in the threads' order.
pub(crate) fn at_once<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = std::sync::Barrier::new(count);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|index| {
                let (barrier, work) = (&barrier, &work);
                scope.spawn(move || {
                    barrier.wait();
                    work(index)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}
