//! Accounts from the outside: making one, judging whether somebody may sign in to one, and who else vouches for them.

mod federated;
mod registration;
mod sign_in;

pub use federated::{FederatedRefusal, find_federated, join_federated, link, sign_in_federated, unlink};
pub use registration::{Registration, register};
pub use sign_in::{Attempt, Identifiers, SignInRefusal, accept, refuse};
