//! Imports from other apps: uploading a file, trying it out, and the job that imports it or takes an import back.
//!
//! The file lies in the media store from its upload until its import has ended, whatever dies in between: a job that will
//! look after it is enqueued before it is stored, due an hour later, and again with the import. A job that finds nothing
//! to do for its import removes the file. Such a job has no user, since a user's jobs are deleted with the account, and the
//! file is to go then, too.
//!
//! An import is done part by part, each a transaction that also notes how far the import is. So a server that dies in
//! between repeats at most a part, and nothing twice; and while one imports, others write.

mod reading;

use std::io::Cursor;
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use circadia_auth::{Outbox, OutboxError};
use circadia_domain::audit::{self, AuditAction};
use circadia_domain::code::Code;
use circadia_domain::error::Error as DomainError;
use circadia_domain::ids::UserId;
use circadia_domain::imports::{
    self, Import, ImportEntity, ImportFormat, ImportId, ImportReport, ImportState, MAX_IMPORTS, MAX_LINES,
    MAX_OPEN_IMPORTS, Next,
};
use circadia_domain::jobs::{Attempt, Job, JobKind, MAX_ATTEMPTS, NewJob};
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::Settings;
use circadia_domain::violation::Violations;
use serde::{Deserialize, Serialize};

use crate::authenticate::Principal;
use crate::context::Context;
use crate::error::Error;
use crate::export::{RUN_TIMEOUT, Turns};
use crate::media::{MediaStore, MediaWriter};
use reading::Found;

/// Seconds after which the file of an upload is removed if it didn't end well. An upload may take less.
const GRACE_SECONDS: i64 = 3_600;
/// How long a job imports at a time: others have their turn in between.
const SLICE: Duration = Duration::from_secs(15);
/// How long a part may take.
const PART_TIMEOUT: Duration = Duration::from_secs(20);

/// What the job of an import holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Ticket {
    user: UserId,
    import: ImportId,
}

impl Ticket {
    fn key(self) -> String {
        format!("imports/{}", self.import)
    }
}

/// Imports files of other apps. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AppImports {
    context: Context,
    outbox: Outbox,
    media: Arc<dyn MediaStore>,
    turns: Turns,
}

/// A file that is being uploaded.
pub struct Upload {
    ticket: Ticket,
    format: ImportFormat,
    writer: Box<dyn MediaWriter>,
    bytes: u64,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("ticket", &self.ticket).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Upload {
    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// `payload_too_large`; `unavailable`.
    pub async fn write(&mut self, bytes: Vec<u8>) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.bytes > self.format.max_bytes() {
            return Err(Error::refused(Code::PayloadTooLarge, "The file is larger than is accepted of this app."));
        }
        Ok(self.writer.write(bytes).await?)
    }

    /// Gives the file up.
    pub async fn abort(mut self) {
        if let Err(failure) = self.writer.abort().await {
            tracing::warn!(%failure, "an upload that broke off can't be removed: a job will");
        }
    }
}

/// The most imports that are open are the user's own.
fn ensure_room(open: usize) -> Result<(), DomainError> {
    if open < MAX_OPEN_IMPORTS {
        return Ok(());
    }
    let detail = format!("{MAX_OPEN_IMPORTS} imports are being done: wait until one has ended");
    Err(DomainError::conflict(Code::LimitReached, detail))
}

fn open_ones(imports: &[Import]) -> usize {
    imports.iter().filter(|import| import.state.is_open()).count()
}

impl AppImports {
    pub fn new(context: Context, outbox: Outbox, media: Arc<dyn MediaStore>) -> Self {
        Self { context, outbox, media, turns: Turns::default() }
    }

    /// Tells what an import of a file would do.
    ///
    /// # Errors
    /// `validation_failed` if it can't be read; `payload_too_large` if it holds too much to be tried out; `unavailable`.
    pub async fn dry_run(&self, user: UserId, format: ImportFormat, content: Vec<u8>) -> Result<ImportReport, Error> {
        let turn = self.turns.take().await?;
        let settings = self.settings(user).await?.ok_or(DomainError::not_found::<circadia_domain::entity::User>())?;
        let now = self.context.now();
        let context = circadia_imports::Context { user, format, now, settings };
        let read = tokio::task::spawn_blocking(move || reading::all(&mut Cursor::new(content), &context));
        let events = match read.await.map_err(Error::internal)? {
            Found::All(events) => events,
            Found::TooMany => {
                let detail = "The file holds more than can be tried out at once. Import it: that can be undone.";
                return Err(Error::refused(Code::PayloadTooLarge, detail));
            }
            Found::Unreadable(reason) => return Err(DomainError::from(Violations::of("invalid", reason)).into()),
        };
        let themes = reading::themes_of(&events);
        let unit_of_work = self.context.unit_of_work.with_run_timeout(RUN_TIMEOUT);
        let told = unit_of_work.read::<_, Error>(move |store| {
            let merged = imports::merge(store, user, events, &themes, now, Revision(0))?;
            let mut report = ImportReport::default();
            for outcome in merged.outcomes {
                report.count(&outcome);
                report.list(outcome, MAX_LINES);
            }
            Ok(report)
        });
        let report = told.await?;
        drop(turn);
        Ok(report)
    }

