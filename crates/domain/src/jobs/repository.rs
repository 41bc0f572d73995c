//! What jobs need of a store.

use super::{Job, JobCount, JobFilter, JobKind, JobOverview, JobSeek, JobState, NewJob, Retention, ScheduleOverview};
use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::JobId;

/// Jobs in a store.
pub trait JobRepository {
    /// Stores a job, in the unit of work that causes it.
    fn enqueue_job(&mut self, job: &NewJob) -> Result<(), StoreError>;

    /// Whether a job of these kinds is due and not leased. Runs in a reading unit of work, so that idle workers don't
    /// write.
    fn job_is_due(&mut self, kinds: &[JobKind], now: Instant) -> Result<bool, StoreError>;

    /// Takes up to `limit` jobs on lease, those that have been due longest. Two units of work at once never get the same
    /// one. For a writing unit of work that belongs to no user and is committed before the work begins.
    fn claim_jobs(
        &mut self,
        kinds: &[JobKind],
        now: Instant,
        leased_until: Instant,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError>;

    /// Gives back a job that was claimed and not begun, as if it hadn't been claimed. Whether this lease was still the
    /// job's.
    fn hand_back_job(&mut self, job: &Job) -> Result<bool, StoreError>;

    /// Has a lease end at `until`. Whether it was still the job's.
    fn renew_lease(&mut self, job: &Job, until: Instant) -> Result<bool, StoreError>;

    /// Notes that a job is done, and removes what it held. Whether this lease was still the job's.
    fn finish_job(&mut self, job: &Job, now: Instant) -> Result<bool, StoreError>;

    /// Puts a job that goes on back, as one that was never begun. Whether this lease was still the job's.
    fn continue_job(&mut self, job: &Job, now: Instant) -> Result<bool, StoreError>;

    /// Puts a job that failed back. Whether this lease was still the job's.
    fn retry_job(&mut self, job: &Job, run_at: Instant, reason: &str) -> Result<bool, StoreError>;

    /// Gives a job up; it keeps what it holds. Whether this lease was still the job's.
    fn give_up_job(&mut self, job: &Job, reason: &str, now: Instant) -> Result<bool, StoreError>;

    /// Makes a job that was given up due now, as one that was never begun. Whether it had been given up.
    fn revive_job(&mut self, id: JobId, now: Instant) -> Result<bool, StoreError>;

    /// Removes jobs that have ended. How many.
    fn purge_jobs(&mut self, retention: &Retention) -> Result<usize, StoreError>;

    /// A part of the jobs that are sought, newest first.
    fn jobs(&mut self, filter: JobFilter, seek: JobSeek, now: Instant) -> Result<Vec<JobOverview>, StoreError>;

    /// The number of jobs that are sought.
    fn count_jobs(&mut self, filter: JobFilter, now: Instant) -> Result<i64, StoreError>;

    /// The jobs that are in a state, by kind. Kinds without any are left out.
    fn count_jobs_by_kind(&mut self, state: JobState, now: Instant) -> Result<Vec<JobCount>, StoreError>;

    /// A job.
    fn find_job(&mut self, id: JobId, now: Instant) -> Result<Option<JobOverview>, StoreError>;

    /// Every schedule that was ever looked at, by the name of its kind.
    fn job_schedules(&mut self) -> Result<Vec<ScheduleOverview>, StoreError>;

    /// Adds the schedule of a kind, due at `next_at`, unless there is one.
    fn add_schedule(&mut self, kind: JobKind, next_at: Instant) -> Result<(), StoreError>;

    /// Moves a schedule on, if it is due at `from`. Of two units of work at once, one does.
    fn move_schedule(&mut self, kind: JobKind, from: Instant, to: Instant) -> Result<bool, StoreError>;

    /// Whether a job of a kind isn't done yet, nor given up.
    fn job_waits(&mut self, kind: JobKind) -> Result<bool, StoreError>;

    /// Makes those jobs of a kind due now that would wait beyond `latest_run`, or are leased beyond `latest_lease`.
    fn bring_forward(
        &mut self,
        kind: JobKind,
        latest_run: Instant,
        latest_lease: Instant,
        now: Instant,
    ) -> Result<(), StoreError>;
}
