//! Where short-lived values are kept: in Redis, which replicas share, or else in the database.
//!
//! What is kept is found by the hash of a secret that only a client has, and sealed under the master key, bound to its
//! kind and key: whoever reads the store learns nothing, and whoever writes to it can neither make a value nor put one
//! in another's place. [`Ephemera`] sees to both; the stores beneath it hold bytes.
//!
//! ```
//! # use circadia_auth::stores::{Ephemera, Key, Kind, StoreFailure};
//! # use circadia_domain::civil::Instant;
//! const STATE: Kind = Kind::new("oauth_state");
//!
//! # async fn example(ephemera: &Ephemera, state: &[u8], verifier: &[u8], now: Instant) -> Result<(), StoreFailure> {
//! ephemera.put(STATE, Key::of(state), verifier, now.plus_seconds(600), now).await?;
//! let verifier = ephemera.take(STATE, Key::of(state), now).await?; // nobody else gets it
//! # Ok(())
//! # }
//! ```

mod embedded;
#[cfg(feature = "redis")]
mod redis;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use circadia_domain::civil::Instant;
pub use circadia_domain::ephemera::EphemeronKind as Kind;
use zeroize::Zeroizing;

#[cfg(feature = "redis")]
pub use self::redis::{Redis, RedisAddress, RedisStore};
pub use embedded::EmbeddedStore;

use crate::bytes::{Bytes32, base64url, sha256};
use crate::entropy::Entropy;
use crate::keys::{MasterKey, Purpose};

/// Bytes that a value may have.
pub const MAX_VALUE_BYTES: usize = 2_048;

/// Why a store didn't do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreFailure {
    /// It can't be reached, or didn't answer in time. Asking again later may help.
    #[error("the store of sessions is unavailable: {0}")]
    Unavailable(String),
    /// It was reached, and can't do it; a defect.
    #[error("the store of sessions refused: {0}")]
    Defect(String),
}

/// What a store will have answered.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreFailure>> + Send + 'a>>;

/// Holds bytes by kind and key until they expire, for all replicas. `now` is the caller's, and the only clock by which
/// anything expires.
pub trait EphemeralStore: Send + Sync {
    /// Stores a value; one that was there is replaced.
    fn put(&self, kind: Kind, key: Key, value: Vec<u8>, expires_at: Instant, now: Instant) -> Pending<'_, ()>;

    /// The value, unless it has expired.
    fn get(&self, kind: Kind, key: Key, now: Instant) -> Pending<'_, Option<Vec<u8>>>;

    /// The value, unless it has expired; from then on it is gone. Of many who take it at once, one gets it.
    fn take(&self, kind: Kind, key: Key, now: Instant) -> Pending<'_, Option<Vec<u8>>>;

    /// Removes the value, if there is one.
    fn delete(&self, kind: Kind, key: Key) -> Pending<'_, ()>;

    /// Removes what has expired, unless the store does so by itself. How many.
    fn purge(&self, now: Instant) -> Pending<'_, usize>;

    /// Asks for a sign of life.
    fn ping(&self) -> Pending<'_, ()>;
}

/// By what a value is found: SHA-256 of a secret that has too many bits to be guessed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(Bytes32);

impl Key {
    /// The key of a secret.
    pub fn of(secret: &[u8]) -> Self {
        Self(sha256(secret))
    }

    /// The key of a secret of which only the SHA-256 is known.
    pub const fn from_hash(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// The SHA-256.
    pub const fn hash(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Short-lived values of any kind, sealed on their way into a store and opened on their way out.
#[derive(Clone)]
pub struct Ephemera {
    store: Arc<dyn EphemeralStore>,
    master: MasterKey,
    entropy: Arc<dyn Entropy>,
}

impl fmt::Debug for Ephemera {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ephemera").finish_non_exhaustive()
    }
}

impl Ephemera {
    /// Keeps values in `store`, sealed under `master`.
    pub fn new(store: Arc<dyn EphemeralStore>, master: MasterKey, entropy: Arc<dyn Entropy>) -> Self {
        Self { store, master, entropy }
    }

    /// Stores a value of at most [`MAX_VALUE_BYTES`] bytes until `expires_at`; one that was there is replaced.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn put(
        &self,
        kind: Kind,
        key: Key,
        value: &[u8],
        expires_at: Instant,
        now: Instant,
    ) -> Result<(), StoreFailure> {
        if value.len() > MAX_VALUE_BYTES {
            return Err(StoreFailure::Defect(format!("a value of {} bytes is too large", value.len())));
        }
        let sealed = self
            .master
            .seal(Purpose::Ephemera, &bound_to(kind, key), value, &*self.entropy)
            .map_err(|error| StoreFailure::Defect(error.to_string()))?;
        self.store.put(kind, key, sealed, expires_at, now).await
    }

    /// The value, unless it has expired.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn get(&self, kind: Kind, key: Key, now: Instant) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFailure> {
        self.open(kind, key, self.store.get(kind, key, now).await?)
    }

    /// The value, unless it has expired; from then on it is gone. Of many who take it at once, one gets it.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn take(&self, kind: Kind, key: Key, now: Instant) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFailure> {
        self.open(kind, key, self.store.take(kind, key, now).await?)
    }

    /// Removes the value, if there is one.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn delete(&self, kind: Kind, key: Key) -> Result<(), StoreFailure> {
        self.store.delete(kind, key).await
    }

    /// Removes what has expired. How many.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn purge(&self, now: Instant) -> Result<usize, StoreFailure> {
        self.store.purge(now).await
    }

    /// Asks the store for a sign of life.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn ping(&self) -> Result<(), StoreFailure> {
        self.store.ping().await
    }

    /// What doesn't open isn't ours, and so isn't there.
    fn open(&self, kind: Kind, key: Key, sealed: Option<Vec<u8>>) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFailure> {
        let Some(sealed) = sealed else { return Ok(None) };
        let opened = self
            .master
            .open(Purpose::Ephemera, &bound_to(kind, key), &sealed)
            .map_err(|error| StoreFailure::Defect(error.to_string()))?;
        if opened.is_none() {
            tracing::warn!(kind = kind.as_str(), "a stored value doesn't open: it was changed, or is of another key");
        }
        Ok(opened)
    }
}

fn bound_to(kind: Kind, key: Key) -> String {
    format!("{}:{}", kind.as_str(), base64url(key.hash()))
}