    async fn settings(&self, user: UserId) -> Result<Option<Settings>, Error> {
        let found = self.context.unit_of_work.query::<_, Error>(move |store| Ok(store.find_user(user)?)).await?;
        Ok(found.map(|user| user.settings))
    }

    /// Begins the upload of a file.
    ///
    /// # Errors
    /// `limit_reached` if too many imports wait; `unavailable`.
    pub async fn upload(&self, principal: Principal, format: ImportFormat) -> Result<Upload, Error> {
        let (own, user, now) = (self.clone(), principal.user, self.context.now());
        let ticket = Ticket { user, import: self.context.ids.fresh().into() };
        let prepare = move |store: &mut dyn Store| -> Result<(), Error> {
            ensure_room(open_ones(&store.imports(user)?))?;
            let job = own.job(ticket, now)?;
            Ok(store.enqueue_job(&NewJob { run_at: now.plus_seconds(GRACE_SECONDS), ..job })?)
        };
        self.context.unit_of_work.write_unowned::<_, Error>(prepare).await?;
        let writer = self.media.begin(&ticket.key()).await?;
        Ok(Upload { ticket, format, writer, bytes: 0 })
    }

    fn job(&self, ticket: Ticket, now: circadia_domain::civil::Instant) -> Result<NewJob, OutboxError> {
        self.outbox.seal(JobKind::Import, None, &ticket, self.context.ids.fresh().into(), now)
    }

    /// Ends an upload, and has the file imported.
    ///
    /// # Errors
    /// `limit_reached` if too many imports wait; `unavailable`; the store's.
    pub async fn begin(&self, principal: Principal, mut upload: Upload) -> Result<Import, Error> {
        upload.writer.finish().await?;
        let (own, now) = (self.clone(), self.context.now());
        let ticket = upload.ticket;
        let import = Import {
            id: ticket.import,
            format: upload.format,
            state: ImportState::Waiting,
            bytes: upload.bytes,
            handled: 0,
            made: 0,
            failure: None,
            report: ImportReport::default(),
            created_at: now,
            updated_at: now,
        };
        let event = self.context.audit_event(principal, AuditAction::ACCOUNT_IMPORTED, now);
        let stored = import.clone();
        let begun = self.context.unit_of_work.write::<_, Error>(principal.user, now, move |tx| {
            let before = tx.store.imports(tx.user)?;
            ensure_room(open_ones(&before))?;
            // Newest first.
            let ended = before.iter().filter(|import| !import.state.is_open());
            let old: Vec<ImportId> = ended.skip(MAX_IMPORTS - MAX_OPEN_IMPORTS).map(|import| import.id).collect();
            if !old.is_empty() {
                tx.store.forget_imports(tx.user, &old)?;
            }
            tx.store.insert_import(tx.user, &stored)?;
            audit::record(tx.store, &event)?;
            Ok(tx.store.enqueue_job(&own.job(ticket, now)?)?)
        });
        begun.await?;
        self.outbox.wake();
        Ok(import)
    }

