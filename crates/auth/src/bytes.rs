//! Helpers for bytes: hashing, constant-time comparison, base64.

use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A SHA-256 digest, or anything else of that size.
pub(crate) type Bytes32 = [u8; 32];

/// Copies up to 32 bytes; every caller passes exactly 32.
fn to_32(bytes: &[u8]) -> Bytes32 {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(bytes) {
        *to = *from;
    }
    out
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> Bytes32 {
    to_32(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// HMAC-SHA256 of several concatenated parts. To avoid ambiguity, only the last part may have a variable length.
pub(crate) fn hmac_sha256(key: &hmac::Key, parts: &[&[u8]]) -> Bytes32 {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(part);
    }
    to_32(context.sign().as_ref())
}

/// Compares in constant time.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

/// Base64 for URLs, without padding (RFC 4648 §5).
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes [`base64url`]; accepts only the canonical encoding.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
