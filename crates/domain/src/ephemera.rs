//! Short-lived values, stored under the hash of a secret: the session of a cookie, the flow of an OAuth `state`, used
//! one-time values.
//!
//! The secrets themselves are never stored, and the `auth` crate encrypts the values. An installation with Redis stores
//! them there instead.

use crate::civil::Instant;
use crate::error::StoreError;

/// What a short-lived value is for: 1–32 letters and `_`. Values of different kinds never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EphemeronKind(&'static str);

impl EphemeronKind {
    /// A kind of this name.
    ///
    /// # Panics
    /// At compile time, if the name isn't one.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty() && bytes.len() <= 32, "a kind's name has 1 to 32 characters");
        Self(name)
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// Short-lived values in a store.
pub trait EphemeraRepository {
    /// Stores a value of at most 4,096 bytes until `expires_at`; one that was there is replaced.
    fn put_ephemeron(
        &mut self,
        kind: EphemeronKind,
        key: &[u8; 32],
        value: &[u8],
        expires_at: Instant,
    ) -> Result<(), StoreError>;

    /// The value, unless it has expired.
    fn find_ephemeron(
        &mut self,
        kind: EphemeronKind,
        key: &[u8; 32],
        now: Instant,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// The value, unless it has expired; from then on it is gone. Of several who take it at once, one gets it.
    fn take_ephemeron(
        &mut self,
        kind: EphemeronKind,
        key: &[u8; 32],
        now: Instant,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Removes the value, if there is one.
    fn delete_ephemeron(&mut self, kind: EphemeronKind, key: &[u8; 32]) -> Result<(), StoreError>;

    /// Removes what expired before `before`. How many.
    fn purge_ephemera(&mut self, before: Instant) -> Result<usize, StoreError>;
}
