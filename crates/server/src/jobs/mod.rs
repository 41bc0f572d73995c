//! Doing what was enqueued: workers that take jobs on lease, and the scheduler that enqueues what recurs.
//!
//! A claim is committed before its work begins, and how that ended is noted in a transaction of its own. What was
//! enqueued by this process is begun at once; what other replicas left, or what is to be tried again, is found by
//! looking once a second.
//!
//! Webhooks, reminders and notifications are sent beside them; what concerns one process alone is in `background`.

mod backups;
mod emails;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use circadia_app::App;
use circadia_domain::error::StoreError;
use circadia_domain::jobs::{Attempt, Job, JobKind, LEASE_SECONDS, Lane, Settled};
use circadia_domain::measures::{Counter, Each, JobOutcome};
use tokio::sync::watch;

pub(crate) use backups::{Backups, schedule as backup_schedule};

use crate::background::BackgroundTasks;
use crate::backup::Stop;
use crate::mail::Mailer;
use crate::push::HttpPushSender;
use crate::quotes::{self, Provider};

/// Workers of one process: enough that one slow server doesn't hold everything up.
const WORKERS: usize = 2;
/// How often the schedules are looked at, and a worker looks for jobs that other processes left, or that are to be tried
/// again.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How long the work on one job may take: well within its lease.
const JOB_TIMEOUT: Duration = Duration::from_secs(90);
const JOB_TIMEOUT_SECONDS: i64 = 90;
const _: () =
    assert!(JOB_TIMEOUT.as_secs() == JOB_TIMEOUT_SECONDS.unsigned_abs() && JOB_TIMEOUT_SECONDS < LEASE_SECONDS);
/// How often a worker that may be long at a job renews its lease.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(30);
/// Pauses between attempts to note how a job ended. Together with what each attempt may take, they end before the lease.
const SETTLE_PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(2)];
/// The most jobs that a worker claims at a time. It does one after the other.
const MAX_BATCH: usize = 16;
/// A batch that took longer isn't followed by a larger one, but by a single job: others may be free to do the rest.
const QUICK_BATCH: Duration = Duration::from_secs(1);

/// Starts the workers of this process, and its scheduler. Once they are stopped, they take no more jobs, but do those that
/// they have begun: one that was cut off would be done twice. Only a backup is cut off, which may take much longer.
pub(crate) fn start(tasks: &mut BackgroundTasks, runner: &Arc<Runner>) {
    tokio::spawn(Arc::clone(runner).check_mail());
    tasks.spawn("the scheduler of jobs", |stopped| Arc::clone(runner).follow_schedules(stopped));
    for _ in 0..WORKERS {
        tasks.spawn("a worker", |stopped| Arc::clone(runner).work(stopped));
    }
    let stop_backup = Arc::clone(&runner.stop_backup);
    tasks.spawn("the end of backups", |mut stopped| async move {
        // An error means that the process ends.
        let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
        stop_backup.stop();
    });
}

/// Attempts by kind and outcome.
pub(crate) type JobMeasures = Each<JobKind, Each<JobOutcome, Counter>>;

/// What does the jobs, shared by the workers.
pub(crate) struct Runner {
    pub(crate) app: Arc<App>,
    pub(crate) mailer: Arc<Mailer>,
    pub(crate) measures: Arc<JobMeasures>,
    pub(crate) push: HttpPushSender,
    /// Where quotations are fetched, if that is configured.
    pub(crate) quotes: Option<Provider>,
    /// How backups are taken, if they are scheduled.
    pub(crate) backups: Option<Backups>,
    /// Ends one.
    pub(crate) stop_backup: Arc<Stop>,
}

