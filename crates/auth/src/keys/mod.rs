//! The keys that replicas share: how they are kept secret, found, renewed and published.
//!
//! They are rows of the database, each sealed under one master key that never is in the database
//! (`CIRCADIA_SECRET_KEY`). A replica holds them unsealed in a [`KeyRing`], which it loads when it starts and again
//! from time to time, to learn of rotations.

mod login;
mod master;
mod ring;
mod signing;

pub use login::{LOGIN_CIPHERTEXT_BYTES, LoginPublicKey, LoginSecret};
pub use master::{MasterKey, Purpose};
pub use ring::{KeyRing, Rotation};

use std::fmt;

use circadia_domain::error::StoreError;
use circadia_domain::unit_of_work::UnitOfWorkError;

/// Why keys can't be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The master key is too short to be one.
    #[error("the secret key must have at least 32 bytes, but has {0}")]
    WeakMasterKey(usize),
    /// A stored key doesn't open under this master key.
    #[error("the stored key {0} can't be decrypted: was CIRCADIA_SECRET_KEY changed?")]
    WrongMasterKey(String),
    /// A stored key opens, but isn't one.
    #[error("the stored key {0} isn't a key of its kind")]
    Corrupt(String),
    /// Every key of a kind was retired.
    #[error("there is no key left to sign with: load the keys again")]
    NoneLeft,
    /// The cryptographic library refused; a defect.
    #[error("the cryptographic library refused: {0}")]
    Crypto(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UnitOfWorkError for KeyError {}

/// A key's public name: eight random bytes, written as 16 hexadecimal digits. Nothing else is a name, so that none can
/// be a path or a query.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kid([u8; 8]);

impl Kid {
    /// The name of these bytes.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The bytes of the name.
    pub const fn bytes(self) -> [u8; 8] {
        self.0
    }

    /// Reads a name. Capitals aren't accepted: a key has one name, not many.
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
