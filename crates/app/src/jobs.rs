//! The queue of jobs: schedules, claims on a lease, how attempts ended, and what administrators see and do.

use std::sync::Arc;

use circadia_auth::Outbox;
use circadia_domain::audit::{self, AuditAction, AuditDetail, AuditEvent};
use circadia_domain::error::{Error as DomainError, StoreError};
use circadia_domain::ids::JobId;
use circadia_domain::jobs::{
    self, Attempt, Jitter, Job, JobCount, JobFilter, JobKind, JobOverview, JobSeek, JobState, LEASE_SECONDS, Lane,
    Retries, Schedule, ScheduleOverview, Settled,
};
use circadia_domain::unit_of_work::Store;

use crate::authenticate::Principal;
use crate::context::Context;

/// The queue of jobs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct JobQueue {
    context: Context,
    outbox: Outbox,
    schedules: Arc<[Schedule]>,
    /// What this process does: every kind but those that it isn't configured for.
    kinds: Arc<[JobKind]>,
}

impl JobQueue {
    /// `configured` are the schedules of kinds whose interval the configuration says.
    pub fn new(context: Context, outbox: Outbox, configured: &[Schedule]) -> Self {
        let schedules: Arc<[Schedule]> = jobs::schedules(configured).into();
        let is_done_here = |kind: &JobKind| !kind.recurs() || schedules.iter().any(|schedule| schedule.kind == *kind);
        let kinds = JobKind::ALL.iter().copied().filter(is_done_here).collect();
        Self { context, outbox, schedules, kinds }
    }

    /// Enqueues the jobs of schedules whose turn has come, each in a transaction of its own. How many.
    ///
    /// # Errors
    /// The store's.
    pub async fn enqueue_scheduled(&self) -> Result<usize, StoreError> {
        let stored = self.context.unit_of_work.query::<_, StoreError>(|store| store.job_schedules()).await?;
        let now = self.context.now();
        let mut enqueued = 0;
        for schedule in self.schedules.iter().copied() {
            let row = stored.iter().find(|row| row.kind.as_str() == schedule.kind.as_str());
            let next_at = row.map(|row| row.next_at);
            if !schedule.is_due(next_at, now) {
                continue;
            }
            let id: JobId = self.context.ids.fresh().into();
            let turn = self.context.unit_of_work.write_unowned::<_, StoreError>(move |store| {
                jobs::enqueue_scheduled(store, &schedule, next_at, id, now)
            });
            if turn.await? {
                enqueued += 1;
                self.outbox.wake();
            }
        }
        Ok(enqueued)
    }

    /// The jobs of all replicas that are in a state, by kind.
    ///
    /// # Errors
    /// The store's.
    pub async fn count_by_kind(&self, states: &'static [JobState]) -> Result<Vec<(JobState, JobCount)>, StoreError> {
        let now = self.context.now();
        let count = move |store: &mut dyn Store| {
            let mut counts = Vec::new();
            for state in states {
                counts.extend(store.count_jobs_by_kind(*state, now)?.into_iter().map(|count| (*state, count)));
            }
            Ok(counts)
        };
        self.context.unit_of_work.query::<_, StoreError>(count).await
    }

    /// The kinds of a lane that this process does.
    fn kinds(&self, lane: Lane) -> Vec<JobKind> {
        self.kinds.iter().copied().filter(|kind| kind.lane() == lane).collect()
    }

