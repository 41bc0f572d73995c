//! Hashing and checking passwords with Argon2id, in bounded time and memory.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::Password;
use super::parameters::{self, HASH_BYTES};
use super::pool::{HashBuffer, Pool};
use crate::bytes::same;
use crate::entropy::{Entropy, random};

/// There was no turn in time: to be answered with 503 and `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked at the moment")]
pub struct Busy;

/// What a password was to a stored hash.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Whether it is the right one.
    pub matches: bool,
    /// If it is, and the stored hash is weaker than hashes are made today: the one to store instead.
    pub rehash: Option<String>,
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("matches", &self.matches).field("rehash", &self.rehash.is_some()).finish()
    }
}

/// How much is hashed at once, and how much waits for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Threads that hash; one hash takes 46 MiB.
    pub threads: usize,
    /// Requests that may wait for their turn.
    pub waiting: usize,
    /// How long each may wait.
    pub patience: Duration,
}

impl Default for Limits {
    /// A core is left to everything else (if there are two), and what would wait longer than anybody does is refused.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.saturating_sub(1).max(1);
        Self { threads, waiting: threads.saturating_mul(64), patience: Duration::from_secs(5) }
    }
}

struct Inner {
    pool: Pool,
    /// One permit per thread: who holds one is being served.
    turns: Arc<Semaphore>,
    /// One permit per place, served or waiting.
    places: Semaphore,
    patience: Duration,
    current: Argon2<'static>,
    entropy: Arc<dyn Entropy>,
}

/// Hashes passwords on threads of its own. Cheap to clone.
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
    /// The system's, if it gives no threads.
    pub fn start(limits: Limits, entropy: Arc<dyn Entropy>) -> std::io::Result<Self> {
        let current = parameters::current().map_err(std::io::Error::other)?;
        let threads = limits.threads.max(1);
        Ok(Self(Arc::new(Inner {
            pool: Pool::start(threads)?,
            turns: Arc::new(Semaphore::new(threads)),
            places: Semaphore::new(threads.saturating_add(limits.waiting).min(Semaphore::MAX_PERMITS)),
            patience: limits.patience,
            current,
            entropy,
        })))
    }

    /// Hashes a password that somebody chose; the answer is a PHC string.
    ///
    /// # Errors
    /// [`Busy`] if no turn came in time.
    pub async fn hash(&self, password: Password) -> Result<String, Busy> {
        let inner = self.0.clone();
        self.in_turn(move |memory| inner.make(&password, memory)).await?.ok_or(Busy)
    }

    /// Holds a password against a stored PHC string. Without one (nobody goes by that name, or the account has no
    /// password), it does the same work and never matches.
    ///
    /// # Errors
    /// [`Busy`] if no turn came in time.
    pub async fn verify(&self, password: Password, stored: Option<String>) -> Result<Verified, Busy> {
        let inner = self.0.clone();
        self.in_turn(move |memory| inner.check(&password, stored.as_deref(), memory)).await
    }

    /// Waits for a turn and runs `work` in it. Dropping the future while it waits gives up its place; work that has
    /// begun runs to its end, and its thread stays taken until then.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut HashBuffer) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let inner = &self.0;
        let _place = inner.places.try_acquire().map_err(|_| Busy)?;
        let turn = tokio::time::timeout(inner.patience, inner.turns.clone().acquire_owned())
            .await
            .map_err(|_| Busy)?
            .map_err(|_| Busy)?;
        let (reply, answer) = oneshot::channel();
        inner.pool.run(Box::new(move |memory| {
            let turn: OwnedSemaphorePermit = turn;
            let result = work(memory);
            drop(turn);
            // Nobody may be waiting for the answer any more.
            let _ = reply.send(result);
        }));
        answer.await.map_err(|_| Busy)
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
            // The work is done all the same, so that time doesn't tell who has an account.
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

/// One hash. It can't fail with parameters that were read or are ours.
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
