//! Runs units of work, each in one transaction.

mod groups;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use circadia_domain::database_calls::DatabaseCalls;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::{Database, GroupableWrite, Store, TransactionEnd, UnitCost};
use diesel::prelude::*;
use diesel::sql_types::Integer;

use crate::backend::Backend;
use crate::connection::AnyConnection;
use crate::dialect::{self, Purpose};
use crate::options::{StorageError, StorageOptions};
use crate::pool::{AcquireError, Pool, PooledConnection};
use crate::transaction::{Result, Transaction};
use crate::writer_lock::WriterLock;
use crate::{migrations, statements, task_keys};

/// How often a writing transaction runs in all, if it loses to others.
const MAX_ATTEMPTS: u32 = 5;
/// The longest wait before it runs the second time; twice as long before each further time.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(10);
/// After this time it doesn't run again: who waits for it is to be answered within two seconds. So a lock that was waited
/// for in vain isn't waited for again.
const RETRY_WINDOW: Duration = Duration::from_secs(1);

/// A database behind a pool of connections.
pub struct SqlDatabase {
    pool: Pool,
    options: StorageOptions,
    backend: Backend,
    writers: WriterLock,
    /// See [`Database::is_reachable`].
    reachable: AtomicBool,
    /// See [`Database::is_full`].
    full: AtomicBool,
}

