//! Backups: everything that the database holds as it was at one moment, and the images, in one file.
//!
//! - `archive`: what is in the file;
//! - `seal`: its encryption;
//! - `vault`: the folder or the bucket that it lies in;
//! - `keep`: which of the earlier ones are removed;
//! - `images`: what is read from the media store, and put there;
//! - `create`, `restore`: the two ways.
//!
//! Everything here blocks, and takes bounded memory whatever the size.

mod archive;
mod create;
mod images;
mod keep;
mod restore;
mod seal;
#[cfg(test)]
mod tests;
mod vault;

use std::sync::atomic::{AtomicBool, Ordering};

use circadia_storage::transfer::TransferError;

pub(crate) use create::{Created, Plan as BackupPlan, create};
pub(crate) use keep::Keep;
pub(crate) use restore::{Plan as RestorePlan, restore};
pub(crate) use seal::BackupKey;
pub(crate) use vault::Vault;

/// Why there is no backup, or why it can't be restored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    /// The database.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The folder or the bucket.
    #[error("{0}")]
    Vault(String),
    /// The file can't be read to its end, or its content contradicts itself.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// It is in order, and can't be read here.
    #[error("{0}")]
    Unusable(String),
    /// It was asked to end.
    #[error("interrupted")]
    Interrupted,
}

impl BackupError {
    /// An error of reading the file.
    fn reading(error: &std::io::Error) -> Self {
        // The layers above wrap what the store said.
        let mut cause = error.get_ref().map(|inner| -> &(dyn std::error::Error + 'static) { inner });
        while let Some(inner) = cause {
            if let Some(failed) = inner.downcast_ref::<vault::Failed>() {
                return Self::Vault(failed.to_string());
            }
            cause = match inner.downcast_ref::<std::io::Error>() {
                Some(wrapped) => wrapped.get_ref().map(|inner| -> &(dyn std::error::Error + 'static) { inner }),
                None => inner.source(),
            };
        }
        Self::Damaged(format!("it can't be read to its end ({error}): it was cut off, or altered"))
    }

    /// An error of writing it.
    fn writing(error: &std::io::Error) -> Self {
        Self::Vault(format!("the backup can't be written: {error}"))
    }
}

/// Tells long work to stop.
#[derive(Debug, Default)]
pub(crate) struct Stop(AtomicBool);

impl Stop {
    pub(crate) fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn check(&self) -> Result<(), BackupError> {
        if self.0.load(Ordering::Relaxed) { Err(BackupError::Interrupted) } else { Ok(()) }
    }
}