impl Runner {
    /// Does the work of a job: an arm for each kind. It ends within [`JOB_TIMEOUT`] unless its kind renews its lease, so what takes longer is done in slices,
    /// each of which ends with [`Attempt::Continue`]. It may run twice.
    async fn attempt(&self, job: &Job) -> Attempt {
        match job.kind {
            JobKind::Mail => emails::send(&self.app, &self.mailer, job).await,
            JobKind::Media => self.app.avatars.remove_unused(job).await,
            JobKind::Quotes => quotes::refresh(&self.app.quotes, self.quotes.as_ref()).await,
            JobKind::Purge => done_unless(self.app.maintenance.purge_expired().await),
            JobKind::Logins => part_done_unless(self.app.login_analytics.roll_up().await),
            JobKind::LoginRetention => part_done_unless(self.app.login_analytics.retain().await),
            JobKind::Backup => match &self.backups {
                Some(backups) => backups.take(self.app.context.now(), Arc::clone(&self.stop_backup)).await,
                None => Attempt::Failed("no backups are configured here".to_owned()),
            },
            JobKind::Import => self.app.app_imports.attempt(job).await,
            JobKind::Push => self.app.push.attempt(job, &self.push).await,
        }
    }

    /// Tells at the start that mail can't be sent, not only when the first one isn't.
    async fn check_mail(self: Arc<Self>) {
        if let Err(error) = self.mailer.check().await {
            tracing::warn!(%error, "the SMTP server can't be used: mail waits until it can");
        }
    }

