//! The errors of units of work.

use crate::error::StoreError;

/// Errors that say whether what was written before them must be kept all the same.
pub trait UnitOfWorkError: From<StoreError> {
    /// Whether the transaction is to be committed although it failed: a recorded failure, a revoked family.
    fn commit_on_error(&self) -> bool {
        false
    }

    /// The error of the store that it is, if it is one.
    fn store_error(&self) -> Option<&StoreError> {
        None
    }
}

impl UnitOfWorkError for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

impl UnitOfWorkError for crate::Error {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
