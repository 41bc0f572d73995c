//! Threads for the blocking calls of a database: one for each connection, all fed from one bounded queue.
//!
//! While units of work wait, a thread that finishes one takes the next without going to sleep. So a unit of work costs
//! at most one hop to another thread and back.
//!
//! Where writes gain from sharing a transaction, a thread of its own takes all that wait, and runs them as one group.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::{Database, GroupableWrite, QueuedWrite, Store, UnitCost, UnitOfWorkError};
use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::sync::oneshot;

/// The number of units of work that may wait. A further one is refused at once.
const QUEUE_CAPACITY: usize = 4_096;

/// What a thread runs.
type Task = Box<dyn FnOnce() + Send>;

/// The writes that one transaction holds at most: the first to come is answered when the last is done.
const GROUP_CAPACITY: usize = 32;

/// A write that waits.
struct WaitingWrite {
    claim: Claim,
    write: Box<dyn GroupableWrite>,
}

/// The queues of the threads, which end once the last clone of this is dropped.
#[derive(Clone)]
pub(crate) struct DatabaseThreads {
    queue: Sender<Task>,
    /// Where writes are grouped.
    writes: Option<Sender<WaitingWrite>>,
}

/// What became of a unit of work, and what it cost.
pub(crate) type UnitOutcome<T, E> = (Result<T, E>, UnitCost);

/// The queue is full.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueFull;

impl DatabaseThreads {
    /// Starts the threads.
    ///
    /// # Errors
    /// Those of the system, if it gives no threads.
    pub(crate) fn start(threads: usize) -> io::Result<Self> {
        let (queue, tasks) = bounded::<Task>(QUEUE_CAPACITY);
        for number in 1..=threads {
            let tasks = tasks.clone();
            thread::Builder::new().name(format!("database-{number}")).spawn(move || run_all(&tasks))?;
        }
        Ok(Self { queue, writes: None })
    }

    /// Starts the thread for writes, if the database groups them.
    ///
    /// # Errors
    /// Those of the system, if it gives no thread.
    pub(crate) fn with_writer(self, database: &Arc<dyn Database>) -> io::Result<Self> {
        if !database.groups_writes() {
            return Ok(self);
        }
        let (writes, waiting) = bounded(QUEUE_CAPACITY);
        let database = Arc::clone(database);
        thread::Builder::new().name("database-writer".to_owned()).spawn(move || run_groups(&*database, &waiting))?;
        Ok(Self { writes: Some(writes), ..self })
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
        user: Option<UserId>,
        work: impl FnOnce(&mut dyn Store, Option<Revision>) -> Result<T, E> + Send + 'static,
    ) -> Result<Submitted<UnitOutcome<T, E>>, QueueFull>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Send + 'static,
    {
        let (sender, outcome) = oneshot::channel();
        let claim = Claim::default();
        let send = move |outcome, cost| drop(sender.send((outcome, cost)));
        let write = WaitingWrite { claim: claim.clone(), write: Box::new(QueuedWrite::new(user, work, send)) };
        self.writes.as_ref().ok_or(QueueFull)?.try_send(write).map_err(|_| QueueFull)?;
        Ok(Submitted { outcome, claim })
    }

    /// Queues a task.
    ///
    /// # Errors
    /// [`QueueFull`].
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Submitted<T>, QueueFull> {
        let (sender, outcome) = oneshot::channel();
        let claim = Claim::default();
        let claimed = claim.clone();
        let task = move || {
            if claimed.take() {
                // The request may have been cut off meanwhile.
                let _ = sender.send(task());
            }
        };
        self.queue.try_send(Box::new(task)).map_err(|_| QueueFull)?;
        Ok(Submitted { outcome, claim })
    }
}

fn run_all(tasks: &Receiver<Task>) {
    while let Ok(task) = tasks.recv() {
        // The panic hook has logged it, and the waiting side finds the channel closed.
        let _ = catch_unwind(AssertUnwindSafe(task));
    }
}

fn run_groups(database: &dyn Database, waiting: &Receiver<WaitingWrite>) {
    while let Ok(first) = waiting.recv() {
        let mut group: Vec<WaitingWrite> =
            std::iter::once(first).chain(waiting.try_iter().take(GROUP_CAPACITY - 1)).collect();
        group.retain(|waiting| waiting.claim.take());
        let mut writes: Vec<&mut dyn GroupableWrite> = Vec::with_capacity(group.len());
        for waiting in &mut group {
            writes.push(&mut *waiting.write);
        }
        if !writes.is_empty() {
            let _ = catch_unwind(AssertUnwindSafe(|| database.run_writes(&mut writes)));
        }
    }
}

/// The right to decide about a queued task: the thread takes it to run the task, the waiting side to give up.
#[derive(Debug, Clone, Default)]
struct Claim(Arc<AtomicBool>);

impl Claim {
    fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

/// A task in the queue, or running. Dropped before it began, it never runs.
#[derive(Debug)]
pub(crate) struct Submitted<T> {
    outcome: oneshot::Receiver<T>,
    claim: Claim,
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

    #[tokio::test]
    async fn a_task_runs_on_a_thread_of_its_own_and_a_panic_ends_none() {
        let threads = DatabaseThreads::start(1).unwrap();
        let mut panicking = threads.submit(|| assert!(thread::panicking(), "expected by the test")).unwrap();
        assert!(panicking.outcome().await.is_err());
        let mut name = threads.submit(|| thread::current().name().map(str::to_owned)).unwrap();
        assert_eq!(name.outcome().await.unwrap().as_deref(), Some("database-1"));
    }

    #[tokio::test]
    async fn a_task_that_was_taken_back_or_dropped_never_runs() {
        let threads = DatabaseThreads::start(1).unwrap();
        let (release, blocked) = mpsc::channel::<()>();
        let mut first = threads.submit(move || blocked.recv().is_ok()).unwrap();
        let (ran, runs) = mpsc::channel();
        let (one, two) = (ran.clone(), ran);
        let cancelled = threads.submit(move || one.send(()).is_ok()).unwrap();
        assert!(cancelled.cancel());
        drop(threads.submit(move || two.send(()).is_ok()).unwrap());
        release.send(()).unwrap();
        assert!(first.outcome().await.unwrap());
        assert!(!first.cancel(), "it had run");
        threads.submit(|| ()).unwrap().outcome().await.unwrap();
        assert!(runs.try_recv().is_err());
    }
}
