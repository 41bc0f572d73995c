//! Carries out requests with an idempotency key once.

use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;

use circadia_auth::keys::{MasterKey, Purpose};
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::idempotency_keys::{self, Attempt, Claimed, MAX_ANSWER_BYTES};
use circadia_domain::ids::UserId;
use circadia_domain::measures::{Counter, Each, KeyedRequestOutcome};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::Error;

/// How often a key is tried to be claimed, if others do so at the same time.
const TRIES: usize = 5;

tokio::task_local! {
    static ATTEMPT: Attempt;
}

/// The request that the present task carries out, if it has a key: whatever it commits is to be noted.
pub(crate) fn current() -> Option<Attempt> {
    ATTEMPT.try_with(|attempt| *attempt).ok()
}

/// What becomes of a request with a key.
#[derive(Debug)]
pub enum Begun {
    /// It is to be carried out.
    Now(RunningAttempt),
    /// It was; what was answered.
    Before(Zeroizing<Vec<u8>>),
    /// It was, but what was answered isn't known.
    WithoutAnswer,
    /// It is being carried out.
    InUse,
    /// The key was used for another request.
    Reused,
}

/// Requests with a key by what became of them.
pub type KeyedRequestMeasures = Each<KeyedRequestOutcome, Counter>;

/// Carries out requests with an idempotency key once.
#[derive(Debug)]
pub struct IdempotentRequests {
    pub context: Context,
    pub master: MasterKey,
    pub measures: KeyedRequestMeasures,
}

impl IdempotentRequests {
    pub fn new(context: Context, master: MasterKey) -> Self {
        Self { context, master, measures: KeyedRequestMeasures::default() }
    }

    /// Claims a key for a request, both by their hashes.
    ///
    /// # Errors
    /// The store's: nothing was claimed then.
    pub async fn begin(self: &Arc<Self>, user: UserId, key: [u8; 32], digest: [u8; 32]) -> Result<Begun, Error> {
        let attempt = Attempt { user, key, digest, id: self.context.ids.fresh().into() };
        let mut tries = 0;
        let claimed = loop {
            let now = self.context.now();
            let claim = move |store: &mut dyn circadia_domain::unit_of_work::Store| {
                idempotency_keys::claim(store, &attempt, now)
            };
            match self.context.unit_of_work.write_unowned::<_, StoreError>(claim).await {
                Err(StoreError::Duplicate(Unique::Other)) if tries < TRIES => tries += 1,
                claimed => break claimed?,
            }
        };
        self.measures.increment(match claimed {
            Claimed::Now => KeyedRequestOutcome::CarriedOut,
            Claimed::Before(_) => KeyedRequestOutcome::Replayed,
            Claimed::WithoutAnswer => KeyedRequestOutcome::AnswerLost,
            Claimed::InUse => KeyedRequestOutcome::InUse,
            Claimed::Reused => KeyedRequestOutcome::Reused,
        });
        Ok(match claimed {
            Claimed::Now => Begun::Now(RunningAttempt { requests: Arc::clone(self), attempt, ended: false }),
            Claimed::Before(sealed) => Begun::Before(self.open(&attempt, &sealed)?),
            Claimed::WithoutAnswer => Begun::WithoutAnswer,
            Claimed::InUse => Begun::InUse,
            Claimed::Reused => Begun::Reused,
        })
    }

    fn open(&self, attempt: &Attempt, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let opened =
            self.master.open(Purpose::IdempotentAnswers, &bound_to(attempt), sealed).map_err(Error::internal)?;
        opened.ok_or_else(|| Error::internal("the answer of an idempotency key can't be decrypted"))
    }

    async fn keep(&self, attempt: Attempt, answer: &[u8]) -> Result<(), Error> {
        let sealed = self.master.seal(Purpose::IdempotentAnswers, &bound_to(&attempt), answer, &*self.context.entropy);
        let (sealed, now) = (sealed.map_err(Error::internal)?, self.context.now());
        let kept = self
            .context
            .unit_of_work
            .write_unowned::<_, StoreError>(move |store| store.end_idempotent_attempt(&attempt, Some(&sealed), now));
        Ok(kept.await?)
    }

    /// Frees the key, unless the request has committed something.
    async fn release(&self, attempt: Attempt) -> Result<(), StoreError> {
        let now = self.context.now();
        let released = self.context.unit_of_work.write_unowned(move |store| {
            if store.release_idempotency_key(&attempt)? {
                return Ok(());
            }
            store.end_idempotent_attempt(&attempt, None, now)
        });
        released.await
    }
}

/// What an answer is bound to: moved to another key, it can't be decrypted.
fn bound_to(attempt: &Attempt) -> String {
    let mut text = attempt.user.to_string();
    for byte in attempt.key {
        // Writing into a string doesn't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A request that has claimed its key. If it is dropped before it ended, the key is freed, unless something was committed.
#[derive(Debug)]
pub struct RunningAttempt {
    requests: Arc<IdempotentRequests>,
    attempt: Attempt,
    ended: bool,
}

impl RunningAttempt {
    /// Carries out the request: whatever it commits is noted for its key.
    pub async fn carry_out<F: Future>(&self, request: F) -> F::Output {
        ATTEMPT.scope(self.attempt, request).await
    }

    /// Keeps the answer for the same request sent again, if it is no larger than [`MAX_ANSWER_BYTES`].
    pub async fn keep(mut self, answer: &[u8]) {
        self.ended = true;
        if answer.len() > MAX_ANSWER_BYTES {
            return self.finish().await;
        }
        if let Err(error) = self.requests.keep(self.attempt, answer).await {
            tracing::warn!(%error, "the answer of an idempotency key isn't kept");
        }
    }

    /// Frees the key; if something was committed, the same request sent again is told so.
    pub async fn release(mut self) {
        self.ended = true;
        self.finish().await;
    }

    async fn finish(&self) {
        if let Err(error) = self.requests.release(self.attempt).await {
            tracing::warn!(%error, "an idempotency key isn't freed before its claim ends");
        }
    }
}

impl Drop for RunningAttempt {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let (requests, attempt) = (Arc::clone(&self.requests), self.attempt);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = requests.release(attempt).await {
                    tracing::debug!(%error, "an idempotency key isn't freed before its claim ends");
                }
            });
        }
    }
}
