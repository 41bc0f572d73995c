//! Which password was in force.

use crate::bytes::{Bytes32, sha256};

/// What tells the password that is in force now, by its hash, from the one before: kept beside what may only be done
/// for as long as it is. None has a mark, too.
pub fn password_fingerprint(password_hash: Option<&str>) -> Bytes32 {
    sha256(password_hash.unwrap_or_default().as_bytes())
}
