//! Hashing and verifying passwords with Argon2id, in bounded time and memory.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use argon2::Argon2;
use circadia_domain::measures::{Counter, Durations, Level};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::Password;
use super::parameters::{self, HASH_BYTES};
use super::pool::{HashBuffer, Pool};
use crate::bytes::same;
use crate::entropy::{Entropy, random};

/// No slot became free in time; the response is 503 with `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked at the moment")]
pub struct Busy;

/// The result of verifying a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Whether it matches.
    pub matches: bool,
    /// If it matches and the stored hash is weaker than current parameters: the hash to store instead.
    pub rehash: Option<String>,
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("matches", &self.matches).field("rehash", &self.rehash.is_some()).finish()
    }
}

/// Limits on concurrent and waiting requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Hashing threads; one hash takes 46 MiB.
    pub threads: usize,
    /// Maximum number of waiting requests.
    pub waiting: usize,
    /// Maximum time a request waits.
    pub max_wait: Duration,
}

impl Default for Limits {
    /// Leaves one core to everything else (if there are two), and refuses requests that would wait longer than users
    /// do.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.saturating_sub(1).max(1);
        Self { threads, waiting: threads.saturating_mul(64), max_wait: Duration::from_secs(5) }
    }
}

/// What the hashing of passwords costs this process, for those who operate it.
#[derive(Debug, Default)]
pub struct HashMeasures {
    /// Those that wait for a slot.
    pub waiting: Level,
    /// How long those that got a slot waited for it.
    pub waits: Durations,
    /// Those that got none.
    pub refused: Counter,
}

struct Inner {
    pool: Pool,
    measures: HashMeasures,
    /// One permit per thread; held while hashing.
    turns: Arc<Semaphore>,
    /// One permit per request, hashing or waiting.
    places: Semaphore,
    max_wait: Duration,
    current: Argon2<'static>,
    entropy: Arc<dyn Entropy>,
}

/// Hashes passwords on its own threads. Cheap to clone.
#[derive(Clone)]
pub struct Hasher(Arc<Inner>);

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").field("turns", &self.0.turns.available_permits()).finish_non_exhaustive()
    }
}

impl Hasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// An [`std::io::Error`] if threads can't be spawned.
    pub fn start(limits: Limits, entropy: Arc<dyn Entropy>) -> std::io::Result<Self> {
        let current = parameters::current().map_err(std::io::Error::other)?;
        let threads = limits.threads.max(1);
        Ok(Self(Arc::new(Inner {
            pool: Pool::start(threads)?,
            measures: HashMeasures::default(),
            turns: Arc::new(Semaphore::new(threads)),
            places: Semaphore::new(threads.saturating_add(limits.waiting).min(Semaphore::MAX_PERMITS)),
            max_wait: limits.max_wait,
            current,
            entropy,
        })))
    }

    /// What hashing cost so far.
    pub fn measures(&self) -> &HashMeasures {
        &self.0.measures
    }

    /// Hashes a new password; returns a PHC string.
    ///
    /// # Errors
    /// [`Busy`] if no slot became free in time.
    pub async fn hash(&self, password: Password) -> Result<String, Busy> {
        let inner = self.0.clone();
        self.in_turn(move |memory| inner.make(&password, memory)).await?.ok_or(Busy)
    }

    /// Verifies a password against a stored PHC string. Without one (unknown login, or an account without a password)
    /// it does the same work and never matches.
    ///
    /// # Errors
    /// [`Busy`] if no slot became free in time.
    pub async fn verify(&self, password: Password, stored: Option<String>) -> Result<Verified, Busy> {
        let inner = self.0.clone();
        self.in_turn(move |memory| inner.check(&password, stored.as_deref(), memory)).await
    }

    /// Waits for a slot and runs `work`. Dropping the future while it waits gives the slot up. Work that has begun runs
    /// to completion and occupies its thread until then.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut HashBuffer) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let inner = &self.0;
        let Ok(_place) = inner.places.try_acquire() else {
            inner.measures.refused.increment();
            return Err(Busy);
        };
        let turn = self.turn().await?;
        let (reply, answer) = oneshot::channel();
        inner.pool.run(Box::new(move |memory| {
            let turn: OwnedSemaphorePermit = turn;
            let result = work(memory);
            drop(turn);
            // The caller may have stopped waiting.
            let _ = reply.send(result);
        }));
        answer.await.map_err(|_| Busy)
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Busy> {
        let Inner { measures, turns, max_wait, .. } = &*self.0;
        let (_waiting, begun) = (measures.waiting.enter(), Stopwatch::now());
        if let Ok(Ok(turn)) = tokio::time::timeout(*max_wait, turns.clone().acquire_owned()).await {
            measures.waits.observe(begun.elapsed());
            Ok(turn)
        } else {
            measures.refused.increment();
            Err(Busy)
        }
    }
}

impl Inner {
    fn make(&self, password: &Password, memory: &mut HashBuffer) -> Option<String> {
        let salt: [u8; 16] = random(&*self.entropy);
        let mut output = [0; HASH_BYTES];
        compute(&self.current, password, &salt, &mut output, memory)?;
        parameters::write(&self.current, &salt, &output)
    }

    fn check(&self, password: &Password, stored: Option<&str>, memory: &mut HashBuffer) -> Verified {
        let known = stored.and_then(parameters::read);
        if stored.is_some() && known.is_none() {
            tracing::error!("a stored password hash can't be used; its account can't sign in with a password");
        }
        let Some(known) = known else {
            // Hashes nevertheless, so that the duration doesn't reveal whether the account exists.
            let mut output = [0; HASH_BYTES];
            let _ = compute(&self.current, password, &[0; 16], &mut output, memory);
            std::hint::black_box(output);
            return Verified::default();
        };
        let mut output = vec![0; known.output.len()];
        let computed = compute(&known.argon, password, &known.salt, &mut output, memory);
        let matches = computed.is_some() && same(&output, known.output.as_bytes());
        let rehash = if matches && known.is_weaker { self.make(password, memory) } else { None };
        Verified { matches, rehash }
    }
}

/// One hash. It can't fail: the parameters are ours or were validated.
fn compute(
    argon: &Argon2<'_>,
    password: &Password,
    salt: &[u8],
    output: &mut [u8],
    memory: &mut HashBuffer,
) -> Option<()> {
    let blocks = memory.take(argon.params().block_count());
    argon.hash_password_into_with_memory(password.bytes(), salt, output, blocks).ok()
}

#[cfg(test)]
#[path = "hasher_tests.rs"]
mod tests;
