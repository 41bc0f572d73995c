//! The application's errors.

use circadia_auth::OutboxError;
use circadia_auth::accounts::{EmailRefusal, FederatedRefusal, PasskeyRefusal, PasswordRefusal, SignInRefusal};
use circadia_auth::factors::FactorRefusal;
use circadia_auth::keys::KeyError;
use circadia_auth::oauth::OAuthError;
use circadia_auth::one_time::OneTimeRefusal;
use circadia_auth::passkeys::CeremonyRefusal;
use circadia_auth::passwords::Busy;
use circadia_auth::sessions::SessionRefusal;
use circadia_auth::stores::StoreFailure;
use circadia_auth::throttles::{Decision, Quota};
use circadia_auth::tokens::TokenError;
use circadia_domain::code::Code;
use circadia_domain::error::StoreError;
use circadia_domain::unit_of_work::UnitOfWorkError;

/// Why a request to the application failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An error of the domain or of its store.
    #[error(transparent)]
    Domain(#[from] circadia_domain::Error),
    /// A refusal with a code and a text.
    #[error("{code}: {detail}")]
    Refused {
        code: Code,
        /// For people.
        detail: &'static str,
        /// Whether what was written before the refusal is kept: a recorded failure, a revoked session.
        committed: bool,
    },
    /// The first factor is right; `challenge` is to be answered with a code.
    #[error("a second factor is needed")]
    SecondFactorRequired { challenge: String },
    /// An account was tried too often.
    #[error("too many attempts on one account")]
    AccountRateLimited {
        quota: Quota,
        decision: Decision,
        /// Whether a stranger tried its password.
        guess: bool,
    },
    /// Too many wrong codes of a second factor. Recovery codes are still accepted.
    #[error("too many wrong codes were tried lately")]
    TooManyGuesses {
        retry_after_seconds: u32,
        /// Whether the attempt is kept.
        committed: bool,
    },
    /// A dependency is unreachable or overloaded. Retrying may help.
    #[error("{code}: {detail}")]
    Unavailable {
        code: Code,
        /// For people.
        detail: &'static str,
        retry_after_seconds: u32,
    },
    /// A defect. The text is for the log only.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    pub(crate) const fn refused(code: Code, detail: &'static str) -> Self {
        Self::Refused { code, detail, committed: false }
    }

    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }

    /// The code, for the variants that carry one.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { code, .. }
            | Self::Unavailable { code, .. }
            | Self::Domain(circadia_domain::Error::Conflict { code, .. }) => Some(*code),
            _ => None,
        }
    }

    /// Whether the unit of work failed because its user doesn't exist.
    pub(crate) fn is_no_such_user(&self) -> bool {
        matches!(self, Self::Domain(circadia_domain::Error::Store(StoreError::NoSuchUser)))
    }

    fn keep_if(mut self, keep: bool) -> Self {
        if let Self::Refused { committed, .. } | Self::TooManyGuesses { committed, .. } = &mut self {
            *committed = keep;
        }
        self
    }
}

impl UnitOfWorkError for Error {
    fn commit_on_error(&self) -> bool {
        match self {
            Self::Domain(error) => error.commit_on_error(),
            Self::Refused { committed, .. } | Self::TooManyGuesses { committed, .. } => *committed,
            _ => false,
        }
    }

    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Domain(error) => error.store_error(),
            _ => None,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Domain(error.into())
    }
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        let (code, detail) = match error {
            TokenError::Missing => (
                Code::AuthenticationRequired,
                "Send an access token (`Authorization: Bearer …`) or a session's cookie.",
            ),
            TokenError::Invalid => (Code::TokenInvalid, "The token was not issued here, or is of another kind."),
            TokenError::Expired => (Code::TokenExpired, "The token has expired: refresh it, or sign in again."),
            TokenError::Revoked => (Code::TokenRevoked, "The session of this token has ended: sign in again."),
        };
        Self::refused(code, detail)
    }
}

