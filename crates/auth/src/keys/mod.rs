//! Keys shared by all replicas: encrypted storage, loading, rotation and publication.
//!
//! They are rows of the database, each encrypted under a master key that is never in the database
//! (`CIRCADIA_SECRET_KEY`). A replica holds them decrypted in a [`KeyRing`], which it loads at start and reloads
//! periodically to see rotations.

mod login;
mod master;
mod ring;
mod signing;
mod vapid;

pub use login::{LOGIN_CIPHERTEXT_BYTES, LoginPublicKey, LoginSecret};
pub use master::{MasterKey, Purpose};
pub use ring::{KeyRing, Rotation};
pub use vapid::VapidKey;

use std::fmt;

use circadia_domain::error::StoreError;
use circadia_domain::unit_of_work::UnitOfWorkError;

/// Why keys are unavailable.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The master key is too short.
    #[error("the secret key must have at least 32 bytes, but has {0}")]
    WeakMasterKey(usize),
    /// A stored key can't be decrypted with this master key.
    #[error("the stored key {0} can't be decrypted: was CIRCADIA_SECRET_KEY changed?")]
    WrongMasterKey(String),
    /// A stored key was decrypted but is malformed.
    #[error("the stored key {0} isn't a key of its kind")]
    Corrupt(String),
    /// Every key of a kind is retired.
    #[error("there is no key left to sign with: load the keys again")]
    NoneLeft,
    /// The cryptographic library failed, which indicates a bug.
    #[error("the cryptographic library refused: {0}")]
    Crypto(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UnitOfWorkError for KeyError {}

/// A key id: eight random bytes, written as 16 hexadecimal digits. Other texts are rejected, so a key id can't be a
/// path or a query.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kid([u8; 8]);

impl Kid {
    /// The id of these bytes.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The bytes of the id.
    pub const fn bytes(self) -> [u8; 8] {
        self.0
    }

    /// Parses an id. Capitals are rejected, so every key has exactly one id.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 16 || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return None;
        }
        u64::from_str_radix(text, 16).ok().map(|number| Self(number.to_be_bytes()))
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys_have_one_writing() {
        let kid = Kid::from_bytes([0, 1, 2, 3, 0xfc, 0xfd, 0xfe, 0xff]);
        assert_eq!(kid.to_string(), "00010203fcfdfeff");
        assert_eq!(Kid::parse("00010203fcfdfeff"), Some(kid));
        for wrong in
            ["", "00010203FCFDFEFF", "00010203fcfdfef", "../../etc/passwd", "+0010203fcfdfeff", "é010203fcfdfeff"]
        {
            assert_eq!(Kid::parse(wrong), None, "{wrong}");
        }
    }
}
