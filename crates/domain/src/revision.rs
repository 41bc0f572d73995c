//! Revisions: what `ETag`s show and `If-Match` asks for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A user's revision: raised by each of the user's write transactions, carried by the rows it touched. It is what
/// `ETag`s show, and the cursor of delta sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub i64);

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The revision that a caller expects a row to have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Expected {
    /// Any state.
    #[default]
    Anything,
    /// Any revision, as long as there is a row.
    Existing,
    /// One of these.
    OneOf(Vec<Revision>),
}

impl Expected {
    /// Holds the stored revision against the expectation.
    ///
    /// # Errors
    /// [`crate::Error::Stale`] on a mismatch.
    pub fn check(&self, current: Revision) -> Result<(), crate::Error> {
        match self {
            Self::OneOf(expected) if !expected.contains(&current) => {
                Err(crate::Error::Stale { current: Some(current) })
            }
            Self::Anything | Self::Existing | Self::OneOf(_) => Ok(()),
        }
    }
}