impl From<SessionRefusal> for Error {
    fn from(refusal: SessionRefusal) -> Self {
        let keep = refusal.commit_on_error();
        match (refusal.token_error(), refusal) {
            (Some(error), _) => Self::from(error).keep_if(keep),
            (None, SessionRefusal::Store(error)) => error.into(),
            (None, refusal) => Self::internal(refusal),
        }
    }
}

impl From<SignInRefusal> for Error {
    fn from(refusal: SignInRefusal) -> Self {
        let keep = refusal.commit_on_error();
        let error = match refusal {
            SignInRefusal::InvalidCredentials | SignInRefusal::PasswordReplaced => {
                Self::refused(Code::InvalidCredentials, "The user name or e-mail address, or the password, is wrong.")
            }
            SignInRefusal::EmailNotVerified => Self::refused(
                Code::EmailNotVerified,
                "The credentials are right, but the e-mail address isn't verified yet: follow the link in the mail, or ask for \
                 another at `POST /auth/resend-verification`.",
            ),
            SignInRefusal::WrongCode => Self::refused(Code::WrongCode, "The code is wrong, or was used before."),
            SignInRefusal::TooManyGuesses(seconds) => {
                Self::TooManyGuesses { retry_after_seconds: seconds, committed: false }
            }
            SignInRefusal::ChallengeExpired => Self::refused(
                Code::ChallengeExpired,
                "The challenge is no longer valid: sign in with the password again.",
            ),
            SignInRefusal::Store(error) => error.into(),
            // Callers turn the need for a second factor into a challenge.
            refusal @ (SignInRefusal::SecondFactorRequired { .. } | SignInRefusal::Keys(_)) => Self::internal(refusal),
        };
        error.keep_if(keep)
    }
}

impl From<PasskeyRefusal> for Error {
    fn from(refusal: PasskeyRefusal) -> Self {
        let keep = refusal.commit_on_error();
        let error = match refusal {
            PasskeyRefusal::Invalid => Self::refused(
                Code::PasskeyInvalid,
                "The passkey isn't one of an account here, or its answer couldn't be verified.",
            ),
            PasskeyRefusal::EmailNotVerified => SignInRefusal::EmailNotVerified.into(),
            PasskeyRefusal::ChallengeExpired => SignInRefusal::ChallengeExpired.into(),
            PasskeyRefusal::Defect(reason) => Self::Internal(reason),
            PasskeyRefusal::Store(error) => error.into(),
        };
        error.keep_if(keep)
    }
}

/// Of beginning a ceremony, where nothing but a defect can happen.
impl From<CeremonyRefusal> for Error {
    fn from(refusal: CeremonyRefusal) -> Self {
        Self::internal(refusal)
    }
}

impl From<FederatedRefusal> for Error {
    fn from(refusal: FederatedRefusal) -> Self {
        let keep = refusal.commit_on_error();
        let (code, detail) = match refusal {
            FederatedRefusal::AccountExists => (
                Code::ProviderAccountExists,
                "An account with this e-mail address already exists. Sign in to it first, then link the provider there.",
            ),
            FederatedRefusal::Inactive => (Code::ProviderAccountInactive, "This account may not sign in."),
            FederatedRefusal::Changed => (Code::ChangedMeanwhile, "It was changed at the same time: try again."),
            FederatedRefusal::SubjectTaken => {
                (Code::ProviderSubjectTaken, "This account at the provider belongs to another account here.")
            }
            FederatedRefusal::AlreadyLinked => {
                (Code::ProviderAlreadyLinked, "Another account at the provider is linked: unlink that one first.")
            }
            FederatedRefusal::NotLinked => (Code::ProviderNotLinked, "No account at this provider is linked."),
            FederatedRefusal::LastSignInMethod => (
                Code::ProviderLastWayIn,
                "Without a password, this provider is the only sign-in method of the account: set a password first.",
            ),
            FederatedRefusal::Store(error) => return error.into(),
            refusal @ FederatedRefusal::SecondFactorRequired { .. } => return Self::internal(refusal),
        };
        Self::refused(code, detail).keep_if(keep)
    }
}

