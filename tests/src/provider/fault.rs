//! What can be wrong with a provider, for tests of how the program takes it.

/// A fault of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The user declines.
    Denied,
    /// Browsers come back with another state.
    WrongState,
    /// Browsers come back from another issuer (RFC 9207).
    WrongResponseIssuer,
    /// Browsers come back without an issuer.
    NoResponseIssuer,
    /// ID tokens are those of another sign-in.
    WrongNonce,
    /// ID tokens have another issuer.
    WrongIssuer,
    /// ID tokens have another audience.
    WrongAudience,
    /// ID tokens are of an hour ago.
    Expired,
    /// ID tokens aren't signed (`alg: none`).
    Unsigned,
    /// ID tokens are signed by HS256, with the client's secret.
    SignedWithSecret,
    /// ID tokens are signed by HS256, with the public key.
    SignedWithPublicKey,
    /// ID tokens name a key that isn't published.
    UnknownKey,
    /// ID tokens were altered after they were signed.
    Altered,
    /// There are no ID tokens.
    NoIdToken,
    /// What is held against the verifier isn't what was sent.
    OtherChallenge,
    /// Another got there first with the code.
    CodeUsed,
    /// The token endpoint fails.
    TokenFails,
    /// The token endpoint never answers.
    TokenHangs,
    /// The token endpoint answers without end.
    TokenHuge,
    /// The token endpoint redirects.
    TokenRedirects,
    /// The token endpoint answers nonsense.
    TokenNonsense,
    /// The keys can't be had.
    KeysFail,
    /// The discovery document never comes.
    DiscoveryHangs,
    /// The discovery document is large.
    DiscoveryHuge,
    /// The discovery document is elsewhere.
    DiscoveryRedirects,
    /// The discovery document is another issuer's.
    DiscoveryOfAnother,
}