    /// The user's imports, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, user: UserId) -> Result<Vec<Import>, Error> {
        self.context.unit_of_work.query::<_, Error>(move |store| Ok(store.imports(user)?)).await
    }

    /// One of the user's imports.
    ///
    /// # Errors
    /// `import_not_found`; the store's.
    pub async fn find(&self, user: UserId, id: ImportId) -> Result<Import, Error> {
        let found = self.context.unit_of_work.query::<_, Error>(move |store| Ok(store.find_import(user, id)?)).await?;
        Ok(found.ok_or(DomainError::not_found::<ImportEntity>())?)
    }

    /// Has what an import made removed; one that is being done is broken off. The same again changes nothing.
    ///
    /// # Errors
    /// `import_not_found`; the store's.
    pub async fn undo(&self, user: UserId, id: ImportId) -> Result<Import, Error> {
        let (own, now) = (self.clone(), self.context.now());
        let undone = self.context.unit_of_work.write::<_, Error>(user, now, move |tx| {
            let import = tx.store.find_import(tx.user, id)?.ok_or(DomainError::not_found::<ImportEntity>())?;
            if matches!(import.state, ImportState::Undoing | ImportState::Undone) {
                return Ok(import);
            }
            let import = Import { state: ImportState::Undoing, updated_at: now, ..import };
            tx.store.update_import(tx.user, &import)?;
            tx.store.enqueue_job(&own.job(Ticket { user: tx.user, import: id }, now)?)?;
            Ok(import)
        });
        let import = undone.await?;
        self.outbox.wake();
        Ok(import)
    }

    /// Does a slice of the job of an import.
    pub async fn attempt(&self, job: &Job) -> Attempt {
        let ticket: Ticket = match self.outbox.open(job) {
            Ok(ticket) => ticket,
            Err(error) => return Attempt::Failed(error.to_string()),
        };
        match self.go_on(ticket).await {
            Ok(true) => Attempt::Continue,
            Ok(false) => Attempt::Done,
            Err(error) if error.is_no_such_user() => Attempt::Failed("the account was deleted meanwhile".to_owned()),
            Err(error) if job.attempts < MAX_ATTEMPTS => Attempt::Failed(error.to_string()),
            Err(error) => {
                tracing::error!(%error, "an import is given up");
                match self.fail(ticket, "The server couldn't do it, though it tried for hours.").await {
                    Ok(()) => Attempt::Permanent(error.to_string()),
                    Err(error) => Attempt::Failed(error.to_string()),
                }
            }
        }
    }

    /// Whether there is more to do.
    async fn go_on(&self, ticket: Ticket) -> Result<bool, Error> {
        let Ticket { user, import } = ticket;
        let query = self.context.unit_of_work.query::<_, Error>(move |store| Ok(store.find_import(user, import)?));
        let found = query.await?;
        let goes_on = match found {
            Some(import) if matches!(import.state, ImportState::Waiting | ImportState::Running) => {
                self.import(ticket, &import).await?
            }
            Some(import) if import.state == ImportState::Undoing => self.remove(ticket).await?,
            _ => false,
        };
        if !goes_on {
            self.media.delete(&ticket.key()).await?;
        }
        Ok(goes_on)
    }

    async fn import(&self, ticket: Ticket, import: &Import) -> Result<bool, Error> {
        let Some(settings) = self.settings(ticket.user).await? else { return Ok(false) };
        let Some(file) = self.media.open(&ticket.key()).await? else {
            self.fail(ticket, "The uploaded file is gone. Upload it again.").await?;
            return Ok(false);
        };
        let begun = Stopwatch::now();
        let context =
            circadia_imports::Context { user: ticket.user, format: import.format, now: self.context.now(), settings };
        let mut parts = reading::in_parts(file, context, import.handled);
        let mut handled = import.handled;
        while let Some(found) = parts.recv().await {
            let part = match found {
                reading::Part::Events(part) => part,
                reading::Part::Unreadable(reason) => {
                    self.fail(ticket, &reason).await?;
                    return Ok(false);
                }
                reading::Part::Failed(reason) => return Err(Error::Internal(reason)),
            };
            let count = u64::try_from(part.events.len()).unwrap_or(0);
            let next = self.part(ticket, handled, part).await?;
            handled = handled.saturating_add(count);
            match next {
                Next::Nothing => return self.is_open(ticket).await,
                Next::Part if begun.elapsed() > SLICE => return Ok(true),
                Next::Part => {}
            }
        }
        Err(Error::Internal("the reader of a file ended before its time".to_owned()))
    }

    async fn part(&self, ticket: Ticket, handled: u64, part: reading::EventsOfPart) -> Result<Next, Error> {
        let unit_of_work = self.context.unit_of_work.with_run_timeout(PART_TIMEOUT);
        let write = unit_of_work.write::<_, Error>(ticket.user, self.context.now(), move |tx| {
            let events = part.events.clone();
            Ok(imports::run_part(tx, ticket.import, handled, events, &part.themes, part.is_last)?)
        });
        write.await
    }

    /// Whether something is still to be done for an import: it may be undone by now, or another worker is at it.
    async fn is_open(&self, ticket: Ticket) -> Result<bool, Error> {
        let Ticket { user, import } = ticket;
        let query = self.context.unit_of_work.query::<_, Error>(move |store| Ok(store.find_import(user, import)?));
        match query.await? {
            Some(Import { state: ImportState::Undoing, .. }) => Ok(true),
            Some(Import { state: ImportState::Running | ImportState::Waiting, .. }) => {
                Err(Error::Internal("another worker is at the import".to_owned()))
            }
            _ => Ok(false),
        }
    }

    async fn remove(&self, ticket: Ticket) -> Result<bool, Error> {
        let begun = Stopwatch::now();
        let unit_of_work = self.context.unit_of_work.with_run_timeout(PART_TIMEOUT);
        loop {
            let write = unit_of_work.write::<_, Error>(ticket.user, self.context.now(), move |tx| {
                Ok(imports::undo_part(tx, ticket.import)?)
            });
            let goes_on = write.await?;
            if !goes_on || begun.elapsed() > SLICE {
                return Ok(goes_on);
            }
        }
    }

    async fn fail(&self, ticket: Ticket, reason: &str) -> Result<(), Error> {
        let reason = reason.to_owned();
        let write = self.context.unit_of_work.write::<_, Error>(ticket.user, self.context.now(), move |tx| {
            Ok(imports::fail(tx, ticket.import, &reason)?)
        });
        write.await
    }
}