impl From<OAuthError> for Error {
    fn from(error: OAuthError) -> Self {
        tracing::warn!(%error, "a sign-in through a provider failed");
        match error {
            OAuthError::Unavailable(_) => Self::Unavailable {
                code: Code::ProviderUnavailable,
                detail: "The provider can't be reached at the moment. Try again.",
                retry_after_seconds: 5,
            },
            OAuthError::CodeRefused(_) => Self::refused(
                Code::ProviderCodeRefused,
                "The provider refused the authorisation code: start the sign-in again.",
            ),
            OAuthError::TokenInvalid(_) => {
                Self::refused(Code::ProviderTokenInvalid, "The provider's answer could not be verified.")
            }
            OAuthError::EmailUnverified => Self::refused(
                Code::ProviderEmailUnverified,
                "The provider has not verified the e-mail address of this account.",
            ),
        }
    }
}

impl From<FactorRefusal> for Error {
    fn from(refusal: FactorRefusal) -> Self {
        match refusal {
            // TwoFactor names the field that a wrong code came in.
            FactorRefusal::WrongCode { counted } => {
                Self::refused(Code::WrongCode, "The code is wrong, or was used before.").keep_if(counted)
            }
            FactorRefusal::TooManyGuesses(seconds) => {
                Self::TooManyGuesses { retry_after_seconds: seconds, committed: false }
            }
            FactorRefusal::NotSetUp => {
                Self::refused(Code::TotpNotSetUp, "No second factor is set up: set one up first.")
            }
            FactorRefusal::AlreadyActive => {
                Self::refused(Code::TotpActive, "A second factor is already active: remove it to set up another.")
            }
            FactorRefusal::Keys(error) => error.into(),
            FactorRefusal::Store(error) => error.into(),
        }
    }
}

impl From<PasswordRefusal> for Error {
    fn from(refusal: PasswordRefusal) -> Self {
        match refusal {
            PasswordRefusal::Replaced => wrong_password(),
            PasswordRefusal::Store(error) => error.into(),
        }
    }
}

impl From<OneTimeRefusal> for Error {
    fn from(refusal: OneTimeRefusal) -> Self {
        match refusal {
            OneTimeRefusal::NoGood => circadia_domain::Error::field(
                "/token",
                "invalid_token",
                "is invalid or has expired: a link is valid once, for a limited time, and only the latest one works",
            )
            .into(),
            OneTimeRefusal::Store(error) => error.into(),
        }
    }
}

impl From<EmailRefusal> for Error {
    fn from(refusal: EmailRefusal) -> Self {
        match refusal {
            EmailRefusal::Token(refusal) => refusal.into(),
            EmailRefusal::Taken => Self::refused(Code::EmailTaken, "Another account has taken this e-mail address."),
        }
    }
}

impl From<OutboxError> for Error {
    fn from(error: OutboxError) -> Self {
        match error {
            OutboxError::Store(error) => error.into(),
            OutboxError::Sealing(_) => Self::internal(error),
        }
    }
}

impl From<StoreFailure> for Error {
    fn from(failure: StoreFailure) -> Self {
        match failure {
            StoreFailure::Unavailable(cause) => {
                tracing::warn!(%cause, "the store of sessions is unavailable");
                Self::Unavailable {
                    code: Code::Unavailable,
                    detail: "The store of sessions can't be reached at the moment. Try again.",
                    retry_after_seconds: 1,
                }
            }
            StoreFailure::Defect(_) => Self::internal(failure),
        }
    }
}

impl From<Busy> for Error {
    fn from(_: Busy) -> Self {
        Self::Unavailable {
            code: Code::Unavailable,
            detail: "Too many passwords are being checked at the moment. Try again in a moment.",
            retry_after_seconds: 1,
        }
    }
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        Self::internal(error)
    }
}

/// A wrong password of a signed-in user. Not a 401, because the session is valid.
pub(crate) const fn wrong_password() -> Error {
    Error::refused(Code::WrongPassword, "The password is wrong.")
}
