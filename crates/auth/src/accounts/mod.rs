//! Accounts from the outside: making one, and judging whether somebody may sign in to one.

mod registration;
mod sign_in;

pub use registration::{Registration, register};
pub use sign_in::{Attempt, Identifiers, SignInRefusal, accept, refuse};
