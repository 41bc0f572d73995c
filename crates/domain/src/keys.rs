//! Secrets that replicas share: the keys that sign tokens and seal data. Kept as rows, encrypted by their user (the
//! `auth` crate) before they come here.

use crate::civil::Instant;
use crate::error::StoreError;

words! {
    /// What a key is for.
    pub enum KeyPurpose {
        /// Signing access tokens (Ed25519).
        AccessToken = "access_token",
        /// Deriving refresh tokens (HMAC-SHA256).
        RefreshToken = "refresh_token",
        /// Decrypting passwords sent encrypted (RSA-OAEP).
        Login = "login",
        /// Identifying this installation to push services (ES256, RFC 8292). There is one, which is never replaced: browsers
        /// bind their subscriptions to it.
        WebPush = "web_push",
    }
}

/// A key as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its public name (`kid`), at most 64 ASCII characters.
    pub kid: String,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// The encrypted secret.
    pub sealed: Vec<u8>,
    /// The time of creation. The newest key that isn't retired is the one in use.
    pub created_at: Instant,
    /// From when on it is no longer accepted.
    pub retires_at: Option<Instant>,
}

impl std::fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredKey").field("kid", &self.kid).field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// Keys in a store.
pub trait KeyRepository {
    /// Every key, oldest first. Inside a writing unit of work the answer stays true until its end: replicas that start
    /// together make one key, not several.
    fn keys(&mut self) -> Result<Vec<StoredKey>, StoreError>;

    /// Stores a key.
    fn insert_key(&mut self, key: &StoredKey) -> Result<(), StoreError>;

    /// Sets the time from which a key is no longer accepted.
    fn retire_key(&mut self, kid: &str, at: Instant) -> Result<(), StoreError>;
}
