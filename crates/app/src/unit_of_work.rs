//! Runs units of work off the async threads: at most one for each connection, with a bounded wait.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::{self, Database, Store, UnitCost, UnitOfWorkError, WriteTransaction};

use crate::claim::Claim;
use crate::database_threads::{DatabaseThreads, QueueFull, Submitted, UnitOutcome};
use crate::database_use;

/// How often it is checked whether a unit of work was given up, or the database became unreachable.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// How long a unit of work may take after the time it may wait for its turn, which is more than any of its calls may.
const RUN_TIMEOUT: Duration = Duration::from_secs(4);

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
    /// [`StoreError::Busy`]. One is given up after two seconds in which the database doesn't answer, or four seconds after
    /// the time that its turn may take: with [`StoreError::Unavailable`] if it will not be committed, otherwise with
    /// [`StoreError::OutcomeUnknown`].
    ///
    /// # Errors
    /// Those of the system, if it gives no threads.
    pub fn new(database: Arc<dyn Database>, connections: usize, acquire_timeout: Duration) -> io::Result<Self> {
        Ok(Self { threads: DatabaseThreads::start(&database, connections)?, database, acquire_timeout })
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
        self.run(Claim::default(), move |database| unit_of_work::query(database, work)).await
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
        self.run(Claim::default(), move |database| unit_of_work::read(database, work)).await
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
        let claim = Claim::default();
        let own = claim.clone();
        if !self.threads.groups_writes() {
            let work = move |tx: &mut WriteTransaction<'_>| unless_given_up(&own, work(tx));
            return self.run(claim, move |database| unit_of_work::write(database, user, now, work)).await;
        }
        let work = move |store: &mut dyn Store, rev: Option<Revision>| {
            let rev = rev.ok_or_else(|| StoreError::Defect("a user's write has no revision".to_owned()))?;
            unless_given_up(&own, work(&mut WriteTransaction { store, user, rev, now }))
        };
        self.finish(self.threads.submit_write(claim, Some(user), work), Stopwatch::now()).await
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
        let claim = Claim::default();
        let own = claim.clone();
        let work = move |store: &mut dyn Store| unless_given_up(&own, work(store));
        if !self.threads.groups_writes() {
            return self.run(claim, move |database| unit_of_work::write_unowned(database, work)).await;
        }
        self.finish(self.threads.submit_write(claim, None, move |store, _| work(store)), Stopwatch::now()).await
    }

    /// Checks that the database answers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.run(Claim::default(), |database| database.ping()).await
    }

    async fn run<T, E>(
        &self,
        claim: Claim,
        unit: impl FnOnce(&dyn Database) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let begun = Stopwatch::now();
        let database = Arc::clone(&self.database);
        let unit = move || {
            // The unit before may have found out just now.
            if !database.is_reachable() {
                return (Err(unreachable().into()), UnitCost::default());
            }
            let outcome = unit(database.as_ref());
            (outcome, database.cost_of_last_unit())
        };
        self.finish(self.threads.submit(claim, unit), begun).await
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

    /// Waits for the outcome, for a bounded time. While the database is unreachable, no unit of work begins.
    async fn wait<T>(&self, mut submitted: Submitted<T>, begun: Stopwatch) -> Result<T, StoreError> {
        let panicked = |_| StoreError::Defect("a unit of work panicked".to_owned());
        loop {
            let reachable = self.database.is_reachable();
            let is_turn_over = begun.elapsed() >= self.acquire_timeout;
            if (!reachable || is_turn_over) && submitted.cancel() {
                return Err(if reachable { StoreError::Busy } else { unreachable() });
            }
            if let Ok(outcome) = tokio::time::timeout(CHECK_INTERVAL, submitted.outcome()).await {
                return outcome.map_err(panicked);
            }
            if let Some(error) = submitted.claim.given_up() {
                // It may have ended just before.
                return submitted.outcome().try_recv().map_err(|_| error);
            }
            if begun.elapsed() >= self.acquire_timeout + RUN_TIMEOUT {
                submitted.claim.give_up();
            }
        }
    }
}

/// The result of a unit of work that is to be committed, unless its client was told that it isn't.
fn unless_given_up<T, E: UnitOfWorkError>(claim: &Claim, result: Result<T, E>) -> Result<T, E> {
    let is_committed = result.as_ref().map_or_else(UnitOfWorkError::commit_on_error, |_| true);
    if is_committed && !claim.may_commit() {
        return Err(StoreError::Unavailable("it was given up before it could commit".to_owned()).into());
    }
    result
}
