//! The queue of jobs: claiming them on a lease, and settling them.

use circadia_auth::Outbox;
use circadia_domain::error::StoreError;
use circadia_domain::jobs::{self, Attempt, Job, JobKind, Settled};

use crate::context::Context;

/// How long a claimed job belongs to its worker.
pub const LEASE_SECONDS: i64 = 120;

/// The queue of jobs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct JobQueue {
    pub context: Context,
    pub outbox: Outbox,
}

impl JobQueue {
    /// Claims a job that is due, in a transaction of its own.
    ///
    /// # Errors
    /// The store's.
    pub async fn claim(&self) -> Result<Option<Job>, StoreError> {
        let (now, kinds) = (self.context.now(), &JobKind::ALL);
        if !self.context.unit_of_work.read::<_, StoreError>(move |store| store.job_is_due(kinds, now)).await? {
            return Ok(None);
        }
        let lease = now.plus_seconds(LEASE_SECONDS);
        self.context.unit_of_work.write_unowned::<_, StoreError>(move |store| store.claim_job(kinds, now, lease)).await
    }

    /// Notes how the work on a job ended, in a transaction of its own.
    ///
    /// # Errors
    /// The store's. The job is then done once more when its lease is over.
    pub async fn settle(&self, job: Job, attempt: Attempt) -> Result<Settled, StoreError> {
        let now = self.context.now();
        self.context
            .unit_of_work
            .write_unowned::<_, StoreError>(move |store| jobs::settle(store, &job, &attempt, now))
            .await
    }

    /// Waits until this process enqueues a job.
    pub async fn enqueued(&self) {
        self.outbox.woken().await;
    }
}
