//! Account operations: registering, signing in, external identities, verifying the address, replacing the password,
//! emails to the owner, deletion.

mod deletion;
mod email;
mod emails;
mod federated;
mod password;
mod registration;
mod second_factor;
mod sign_in;

pub use deletion::delete_account;
pub use email::{EmailProof, EmailRefusal, prove_email};
pub use emails::{EmailContent, EmailJob, EmailMessage, compose_email};
pub use federated::{FederatedRefusal, find_federated, join_federated, link, sign_in_federated, unlink};
pub use password::{PasswordRefusal, Reset, change_password, reset_password, resettable};
pub use registration::{Registration, register};
pub use second_factor::{SecondFactor, accept_second_factor};
pub use sign_in::{Attempt, Identifiers, SignInRefusal, accept, refuse};

/// Whether an account can be used before its address is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// It can't. Registration sends a link first and doesn't reveal whether the address has an account.
    Required,
    /// It can.
    Optional,
}
