//! Tokens that came by mail: reading them, and refusing them all in the same words.

use circadia_auth::OutboxError;
use circadia_auth::accounts::EmailRefusal;
use circadia_auth::one_time::{OneTimeRefusal, OneTimeToken};
use circadia_domain::error::StoreError;
use circadia_domain::unit_of_work::Refusal;
use circadia_domain::violation::Violations;

use crate::problem::{InputLocation, Problem};

/// Why a link did nothing.
#[derive(Debug)]
pub(super) enum LinkRefused {
    /// Its token is no good, or no longer.
    NoGood,
    /// The address that it was sent to belongs to another account by now.
    EmailTaken,
    /// The store failed.
    Store(StoreError),
    /// A letter can't be ordered.
    Outbox(OutboxError),
}

impl From<StoreError> for LinkRefused {
    fn from(error: StoreError) -> Self {
        OneTimeRefusal::from(error).into()
    }
}

impl From<OneTimeRefusal> for LinkRefused {
    fn from(refusal: OneTimeRefusal) -> Self {
        match refusal {
            OneTimeRefusal::NoGood => Self::NoGood,
            OneTimeRefusal::Store(error) => Self::Store(error),
        }
    }
}

impl From<EmailRefusal> for LinkRefused {
    fn from(refusal: EmailRefusal) -> Self {
        match refusal {
            EmailRefusal::Token(refusal) => refusal.into(),
            EmailRefusal::Taken => Self::EmailTaken,
        }
    }
}

impl From<OutboxError> for LinkRefused {
    fn from(error: OutboxError) -> Self {
        Self::Outbox(error)
    }
}

impl Refusal for LinkRefused {}

impl From<LinkRefused> for Problem {
    fn from(refused: LinkRefused) -> Self {
        match refused {
            LinkRefused::NoGood => {
                let mut wrong = Violations::new();
                let text =
                    "is no good, or no longer: links are good once, for a limited time, and only the latest counts";
                wrong.add("/token", "invalid_token", text);
                Self::invalid(InputLocation::Body, wrong)
            }
            LinkRefused::EmailTaken => {
                Self::of("email_taken", "There is another account with this e-mail address by now.")
            }
            LinkRefused::Store(error) => error.into(),
            LinkRefused::Outbox(error) => error.into(),
        }
    }
}

/// Reads a token. What can't be one is refused like one that isn't good any more.
pub(super) fn token(text: &str) -> Result<OneTimeToken, LinkRefused> {
    OneTimeToken::parse(text).ok_or(LinkRefused::NoGood)
}
