//! Runs units of work off the async threads: at most one for each connection, with a bounded wait.

mod replica;
mod running;
mod writing;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use circadia_domain::error::StoreError;
use circadia_domain::measures::UnitKind;
use circadia_domain::unit_of_work::{self, Database, Store, UnitOfWorkError};
use tokio::sync::Notify;

use self::running::Unit;
use crate::claim::Claim;
use crate::database_measures::DatabaseMeasures;
use crate::database_threads::DatabaseThreads;

/// How long a unit of work may take after the time it may wait for its turn, which is more than any of its calls may.
const RUN_TIMEOUT: Duration = Duration::from_secs(4);

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

    /// Whether there was no room on the database's disk when something was last to be written.
    pub fn is_full(&self) -> bool {
        self.database.is_full()
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

    /// Checks that the database answers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.run(Unit::of(UnitKind::Ping), Claim::default(), |database| database.ping()).await
    }
}
