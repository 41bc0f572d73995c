//! Exports of accounts: a JSON document, or an archive of tables.
//!
//! An export is written into memory, in pieces, while its transaction is open, and sent afterwards: a client that reads
//! slowly holds memory, but no transaction. Few are made at a time.

mod archive;
mod chunks;
mod json;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use circadia_domain::civil::Instant;
use circadia_domain::code::Code;
use circadia_domain::export::{self, ExportOptions, ExportedImage};
use circadia_domain::ids::UserId;
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::AvatarSize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::avatars::Avatars;
use crate::context::Context;
use crate::error::Error;
use archive::ArchiveWriter;
pub use chunks::Chunks;
use json::JsonWriter;

/// Exports, and imports, that are in memory at a time.
const MAX_AT_ONCE: usize = 2;

/// How long one may take: as long as a large account takes on a slow machine.
pub(crate) const RUN_TIMEOUT: Duration = Duration::from_secs(20);

/// How long one waits for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(3);

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExportFormat {
    /// The document that can be imported.
    #[default]
    Json,
    /// An archive (ZIP) with a table (CSV) for each list.
    Csv,
}

/// An export that was made. Another one can be made once it is dropped.
#[derive(Debug)]
pub struct Export {
    pub content: Chunks,
    pub permit: OwnedSemaphorePermit,
}

/// Bounds how many exports, or imports, are in memory.
#[derive(Debug, Clone)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_AT_ONCE)))
    }
}

impl Turns {
    /// # Errors
    /// `unavailable`.
    pub(crate) async fn take(&self) -> Result<OwnedSemaphorePermit, Error> {
        match tokio::time::timeout(TURN_TIMEOUT, Arc::clone(&self.0).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(error)) => Err(Error::internal(error)),
            Err(_) => Err(Error::Unavailable {
                code: Code::Unavailable,
                detail: "Other exports and imports are being made. Try again.",
                retry_after_seconds: 10,
            }),
        }
    }
}

/// Makes exports.
#[derive(Debug)]
pub struct Exports {
    context: Context,
    avatars: Avatars,
    turns: Turns,
}

impl Exports {
    pub fn new(context: Context, avatars: Avatars) -> Self {
        Self { context, avatars, turns: Turns::default() }
    }

    /// Exports an account; with its sign-ins and security and audit events, if `activity` says so.
    ///
    /// # Errors
    /// `unavailable`; the store's.
    pub async fn make(&self, user: UserId, format: ExportFormat, activity: bool) -> Result<Export, Error> {
        let permit = self.turns.take().await?;
        let (image, now) = (self.image(user).await?, self.context.now());
        let options = ExportOptions { image, activity };
        let unit_of_work = self.context.unit_of_work.with_run_timeout(RUN_TIMEOUT);
        let written = unit_of_work.read::<_, Error>(move |store| write(store, user, now, format, options));
        Ok(Export { content: written.await?, permit })
    }

    /// The user's image, if they have one.
    ///
    /// # Errors
    /// `unavailable`; the store's.
    pub async fn image(&self, user: UserId) -> Result<Option<ExportedImage>, Error> {
        let found = self.context.unit_of_work.query::<_, Error>(move |store| Ok(store.find_user(user)?)).await?;
        let Some(avatar) = found.and_then(|user| user.avatar) else { return Ok(None) };
        let file = avatar.file(AvatarSize::Large);
        let content = self.avatars.content(file).await?;
        let media_type = file.format().media_type();
        Ok(content.map(|content| ExportedImage { media_type, data: STANDARD.encode(content) }))
    }
}

/// Writes an export, in one reading unit of work.
///
/// # Errors
/// The store's.
pub fn write(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    format: ExportFormat,
    options: ExportOptions,
) -> Result<Chunks, Error> {
    match format {
        ExportFormat::Json => {
            let mut writer = JsonWriter::default();
            export::write(store, user, now, options, &mut writer)?;
            Ok(writer.into_content())
        }
        ExportFormat::Csv => {
            let mut writer = ArchiveWriter::new();
            export::write(store, user, now, options, &mut writer)?;
            Ok(writer.into_content()?)
        }
    }
}
