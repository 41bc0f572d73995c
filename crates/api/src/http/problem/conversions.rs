//! The errors of the inner layers as problems.

use circadia_auth::tokens::TokenError;
use circadia_domain::code::Code;
use circadia_domain::error::StoreError;

use super::{InputLocation, Problem};
use crate::http::limits;

/// Without `Retry-After`: what isn't idempotent must not be repeated blindly.
const OUTCOME_UNKNOWN: &str = "The connection to the database was lost while this was being stored: it is stored as a \
    whole, or not at all. Find out before sending it again: GET what it would have changed, or repeat a request that \
    is idempotent (a creation with the same `id` and body, one with an `Idempotency-Key`, PUT, PATCH, DELETE).";

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => {
                tracing::warn!(%cause, "database unavailable");
                Self::unavailable("The database can't be reached at the moment. Nothing was stored; try again.")
            }
            StoreError::OutcomeUnknown(cause) => {
                tracing::warn!(%cause, "unknown outcome of a commit");
                Self::of(Code::OutcomeUnknown, OUTCOME_UNKNOWN)
            }
            StoreError::Busy => Self::unavailable("All database connections are busy. Nothing was stored; try again."),
            // The account was deleted while its token was still good.
            StoreError::NoSuchUser => Self::of(Code::TokenRevoked, "The account no longer exists."),
            error => Self::internal(&error),
        }
    }
}

impl From<circadia_domain::Error> for Problem {
    fn from(error: circadia_domain::Error) -> Self {
        use circadia_domain::Error;
        match error {
            Error::NotFound { code, label } => Self::of(code, format!("There is no such {label}.")),
            Error::Invalid(wrong) => Self::invalid(InputLocation::Body, wrong),
            Error::Conflict { code, detail } => Self::of(code, detail),
            Error::Forbidden(detail) => Self::of(Code::InsufficientRole, detail),
            Error::SleepOverlap { conflicts } => {
                let others = match conflicts.len() {
                    1 => "another log".to_owned(),
                    count => format!("{count} other logs"),
                };
                let detail =
                    format!("It overlaps {others}: change the interval, or replace them with `?on_overlap=replace`.");
                Self::of(Code::SleepOverlap, detail).with_member("conflicts", &conflicts)
            }
            Error::LongTimer { started_at, pieces } => {
                let minutes: u64 = pieces.iter().map(|piece| u64::from(piece.minutes)).sum();
                let detail = format!(
                    "It runs since {started_at}: that would be {minutes} minutes in {} time entries. Stop it with \
                     `?confirm=true` if that is meant, with an earlier `ended_at`, or discard it.",
                    pieces.len()
                );
                Self::of(Code::TimerRanLong, detail).with_member("minutes", &minutes).with_member("items", &pieces)
            }
            Error::Stale { current: Some(current) } => Self::of(
                Code::PreconditionFailed,
                format!("It is now at revision {current}, which `If-Match` does not name: fetch it and try again."),
            ),
            Error::Stale { current: None } => {
                Self::of(Code::PreconditionFailed, "It doesn't exist yet, so no `If-Match` can match.")
            }
            Error::Store(error) => error.into(),
        }
    }
}

impl From<circadia_app::Error> for Problem {
    fn from(error: circadia_app::Error) -> Self {
        use circadia_app::Error;
        match error {
            Error::Domain(error) => error.into(),
            Error::Refused { code, detail, .. } => Self::of(code, detail),
            Error::SecondFactorRequired { challenge } => Self::of(
                Code::SecondFactorRequired,
                "The first factor was accepted. Send the `challenge` with a code of the authenticator, or a recovery code, \
                 within five minutes; or begin `POST /auth/passkeys/start` with it.",
            )
            .with_member("challenge", &challenge),
            Error::AccountRateLimited { quota, decision, guess: false } => limits::account_refusal(quota, &decision),
            Error::AccountRateLimited { quota, decision, guess: true } => limits::strangers_refusal(quota, &decision),
            Error::TooManyGuesses { retry_after_seconds, .. } => limits::guesses_refusal(retry_after_seconds),
            Error::Unavailable { code, detail, retry_after_seconds } => {
                Self::of(code, detail).with_retry_after(retry_after_seconds.into())
            }
            Error::Internal(cause) => Self::internal(&cause),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        circadia_app::Error::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_outcome_says_how_to_find_out_and_not_when_to_repeat() {
        let problem = Problem::from(StoreError::OutcomeUnknown("Lost connection to server during query".into()));
        assert_eq!((problem.status(), problem.code()), (503, Code::OutcomeUnknown));
        assert!(problem.detail().contains("GET") && !problem.detail().contains("connection to server"));
        let answer = actix_web::ResponseError::error_response(&problem);
        assert!(!answer.headers().contains_key("retry-after"));
        assert!(!problem.detail().to_lowercase().contains("nothing was stored"));
    }

    #[test]
    fn a_defect_says_nothing_of_its_cause() {
        let problem = Problem::from(StoreError::Defect("SELECT secret FROM /var/lib".into()));
        assert_eq!(problem.status(), 500);
        assert!(!problem.detail().contains("SELECT"));
    }
}