impl std::fmt::Debug for SqlDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlDatabase")
            .field("backend", &self.backend)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl SqlDatabase {
    /// Checks the URL and the options. Connects to nothing yet, so this succeeds while the database is unreachable.
    pub fn new(options: StorageOptions) -> std::result::Result<Self, StorageError> {
        let backend = Backend::of_url(&options.url)?;
        dialect::address(backend, &options).map_err(|error| StorageError::InvalidUrl(error.to_string()))?;
        let pool = Pool::new(backend, &options)?;
        let (writers, reachable, full) = (WriterLock::default(), AtomicBool::new(true), AtomicBool::new(false));
        Ok(Self { pool, options, backend, writers, reachable, full })
    }

    /// The kind of database.
    pub const fn backend(&self) -> Backend {
        self.backend
    }

    pub(crate) const fn options(&self) -> &StorageOptions {
        &self.options
    }

    /// Runs the pending migrations, under a lock between replicas that start together. Retries to connect until `wait`
    /// is over. Returns the names of the migrations that were run. Then rewrites what tasks are sorted and searched by
    /// where an older version computed it.
    pub fn migrate(&self, wait: Duration) -> std::result::Result<Vec<String>, StorageError> {
        let run = migrations::migrate(self.backend, &self.options, wait)?;
        let renewed = task_keys::renew(self).map_err(|error| StorageError::Migration(format!("task keys: {error}")))?;
        if renewed > 0 {
            tracing::info!(tasks = renewed, "rewrote what tasks are sorted and searched by");
        }
        Ok(run)
    }

    /// The names of the pending migrations, oldest first.
    pub fn pending(&self) -> std::result::Result<Vec<String>, StorageError> {
        migrations::pending(self.backend, &self.options)
    }

    /// The names of the applied migrations, oldest first.
    pub fn applied(&self) -> std::result::Result<Vec<String>, StorageError> {
        migrations::applied(self.backend, &self.options)
    }

    /// The names of the migrations of this version, oldest first.
    pub fn known_migrations(&self) -> std::result::Result<Vec<String>, StorageError> {
        migrations::known(self.backend)
    }

    /// Runs those of the pending migrations that are named, under the lock of [`SqlDatabase::migrate`].
    pub fn migrate_to(&self, names: &[String]) -> std::result::Result<Vec<String>, StorageError> {
        migrations::migrate_to(self.backend, &self.options, names)
    }

    /// The number of open connections, and how many of them are idle.
    pub fn connections(&self) -> (u32, u32) {
        self.pool.counts()
    }

    /// Threads with a connection that were given up, because the database doesn't answer them.
    pub fn left_behind(&self) -> u32 {
        self.pool.left_behind()
    }

    /// Connections at most.
    pub const fn max_connections(&self) -> u32 {
        self.options.max_connections
    }

    /// A connection. Only if none can be opened, the database counts as unreachable: not if all are in use, nor if the
    /// server has too many, nor if a file can't be opened.
    fn connect(&self, deadline: Instant) -> Result<PooledConnection> {
        statements::waiting(|| self.pool.get(deadline)).map_err(|error| {
            if let AcquireError::Connect(error) = &error {
                tracing::warn!(%error, "could not connect to the database");
                if self.backend != Backend::Sqlite && !dialect::is_too_many_connections(error) {
                    self.stopped_answering();
                }
            }
            StoreError::Unavailable(error.to_string())
        })
    }

    /// Classifies the error of a COMMIT.
    fn classify_commit(error: &diesel::result::Error, purpose: Purpose) -> StoreError {
        if purpose == Purpose::Writing { dialect::classify_commit(error) } else { dialect::classify(error) }
    }

    /// Opens a transaction, runs `work` in it and ends it as `work` says. `open` runs the transaction's first
    /// statement, if it needs one; [`diesel::NotFound`] from it becomes [`StoreError::NoSuchUser`].
    ///
    /// A writing transaction that lost to another one runs again as a whole, after a short random time.
    pub(crate) fn run<T>(
        &self,
        purpose: Purpose,
        open: impl Fn(&mut AnyConnection) -> QueryResult<T>,
        mut work: impl FnMut(&mut Transaction, T) -> TransactionEnd,
    ) -> Result<()> {
        let _writer_guard = match (self.backend, purpose) {
            (Backend::Sqlite, Purpose::Writing) => Some(self.writers.lock(self.options.turn_timeout)?),
            _ => None,
        };
        let begun = Instant::now();
        let mut attempt = 1;
        loop {
            let ended = self.run_once(purpose, &open, &mut work);
            let again = attempt < MAX_ATTEMPTS && begun.elapsed() < RETRY_WINDOW;
            if purpose == Purpose::Reading || !statements::found_conflict() || !again {
                return ended;
            }
            tracing::debug!(attempt, "a transaction lost to another one, and runs again");
            std::thread::sleep(retry_delay(attempt));
            attempt += 1;
        }
    }

    fn run_once<T>(
        &self,
        purpose: Purpose,
        open: impl Fn(&mut AnyConnection) -> QueryResult<T>,
        work: &mut impl FnMut(&mut Transaction, T) -> TransactionEnd,
    ) -> Result<()> {
        statements::begin_unit();
        let (mut transaction, opened) = self.open(purpose, open)?;
        statements::begin_work();
        let verdict = work(&mut transaction, opened);
        statements::end_work();
        let has_written = purpose == Purpose::Writing && verdict == TransactionEnd::Commit;
        let ended = match verdict {
            // There is nothing left to commit.
            TransactionEnd::Commit if statements::found_conflict() => {
                transaction.roll_back();
                Err(StoreError::Unavailable("the transaction lost to others again and again".to_owned()))
            }
            TransactionEnd::Commit => transaction.commit().map_err(|error| Self::classify_commit(&error, purpose)),
            TransactionEnd::Rollback => {
                transaction.roll_back();
                Ok(())
            }
        };
        statements::end_unit();
        self.note_room(has_written && ended.is_ok());
        ended
    }

    /// Notes whether the disk is full, from what the thread's last unit of work found of it.
    fn note_room(&self, has_written: bool) {
        if statements::found_disk_full() {
            if !self.full.swap(true, Ordering::Relaxed) {
                tracing::error!("the disk of the database is full: until there is room, it is only read");
            }
        } else if has_written && self.full.swap(false, Ordering::Relaxed) {
            tracing::info!("the disk of the database has room again");
        }
    }

    /// Takes a connection from the pool and opens a transaction on it.
    ///
    /// A dead connection fails here, before anything was written. It is discarded and the next one is tried, until the
    /// pool can't hold more dead ones or `acquire_timeout` is over.
    fn open<T>(
        &self,
        purpose: Purpose,
        open: impl Fn(&mut AnyConnection) -> QueryResult<T>,
    ) -> Result<(Transaction, T)> {
        let deadline = Instant::now() + self.options.acquire_timeout;
        let mut retries = self.options.max_connections;
        loop {
            let pooled = self.connect(deadline)?;
            let opened = Transaction::begin(pooled, purpose).and_then(|mut transaction| {
                let opened = open(transaction.connection())?;
                Ok((transaction, opened))
            });
            match opened {
                Ok(opened) => return Ok(opened),
                Err(error) if retries > 0 && dialect::is_connection_lost(&error) => {
                    tracing::debug!(%error, "discarded a dead connection");
                    retries -= 1;
                    // What was found of that connection says nothing about the next.
                    statements::begin_unit();
                }
                Err(diesel::NotFound) => return Err(StoreError::NoSuchUser),
                Err(error) => return Err(dialect::classify(&error)),
            }
        }
    }
}

