//! Running units of work: off the async threads, no more at once than there are connections, never waiting without end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant as Stopwatch};

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::store::{self, Database, Refusal, Store, StoreError, Writing};
use tokio::sync::Semaphore;

use crate::context;
use crate::problem::Problem;

/// How long a request waits for its turn while the database can't be reached: not at the pace at which those before it
/// find out.
const PATIENCE_WHILE_DOWN: Duration = Duration::from_millis(100);

/// Runs units of work against a database.
#[derive(Clone)]
pub struct Work {
    database: Arc<dyn Database>,
    permits: Arc<Semaphore>,
    patience: Duration,
    /// Whether the latest unit of work found the database unreachable.
    down: Arc<AtomicBool>,
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work").field("free", &self.permits.available_permits()).finish_non_exhaustive()
    }
}

impl Work {
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
        self.judged(self.run(move |database| store::read(database, work)).await?.map_err(Into::into))
    }

    /// A writing unit of work of a user.
    pub async fn write<T, E>(
        &self,
        user: UserId,
        now: Instant,
        work: impl FnOnce(&mut Writing<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Refusal + Into<Problem> + Send + 'static,
    {
        self.judged(self.run(move |database| store::write(database, user, now, work)).await?.map_err(Into::into))
    }

    /// A writing unit of work that belongs to no user.
    pub async fn administer<T, E>(
        &self,
        work: impl FnOnce(&mut dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Refusal + Into<Problem> + Send + 'static,
    {
        self.judged(self.run(move |database| store::administer(database, work)).await?.map_err(Into::into))
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<(), Problem> {
        self.judged(self.run(|database| database.ping().map_err(Problem::from)).await?)
    }

    /// Remembers whether the database could be reached.
    fn judged<T>(&self, outcome: Result<T, Problem>) -> Result<T, Problem> {
        let down = matches!(&outcome, Err(problem) if problem.code() == "unavailable");
        self.down.store(down, Ordering::Relaxed);
        outcome
    }

    async fn run<T: Send + 'static>(
        &self,
        unit: impl FnOnce(&dyn Database) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let begun = Stopwatch::now();
        let patience = if self.down.load(Ordering::Relaxed) { PATIENCE_WHILE_DOWN } else { self.patience };
        let permit = tokio::time::timeout(patience, Arc::clone(&self.permits).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(Problem::unavailable("All database connections are busy. Nothing was stored; try again."));
        };
        let database = Arc::clone(&self.database);
        let ran = tokio::task::spawn_blocking(move || {
            let outcome = unit(database.as_ref());
            drop(permit);
            (outcome, database.statements_of_last_unit())
        })
        .await;
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        match ran {
            Ok((outcome, statements)) => {
                context::note_unit(statements, micros);
                Ok(outcome)
            }
            Err(panic) => Err(Problem::from(StoreError::Defect(format!("a unit of work panicked: {panic}")))),
        }
    }
}
