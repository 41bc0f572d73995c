//! Doing what was enqueued: workers that take jobs on lease, one at a time each.
//!
//! A claim is committed before its work begins, and how that ended is noted in a transaction of its own. What was
//! enqueued by this process is begun at once; what other replicas left, or what is to be tried again, is found by
//! looking once a second.

mod emails;

use std::sync::Arc;
use std::time::Duration;

use circadia_api::App;
use circadia_api::problem::Problem;
use circadia_domain::jobs::{Attempt, Job, JobKind, MAX_ATTEMPTS, Settled, settle};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use crate::mail::Mailer;

/// Workers of one process: enough that one slow server doesn't hold everything up.
const WORKERS: usize = 2;
/// How often is looked for what nobody told of.
const LOOK: Duration = Duration::from_secs(1);
/// Seconds for which a job is a worker's.
const LEASE: i64 = 120;
/// How long the work on one may take: well within its lease.
const PATIENCE: Duration = Duration::from_secs(90);

/// The workers of this process.
pub(crate) struct Workers {
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Workers(..)")
    }
}

impl Workers {
    /// Starts them, on the current runtime.
    pub(crate) fn start(app: &Arc<App>, mailer: Mailer) -> Self {
        let (stop, stopped) = watch::channel(false);
        let worker = Arc::new(Worker { app: Arc::clone(app), mailer });
        let tasks = (0..WORKERS).map(|_| tokio::spawn(Arc::clone(&worker).work(stopped.clone()))).collect();
        Self { stop, tasks: Mutex::new(tasks) }
    }

    /// Takes no more jobs, and waits for those that are being done: one that was cut off would be done twice.
    pub(crate) async fn stop(&self) {
        // An error means that none of them is left.
        let _ = self.stop.send(true);
        for task in self.tasks.lock().await.drain(..) {
            if task.await.is_err() {
                tracing::error!("a worker had ended before it was asked to");
            }
        }
    }
}

/// What workers work with.
struct Worker {
    app: Arc<App>,
    mailer: Mailer,
}

impl Worker {
    async fn work(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            match self.take().await {
                Ok(Some(job)) => self.carry_out(job).await,
                nothing => {
                    if let Err(problem) = nothing {
                        tracing::warn!(%problem, "jobs can't be looked for");
                    }
                    tokio::select! {
                        () = self.app.outbox.woken() => {}
                        () = tokio::time::sleep(LOOK) => {}
                        _ = stopped.changed() => {}
                    }
                }
            }
        }
    }

    /// Takes a job that is due.
    async fn take(&self) -> Result<Option<Job>, Problem> {
        let now = self.app.now();
        let kinds = &JobKind::ALL;
        if !self.app.unit_of_work.read::<_, Problem>(move |store| Ok(store.job_is_due(kinds, now)?)).await? {
            return Ok(None);
        }
        let lease = now.plus_seconds(LEASE);
        self.app.unit_of_work.write_unowned::<_, Problem>(move |store| Ok(store.claim_job(kinds, now, lease)?)).await
    }

    async fn carry_out(&self, job: Job) {
        let (id, kind, attempts) = (job.id, job.kind.as_str(), job.attempts);
        let attempt = if attempts > MAX_ATTEMPTS {
            // Its workers didn't live to note how it ended.
            Attempt::Permanent("its lease ran out time and again".to_owned())
        } else {
            match tokio::time::timeout(PATIENCE, self.attempt(&job)).await {
                Ok(attempt) => attempt,
                Err(_) => Attempt::Failed(format!("it took more than {} s", PATIENCE.as_secs())),
            }
        };
        match &attempt {
            Attempt::Done => tracing::debug!(%id, kind, "did a job"),
            Attempt::Failed(reason) => tracing::warn!(%id, kind, attempts, reason, "a job failed"),
            Attempt::Permanent(reason) => tracing::error!(%id, kind, attempts, reason, "a job can't be done"),
        }
        let now = self.app.now();
        let settled = self
            .app
            .unit_of_work
            .write_unowned::<_, Problem>(move |store| Ok(settle(store, &job, &attempt, now)?))
            .await;
        match settled {
            Ok(Settled::Dead) => tracing::error!(%id, kind, "a job was given up"),
            Ok(Settled::NotOurs) => tracing::warn!(%id, kind, "a job was taken over, or removed, before it was done"),
            Ok(Settled::Done | Settled::Again(_)) => {}
            // It will be done once more when its lease is over.
            Err(problem) => tracing::error!(%id, kind, %problem, "how a job ended can't be noted"),
        }
    }

    async fn attempt(&self, job: &Job) -> Attempt {
        match job.kind {
            JobKind::Mail => emails::send(&self.app, &self.mailer, job).await,
        }
    }
}
