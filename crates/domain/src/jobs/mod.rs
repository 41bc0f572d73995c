//! Background jobs: work that must not delay a request or be lost with one, and work that recurs.
//!
//! A job is a row, enqueued in the transaction that causes it (an outbox): it exists if and only if that transaction
//! was committed. Work that recurs is enqueued by its [`Schedule`], once per period whatever the number of replicas.
//! Workers of any replica lease jobs. Each claim is a transaction of its own, committed before the work begins. If a
//! worker dies, its lease expires and another worker takes the job. A job may therefore run twice if a worker dies
//! between the work and recording it as done; jobs must tolerate that.
//!
//! Leases aren't renewed, so no attempt may take long. Long work is done in slices: each attempt does a bounded part
//! and ends with [`Attempt::Continue`], which enqueues the job again for the next part. What must be done at one go is of
//! a kind that [renews its lease](JobKind::renews_lease).
//!
//! Failed jobs are retried with doubling pauses ([`Retries`]). Those that are given up are dead letters: they keep what
//! they hold, so that an administrator can have them tried again ([`retry_dead`]), until they are purged
//! ([`retention`]).
//!
//! To add a kind: a variant of [`JobKind`], an arm in [`JobKind::recurrence`], and a function that the `server` crate's
//! `Runner::attempt` calls for it.

mod kind;
mod overview;
mod repository;
mod retries;
mod schedule;

pub use kind::{JobKind, Lane, Recurrence};
pub use overview::{JobCount, JobFilter, JobOverview, JobSeek, JobState, KindName, list, retry_dead};
pub use repository::JobRepository;
pub use retries::{Jitter, MAX_ATTEMPTS, Retries};
pub use schedule::{Schedule, ScheduleOverview, enqueue_scheduled, schedules};

use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::{JobId, UserId};

/// How long a claimed job belongs to its worker, in seconds.
pub const LEASE_SECONDS: i64 = 120;

/// Characters that are kept of why a job failed.
pub const MAX_ERROR_LENGTH: usize = 500;

/// The longest pause that is granted to a receiver that asks for one, in seconds.
const MAX_ASKED_PAUSE: i64 = 3_600;

/// How long jobs are kept after they were done, in seconds.
const DONE_RETENTION: i64 = 7 * 86_400;
/// The same of jobs that recur.
const RECURRING_RETENTION: i64 = 86_400;
/// How long jobs are kept after they were given up, with what they hold.
const DEAD_RETENTION: i64 = 30 * 86_400;

/// A job to be enqueued.
#[derive(Clone, PartialEq, Eq)]
pub struct NewJob {
    /// The id.
    pub id: JobId,
    /// What kind of work.
    pub kind: JobKind,
    /// The account it concerns, if known; the job is deleted with the account.
    pub user: Option<UserId>,
    /// The payload, encrypted by the `auth` crate: 1–65,536 bytes. Jobs that a schedule enqueues have none.
    pub payload: Option<Vec<u8>>,
    /// Not before this.
    pub run_at: Instant,
    /// When it was enqueued.
    pub created_at: Instant,
}

impl std::fmt::Debug for NewJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewJob").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A job that a worker has on lease.
#[derive(Clone, PartialEq, Eq)]
pub struct Job {
    /// The id.
    pub id: JobId,
    /// What kind of work.
    pub kind: JobKind,
    /// The account it concerns.
    pub user: Option<UserId>,
    /// What is to be done, encrypted; `None` if the kind says it all.
    pub payload: Option<Vec<u8>>,
    /// The number of attempts, including this one. Distinguishes this lease from earlier ones of the same job.
    pub attempts: i32,
    /// When it was enqueued.
    pub created_at: Instant,
    /// When the lease expires.
    pub leased_until: Instant,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It is done.
    Done,
    /// A part of it is done. The job is enqueued again for the next part, as if it had never been tried.
    Continue,
    /// It failed for a reason that may pass.
    Failed(String),
    /// The same, and the receiver asks for a pause of so many seconds. It is at most an hour, and at least the
    /// usual one.
    Postponed(String, i64),
    /// It failed for a reason that will not pass.
    Permanent(String),
}

