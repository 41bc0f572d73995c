//! Passwords: which are good enough, and how they are kept and checked without stopping everything else.

mod common;
mod fingerprint;
mod hasher;
mod parameters;
mod password;
mod policy;
mod pool;
mod similarity;

pub use fingerprint::password_fingerprint;
pub use hasher::{Busy, Hasher, Limits, Verified};
pub use password::Password;
pub use policy::{MAX_LENGTH, MIN_LENGTH};