/// How long to wait before a transaction runs again: a random time, so that two that were in each other's way part.
fn retry_delay(attempt: u32) -> Duration {
    let most = FIRST_RETRY_DELAY * 2_u32.pow(attempt - 1);
    most.mul_f64(fastrand::f64().max(0.1))
}

/// Reads of a table, whichever row.
fn look_for_schema(connection: &mut AnyConnection) -> QueryResult<usize> {
    use crate::schema::user_revisions;
    user_revisions::table.select(1.into_sql::<Integer>()).limit(1).execute(connection)
}

impl Database for SqlDatabase {
    fn run_query_at_once(&self, work: &mut dyn FnMut(&mut dyn Store)) -> bool {
        if self.backend != Backend::Sqlite {
            return false;
        }
        let Some(pooled) = self.pool.try_get() else { return false };
        statements::begin_unit();
        work(&mut Transaction::autocommit(pooled));
        statements::end_work();
        true
    }

    fn run_query(&self, work: &mut dyn FnMut(&mut dyn Store)) -> Result<()> {
        let deadline = Instant::now() + self.options.acquire_timeout;
        let mut retries = self.options.max_connections;
        loop {
            let pooled = self.connect(deadline)?;
            let mut connection = Transaction::autocommit(pooled);
            statements::begin_unit();
            work(&mut connection);
            statements::end_work();
            if !statements::found_connection_lost() {
                return Ok(());
            }
            connection.discard();
            if retries == 0 || Instant::now() >= deadline {
                return Ok(());
            }
            tracing::debug!("discarded a dead connection");
            retries -= 1;
        }
    }

    fn run_read(&self, work: &mut dyn FnMut(&mut dyn Store)) -> Result<()> {
        self.run(
            Purpose::Reading,
            |_| Ok(()),
            |transaction, ()| {
                work(transaction);
                TransactionEnd::Commit
            },
        )
    }

    fn run_write(&self, user: UserId, work: &mut dyn FnMut(&mut dyn Store, Revision) -> TransactionEnd) -> Result<()> {
        self.run(
            Purpose::Writing,
            // Before anything is read: its row lock serialises the user's writers.
            |connection| dialect::raise_revision(connection, user),
            |transaction, rev| work(transaction, Revision(rev)),
        )
    }

    fn run_unowned_write(&self, work: &mut dyn FnMut(&mut dyn Store) -> TransactionEnd) -> Result<()> {
        self.run(Purpose::Writing, |_| Ok(()), |transaction, ()| work(transaction))
    }

    fn groups_writes(&self) -> bool {
        self.backend == Backend::Sqlite
    }

    fn run_writes(&self, writes: &mut [&mut dyn GroupableWrite]) {
        if let [write] = writes {
            return self.run_alone(*write);
        }
        match self.run_group(writes) {
            Ok(outcomes) => {
                for (write, (ran, cost)) in writes.iter_mut().zip(outcomes) {
                    write.ended(ran, cost);
                }
            }
            Err(error) => writes.iter_mut().for_each(|write| write.ended(Err(error.clone()), UnitCost::default())),
        }
    }

    /// Also that the schema is there: another database may have taken the place of the one before.
    fn ping(&self) -> Result<()> {
        self.run(Purpose::Reading, look_for_schema, |_, _| TransactionEnd::Commit)
    }

    fn is_reachable(&self) -> bool {
        self.reachable.load(Ordering::Relaxed)
    }

    fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    fn probe(&self) -> Result<()> {
        let (answers, found) = match self.pool.connect() {
            Err(error) => (dialect::is_too_many_connections(&error), Err(StoreError::Unavailable(error.to_string()))),
            Ok(mut connection) => match look_for_schema(&mut connection) {
                Err(error) => (!dialect::is_connection_lost(&error), Err(dialect::classify(&error))),
                Ok(_) => (true, Ok(())),
            },
        };
        self.reachable.store(answers, Ordering::Relaxed);
        found
    }

    fn stopped_answering(&self) {
        self.reachable.store(false, Ordering::Relaxed);
    }

    fn limits_statements(&self) -> bool {
        self.backend != Backend::Sqlite
    }

    fn calls(&self) -> DatabaseCalls {
        statements::calls()
    }

    fn leave_connection_behind(&self) {
        self.pool.leave_behind();
    }

    fn connection_came_back(&self) {
        self.pool.came_back();
    }

    fn cost_of_last_unit(&self) -> UnitCost {
        statements::of_last_unit()
    }
}