    /// Whether a job of a lane is due.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_due(&self, lane: Lane) -> Result<bool, StoreError> {
        let (now, kinds) = (self.context.now(), self.kinds(lane));
        self.context.unit_of_work.query::<_, StoreError>(move |store| store.job_is_due(&kinds, now)).await
    }

    /// Claims up to `limit` jobs of a lane that are due, in a transaction of its own.
    ///
    /// # Errors
    /// The store's.
    pub async fn claim(&self, lane: Lane, limit: usize) -> Result<Vec<Job>, StoreError> {
        let (now, kinds) = (self.context.now(), self.kinds(lane));
        let lease = now.plus_seconds(LEASE_SECONDS);
        self.context
            .unit_of_work
            .write_unowned::<_, StoreError>(move |store| store.claim_jobs(&kinds, now, lease, limit))
            .await
    }

    /// Whether a job that was claimed can be begun now, and be cut off after so many seconds, before its lease ends.
    pub fn leaves_time(&self, job: &Job, seconds: i64) -> bool {
        self.context.now().plus_seconds(seconds) <= job.leased_until
    }

    /// Gives back jobs that were claimed and not begun.
    ///
    /// # Errors
    /// The store's. The jobs are then done when their lease is over.
    pub async fn hand_back(&self, jobs: Vec<Job>) -> Result<(), StoreError> {
        self.context
            .unit_of_work
            .write_unowned::<_, StoreError>(move |store| {
                jobs.iter().try_for_each(|job| store.hand_back_job(job).map(drop))
            })
            .await
    }

    /// Has the lease on a job begin again, in a transaction of its own: the job with its new lease, or none if the lease had
    /// ended.
    ///
    /// # Errors
    /// The store's.
    pub async fn renew(&self, job: &Job) -> Result<Option<Job>, StoreError> {
        let until = self.context.now().plus_seconds(LEASE_SECONDS);
        let (held, renewed) = (job.clone(), Job { leased_until: until, ..job.clone() });
        let is_renewed = self
            .context
            .unit_of_work
            .write_unowned::<_, StoreError>(move |store| store.renew_lease(&held, until))
            .await?;
        Ok(is_renewed.then_some(renewed))
    }

    /// How jobs of a kind are tried again.
    pub fn retries(&self, kind: JobKind) -> Retries {
        Retries::of(kind, self.interval(kind.as_str()))
    }

    /// Seconds from one turn of a kind to the next, if it recurs in this process.
    pub fn interval(&self, kind: &str) -> Option<i64> {
        self.schedules.iter().find(|schedule| schedule.kind.as_str() == kind).map(|schedule| schedule.interval)
    }

    /// Notes how the work on a job ended, in a transaction of its own.
    ///
    /// # Errors
    /// The store's. The job is then done once more when its lease is over.
    pub async fn settle(&self, job: Job, attempt: Attempt) -> Result<Settled, StoreError> {
        let (now, retries) = (self.context.now(), self.retries(job.kind));
        let mut bits = [0; 2];
        self.context.entropy.fill(&mut bits);
        let jitter = Jitter::from_bits(u16::from_le_bytes(bits));
        self.context
            .unit_of_work
            .write_unowned::<_, StoreError>(move |store| jobs::settle(store, &job, &attempt, retries, jitter, now))
            .await
    }

    /// Waits until this process enqueues a job.
    pub async fn enqueued(&self) {
        self.outbox.woken().await;
    }

    /// A part of the jobs that are sought, newest first, and the number of all of them.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, filter: JobFilter, seek: JobSeek) -> Result<(Vec<JobOverview>, i64), StoreError> {
        let now = self.context.now();
        self.context.unit_of_work.read::<_, StoreError>(move |store| jobs::list(store, filter, seek, now)).await
    }

    /// Every schedule that was ever looked at, by any replica.
    ///
    /// # Errors
    /// The store's.
    pub async fn schedules(&self) -> Result<Vec<ScheduleOverview>, StoreError> {
        self.context.unit_of_work.query::<_, StoreError>(|store| store.job_schedules()).await
    }

    /// Has a job that was given up tried again, and records by whom.
    ///
    /// # Errors
    /// `job_not_found`, `job_not_dead`; the store's.
    pub async fn retry(&self, principal: Principal, id: JobId) -> Result<JobOverview, DomainError> {
        let (context, now) = (self.context.clone(), self.context.now());
        let retried = self.context.unit_of_work.write_unowned::<_, DomainError>(move |store| {
            let job = jobs::retry_dead(store, id, now)?;
            let kind = JobKind::parse(job.kind.as_str()).map_or("unknown", JobKind::as_str);
            let event =
                AuditEvent { subject: job.user, ..context.audit_event(principal, AuditAction::JOB_RETRIED, now) };
            let event = event.with("job", AuditDetail::Id(id.as_uuid())).with("kind", AuditDetail::Word(kind));
            audit::record(store, &event)?;
            Ok(job)
        });
        let job = retried.await?;
        self.outbox.wake();
        Ok(job)
    }
}