/// What became of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is done, and what it held is removed.
    Done,
    /// It is tried again, or goes on, at this instant.
    Again(Instant),
    /// It was given up.
    Dead,
    /// No change: the lease had expired and another worker has the job, or it was deleted with its account.
    NotOurs,
}

/// Records how an attempt ended. Runs in a writing unit of work without an owner.
///
/// # Errors
/// `StoreError` of the store.
pub fn settle<S: JobRepository + ?Sized>(
    store: &mut S,
    job: &Job,
    attempt: &Attempt,
    retries: Retries,
    jitter: Jitter,
    now: Instant,
) -> Result<Settled, StoreError> {
    let (settled, ours) = match attempt {
        Attempt::Done => (Settled::Done, store.finish_job(job, now)?),
        Attempt::Continue => (Settled::Again(now), store.continue_job(job, now)?),
        Attempt::Permanent(reason) => (Settled::Dead, store.give_up_job(job, &shortened(reason), now)?),
        Attempt::Failed(reason) => again(store, job, reason, retries.pause_after(job.attempts, jitter), now)?,
        Attempt::Postponed(reason, seconds) => {
            let asked = (*seconds).clamp(0, MAX_ASKED_PAUSE).saturating_mul(1_000_000);
            let pause = retries.pause_after(job.attempts, jitter).map(|pause| pause.max(asked));
            again(store, job, reason, pause, now)?
        }
    };
    Ok(if ours { settled } else { Settled::NotOurs })
}

/// Puts a job that failed back for so many microseconds, or gives it up.
fn again<S: JobRepository + ?Sized>(
    store: &mut S,
    job: &Job,
    reason: &str,
    pause: Option<i64>,
    now: Instant,
) -> Result<(Settled, bool), StoreError> {
    let Some(pause) = pause else { return Ok((Settled::Dead, store.give_up_job(job, &shortened(reason), now)?)) };
    let next = Instant::from_micros(now.micros().saturating_add(pause));
    Ok((Settled::Again(next), store.retry_job(job, next, &shortened(reason))?))
}

/// Which jobs that have ended are old enough to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Jobs that were done before this.
    pub done_before: Instant,
    /// Jobs of kinds that recur, if they were done before this.
    pub recurring_before: Instant,
    /// Jobs that were given up before this.
    pub dead_before: Instant,
}

/// What is kept now: what was done for a week, what recurs for a day, what was given up for 30 days.
pub const fn retention(now: Instant) -> Retention {
    Retention {
        done_before: now.plus_seconds(-DONE_RETENTION),
        recurring_before: now.plus_seconds(-RECURRING_RETENTION),
        dead_before: now.plus_seconds(-DEAD_RETENTION),
    }
}

/// Removes e-mail addresses from a reason. Reasons are logged, shown to administrators, and kept with the job, possibly
/// longer than the account exists; and servers like to repeat a recipient's address.
pub fn without_addresses(reason: &str) -> String {
    let words = reason.split_whitespace().map(|word| if word.contains('@') { "(an address)" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// A reason as it is kept: one line without addresses, never empty, never long.
fn shortened(reason: &str) -> String {
    let printable: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line: String = without_addresses(&printable).chars().take(MAX_ERROR_LENGTH).collect();
    if line.is_empty() { "no reason was given".to_owned() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_kept_short_on_one_line_and_without_addresses() {
        assert_eq!(shortened("550 no\r\nsuch user\0"), "550 no such user");
        assert_eq!(shortened(&"ü".repeat(900)).chars().count(), MAX_ERROR_LENGTH);
        assert_eq!(shortened("\r\n"), "no reason was given");
        let text = "permanent error (550): 5.1.1 <ada@example.org>: Recipient\r\naddress rejected";
        assert_eq!(shortened(text), "permanent error (550): 5.1.1 (an address) Recipient address rejected");
    }
}
