//! Passwords: policy, hashing and verification without blocking other requests.

mod common;
mod fingerprint;
mod hasher;
mod parameters;
mod password;
mod policy;
mod pool;
mod similarity;
mod strength;

pub use fingerprint::password_fingerprint;
pub use hasher::{Busy, Hasher, Limits, Verified};
pub use password::Password;
pub use policy::{MAX_LENGTH, MIN_LENGTH};
