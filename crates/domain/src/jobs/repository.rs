//! What jobs need of a store.

use super::{Job, JobKind, NewJob};
use crate::civil::Instant;
use crate::error::StoreError;

/// Jobs in a store.
pub trait JobRepository {
    /// Stores a job, in the unit of work that causes it.
    fn enqueue_job(&mut self, job: &NewJob) -> Result<(), StoreError>;

    /// Whether a job of these kinds is due and not leased. Runs in a reading unit of work, so that idle workers don't
    /// write.
    fn job_is_due(&mut self, kinds: &[JobKind], now: Instant) -> Result<bool, StoreError>;

    /// Takes the job that has been due longest on lease. Two units of work at once never get the same one. For a
    /// writing unit of work that belongs to no user and is committed before the work begins.
    fn claim_job(&mut self, kinds: &[JobKind], now: Instant, leased_until: Instant) -> Result<Option<Job>, StoreError>;

    /// Notes that a job is done, and removes what it held. Whether this lease was still the job's.
    fn finish_job(&mut self, job: &Job, now: Instant) -> Result<bool, StoreError>;

    /// Puts a job that failed back. Whether this lease was still the job's.
    fn retry_job(&mut self, job: &Job, run_at: Instant, reason: &str) -> Result<bool, StoreError>;

    /// Gives a job up, and removes what it held. Whether this lease was still the job's.
    fn give_up_job(&mut self, job: &Job, reason: &str, now: Instant) -> Result<bool, StoreError>;

    /// Removes jobs that were done before `done_before` and such as were given up before `dead_before`. How many.
    fn purge_jobs(&mut self, done_before: Instant, dead_before: Instant) -> Result<usize, StoreError>;
}
