//! Secrets that replicas share: the keys that sign tokens and seal data. Kept as rows, encrypted by their user (the
//! `auth` crate) before they come here.

use crate::civil::Instant;
use crate::error::StoreError;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    /// Signing access tokens (Ed25519).
    AccessToken,
    /// Deriving refresh tokens (HMAC-SHA256).
    RefreshToken,
    /// Decrypting passwords sent encrypted (RSA-OAEP).
    Login,
}

impl KeyPurpose {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
            Self::Login => "login",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::AccessToken, Self::RefreshToken, Self::Login].into_iter().find(|purpose| purpose.as_str() == text)
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
    /// When it was made. The newest key that isn't retired is the one in use.
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

    /// Says from when on a key is no longer accepted.
    fn retire_key(&mut self, kid: &str, at: Instant) -> Result<(), StoreError>;
}
