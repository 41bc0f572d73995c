//! The administration of accounts. Every change is recorded in the audit log, in the transaction that makes it.

use std::sync::Arc;

use circadia_auth::accounts::{EmailJob, delete_account};
use circadia_auth::sessions::is_in_force;
use circadia_auth::tokens::TokenError;
use circadia_domain::accounts::{self, AccountDetails, AccountPatch};
use circadia_domain::audit::{self, AuditAction, AuditDetail};
use circadia_domain::civil::Instant;
use circadia_domain::code::Code;
use circadia_domain::ids::UserId;
use circadia_domain::revision::Expected;
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::{self, Role};
use circadia_domain::{Error as DomainError, entity};

use crate::authenticate::Principal;
use crate::avatars::Avatars;
use crate::context::Context;
use crate::emails::Emails;
use crate::error::Error;
use crate::sessions::Sessions;

/// Manages the accounts of others.
#[derive(Debug)]
pub struct Administration {
    pub context: Context,
    pub avatars: Avatars,
    pub emails: Emails,
    pub sessions: Arc<Sessions>,
}

impl Administration {
    /// One account.
    ///
    /// # Errors
    /// `user_not_found`; the store's.
    pub async fn find(&self, subject: UserId) -> Result<AccountDetails, Error> {
        let now = self.context.now();
        let found = self.context.unit_of_work.query::<_, DomainError>(move |store| accounts::find(store, subject, now));
        Ok(found.await?)
    }

    /// Changes an account. Where it is given another address, the one before is told; if it isn't verified, a link that
    /// verifies it is sent there.
    ///
    /// # Errors
    /// `user_not_found`, `username_taken`, `email_taken`, `last_superuser`, `precondition_failed`; `insufficient_role` if
    /// the administrator lost the role meanwhile; the store's.
    pub async fn update(
        &self,
        principal: Principal,
        subject: UserId,
        expected: Expected,
        patch: AccountPatch,
    ) -> Result<AccountDetails, Error> {
        let (now, emails) = (self.context.now(), self.emails.clone());
        let event = self.context.audit_event(principal, AuditAction::ACCOUNT_CHANGED, now).about(subject);
        let written = self.context.unit_of_work.write::<_, Error>(subject, now, move |tx| {
            // Two superusers who demote each other do so one after the other.
            tx.store.lock_superusers(subject)?;
            ensure_superuser(tx.store, principal, now)?;
            if let Some(change) = accounts::update(tx, &expected, patch.clone())? {
                audit::record(tx.store, &change.described_in(event.clone()))?;
                if change.before.email != change.after.email {
                    let replaced = change.before.email.as_str().to_owned();
                    let notice = EmailJob::EmailReplaced { user: subject, email: replaced };
                    emails.enqueue(tx.store, Some(subject), &notice, now)?;
                }
                if change.needs_verification() {
                    let email = change.after.email.as_str().to_owned();
                    emails.enqueue(tx.store, Some(subject), &EmailJob::Verification { email }, now)?;
                }
            }
            Ok(accounts::find(tx.store, subject, now)?)
        });
        let account = written.await.map_err(unknown_subject)?;
        self.emails.wake();
        self.sessions.follow_revocations().await;
        Ok(account)
    }

    /// Deletes an account with everything in it.
    ///
    /// # Errors
    /// As of [`Self::update`].
    pub async fn delete(&self, principal: Principal, subject: UserId, expected: Expected) -> Result<(), Error> {
        let now = self.context.now();
        let event = self.context.audit_event(principal, AuditAction::ACCOUNT_DELETED, now).about(subject);
        let avatars = self.avatars.clone();
        let deleted = self.context.unit_of_work.write::<_, Error>(subject, now, move |tx| {
            tx.store.lock_superusers(subject)?;
            ensure_superuser(tx.store, principal, now)?;
            let account = users::find(tx.store, subject)?;
            expected.check(account.rev)?;
            avatars.remove_with_account(tx)?;
            delete_account(tx.store, subject, now)?;
            Ok(audit::record(tx.store, &event.clone().with("role", AuditDetail::Word(account.role.as_str())))?)
        });
        deleted.await.map_err(unknown_subject)?;
        self.avatars.wake();
        self.sessions.follow_revocations().await;
        Ok(())
    }

    /// Marks the addresses of these users as verified, of all of them or of none. Returns those whose address wasn't.
    ///
    /// # Errors
    /// `validation_failed` at the place of each unknown user; `insufficient_role` as of [`Self::update`]; the store's.
    pub async fn verify_emails(&self, principal: Principal, subjects: Vec<UserId>) -> Result<Vec<UserId>, Error> {
        let (now, ids) = (self.context.now(), Arc::clone(&self.context.ids));
        self.context
            .unit_of_work
            .write_unowned::<_, Error>(move |store| {
                ensure_superuser(store, principal, now)?;
                let by = (principal.user, principal.session);
                Ok(accounts::verify_emails(store, &subjects, by, &*ids, now)?)
            })
            .await
    }
}

/// Checks within the unit of work that the administrator is still one.
fn ensure_superuser(store: &mut dyn Store, principal: Principal, now: Instant) -> Result<(), Error> {
    let state = store.find_session(principal.user, principal.session)?;
    match state.filter(|state| is_in_force(state, now)) {
        Some(state) if state.role == Role::Superuser => Ok(()),
        Some(_) => Err(Error::refused(Code::InsufficientRole, "You are no longer a superuser.")),
        None => Err(TokenError::Revoked.into()),
    }
}

fn unknown_subject(error: Error) -> Error {
    if error.is_no_such_user() { DomainError::not_found::<entity::User>().into() } else { error }
}
