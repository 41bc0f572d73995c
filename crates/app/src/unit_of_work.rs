//! Runs units of work off the async threads: at most one for each connection, with a bounded wait.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::unit_of_work::{self, Database, Store, UnitOfWorkError, WriteTransaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::database_use;

/// How long a unit of work waits for its turn while the database can't be reached.
const ACQUIRE_TIMEOUT_WHILE_UNREACHABLE: Duration = Duration::from_millis(100);

/// How often a waiting unit of work checks whether the database can still be reached.
const REACHABILITY_CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// Runs units of work against a database. Cheap to clone.
#[derive(Clone)]
pub struct UnitOfWork {
    database: Arc<dyn Database>,
    permits: Arc<Semaphore>,
    acquire_timeout: Duration,
}

impl std::fmt::Debug for UnitOfWork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnitOfWork").field("free", &self.permits.available_permits()).finish_non_exhaustive()
    }
}

impl UnitOfWork {
    /// At most `connections` units run at once. One that finds no connection free within `acquire_timeout` fails with
    /// [`StoreError::Busy`].
    pub fn new(database: Arc<dyn Database>, connections: usize, acquire_timeout: Duration) -> Self {
        Self { database, permits: Arc::new(Semaphore::new(connections)), acquire_timeout }
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
        self.run(move |database| unit_of_work::write(database, user, now, work)).await
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
        self.run(move |database| unit_of_work::write_unowned(database, work)).await
    }

    /// Checks that the database answers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.run(|database| database.ping()).await
    }

    /// Waits for a permit, in the order of asking. The wait ends early once the database turns out to be unreachable.
    async fn acquire(&self, begun: Stopwatch) -> Result<OwnedSemaphorePermit, StoreError> {
        let unreachable = || StoreError::Unavailable("it could not be reached a moment ago".to_owned());
        let mut permit = pin!(Arc::clone(&self.permits).acquire_owned());
        loop {
            let reachable = self.database.is_reachable();
            let timeout = if reachable { self.acquire_timeout } else { ACQUIRE_TIMEOUT_WHILE_UNREACHABLE };
            let left = timeout.saturating_sub(begun.elapsed());
            match tokio::time::timeout(left.min(REACHABILITY_CHECK_INTERVAL), permit.as_mut()).await {
                // The unit that held the permit may have found out just now.
                Ok(_) if !self.database.is_reachable() && begun.elapsed() > ACQUIRE_TIMEOUT_WHILE_UNREACHABLE => {
                    return Err(unreachable());
                }
                Ok(permit) => return permit.map_err(|_| StoreError::Busy),
                Err(_) if left.is_zero() && !reachable => return Err(unreachable()),
                Err(_) if left.is_zero() => return Err(StoreError::Busy),
                Err(_) => {}
            }
        }
    }

    async fn run<T, E>(&self, unit: impl FnOnce(&dyn Database) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let begun = Stopwatch::now();
        let permit = self.acquire(begun).await?;
        let database = Arc::clone(&self.database);
        let ran = tokio::task::spawn_blocking(move || {
            let outcome = unit(database.as_ref());
            (outcome, database.statements_of_last_unit(), permit)
        })
        .await;
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        match ran {
            Ok((outcome, statements, permit)) => {
                database_use::record(statements, micros);
                drop(permit);
                outcome
            }
            Err(panic) => Err(StoreError::Defect(format!("a unit of work panicked: {panic}")).into()),
        }
    }
}
