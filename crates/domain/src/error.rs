//! Why the domain refused, or could not.

use std::borrow::Cow;

use crate::civil::Instant;
use crate::code::Code;
use crate::entity::Entity;
use crate::sleep::Conflict;
use crate::time_entries::Piece;
use crate::violation::Violations;

/// Why a request failed. Nothing was stored, unless the caller commits despite the error, or the error is
/// [`StoreError::OutcomeUnknown`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The item doesn't exist or belongs to another user; the two are indistinguishable.
    #[error("no such {label}")]
    NotFound {
        /// [`Entity::NOT_FOUND`] of the requested item.
        code: Code,
        /// [`Entity::LABEL`] of it.
        label: &'static str,
    },
    /// Parts of what was asked are wrong.
    #[error("{0}")]
    Invalid(#[from] Violations),
    /// It contradicts what is stored.
    #[error("{detail}")]
    Conflict {
        code: Code,
        /// For people.
        detail: Cow<'static, str>,
    },
    /// The caller's role doesn't allow it (`insufficient_role`).
    #[error("{0}")]
    Forbidden(Cow<'static, str>),
    /// The sleep overlaps others, which are to stay.
    #[error("it overlaps other sleep")]
    SleepOverlap {
        /// The logs it overlaps, by start; at least one.
        conflicts: Vec<Conflict>,
    },
    /// The timer ran for so long that it may have been forgotten.
    #[error("the timer ran for very long")]
    LongTimer {
        /// Since when it runs.
        started_at: Instant,
        /// What would be written.
        pieces: Vec<Piece>,
    },
    /// The stored revision isn't one that the caller expected.
    #[error("it was changed in the meantime")]
    Stale {
        /// The stored revision; `None` if there is no row.
        current: Option<crate::revision::Revision>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// There is no such `E`.
    pub const fn not_found<E: Entity>() -> Self {
        Self::NotFound { code: E::NOT_FOUND, label: E::LABEL }
    }

    /// A conflict with what is stored.
    pub fn conflict(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict { code, detail: detail.into() }
    }

    /// Refuses one more item where there are `max` already, such as `an account holds at most 200 themes`.
    ///
    /// # Errors
    /// `limit_reached`.
    pub(crate) fn ensure_room<N: Copy + PartialOrd + std::fmt::Display>(
        count: N,
        max: N,
        holder: &str,
        items: &str,
    ) -> Result<(), Self> {
        if count < max {
            return Ok(());
        }
        Err(Self::conflict(Code::LimitReached, format!("{holder} holds at most {max} {items}")))
    }

    /// One wrong field of a request's body.
    pub fn field(path: &str, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let mut wrong = Violations::new();
        wrong.add(path, code, detail);
        Self::Invalid(wrong)
    }
}

/// The uniqueness rules that span users; those within a user's rows are checked under the user's revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// Two users of one name.
    Username,
    /// Two users of one e-mail address.
    Email,
    /// Two users of one identity with an issuer.
    Identity,
    /// Two passkeys of one credential.
    Passkey,
    /// Two subscriptions to Web Push of one endpoint.
    PushEndpoint,
    /// Any other.
    Other,
}

/// What can go wrong between the domain and its database.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database can't be reached, or can't do it at the moment. Nothing was stored. Trying again later may help.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// No answer came to the COMMIT: what was written is stored, or isn't.
    #[error("it is unknown whether the transaction was committed: {0}")]
    OutcomeUnknown(String),
    /// No connection was free in time.
    #[error("all database connections are busy")]
    Busy,
    /// A uniqueness rule was broken.
    #[error("a uniqueness rule was broken: {0:?}")]
    Duplicate(Unique),
    /// The user of this unit of work has no revision: the account was deleted.
    #[error("the user does not exist")]
    NoSuchUser,
    /// A row can't be read as what it should be.
    #[error("stored data can't be read: {0}")]
    Corrupt(String),
    /// Anything else; a defect.
    #[error("the database refused: {0}")]
    Defect(String),
}
