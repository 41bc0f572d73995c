//! Jobs as administrators see them: without what they hold.

use super::JobKind;
use crate::civil::Instant;
use crate::code::Code;
use crate::entity;
use crate::error::{Error, StoreError};
use crate::ids::{JobId, UserId};
use crate::text::Line;
use crate::unit_of_work::Store;

words! {
    /// The state of a job.
    pub enum JobState {
        /// It waits until it is due and a worker is free.
        Waiting = "waiting",
        /// A worker is at it.
        Running = "running",
        /// It is done.
        Done = "done",
        /// It was given up.
        Dead = "dead",
    }
}

/// The name of a kind; a newer replica may have kinds that this one doesn't know.
pub type KindName = Line<40>;

/// A job as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobOverview {
    /// The id.
    pub id: JobId,
    /// What kind of work.
    pub kind: KindName,
    /// Its state.
    pub state: JobState,
    /// The account it concerns, if known.
    pub user: Option<UserId>,
    /// How often it was begun.
    pub attempts: i32,
    /// When it is due, or was.
    pub run_at: Instant,
    /// When it was enqueued.
    pub created_at: Instant,
    /// When it was done or given up.
    pub finished_at: Option<Instant>,
    /// Until when its worker has it.
    pub leased_until: Option<Instant>,
    /// Why the last attempt failed, without addresses.
    pub last_error: Option<String>,
}

/// The jobs of one kind that are in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCount {
    /// What kind of work.
    pub kind: KindName,
    /// How many.
    pub count: i64,
    /// When the first of them is due, or was.
    pub first_run_at: Instant,
}

/// Which jobs are sought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only those in this state.
    pub state: Option<JobState>,
    /// Only those of this kind.
    pub kind: Option<JobKind>,
}

/// Which part of a list of jobs, newest first, is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobSeek {
    /// Behind this one; from the beginning if absent.
    pub beyond: Option<JobId>,
    /// Whether the list is read from there back to its beginning (then what is nearest comes first).
    pub backwards: bool,
    /// How many to leave out.
    pub skip: usize,
    /// At most so many.
    pub limit: usize,
}

/// A part of the jobs, and the number of all that are sought. Two statements.
///
/// # Errors
/// `StoreError` of the store.
pub fn list(
    store: &mut dyn Store,
    filter: JobFilter,
    seek: JobSeek,
    now: Instant,
) -> Result<(Vec<JobOverview>, i64), StoreError> {
    Ok((store.jobs(filter, seek, now)?, store.count_jobs(filter, now)?))
}

/// Has a job that was given up tried again, at once and as often as a new one. Runs in a writing unit of work without an
/// owner.
///
/// # Errors
/// `job_not_found`, `job_not_dead`; `StoreError` of the store.
pub fn retry_dead(store: &mut dyn Store, id: JobId, now: Instant) -> Result<JobOverview, Error> {
    let revived = store.revive_job(id, now)?;
    let job = store.find_job(id, now)?.ok_or(Error::not_found::<entity::Job>())?;
    if revived {
        return Ok(job);
    }
    let detail = format!("The job is `{}`: only jobs that were given up (`dead`) can be retried.", job.state);
    Err(Error::conflict(Code::JobNotDead, detail))
}
