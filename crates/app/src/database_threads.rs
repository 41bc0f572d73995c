//! Threads for the blocking calls of a database: one for each connection, all fed from one bounded queue.
//!
//! While units of work wait, a thread that finishes one takes the next without going to sleep. So a unit of work costs
//! at most one hop to another thread and back.
//!
//! Where writes gain from sharing a transaction, a thread of its own takes all that wait, and runs them as one group.
//!
//! A thread whose database doesn't answer is left behind, and another takes its place: see `database_watch`.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant as Stopwatch;

use circadia_domain::database_calls::DatabaseCalls;
use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::{Database, GroupableWrite, QueuedWrite, Store, UnitCost, UnitOfWorkError};
use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::sync::oneshot;

use crate::claim::Claim;
use crate::database_measures::DatabaseMeasures;
use crate::database_watch;

/// The number of units of work that may wait. A further one is refused at once.
const QUEUE_CAPACITY: usize = 4_096;

/// The writes that one transaction holds at most: the first to come is answered when the last is done.
const GROUP_CAPACITY: usize = 32;

/// What a thread runs.
struct Task {
    claim: Claim,
    queued: Stopwatch,
    run: Box<dyn FnOnce() + Send>,
}

/// A write that waits.
struct WaitingWrite {
    claim: Claim,
    queued: Stopwatch,
    write: Box<dyn GroupableWrite>,
}

/// The queues of the threads, which end once the last clone of this is dropped.
#[derive(Clone)]
pub(crate) struct DatabaseThreads {
    queue: Sender<Task>,
    /// Where writes are grouped.
    writes: Option<Sender<WaitingWrite>>,
    /// Ends the watch with the last clone.
    _watched: Arc<()>,
}

/// What became of a unit of work, and what it cost.
pub(crate) type UnitOutcome<T, E> = (Result<T, E>, UnitCost);

/// The queue is full.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueFull;

impl DatabaseThreads {
    /// Starts the threads, that for writes if the database groups them, and the one that watches them.
    ///
    /// # Errors
    /// Those of the system, if it gives no threads.
    pub(crate) fn start(
        database: &Arc<dyn Database>,
        threads: usize,
        measures: &Arc<DatabaseMeasures>,
    ) -> io::Result<Self> {
        let (queue, tasks) = bounded::<Task>(QUEUE_CAPACITY);
        let (database, measures) = (Arc::clone(database), Arc::clone(measures));
        let workers = Arc::new(WorkerThreads { database, tasks, measures, threads: Mutex::default() });
        for _ in 0..threads {
            workers.spawn()?;
        }
        let writes = if workers.database.groups_writes() {
            let (writes, waiting) = bounded(QUEUE_CAPACITY);
            let workers = Arc::clone(&workers);
            let run = move || run_groups(&workers, &waiting);
            thread::Builder::new().name("database-writer".to_owned()).spawn(run)?;
            Some(writes)
        } else {
            None
        };
        let watched = Arc::new(());
        database_watch::start(workers, Arc::downgrade(&watched))?;
        Ok(Self { queue, writes, _watched: watched })
    }

    /// Whether [`submit_write`](Self::submit_write) can be used.
    pub(crate) const fn groups_writes(&self) -> bool {
        self.writes.is_some()
    }

    /// Queues a write that shares its transaction with those that wait with it.
    ///
    /// # Errors
    /// [`QueueFull`].
    pub(crate) fn submit_write<T, E>(
        &self,
        claim: Claim,
        user: Option<UserId>,
        work: impl FnOnce(&mut dyn Store, Option<Revision>) -> Result<T, E> + Send + 'static,
    ) -> Result<Submitted<UnitOutcome<T, E>>, QueueFull>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let (sender, outcome) = oneshot::channel();
        let send = move |outcome, cost| drop(sender.send((outcome, cost)));
        let (queued, write) = (Stopwatch::now(), Box::new(QueuedWrite::new(user, work, send)));
        let write = WaitingWrite { claim: claim.clone(), queued, write };
        self.writes.as_ref().ok_or(QueueFull)?.try_send(write).map_err(|_| QueueFull)?;
        Ok(Submitted { outcome, claim })
    }

    /// Queues a task.
    ///
    /// # Errors
    /// [`QueueFull`].
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        claim: Claim,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Submitted<T>, QueueFull> {
        let (sender, outcome) = oneshot::channel();
        // The request may have been cut off meanwhile.
        let run = Box::new(move || drop(sender.send(task())));
        let queued = Stopwatch::now();
        self.queue.try_send(Task { claim: claim.clone(), queued, run }).map_err(|_| QueueFull)?;
        Ok(Submitted { outcome, claim })
    }
}

