//! Signing in with an external provider: the authorization code flow of OpenID Connect (OpenID Connect Core 1.0 §3.1;
//! RFC 6749, RFC 7636, RFC 9700), with any provider that has a discovery document; several at once.
//!
//! The steps:
//! 1. [`OpenIdProvider::begin`] returns the URL for the browser and a [`Pending`] flow. The caller stores it for
//!    [`FLOW_TTL`] under the hash of its `state`, bound to the browser by a cookie ([`Browser`]);
//! 2. the browser returns with a code, to the address of its provider. The pending flow is *taken*, so that each `state`
//!    is accepted once, and checked against the browser ([`Pending::is_of`]) and the provider ([`Pending::is_at`]);
//! 3. [`OpenIdProvider::finish`] exchanges the code (with the PKCE verifier and the client secret), verifies the ID
//!    token against the provider's keys, and returns a [`Profile`];
//! 4. `accounts` finds, creates or links the account. Apps, which can't use a cookie, fetch their tokens with a
//!    [`Ticket`]: a code that only the app that began the flow can redeem.
//!
//! All HTTP goes through [`HttpClient`], which the composition root implements.

mod client_secret;
mod flow;
mod http;
mod id_token;
mod keys;
mod local_path;
mod metadata;
mod provider;
mod settings;

#[cfg(test)]
mod tests;

pub use client_secret::ClientSecret;
pub use flow::{Browser, Challenge, Completion, Pending, Purpose, Secret, StartedFlow, Ticket};
pub use http::{HttpClient, HttpFailure, HttpRequest, HttpResponse, ResponseFuture};
pub use id_token::Profile;
pub use local_path::LocalPath;
pub use provider::OpenIdProvider;
pub use settings::{APPLE_ISSUER, GOOGLE_ISSUER, ProviderSettings, ResponseMode};

/// Maximum duration of the sign-in at the provider, in seconds.
pub const FLOW_TTL: i64 = 10 * 60;

/// Seconds within which an app has to redeem its ticket.
pub const TICKET_TTL: i64 = 60;

/// Why a federated sign-in failed. The messages contain no secrets.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// The provider can't be reached in time, or its metadata is invalid.
    #[error("the provider is unavailable: {0}")]
    Unavailable(String),
    /// The provider refused to exchange the code.
    #[error("the provider refused the code: {0}")]
    CodeRefused(String),
    /// The ID token is invalid.
    #[error("the ID token is not valid: {0}")]
    TokenInvalid(&'static str),
    /// The provider hasn't verified the address.
    #[error("the provider does not vouch for an e-mail address")]
    EmailUnverified,
}