    /// Enqueues what recurs when its turn comes.
    async fn follow_schedules(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            if let Err(error) = self.app.jobs.enqueue_scheduled().await {
                tracing::warn!(%error, "the schedules of jobs can't be followed");
            }
            tokio::select! {
                () = tokio::time::sleep(POLL_INTERVAL) => {}
                _ = stopped.changed() => {}
            }
        }
    }

    async fn work(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let mut batch = 1;
        while !*stopped.borrow() {
            let begun = Instant::now();
            let found = match self.claim(Lane::Common, batch).await {
                Ok(jobs) => jobs,
                Err(error) => {
                    tracing::warn!(%error, "jobs can't be looked for");
                    Vec::new()
                }
            };
            if found.is_empty() {
                batch = 1;
                tokio::select! {
                    () = self.app.jobs.enqueued() => {}
                    () = tokio::time::sleep(POLL_INTERVAL) => {}
                    _ = stopped.changed() => {}
                }
                continue;
            }
            self.carry_out_all(found, || *stopped.borrow()).await;
            batch = if begun.elapsed() < QUICK_BATCH { (batch * 2).min(MAX_BATCH) } else { 1 };
        }
    }

    /// Claims up to so many jobs of a lane that are due. An idle worker only reads.
    pub(crate) async fn claim(&self, lane: Lane, limit: usize) -> Result<Vec<Job>, StoreError> {
        if !self.app.jobs.is_due(lane).await? {
            return Ok(Vec::new());
        }
        self.app.jobs.claim(lane, limit).await
    }

    /// Does jobs one after the other. Those that can't be begun in good time before their lease ends are given back, and so
    /// are all that weren't begun when the process is to stop.
    async fn carry_out_all(&self, jobs: Vec<Job>, is_to_stop: impl Fn() -> bool) {
        let mut jobs = jobs;
        // Nothing waits for what takes long.
        jobs.sort_by_key(|job| job.kind.renews_lease());
        let mut jobs = jobs.into_iter();
        while let Some(job) = jobs.next() {
            if is_to_stop() || !self.app.jobs.leaves_time(&job, JOB_TIMEOUT_SECONDS) {
                let rest: Vec<Job> = std::iter::once(job).chain(jobs).collect();
                if let Err(error) = self.app.jobs.hand_back(rest).await {
                    tracing::warn!(%error, "jobs can't be given back: they wait until their lease is over");
                }
                return;
            }
            self.carry_out(job).await;
        }
    }

    /// Enqueues what recurs and is due, and does all that is due, without waiting. How many jobs it did.
    #[cfg(test)]
    pub(crate) async fn run_due(&self) -> Result<usize, StoreError> {
        self.app.jobs.enqueue_scheduled().await?;
        let mut done = 0;
        loop {
            let found = self.claim(Lane::Common, MAX_BATCH).await?;
            if found.is_empty() {
                return Ok(done);
            }
            done += found.len();
            self.carry_out_all(found, || false).await;
        }
    }

    /// Does a job of a kind that renews its lease, and says so while it is at it: the job with the lease that it has now.
    async fn attempt_renewing(&self, mut job: Job) -> (Job, Attempt) {
        let claimed = job.clone();
        let mut work = std::pin::pin!(self.attempt(&claimed));
        loop {
            tokio::select! {
                attempt = &mut work => return (job, attempt),
                () = tokio::time::sleep(RENEWAL_INTERVAL) => {}
            }
            match self.app.jobs.renew(&job).await {
                Ok(Some(renewed)) => job = renewed,
                // Another worker will begin, or has. Its backup has another name, so there are two; of an import, each part
                // is done once, by any worker.
                Ok(None) => tracing::warn!(id = %job.id, "the lease of a job ended before it was renewed"),
                Err(error) => tracing::warn!(id = %job.id, %error, "the lease of a job can't be renewed"),
            }
        }
    }

    /// Does a job, and notes how it ended.
    pub(crate) async fn carry_out(&self, job: Job) {
        let (id, kind, attempts) = (job.id, job.kind, job.attempts);
        let (job, attempt) = if self.app.jobs.retries(job.kind).are_exhausted(attempts) {
            (job, Attempt::Permanent("its lease ran out time and again".to_owned()))
        } else if job.kind.renews_lease() {
            self.attempt_renewing(job).await
        } else {
            let attempt = match tokio::time::timeout(JOB_TIMEOUT, self.attempt(&job)).await {
                Ok(attempt) => attempt,
                Err(_) => Attempt::Failed(format!("it took more than {JOB_TIMEOUT_SECONDS} s")),
            };
            (job, attempt)
        };
        match &attempt {
            Attempt::Done => tracing::debug!(%id, %kind, "did a job"),
            Attempt::Continue => tracing::debug!(%id, %kind, "did a part of a job"),
            Attempt::Failed(reason) | Attempt::Postponed(reason, _) => {
                tracing::warn!(%id, %kind, attempts, reason, "a job failed");
            }
            Attempt::Permanent(reason) => tracing::error!(%id, %kind, attempts, reason, "a job can't be done"),
        }
        let goes_on = matches!(attempt, Attempt::Continue);
        let settled = self.settle(job, attempt).await;
        self.note(
            kind,
            match &settled {
                Ok(Settled::Done) => JobOutcome::Done,
                Ok(Settled::Again(_)) if goes_on => JobOutcome::Continued,
                Ok(Settled::Dead) => JobOutcome::GivenUp,
                Ok(Settled::Again(_) | Settled::NotOurs) | Err(_) => JobOutcome::Failed,
            },
        );
        match settled {
            Ok(Settled::Dead) => tracing::error!(%id, %kind, "a job was given up"),
            Ok(Settled::NotOurs) => tracing::warn!(%id, %kind, "a job was taken over, or removed, before it was done"),
            Ok(Settled::Done | Settled::Again(_)) => {}
            // It will be done once more when its lease is over.
            Err(error) => tracing::error!(%id, %kind, %error, "how a job ended can't be noted"),
        }
    }

    fn note(&self, kind: JobKind, outcome: JobOutcome) {
        if let Some(outcomes) = self.measures.of(kind) {
            outcomes.increment(outcome);
        }
    }

    /// Notes how an attempt ended. What can't be noted is done again, so it is tried for a while.
    async fn settle(&self, job: Job, attempt: Attempt) -> Result<Settled, StoreError> {
        for pause in SETTLE_PAUSES {
            match self.app.jobs.settle(job.clone(), attempt.clone()).await {
                // What may have been noted is noted once: the second time, the lease isn't this worker's any more.
                Err(StoreError::Busy | StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_)) => {
                    tokio::time::sleep(pause).await;
                }
                settled => return settled,
            }
        }
        self.app.jobs.settle(job, attempt).await
    }
}

/// The attempt of work that has nothing to say but whether it failed.
fn done_unless<E: std::fmt::Display>(outcome: Result<(), E>) -> Attempt {
    outcome.map_or_else(|error| Attempt::Failed(error.to_string()), |()| Attempt::Done)
}

/// The attempt of work that says whether there is more to do.
fn part_done_unless<E: std::fmt::Display>(outcome: Result<bool, E>) -> Attempt {
    match outcome {
        Ok(true) => Attempt::Continue,
        Ok(false) => Attempt::Done,
        Err(error) => Attempt::Failed(error.to_string()),
    }
}
