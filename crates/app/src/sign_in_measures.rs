//! How attempts to sign in end, for those who operate this process. Administrators have the history of the database.

use circadia_domain::code::Code;
use circadia_domain::error::Error as DomainError;
use circadia_domain::logins::LoginMethod;
use circadia_domain::measures::{Counter, Each, SignInOutcome};

use crate::error::Error;

/// Attempts to sign in by method and outcome, since the start of this process.
#[derive(Debug, Default)]
pub struct SignInMeasures(Each<LoginMethod, Each<SignInOutcome, Counter>>);

impl SignInMeasures {
    /// Counts an attempt, and passes its outcome on.
    pub(crate) fn note<T>(&self, method: LoginMethod, outcome: Result<T, Error>) -> Result<T, Error> {
        if let Some(outcomes) = self.0.of(method) {
            outcomes.increment(outcome.as_ref().map_or_else(outcome_of, |_| SignInOutcome::SignedIn));
        }
        outcome
    }

    pub fn iter(&self) -> impl Iterator<Item = (LoginMethod, SignInOutcome, u64)> {
        self.0.iter().flat_map(|(method, outcomes)| {
            outcomes.iter().map(|(outcome, counter)| (*method, *outcome, counter.count()))
        })
    }
}

fn outcome_of(error: &Error) -> SignInOutcome {
    match error {
        Error::SecondFactorRequired { .. } => SignInOutcome::SecondFactorRequired,
        Error::AccountRateLimited { .. } | Error::TooManyGuesses { .. } => SignInOutcome::Throttled,
        Error::Refused { code: Code::InvalidCredentials | Code::WrongCode | Code::PasskeyInvalid, .. } => {
            SignInOutcome::WrongCredentials
        }
        Error::Domain(DomainError::Store(_)) | Error::Unavailable { .. } | Error::Internal(_) => SignInOutcome::Failed,
        Error::Domain(_) | Error::Refused { .. } => SignInOutcome::Refused,
    }
}

#[cfg(test)]
mod tests {
    use circadia_domain::error::StoreError;

    use super::*;

    #[test]
    fn attempts_are_counted_by_method_and_outcome() {
        let measures = SignInMeasures::default();
        let wrong = || Err::<(), _>(Error::refused(Code::InvalidCredentials, "wrong"));
        assert!(measures.note(LoginMethod::Password, Ok(())).is_ok());
        assert!(measures.note(LoginMethod::Password, wrong()).is_err());
        assert!(measures.note(LoginMethod::Password, wrong()).is_err());
        let expired = Err::<(), _>(Error::refused(Code::ChallengeExpired, "expired"));
        assert!(measures.note(LoginMethod::Totp, expired).is_err());
        assert!(measures.note(LoginMethod::Passkey, Err::<(), _>(StoreError::Busy.into())).is_err());
        let counted: Vec<_> = measures.iter().filter(|(.., count)| *count > 0).collect();
        assert_eq!(
            counted,
            [
                (LoginMethod::Password, SignInOutcome::SignedIn, 1),
                (LoginMethod::Password, SignInOutcome::WrongCredentials, 2),
                (LoginMethod::Totp, SignInOutcome::Refused, 1),
                (LoginMethod::Passkey, SignInOutcome::Failed, 1),
            ]
        );
    }
}
