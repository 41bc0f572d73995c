//! Doing what was enqueued: workers that take jobs on lease, one at a time each.
//!
//! A claim is committed before its work begins, and how that ended is noted in a transaction of its own. What was
//! enqueued by this process is begun at once; what other replicas left, or what is to be tried again, is found by
//! looking once a second.

mod emails;

use std::sync::Arc;
use std::time::Duration;

use circadia_app::App;
use circadia_app::jobs::LEASE_SECONDS;
use circadia_domain::error::StoreError;
use circadia_domain::jobs::{Attempt, Job, JobKind, MAX_ATTEMPTS, Settled};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use crate::mail::Mailer;

/// Workers of one process: enough that one slow server doesn't hold everything up.
const WORKERS: usize = 2;
/// How often a worker looks for jobs that other processes left, or that are to be tried again.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How long the work on one job may take: well within its lease.
const JOB_TIMEOUT: Duration = Duration::from_secs(90);
const _: () = assert!(JOB_TIMEOUT.as_secs() < LEASE_SECONDS.unsigned_abs());

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
        tokio::spawn(Arc::clone(&worker).check_mail());
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

/// One worker, shared by its tasks.
struct Worker {
    app: Arc<App>,
    mailer: Mailer,
}

impl Worker {
    /// Tells at the start that mail can't be sent, not only when the first one isn't.
    async fn check_mail(self: Arc<Self>) {
        if let Err(error) = self.mailer.check().await {
            tracing::warn!(%error, "the SMTP server can't be used: mail waits until it can");
        }
    }

    async fn work(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            match self.app.jobs.claim().await {
                Ok(Some(job)) => self.carry_out(job).await,
                nothing => {
                    if let Err(error) = nothing {
                        tracing::warn!(%error, "jobs can't be looked for");
                    }
                    tokio::select! {
                        () = self.app.jobs.enqueued() => {}
                        () = tokio::time::sleep(POLL_INTERVAL) => {}
                        _ = stopped.changed() => {}
                    }
                }
            }
        }
    }

    async fn carry_out(&self, job: Job) {
        let (id, kind, attempts) = (job.id, job.kind.as_str(), job.attempts);
        let attempt = if attempts > MAX_ATTEMPTS {
            Attempt::Permanent("its lease ran out time and again".to_owned())
        } else {
            match tokio::time::timeout(JOB_TIMEOUT, self.attempt(&job)).await {
                Ok(attempt) => attempt,
                Err(_) => Attempt::Failed(format!("it took more than {} s", JOB_TIMEOUT.as_secs())),
            }
        };
        match &attempt {
            Attempt::Done => tracing::debug!(%id, kind, "did a job"),
            Attempt::Failed(reason) => tracing::warn!(%id, kind, attempts, reason, "a job failed"),
            Attempt::Permanent(reason) => tracing::error!(%id, kind, attempts, reason, "a job can't be done"),
        }
        let settled: Result<Settled, StoreError> = self.app.jobs.settle(job, attempt).await;
        match settled {
            Ok(Settled::Dead) => tracing::error!(%id, kind, "a job was given up"),
            Ok(Settled::NotOurs) => tracing::warn!(%id, kind, "a job was taken over, or removed, before it was done"),
            Ok(Settled::Done | Settled::Again(_)) => {}
            // It will be done once more when its lease is over.
            Err(error) => tracing::error!(%id, kind, %error, "how a job ended can't be noted"),
        }
    }

    async fn attempt(&self, job: &Job) -> Attempt {
        match job.kind {
            JobKind::Mail => emails::send(&self.app, &self.mailer, job).await,
        }
    }
}
