//! The store of files that are served as they are: a folder, or a bucket. The `server` crate implements it.

use std::fmt::Debug;
use std::fs::File;
use std::future::Future;
use std::pin::Pin;

use circadia_domain::code::Code;

use crate::error::Error;

/// The store can't be reached, refuses, or didn't answer in time. For the log only.
#[derive(Debug, thiserror::Error)]
#[error("the media store failed: {0}")]
pub struct MediaFailure(pub String);

/// A pending result of the store.
pub type PendingMedia<'a, T> = Pin<Box<dyn Future<Output = Result<T, MediaFailure>> + Send + 'a>>;

/// Files by key. What was put is there when the future ends well, on every replica.
pub trait MediaStore: Debug + Send + Sync {
    /// Stores a file, replacing any existing one.
    fn put<'a>(&'a self, key: &'a str, content: Vec<u8>) -> PendingMedia<'a, ()>;

    /// The file's content, if there is such a file.
    fn get<'a>(&'a self, key: &'a str) -> PendingMedia<'a, Option<Vec<u8>>>;

    /// Removes the file, if there is one.
    fn delete<'a>(&'a self, key: &'a str) -> PendingMedia<'a, ()>;

    /// Begins a file that is too large to be held in memory. It is there once it is finished, and not before.
    fn begin<'a>(&'a self, key: &'a str) -> PendingMedia<'a, Box<dyn MediaWriter>>;

    /// A file of the machine with the content of such a file, if there is one; gone when it is closed, if it is a copy.
    fn open<'a>(&'a self, key: &'a str) -> PendingMedia<'a, Option<File>>;
}

/// A file that is being stored.
pub trait MediaWriter: Send {
    /// Takes the next bytes.
    fn write(&mut self, bytes: Vec<u8>) -> PendingMedia<'_, ()>;

    /// Ends the file, once.
    fn finish(&mut self) -> PendingMedia<'_, ()>;

    /// Gives the file up.
    fn abort(&mut self) -> PendingMedia<'_, ()>;
}

impl From<MediaFailure> for Error {
    fn from(failure: MediaFailure) -> Self {
        tracing::warn!(%failure, "a file can't be stored or read");
        Self::Unavailable {
            code: Code::Unavailable,
            detail: "The store of files can't be reached at the moment. Nothing was changed; try again.",
            retry_after_seconds: 5,
        }
    }
}
