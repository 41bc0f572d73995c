//! Runs units of work off the async threads: at most one for each connection, with a bounded wait.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::{self, Database, Store, UnitCost, UnitOfWorkError, WriteTransaction};

use crate::database_threads::{DatabaseThreads, QueueFull, Submitted, UnitOutcome};
use crate::database_use;

/// How long a unit of work waits for its turn while the database can't be reached.
const ACQUIRE_TIMEOUT_WHILE_UNREACHABLE: Duration = Duration::from_millis(100);

/// How often a waiting unit of work checks whether the database can still be reached.
const REACHABILITY_CHECK_INTERVAL: Duration = Duration::from_millis(50);

fn unreachable() -> StoreError {
    StoreError::Unavailable("it could not be reached a moment ago".to_owned())
}

/// Runs units of work against a database. Cheap to clone.
#[derive(Clone)]
pub struct UnitOfWork {
    database: Arc<dyn Database>,
    threads: DatabaseThreads,
    acquire_timeout: Duration,
}

impl std::fmt::Debug for UnitOfWork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnitOfWork").field("acquire_timeout", &self.acquire_timeout).finish_non_exhaustive()
    }
}

impl UnitOfWork {
    /// At most `connections` units run at once. One whose turn doesn't come within `acquire_timeout` fails with
    /// [`StoreError::Busy`].
    ///
    /// # Errors
    /// Those of the system, if it gives no threads.
    pub fn new(database: Arc<dyn Database>, connections: usize, acquire_timeout: Duration) -> io::Result<Self> {
        Ok(Self { threads: DatabaseThreads::start(connections)?.with_writer(&database)?, database, acquire_timeout })
    }

    /// Reads what one statement answers, apart from the user's settings. Without a transaction, see
    /// [`unit_of_work::query`].
    ///
    /// # Errors
    /// Those of `work`; [`StoreError`] from the database.
    pub async fn query<T, E>(&self, work: impl Fn(&mut dyn Store) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let begun = Stopwatch::now();
        if let Some(outcome) = unit_of_work::query_at_once(&*self.database, &work) {
            database_use::record(self.database.cost_of_last_unit(), begun.elapsed());
            return outcome;
        }
        self.run(move |database| unit_of_work::query(database, work)).await
    }

    /// Reads from one snapshot.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError`] from the transaction.
    pub async fn read<T, E>(&self, work: impl FnOnce(&mut dyn Store) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        self.run(move |database| unit_of_work::read(database, work)).await
    }

    /// Writes as a user, whose revision is raised first.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError`] from the transaction, [`StoreError::NoSuchUser`] if the account is gone.
    pub async fn write<T, E>(
        &self,
        user: UserId,
        now: Instant,
        work: impl FnOnce(&mut WriteTransaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        if !self.threads.groups_writes() {
            return self.run(move |database| unit_of_work::write(database, user, now, work)).await;
        }
        let work = move |store: &mut dyn Store, rev: Option<Revision>| {
            let rev = rev.ok_or_else(|| StoreError::Defect("a user's write has no revision".to_owned()))?;
            work(&mut WriteTransaction { store, user, rev, now })
        };
        self.finish(self.threads.submit_write(Some(user), work), Stopwatch::now()).await
    }

    /// Writes what belongs to no user: registration, keys, jobs.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError`] from the transaction.
    pub async fn write_unowned<T, E>(
        &self,
        work: impl FnOnce(&mut dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        if !self.threads.groups_writes() {
            return self.run(move |database| unit_of_work::write_unowned(database, work)).await;
        }
        self.finish(self.threads.submit_write(None, move |store, _| work(store)), Stopwatch::now()).await
    }

    /// Checks that the database answers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.run(|database| database.ping()).await
    }

    async fn run<T, E>(&self, unit: impl FnOnce(&dyn Database) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let begun = Stopwatch::now();
        let database = Arc::clone(&self.database);
        let unit = move || {
            // The unit before may have found out just now.
            if !database.is_reachable() && begun.elapsed() > ACQUIRE_TIMEOUT_WHILE_UNREACHABLE {
                return (Err(unreachable().into()), UnitCost::default());
            }
            let outcome = unit(database.as_ref());
            (outcome, database.cost_of_last_unit())
        };
        self.finish(self.threads.submit(unit), begun).await
    }

    /// Waits for the outcome, and records what it cost.
    async fn finish<T, E: From<StoreError>>(
        &self,
        submitted: Result<Submitted<UnitOutcome<T, E>>, QueueFull>,
        begun: Stopwatch,
    ) -> Result<T, E> {
        let submitted = submitted.map_err(|QueueFull| StoreError::Busy)?;
        let (outcome, cost) = self.wait(submitted, begun).await?;
        database_use::record(cost, begun.elapsed());
        outcome
    }

    /// Waits for the outcome. Until its turn comes, a unit of work waits for a bounded time, and briefly once the
    /// database turns out to be unreachable.
    async fn wait<T>(&self, mut submitted: Submitted<T>, begun: Stopwatch) -> Result<T, StoreError> {
        let panicked = |_| StoreError::Defect("a unit of work panicked".to_owned());
        loop {
            let reachable = self.database.is_reachable();
            let timeout = if reachable { self.acquire_timeout } else { ACQUIRE_TIMEOUT_WHILE_UNREACHABLE };
            let left = timeout.saturating_sub(begun.elapsed());
            match tokio::time::timeout(left.min(REACHABILITY_CHECK_INTERVAL), submitted.outcome()).await {
                Ok(outcome) => return outcome.map_err(panicked),
                Err(_) if !left.is_zero() => {}
                // It runs already, and its statements have limits of their own.
                Err(_) if !submitted.cancel() => return submitted.outcome().await.map_err(panicked),
                Err(_) if reachable => return Err(StoreError::Busy),
                Err(_) => return Err(unreachable()),
            }
        }
    }
}
