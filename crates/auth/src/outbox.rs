//! Enqueues jobs with encrypted payloads, since they contain addresses and other personal data.

use std::fmt;
use std::sync::Arc;

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{JobId, UserId};
use circadia_domain::jobs::{Job, JobKind, JobRepository, NewJob};
use circadia_domain::unit_of_work::UnitOfWorkError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::keys::{KeyError, MasterKey, Purpose};

/// Why a job can't be enqueued.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The payload can't be encrypted or is malformed, which indicates a bug.
    #[error("a job can't be sealed: {0}")]
    Sealing(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UnitOfWorkError for OutboxError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Sealing(_) => None,
        }
    }
}

/// Why a job's payload can't be read.
#[derive(Debug, thiserror::Error)]
pub enum OpeningError {
    /// There is none.
    #[error("what it held is gone")]
    Missing,
    /// It was encrypted under another master key or for another job, or was changed.
    #[error("it doesn't open: was CIRCADIA_SECRET_KEY changed?")]
    WrongMasterKey,
    /// It was decrypted, but can't be parsed.
    #[error("what it holds isn't understood: {0}")]
    Unknown(String),
    /// The cryptographic library failed, which indicates a bug.
    #[error(transparent)]
    Crypto(#[from] KeyError),
}

/// Enqueues jobs and wakes the workers. One instance per process.
#[derive(Clone)]
pub struct Outbox {
    master: MasterKey,
    entropy: Arc<dyn Entropy>,
    wake: Arc<Notify>,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbox(..)")
    }
}

impl Outbox {
    /// Encrypts payloads under this master key.
    pub fn new(master: MasterKey, entropy: Arc<dyn Entropy>) -> Self {
        Self { master, entropy, wake: Arc::new(Notify::new()) }
    }

    /// Enqueues a job to run at once, in the unit of work that causes it. Call [`Self::wake`] after that is committed.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn enqueue<S: JobRepository + ?Sized>(
        &self,
        store: &mut S,
        kind: JobKind,
        user: Option<UserId>,
        content: &impl Serialize,
        id: JobId,
        now: Instant,
    ) -> Result<(), OutboxError> {
        Ok(store.enqueue_job(&self.seal(kind, user, content, id, now)?)?)
    }

    /// A job to run at once, unless `run_at` is changed before it is enqueued.
    ///
    /// # Errors
    /// [`OutboxError::Sealing`].
    pub fn seal(
        &self,
        kind: JobKind,
        user: Option<UserId>,
        content: &impl Serialize,
        id: JobId,
        now: Instant,
    ) -> Result<NewJob, OutboxError> {
        let plain =
            Zeroizing::new(serde_json::to_vec(content).map_err(|error| OutboxError::Sealing(error.to_string()))?);
        let sealed = self.master.seal(Purpose::Jobs, &id.to_string(), &plain, &*self.entropy);
        let payload = Some(sealed.map_err(|error| OutboxError::Sealing(error.to_string()))?);
        Ok(NewJob { id, kind, user, payload, run_at: now, created_at: now })
    }

    /// Decrypts a job's payload.
    ///
    /// # Errors
    /// [`OpeningError`].
    pub fn open<T: DeserializeOwned>(&self, job: &Job) -> Result<T, OpeningError> {
        let sealed = job.payload.as_deref().ok_or(OpeningError::Missing)?;
        let plain = self.master.open(Purpose::Jobs, &job.id.to_string(), sealed)?;
        let plain = plain.ok_or(OpeningError::WrongMasterKey)?;
        serde_json::from_slice(&plain).map_err(|error| OpeningError::Unknown(error.to_string()))
    }

    /// Notifies one waiting worker, or the next one that waits.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until a job is enqueued in this process. (Jobs of other replicas are found by polling.)
    pub async fn woken(&self) {
        self.wake.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{InMemoryStore, MASTER, NOW, Seeded, id};

    fn outbox() -> Outbox {
        Outbox::new(MasterKey::from_text(MASTER).unwrap(), Arc::new(Seeded::new(1)))
    }

    fn leased(job: &NewJob) -> Job {
        Job {
            id: job.id,
            kind: job.kind,
            user: job.user,
            payload: job.payload.clone(),
            attempts: 1,
            created_at: job.created_at,
            leased_until: NOW,
        }
    }

    #[test]
    fn what_a_job_holds_is_sealed_and_opens_in_that_job_alone() {
        let mut store = InMemoryStore::default();
        let outbox = outbox();
        for number in [1, 2] {
            let content = format!("letter {number} to ada@example.org");
            outbox.enqueue(&mut store, JobKind::Mail, None, &content, id(number).into(), NOW).unwrap();
        }
        let [first, second] = [leased(&store.jobs[0]), leased(&store.jobs[1])];
        assert!(!first.payload.as_ref().unwrap().windows(11).any(|window| window == b"ada@example"));
        assert_eq!(outbox.open::<String>(&first).unwrap(), "letter 1 to ada@example.org");
        let swapped = Job { payload: second.payload, ..first.clone() };
        assert!(matches!(outbox.open::<String>(&swapped), Err(OpeningError::WrongMasterKey)));
        assert!(matches!(outbox.open::<u32>(&first), Err(OpeningError::Unknown(_))));
        let shown = format!("{outbox:?} {first:?}");
        assert!(!shown.contains("payload"), "{shown}");
    }

    #[tokio::test]
    async fn who_is_told_before_waiting_does_not_wait() {
        let outbox = outbox();
        outbox.wake();
        outbox.clone().woken().await;
    }
}
