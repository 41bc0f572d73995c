//! Passkeys (WebAuthn Level 3): the ceremonies that register one and sign in by one.
//!
//! A ceremony has two steps. [`RelyingParty::begin_registration`] or [`RelyingParty::begin_authentication`] makes a
//! challenge for the browser, and a state that the caller keeps, for five minutes and one use. What the browser answers
//! is read as an [`Attestation`] or an [`Assertion`], and verified against the state: challenge, origin, hash of the
//! relying party's id, signature, counter, and that the device verified its user.
//!
//! Attestation statements aren't asked for: which make a device is of makes no difference here. The user handle that
//! devices keep is the user's id.

mod relying_party;
mod response;

#[cfg(test)]
#[path = "../../../../tests/src/authenticator.rs"]
#[expect(unreachable_pub, reason = "it is part of the tests' crate, too")]
pub(crate) mod authenticator;
#[cfg(test)]
mod tests;

pub use relying_party::{ALGORITHMS, CEREMONY_TTL, CeremonyRefusal, NewCredential, RelyingParty, Started};
pub use response::{Assertion, Attestation};

use circadia_domain::ids::UserId;

use crate::bytes::base64url;
use crate::entropy::{Entropy, random};

/// What names a ceremony between its steps: 256 random bits in base64url, known to the client alone.
pub fn fresh_ceremony(entropy: &dyn Entropy) -> String {
    base64url(&random::<32>(entropy))
}

/// Length of a user handle in bytes: that of a UUID.
const HANDLE_LENGTH: usize = 16;

/// The user handle: what a device knows the user by.
pub fn user_handle(user: UserId) -> [u8; HANDLE_LENGTH] {
    user.as_uuid().into_bytes()
}
