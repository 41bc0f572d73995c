//! Stores for short-lived values: Redis, shared by the replicas, or else the database.
//!
//! A value's key is the hash of a secret that only a client has. The value is encrypted under the master key and bound
//! to its kind and key: reading the store reveals nothing, and writing to it can neither forge a value nor move one to
//! another key. [`Ephemera`] does this; the stores beneath it hold bytes.
//!
//! ```
//! # use circadia_auth::stores::{Ephemera, Key, Kind, StoreFailure};
//! # use circadia_domain::civil::Instant;
//! const STATE: Kind = Kind::new("oauth_state");
//!
//! # async fn example(ephemera: &Ephemera, state: &[u8], verifier: &[u8], now: Instant) -> Result<(), StoreFailure> {
//! ephemera.put(STATE, Key::of(state), verifier, now.plus_seconds(600), now).await?;
//! let verifier = ephemera.take(STATE, Key::of(state), now).await?; // no other caller gets it
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

/// Maximum length of a value, in bytes.
pub const MAX_VALUE_BYTES: usize = 2_048;

/// Why a store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreFailure {
    /// It can't be reached or didn't answer in time. A retry may succeed.
    #[error("the store of sessions is unavailable: {0}")]
    Unavailable(String),
    /// It was reached, but the operation failed, which indicates a bug.
    #[error("the store of sessions refused: {0}")]
    Defect(String),
}

/// A pending result of a store.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreFailure>> + Send + 'a>>;

/// Holds bytes by kind and key until they expire, shared by all replicas. `now` is the caller's time and the only clock
/// that decides about expiry.
pub trait EphemeralStore: Send + Sync {
    /// Stores a value, replacing any existing one.
    fn put(&self, kind: Kind, key: Key, value: Vec<u8>, expires_at: Instant, now: Instant) -> Pending<'_, ()>;

    /// The value, unless it has expired.
    fn get(&self, kind: Kind, key: Key, now: Instant) -> Pending<'_, Option<Vec<u8>>>;

    /// Removes and returns the value, unless it has expired. Of concurrent callers, only one gets it.
    fn take(&self, kind: Kind, key: Key, now: Instant) -> Pending<'_, Option<Vec<u8>>>;

    /// Removes the value, if there is one.
    fn delete(&self, kind: Kind, key: Key) -> Pending<'_, ()>;

    /// Removes expired values, unless the store does so itself. Returns their number.
    fn purge(&self, now: Instant) -> Pending<'_, usize>;

    /// Checks that the store is reachable.
    fn ping(&self) -> Pending<'_, ()>;
}

/// A value's key: SHA-256 of a secret with too many bits to be guessed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(Bytes32);

impl Key {
    /// The key of a secret.
    pub fn of(secret: &[u8]) -> Self {
        Self(sha256(secret))
    }

    /// The key of a secret known only by its SHA-256.
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

/// Short-lived values of any kind, encrypted before storing and decrypted after reading.
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
    /// Keeps values in `store`, encrypted under `master`.
    pub fn new(store: Arc<dyn EphemeralStore>, master: MasterKey, entropy: Arc<dyn Entropy>) -> Self {
        Self { store, master, entropy }
    }

    /// Stores a value of at most [`MAX_VALUE_BYTES`] bytes until `expires_at`, replacing any existing one.
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

    /// Removes and returns the value, unless it has expired. Of concurrent callers, only one gets it.
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

    /// Removes expired values; returns their number.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn purge(&self, now: Instant) -> Result<usize, StoreFailure> {
        self.store.purge(now).await
    }

    /// Checks that the store is reachable.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn ping(&self) -> Result<(), StoreFailure> {
        self.store.ping().await
    }

    /// A value that can't be decrypted wasn't stored by us, and is treated as absent.
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
