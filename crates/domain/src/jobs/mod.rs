//! Background jobs that must not delay a request or be lost with one, such as sending mail.
//!
//! A job is a row, enqueued in the transaction that causes it (an outbox): it exists if and only if that transaction
//! was committed. Workers of any replica lease jobs. Each claim is a transaction of its own, committed before the work
//! begins. If a worker dies, its lease expires and another worker takes the job. A job may therefore run twice if a
//! worker dies between the work and recording it as done; jobs must tolerate that.
//!
//! Failed jobs are retried with doubling delays and given up after [`MAX_ATTEMPTS`]; jobs that were given up are kept
//! for inspection.

mod repository;

pub use repository::JobRepository;

use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::{JobId, UserId};

/// How often a job is tried before it is given up. With [`retry_after`]'s pauses, that is after four hours.
pub const MAX_ATTEMPTS: i32 = 12;

/// Seconds of the first pause, and of the longest.
const FIRST_PAUSE: i64 = 15;
const LONGEST_PAUSE: i64 = 3_600;

/// Characters that are kept of why a job failed.
pub const MAX_ERROR_LENGTH: usize = 500;

words! {
    /// What kind of work a job is. A replica takes jobs of the kinds that it knows, and leaves others to newer ones.
    pub enum JobKind {
        /// Sending a mail.
        Mail = "mail",
    }
}

/// A job to be enqueued.
#[derive(Clone, PartialEq, Eq)]
pub struct NewJob {
    /// The id.
    pub id: JobId,
    /// What kind of work.
    pub kind: JobKind,
    /// The account it concerns, if known; the job is deleted with the account.
    pub user: Option<UserId>,
    /// The payload, encrypted by the `auth` crate: 1–65,536 bytes.
    pub payload: Vec<u8>,
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
    /// What is to be done, encrypted.
    pub payload: Vec<u8>,
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

/// Seconds until the next attempt after this many have failed: 15 s, doubling up to an hour. None when it is time to
/// give up.
pub fn retry_after(attempts: i32) -> Option<i64> {
    if attempts >= MAX_ATTEMPTS {
        return None;
    }
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(16);
    Some(FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE))
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It is done.
    Done,
    /// It failed for a reason that may pass.
    Failed(String),
    /// It failed for a reason that will not pass.
    Permanent(String),
}

/// What became of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is done, and what it held is removed.
    Done,
    /// It is tried again at this instant.
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
    now: Instant,
) -> Result<Settled, StoreError> {
    let (settled, ours) = match attempt {
        Attempt::Done => (Settled::Done, store.finish_job(job, now)?),
        Attempt::Permanent(reason) => (Settled::Dead, store.give_up_job(job, &shortened(reason), now)?),
        Attempt::Failed(reason) => match retry_after(job.attempts) {
            None => (Settled::Dead, store.give_up_job(job, &shortened(reason), now)?),
            Some(pause) => {
                let next = now.plus_seconds(pause);
                (Settled::Again(next), store.retry_job(job, next, &shortened(reason))?)
            }
        },
    };
    Ok(if ours { settled } else { Settled::NotOurs })
}

/// A reason as it is kept: one line, never empty, never long.
fn shortened(reason: &str) -> String {
    let line: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_ERROR_LENGTH).collect();
    if line.trim().is_empty() { "no reason was given".to_owned() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_end() {
        let pauses: Vec<i64> = (1..20).map_while(retry_after).collect();
        assert_eq!(pauses, [15, 30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600]);
        assert_eq!(pauses.len() + 1, usize::try_from(MAX_ATTEMPTS).unwrap());
        assert_eq!(retry_after(0), Some(15));
        assert_eq!(retry_after(i32::MAX), None);
    }

    #[test]
    fn reasons_are_kept_short_and_on_one_line() {
        assert_eq!(shortened("550 no\r\nsuch user\0"), "550 no  such user ");
        assert_eq!(shortened(&"ü".repeat(900)).chars().count(), MAX_ERROR_LENGTH);
        assert_eq!(shortened("\r\n"), "no reason was given");
    }

    #[test]
    fn kinds_fit_their_column() {
        for kind in JobKind::ALL {
            assert!(kind.as_str().len() <= 40);
        }
    }
}
