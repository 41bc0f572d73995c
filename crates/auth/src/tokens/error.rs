//! Why a token is refused.

/// Why an access or refresh token is refused; the answer is 401 in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is none.
    #[error("a token is needed")]
    Missing,
    /// It isn't one of ours, or isn't of this kind.
    #[error("the token is not valid")]
    Invalid,
    /// It was valid until its time was over.
    #[error("the token has expired")]
    Expired,
    /// Its session was ended.
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
