//! Fingerprint of the password in force.

use crate::bytes::{Bytes32, sha256};

/// Identifies the password in force, by its hash. Stored with anything that is only valid until the password changes.
/// An account without a password has a fingerprint, too.
pub fn password_fingerprint(password_hash: Option<&str>) -> Bytes32 {
    sha256(password_hash.unwrap_or_default().as_bytes())
}
