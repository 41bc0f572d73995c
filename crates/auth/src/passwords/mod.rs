//! Passwords: which are good enough, and how they are kept and checked without stopping everything else.

mod common;
mod hasher;
mod mark;
mod parameters;
mod password;
mod policy;
mod pool;
mod similarity;

pub use hasher::{Busy, Hasher, Limits, Verified};
pub use mark::password_mark;
pub use password::Password;
pub use policy::{LONGEST, SHORTEST};
