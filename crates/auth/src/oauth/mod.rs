//! Signing in through somebody else: OpenID Connect's authorisation code flow (OpenID Connect Core 1.0 §3.1; RFC 6749,
//! RFC 7636, RFC 9700), with Google or any provider that describes itself in a discovery document.
//!
//! From end to end:
//! 1. [`OpenIdProvider::begin`]: where to send the browser, and what is to be remembered until it comes back: a
//!    [`Pending`], kept for [`FLOW_TTL`] under the hash of its `state`, bound to the browser by a cookie ([`Browser`]);
//! 2. the browser comes back with a code. The pending flow is *taken*, so that no `state` is good twice, and held
//!    against the browser ([`Pending::is_of`]);
//! 3. [`OpenIdProvider::finish`] exchanges the code (with the PKCE verifier and the client's secret), verifies the ID
//!    token against the provider's keys, and says who it is: a [`Profile`];
//! 4. `accounts` finds, makes or links the account. Apps, which can't use a cookie, fetch their tokens with a
//!    [`Ticket`]: a code of our own that only whoever began the flow can redeem.
//!
//! This module speaks HTTP through [`HttpClient`] only, which the composition root implements.

mod flow;
mod http;
mod id_token;
mod keys;
mod local_path;
mod provider;

#[cfg(test)]
mod tests;

pub use flow::{Browser, Challenge, Completion, Pending, Purpose, Secret, StartedFlow, Ticket};
pub use http::{HttpClient, HttpFailure, HttpRequest, HttpResponse, ResponseFuture};
pub use id_token::Profile;
pub use local_path::LocalPath;
pub use provider::{OpenIdProvider, ProviderSettings};

/// Seconds that somebody may take to sign in at the provider.
pub const FLOW_TTL: i64 = 10 * 60;

/// Seconds within which an app fetches what its browser has brought.
pub const TICKET_TTL: i64 = 60;

/// Why the provider's word isn't taken, or can't be had. None of the texts holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// The provider can't be reached in time, or isn't what it says it is.
    #[error("the provider is unavailable: {0}")]
    Unavailable(String),
    /// The provider doesn't exchange the code.
    #[error("the provider refused the code: {0}")]
    CodeRefused(String),
    /// The ID token isn't one that may be believed.
    #[error("the ID token is not valid: {0}")]
    TokenInvalid(&'static str),
    /// The provider doesn't vouch for the address.
    #[error("the provider does not vouch for an e-mail address")]
    EmailUnverified,
}
