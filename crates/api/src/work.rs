//! Running units of work: off the async threads, no more at once than there are connections, never waiting without end.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Stopwatch};

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::unit_of_work::{self, Database, Refusal, Store, WriteTransaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::context;
use crate::problem::Problem;

/// How long a request waits for its turn while the database can't be reached: not at the pace at which those before it
/// find out.
const PATIENCE_WHILE_DOWN: Duration = Duration::from_millis(100);

/// How often a request that waits for its turn looks whether the database can still be reached.
const LOOK: Duration = Duration::from_millis(50);

/// Runs units of work against a database.
#[derive(Clone)]
pub struct UnitOfWork {
    database: Arc<dyn Database>,
    permits: Arc<Semaphore>,
    patience: Duration,
    /// Whether the latest unit of work found the database unreachable.
    down: Arc<AtomicBool>,
}

impl std::fmt::Debug for UnitOfWork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnitOfWork").field("free", &self.permits.available_permits()).finish_non_exhaustive()
    }
}

impl UnitOfWork {
    /// At most `connections` units at once; a request that finds none free within `patience` is refused (503).
    pub fn new(database: Arc<dyn Database>, connections: usize, patience: Duration) -> Self {
        Self { database, permits: Arc::new(Semaphore::new(connections)), patience, down: Arc::default() }
    }

    /// A reading unit of work: one snapshot.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Refusal + Into<Problem> + Send + 'static,
    {
        self.run(move |database| unit_of_work::read(database, work)).await
    }

    /// A writing unit of work of a user.
    pub async fn write<T, E>(
        &self,
        user: UserId,
        now: Instant,
        work: impl FnOnce(&mut WriteTransaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Refusal + Into<Problem> + Send + 'static,
    {
        self.run(move |database| unit_of_work::write(database, user, now, work)).await
    }

    /// A writing unit of work that belongs to no user.
    pub async fn write_unowned<T, E>(
        &self,
        work: impl FnOnce(&mut dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Refusal + Into<Problem> + Send + 'static,
    {
        self.run(move |database| unit_of_work::write_unowned(database, work)).await
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<(), Problem> {
        self.run(|database| database.ping().map_err(Problem::from)).await
    }

    /// Waits for a turn: in the order of coming, and no longer than makes sense by what those before have found.
    async fn turn(&self, begun: Stopwatch) -> Result<OwnedSemaphorePermit, Problem> {
        let busy = || Problem::unavailable("All database connections are busy. Nothing was stored; try again.");
        let mut turn = pin!(Arc::clone(&self.permits).acquire_owned());
        loop {
            let patience = if self.down.load(Ordering::Relaxed) { PATIENCE_WHILE_DOWN } else { self.patience };
            let left = patience.saturating_sub(begun.elapsed());
            match tokio::time::timeout(left.min(LOOK), turn.as_mut()).await {
                // Whoever had it may have found out just now.
                Ok(_) if self.down.load(Ordering::Relaxed) && begun.elapsed() > PATIENCE_WHILE_DOWN => {
                    return Err(Problem::unavailable("The database can't be reached. Nothing was stored; try again."));
                }
                Ok(permit) => return permit.map_err(|_| busy()),
                Err(_) if left.is_zero() => return Err(busy()),
                Err(_) => {}
            }
        }
    }

    async fn run<T, E>(&self, unit: impl FnOnce(&dyn Database) -> Result<T, E> + Send + 'static) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let begun = Stopwatch::now();
        let permit = self.turn(begun).await?;
        let database = Arc::clone(&self.database);
        let ran = tokio::task::spawn_blocking(move || {
            let outcome = unit(database.as_ref());
            (outcome, database.statements_of_last_unit(), permit)
        })
        .await;
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        match ran {
            Ok((outcome, statements, permit)) => {
                context::note_unit(statements, micros);
                let outcome = outcome.map_err(Into::into);
                let down = matches!(&outcome, Err(problem) if problem.code() == "unavailable");
                self.down.store(down, Ordering::Relaxed);
                // Only now, so that whoever has waited for it knows.
                drop(permit);
                outcome
            }
            Err(panic) => Err(Problem::from(StoreError::Defect(format!("a unit of work panicked: {panic}")))),
        }
    }
}
