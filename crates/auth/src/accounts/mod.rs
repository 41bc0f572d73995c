//! Account operations: registering, signing in, external identities, verifying the address, replacing the password,
//! emails to the owner, deletion.

use circadia_domain::users::Credentials;

mod deletion;
mod email;
mod emails;
mod federated;
mod passkey;
mod password;
mod registration;
mod second_factor;
mod sign_in;

pub use deletion::delete_account;
pub use email::{EmailProof, EmailRefusal, prove_email};
pub use emails::{EmailContent, EmailJob, EmailMessage, compose_email};
pub use federated::{FederatedRefusal, find_federated, join_federated, link, sign_in_federated, unlink};
pub use passkey::{PasskeyAttempt, PasskeyRefusal};
pub use password::{PasswordRefusal, Reset, change_password, reset_password, resettable};
pub use registration::{Registration, register, reserve};
pub use second_factor::{SecondFactor, accept_second_factor};
pub use sign_in::{Attempt, Identifiers, SignInRefusal, Sought, accept, refuse, seek};

/// Whether an account can be used before its address is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// It can't. Registration sends a link first and doesn't reveal whether the address has an account.
    Required,
    /// It can.
    Optional,
}

impl Verification {
    /// Whether an account can be used, as far as its address goes. Signing in to one that can't looks like a wrong
    /// password: to who registered it, anything else would tell whether the address was free.
    pub fn admits(self, found: &Credentials) -> bool {
        self == Self::Optional || found.email_verified
    }
}
