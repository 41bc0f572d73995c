//! Runs units of work off the async threads: at most one for each connection, with a bounded wait.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::idempotency_keys;
use circadia_domain::ids::UserId;
use circadia_domain::measures::UnitKind;
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::{self, Database, Store, UnitCost, UnitOfWorkError, WriteTransaction};

use tokio::sync::Notify;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::SPAN_TARGET;
use crate::claim::Claim;
use crate::database_measures::DatabaseMeasures;
use crate::database_threads::{DatabaseThreads, QueueFull, Submitted, UnitOutcome};
use crate::database_use;
use crate::idempotent_requests;

/// How often it is checked whether a unit of work was given up, or the database became unreachable.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// How long to wait for the read replica before the database itself is asked.
const REPLICA_TIMEOUT: Duration = Duration::from_secs(1);

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
    measures: Arc<DatabaseMeasures>,
    acquire_timeout: Duration,
    run_timeout: Duration,
    /// A copy of the database that may be a moment behind.
    replica: Option<Arc<UnitOfWork>>,
    /// Told after each write of a user.
    written: Arc<Notify>,
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
        let measures = Arc::new(DatabaseMeasures::default());
        let threads = DatabaseThreads::start(&database, connections, &measures)?;
        Ok(Self {
            database,
            threads,
            measures,
            acquire_timeout,
            run_timeout: RUN_TIMEOUT,
            replica: None,
            written: Arc::default(),
        })
    }

    /// Lets [`query_replica`](Self::query_replica) and [`read_replica`](Self::read_replica) read from this copy of the
    /// database.
    #[must_use]
    pub fn with_replica(self, replica: Self) -> Self {
        Self { replica: Some(Arc::new(replica)), ..self }
    }

    /// The read replica, if there is one.
    pub fn replica(&self) -> Option<&Self> {
        self.replica.as_deref()
    }

    /// What the units of work of all clones cost so far.
    pub fn measures(&self) -> &DatabaseMeasures {
        &self.measures
    }

    /// Waits until a user's write was committed through this process since this was last waited for.
    pub(crate) async fn written(&self) {
        self.written.notified().await;
    }

    /// Whether the database can be reached, as far as is known.
    pub fn is_reachable(&self) -> bool {
        self.database.is_reachable()
    }

    /// The same for units of work that consist of many calls, each of which is still given up after two seconds.
    #[must_use]
    pub fn with_run_timeout(&self, run_timeout: Duration) -> Self {
        Self { run_timeout, ..self.clone() }
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
        let (begun, unit) = (Stopwatch::now(), Unit::of(UnitKind::Query));
        let at_once = unit.span.in_scope(|| unit_of_work::query_at_once(&*self.database, &work));
        if let Some(outcome) = at_once {
            self.note(&unit, &outcome, self.database.cost_of_last_unit(), begun.elapsed());
            return outcome;
        }
        self.run(unit, Claim::default(), move |database| unit_of_work::query(database, work)).await
    }

    /// Reads a user's data like [`query`](Self::query), but from the read replica if there is one that has everything that
    /// the user has written by now: for what takes the database long. The user's revision is asked of the database
    /// itself, so no one misses their own write, whichever process it came through. Whatever goes wrong on the replica,
    /// the database itself answers.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError`] from the database.
    pub async fn query_replica<T, E>(
        &self,
        user: UserId,
        work: impl Fn(&mut dyn Store) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let work = Arc::new(work);
        match self.on_replica(user, &work).await {
            Some(found) => Ok(found),
            None => self.query(move |store| work(store)).await,
        }
    }

    /// Reads a user's data from one snapshot, otherwise like [`query_replica`](Self::query_replica).
    ///
    /// # Errors
    /// Those of `work`; [`StoreError`] from the database.
    pub async fn read_replica<T, E>(
        &self,
        user: UserId,
        work: impl Fn(&mut dyn Store) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let work = Arc::new(work);
        match self.on_replica(user, &work).await {
            Some(found) => Ok(found),
            None => self.read(move |store| work(store)).await,
        }
    }

    /// What the read replica answers; `None` if there is none, it fails, or it lacks what the user has written.
    async fn on_replica<T, E, W>(&self, user: UserId, work: &Arc<W>) -> Option<T>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
        W: Fn(&mut dyn Store) -> Result<T, E> + Send + Sync + 'static,
    {
        let replica = self.replica.as_deref().filter(|replica| replica.database.is_reachable())?;
        let latest = self.query(move |store| store.latest_revision(user)).await.ok()?;
        let work = Arc::clone(work);
        let read = replica.read::<_, E>(move |store| {
            let is_current = store.latest_revision(user)? >= latest;
            if is_current { work(store).map(Some) } else { Ok(None) }
        });
        tokio::time::timeout(REPLICA_TIMEOUT, read).await.ok()?.ok()?
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
        self.run(Unit::of(UnitKind::Read), Claim::default(), move |database| unit_of_work::read(database, work)).await
    }

    /// Writes as a user, whose revision is raised first. `work` may run several times, of which one is kept: it must change
    /// nothing but the database.
    ///
    /// # Errors
    /// Those of `work`; [`StoreError`] from the transaction, [`StoreError::NoSuchUser`] if the account is gone.
    pub async fn write<T, E>(
        &self,
        user: UserId,
        now: Instant,
        mut work: impl FnMut(&mut WriteTransaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let attempt = idempotent_requests::current();
        let work = move |tx: &mut WriteTransaction<'_>| {
            let done = work(tx)?;
            attempt.iter().try_for_each(|attempt| idempotency_keys::note_commit(tx.store, attempt))?;
            Ok(done)
        };
        let written = self.write_once(user, now, work).await;
        if written.is_ok() {
            self.written.notify_one();
        }
        written
    }

    async fn write_once<T, E>(
        &self,
        user: UserId,
        now: Instant,
        mut work: impl FnMut(&mut WriteTransaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let claim = Claim::default();
        let own = claim.clone();
        if !self.threads.groups_writes() {
            let work = move |tx: &mut WriteTransaction<'_>| unless_given_up(&own, || work(tx));
            let unit = move |database: &dyn Database| unit_of_work::write(database, user, now, work);
            return self.run(Unit::of(UnitKind::Write), claim, unit).await;
        }
        let work = move |store: &mut dyn Store, rev: Option<Revision>| {
            let rev = rev.ok_or_else(|| StoreError::Defect("a user's write has no revision".to_owned()))?;
            unless_given_up(&own, || work(&mut WriteTransaction { store, user, rev, now }))
        };
        self.finish(Unit::of(UnitKind::Write), self.threads.submit_write(claim, Some(user), work), Stopwatch::now())
            .await
    }

    /// Writes what belongs to no user: registration, keys, jobs. `work` may run several times, as in [`write`](Self::write).
    ///
    /// # Errors
    /// Those of `work`; [`StoreError`] from the transaction.
    pub async fn write_unowned<T, E>(
        &self,
        mut work: impl FnMut(&mut dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let claim = Claim::default();
        let own = claim.clone();
        let attempt = idempotent_requests::current();
        let mut work = move |store: &mut dyn Store| {
            let done = work(store)?;
            attempt.iter().try_for_each(|attempt| idempotency_keys::note_commit(store, attempt))?;
            Ok(done)
        };
        let mut work = move |store: &mut dyn Store| unless_given_up(&own, || work(store));
        if !self.threads.groups_writes() {
            let unit = move |database: &dyn Database| unit_of_work::write_unowned(database, work);
            return self.run(Unit::of(UnitKind::UnownedWrite), claim, unit).await;
        }
        let submitted = self.threads.submit_write(claim, None, move |store, _| work(store));
        self.finish(Unit::of(UnitKind::UnownedWrite), submitted, Stopwatch::now()).await
    }

    /// Checks that the database answers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.run(Unit::of(UnitKind::Ping), Claim::default(), |database| database.ping()).await
    }

    async fn run<T, E>(
        &self,
        unit: Unit,
        claim: Claim,
        work: impl FnOnce(&dyn Database) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let begun = Stopwatch::now();
        let database = Arc::clone(&self.database);
        let task = move || {
            // The unit before may have found out just now.
            if !database.is_reachable() {
                return (Err(unreachable().into()), UnitCost::default());
            }
            let outcome = work(database.as_ref());
            (outcome, database.cost_of_last_unit())
        };
        self.finish(unit, self.threads.submit(claim, task), begun).await
    }

    /// Waits for the outcome, and records what it cost.
    async fn finish<T, E: UnitOfWorkError>(
        &self,
        unit: Unit,
        submitted: Result<Submitted<UnitOutcome<T, E>>, QueueFull>,
        begun: Stopwatch,
    ) -> Result<T, E> {
        let ended = match submitted {
            Ok(submitted) => self.wait(submitted, begun).instrument(unit.span.clone()).await,
            Err(QueueFull) => Err(StoreError::Busy),
        };
        match ended {
            Ok((outcome, cost)) => {
                self.note(&unit, &outcome, cost, begun.elapsed());
                outcome
            }
            Err(error) => {
                let outcome = Err(error.into());
                self.note_end(&unit, &outcome, begun.elapsed());
                outcome
            }
        }
    }

    /// Notes how a unit of work that ran ended, and what it cost.
    fn note<T, E: UnitOfWorkError>(&self, unit: &Unit, outcome: &Result<T, E>, cost: UnitCost, duration: Duration) {
        self.measures.add(cost);
        database_use::record(cost, duration);
        unit.span.record("circadia.statements", cost.statements);
        self.note_end(unit, outcome, duration);
    }

    fn note_end<T, E: UnitOfWorkError>(&self, unit: &Unit, outcome: &Result<T, E>, duration: Duration) {
        let outcome = self.measures.note(unit.kind, outcome, duration);
        unit.span.record("circadia.outcome", outcome.as_str());
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
            if begun.elapsed() >= self.acquire_timeout + self.run_timeout {
                submitted.claim.give_up();
            }
        }
    }
}

/// A unit of work, as it is measured.
struct Unit {
    kind: UnitKind,
    /// For traces.
    span: Span,
}

impl Unit {
    fn of(kind: UnitKind) -> Self {
        let span = tracing::info_span!(
            target: SPAN_TARGET,
            "unit of work",
            otel.name = kind.as_str(),
            circadia.statements = Empty,
            circadia.outcome = Empty,
        );
        Self { kind, span }
    }
}

/// The result of a unit of work that is to be committed, unless its client was told that it isn't.
fn unless_given_up<T, E: UnitOfWorkError>(claim: &Claim, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    // It may be the second time: what was to be committed before was rolled back.
    claim.begin();
    let result = work();
    let is_committed = result.as_ref().map_or_else(UnitOfWorkError::commit_on_error, |_| true);
    if is_committed && !claim.may_commit() {
        return Err(StoreError::Unavailable("it was given up before it could commit".to_owned()).into());
    }
    result
}
