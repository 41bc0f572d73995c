//! Why a token is rejected.

/// Why an access or refresh token is rejected; the status is 401 in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// No token.
    #[error("a token is needed")]
    Missing,
    /// Malformed, not issued here, or of another kind.
    #[error("the token is not valid")]
    Invalid,
    /// Expired.
    #[error("the token has expired")]
    Expired,
    /// The session was revoked.
    #[error("the session of this token was ended")]
    Revoked,
}

impl TokenError {
    /// The stable machine code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "token_missing",
            Self::Invalid => "token_invalid",
            Self::Expired => "token_expired",
            Self::Revoked => "token_revoked",
        }
    }
}
