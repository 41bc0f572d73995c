//! Imports of exports.

use circadia_domain::audit::{self, AuditAction, AuditEvent};
use circadia_domain::import::{self, Document, Report};
use circadia_domain::unit_of_work::WriteTransaction;
use tokio::sync::OwnedSemaphorePermit;

use crate::authenticate::Principal;
use crate::context::Context;
use crate::error::Error;
use crate::export::{RUN_TIMEOUT, Turns};

/// Imports exports.
#[derive(Debug)]
pub struct Imports {
    context: Context,
    turns: Turns,
}

impl Imports {
    pub fn new(context: Context) -> Self {
        Self { context, turns: Turns::default() }
    }

    /// Waits for the turn of a document, before it is read. Hold it until the import is done.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        self.turns.take().await
    }

    /// Imports a document into the user's account: all of it that can be, or nothing. A dry run only tells what would be
    /// done.
    ///
    /// # Errors
    /// `validation_failed` with everything that is wrong with the document; the store's.
    pub async fn run(&self, principal: Principal, document: Document, dry_run: bool) -> Result<Report, Error> {
        let (user, now) = (principal.user, self.context.now());
        let unit_of_work = self.context.unit_of_work.with_run_timeout(RUN_TIMEOUT);
        if dry_run {
            let told = unit_of_work.read::<_, Error>(move |store| Ok(import::dry_run(store, user, now, &document)?));
            return told.await;
        }
        let event = self.context.audit_event(principal, AuditAction::ACCOUNT_IMPORTED, now);
        unit_of_work.write::<_, Error>(user, now, move |tx| run(tx, &document, &event)).await
    }
}

/// Imports a document, and records that.
///
/// # Errors
/// As of [`import::run`].
pub fn run(tx: &mut WriteTransaction<'_>, document: &Document, event: &AuditEvent) -> Result<Report, Error> {
    let report = import::run(tx, document)?;
    audit::record(tx.store, event)?;
    Ok(report)
}