/// The threads, and what they take tasks from.
pub(crate) struct WorkerThreads {
    pub(crate) database: Arc<dyn Database>,
    tasks: Receiver<Task>,
    measures: Arc<DatabaseMeasures>,
    threads: Mutex<Vec<Arc<WorkerThread>>>,
}

/// A thread that runs units of work.
pub(crate) struct WorkerThread {
    pub(crate) calls: DatabaseCalls,
    pub(crate) present: Mutex<Present>,
    /// Whether another can take its place.
    pub(crate) is_replaceable: bool,
}

/// What a thread does at present.
#[derive(Default)]
pub(crate) struct Present {
    /// The units of work that it runs.
    pub(crate) claims: Vec<Claim>,
    /// The count of its calls when it was last looked at, and since when it has been that.
    pub(crate) seen: Option<(u64, Stopwatch)>,
    /// Another has taken its place, so it ends when it has run its unit of work.
    pub(crate) is_replaced: bool,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl WorkerThreads {
    /// Starts a thread.
    pub(crate) fn spawn(self: &Arc<Self>) -> io::Result<()> {
        let workers = Arc::clone(self);
        thread::Builder::new().name("database".to_owned()).spawn(move || run_all(&workers))?;
        Ok(())
    }

    /// The threads that run.
    pub(crate) fn threads(&self) -> Vec<Arc<WorkerThread>> {
        lock(&self.threads).clone()
    }

    /// Notes the present thread.
    fn enter(&self, is_replaceable: bool) -> Arc<WorkerThread> {
        let calls = self.database.calls();
        let thread = Arc::new(WorkerThread { calls, present: Mutex::default(), is_replaceable });
        lock(&self.threads).push(Arc::clone(&thread));
        thread
    }

    fn leave(&self, thread: &Arc<WorkerThread>) {
        lock(&self.threads).retain(|other| !Arc::ptr_eq(other, thread));
    }
}

impl WorkerThread {
    fn begin(&self, claims: impl Iterator<Item = Claim>) {
        lock(&self.present).claims.extend(claims);
    }

    /// Whether another thread has taken its place meanwhile.
    fn end(&self) -> bool {
        let mut present = lock(&self.present);
        present.claims.clear();
        present.is_replaced
    }
}

fn run_all(workers: &Arc<WorkerThreads>) {
    let thread = workers.enter(true);
    while let Ok(task) = workers.tasks.recv() {
        if !task.claim.take() {
            continue;
        }
        workers.measures.waits.observe(task.queued.elapsed());
        thread.begin(std::iter::once(task.claim));
        // The panic hook has logged it, and the waiting side finds the channel closed.
        let _ = catch_unwind(AssertUnwindSafe(task.run));
        if thread.end() {
            workers.database.connection_came_back();
            break;
        }
    }
    workers.leave(&thread);
}

fn run_groups(workers: &Arc<WorkerThreads>, waiting: &Receiver<WaitingWrite>) {
    let thread = workers.enter(false);
    while let Ok(first) = waiting.recv() {
        let mut group: Vec<WaitingWrite> =
            std::iter::once(first).chain(waiting.try_iter().take(GROUP_CAPACITY - 1)).collect();
        group.retain(|waiting| waiting.claim.take());
        for waiting in &group {
            workers.measures.waits.observe(waiting.queued.elapsed());
        }
        thread.begin(group.iter().map(|waiting| waiting.claim.clone()));
        let mut writes: Vec<&mut dyn GroupableWrite> = Vec::with_capacity(group.len());
        for waiting in &mut group {
            writes.push(&mut *waiting.write);
        }
        if !writes.is_empty() {
            let _ = catch_unwind(AssertUnwindSafe(|| workers.database.run_writes(&mut writes)));
        }
        thread.end();
    }
    workers.leave(&thread);
}

/// A task in the queue, or running. Dropped before it began, it never runs.
#[derive(Debug)]
pub(crate) struct Submitted<T> {
    outcome: oneshot::Receiver<T>,
    pub(crate) claim: Claim,
}

impl<T> Submitted<T> {
    /// The outcome; an error if the task panicked.
    pub(crate) const fn outcome(&mut self) -> &mut oneshot::Receiver<T> {
        &mut self.outcome
    }

