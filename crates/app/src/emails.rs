//! Enqueues e-mails in the unit of work that causes them, and composes them when their job runs.

use circadia_auth::accounts::{EmailJob, EmailMessage, compose_email};
use circadia_auth::{OpeningError, Outbox, OutboxError};
use circadia_domain::civil::Instant;
use circadia_domain::code::Code;
use circadia_domain::ids::UserId;
use circadia_domain::jobs::{Job, JobKind};
use circadia_domain::unit_of_work::Store;

use crate::context::Context;
use crate::error::Error;

/// Enqueues e-mails. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Emails {
    context: Context,
    outbox: Outbox,
    enabled: bool,
}

impl Emails {
    /// Where e-mail isn't `enabled`, nothing is enqueued.
    pub fn new(context: Context, outbox: Outbox, enabled: bool) -> Self {
        Self { context, outbox, enabled }
    }

    /// Enqueues an e-mail within a unit of work; call [`Self::wake`] once that is committed. `user` is the signed-in
    /// user whom it concerns. It is `None` for an address entered without signing in, whose owner must not be looked
    /// up.
    pub(crate) fn enqueue(
        &self,
        store: &mut dyn Store,
        user: Option<UserId>,
        job: &EmailJob,
        now: Instant,
    ) -> Result<(), OutboxError> {
        if !self.enabled {
            return Ok(());
        }
        self.outbox.enqueue(store, JobKind::Mail, user, job, self.context.ids.fresh().into(), now)
    }

    /// Enqueues an e-mail to an address in a unit of work of its own, without looking up whether it has an account.
    pub(crate) async fn send_to_address(&self, job: EmailJob) -> Result<(), Error> {
        self.require_enabled()?;
        let (emails, now) = (self.clone(), self.context.now());
        self.context
            .unit_of_work
            .write_unowned::<_, Error>(move |store| Ok(emails.enqueue(store, None, &job, now)?))
            .await?;
        self.wake();
        Ok(())
    }

    /// Lets the workers of this process begin at once.
    pub fn wake(&self) {
        self.outbox.wake();
    }

    /// # Errors
    /// `mail_disabled` where no e-mail is sent.
    pub(crate) fn require_enabled(&self) -> Result<(), Error> {
        if self.enabled {
            Ok(())
        } else {
            Err(Error::refused(Code::MailDisabled, "This server sends no mail: contact its administrator."))
        }
    }

    /// Opens the e-mail of a job.
    ///
    /// # Errors
    /// [`OpeningError`] if it was sealed under another key, or by a newer version.
    pub fn open(&self, job: &Job) -> Result<EmailJob, OpeningError> {
        self.outbox.open(job)
    }

    /// Composes the e-mail, with a fresh token where it has a link. Returns `None` if it no longer has a recipient.
    pub async fn compose(&self, job: EmailJob) -> Result<Option<EmailMessage>, Error> {
        let (now, entropy) = (self.context.now(), self.context.entropy.clone());
        self.context
            .unit_of_work
            .write_unowned::<_, Error>(move |store| Ok(compose_email(store, &job, &*entropy, now)?))
            .await
    }
}