    /// Takes the task back. Whether that came in time: if not, it runs.
    pub(crate) fn cancel(&self) -> bool {
        self.claim.take()
    }
}

impl<T> Drop for Submitted<T> {
    fn drop(&mut self) {
        self.claim.take();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::testing::SilentDatabase;

    fn threads(count: usize) -> DatabaseThreads {
        let database: Arc<dyn Database> = Arc::new(SilentDatabase::default());
        DatabaseThreads::start(&database, count, &Arc::default()).unwrap()
    }

    #[tokio::test]
    async fn a_task_runs_on_a_thread_of_its_own_and_a_panic_ends_none() {
        let threads = threads(1);
        let panics = || assert!(thread::panicking(), "expected by the test");
        let mut panicking = threads.submit(Claim::default(), panics).unwrap();
        assert!(panicking.outcome().await.is_err());
        let name = || thread::current().name().map(str::to_owned);
        let mut name = threads.submit(Claim::default(), name).unwrap();
        assert_eq!(name.outcome().await.unwrap().as_deref(), Some("database"));
    }

    #[tokio::test]
    async fn a_task_that_was_taken_back_or_dropped_never_runs() {
        let threads = threads(1);
        let (release, blocked) = mpsc::channel::<()>();
        let mut first = threads.submit(Claim::default(), move || blocked.recv().is_ok()).unwrap();
        let (ran, runs) = mpsc::channel();
        let (one, two) = (ran.clone(), ran);
        let cancelled = threads.submit(Claim::default(), move || one.send(()).is_ok()).unwrap();
        assert!(cancelled.cancel());
        drop(threads.submit(Claim::default(), move || two.send(()).is_ok()).unwrap());
        release.send(()).unwrap();
        assert!(first.outcome().await.unwrap());
        assert!(!first.cancel(), "it had run");
        threads.submit(Claim::default(), || ()).unwrap().outcome().await.unwrap();
        assert!(runs.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_thread_whose_call_has_no_end_is_left_behind_and_another_takes_its_place() {
        let database = Arc::new(SilentDatabase::default());
        let shared: Arc<dyn Database> = database.clone();
        let threads = DatabaseThreads::start(&shared, 1, &Arc::default()).unwrap();
        let (release, blocked) = mpsc::channel::<()>();
        let calls = database.clone();
        let claim = Claim::default();
        let stuck = threads.submit(claim.clone(), move || {
            calls.calls().begin();
            let released = blocked.recv().is_ok();
            calls.calls().end();
            released
        });
        let mut stuck = stuck.unwrap();
        // The only thread is occupied, until there is another.
        threads.submit(Claim::default(), || ()).unwrap().outcome().await.unwrap();
        assert!(matches!(claim.given_up(), Some(circadia_domain::error::StoreError::Unavailable(_))));
        assert_eq!(database.left_behind(), 1);
        release.send(()).unwrap();
        assert!(stuck.outcome().await.unwrap());
        let begun = Stopwatch::now();
        while database.left_behind() > 0 {
            assert!(begun.elapsed() < std::time::Duration::from_secs(5));
            thread::yield_now();
        }
        threads.submit(Claim::default(), || ()).unwrap().outcome().await.unwrap();
    }
}
