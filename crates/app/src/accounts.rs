//! The signed-in user's account: its address, its settings, its end.

use std::sync::Arc;

use circadia_auth::accounts::{EmailJob, EmailProof, delete_account, prove_email};
use circadia_auth::passwords::password_fingerprint;
use circadia_domain::Error as DomainError;
use circadia_domain::audit::{self, AuditAction, AuditEvent};
use circadia_domain::revision::Expected;
use circadia_domain::users::{self, Email, SettingsPatch, UserProfile, Username};

use crate::authenticate::{Principal, ensure_in_force};
use crate::avatars::Avatars;
use crate::context::Context;
use crate::emails::Emails;
use crate::error::Error;
use crate::passwords::{SubmittedPassword, one_time_token, unknown_user_is_invalid_link};
use crate::reauthentication::Reauthentication;
use crate::sessions::Sessions;
use crate::throttle::{AccountThrottle, AttemptTarget};

/// Manages accounts.
#[derive(Debug)]
pub struct Accounts {
    pub context: Context,
    pub emails: Emails,
    pub throttle: AccountThrottle,
    pub sessions: Arc<Sessions>,
    pub reauthentication: Arc<Reauthentication>,
    pub avatars: Avatars,
}

impl Accounts {
    /// A user with their login counts.
    ///
    /// # Errors
    /// The store's.
    pub async fn profile(&self, principal: Principal) -> Result<UserProfile, Error> {
        let now = self.context.now();
        let read =
            self.context.unit_of_work.query::<_, DomainError>(move |store| users::profile(store, principal.user, now));
        Ok(read.await?)
    }

    /// Changes settings.
    ///
    /// # Errors
    /// `precondition_failed`; the store's.
    pub async fn update_settings(
        &self,
        principal: Principal,
        expected: Expected,
        patch: SettingsPatch,
    ) -> Result<UserProfile, Error> {
        let (now, ids) = (self.context.now(), Arc::clone(&self.context.ids));
        let written = self.context.unit_of_work.write::<_, DomainError>(principal.user, now, move |tx| {
            users::update_settings(tx, &expected, patch.clone(), &*ids)?;
            users::profile(tx.store, principal.user, now)
        });
        Ok(written.await?)
    }

    /// Renames the user.
    ///
    /// # Errors
    /// `username_taken`, `precondition_failed`; the store's.
    pub async fn change_username(
        &self,
        principal: Principal,
        expected: Expected,
        username: Username,
    ) -> Result<UserProfile, Error> {
        let now = self.context.now();
        let event = self.context.audit_event(principal, AuditAction::USERNAME_CHANGED, now);
        let written = self.context.unit_of_work.write::<_, Error>(principal.user, now, move |tx| {
            ensure_in_force(tx.store, principal, now)?;
            if users::change_username(tx, &expected, &username)? {
                audit::record(tx.store, &event)?;
            }
            Ok(users::profile(tx.store, principal.user, now)?)
        });
        written.await
    }

    /// Verifies an address with the token of a link: the one of a registration, or the new one of a change.
    ///
    /// # Errors
    /// `validation_failed` at `/token`, `email_taken`; the store's.
    pub async fn verify_email(&self, token: &str) -> Result<(), Error> {
        let token = one_time_token(token)?;
        let (now, ids, emails) = (self.context.now(), Arc::clone(&self.context.ids), self.emails.clone());
        self.context
            .unit_of_work
            .write::<_, Error>(token.user, now, move |tx| {
                let (user, action) = match prove_email(tx.store, tx.rev, &token, now)? {
                    EmailProof::Verified(user) => {
                        emails.enqueue(tx.store, Some(user.id), &EmailJob::Welcome { user: user.id }, now)?;
                        (user, AuditAction::EMAIL_VERIFIED)
                    }
                    EmailProof::Changed(user) => (user, AuditAction::EMAIL_CHANGED),
                };
                audit::record(tx.store, &AuditEvent::by(ids.fresh().into(), action, user.id, now))?;
                Ok(())
            })
            .await
            .map_err(unknown_user_is_invalid_link)?;
        self.emails.wake();
        Ok(())
    }

    /// Sends the verification link again, if the address has an account that isn't verified.
    ///
    /// # Errors
    /// `mail_disabled`; [`Error::AccountRateLimited`]; the store's.
    pub async fn resend_verification(&self, email: &Email) -> Result<(), Error> {
        let email = email.as_str().to_owned();
        self.throttle.attempt(AttemptTarget::Verification(&email)).await?;
        self.emails.send_to_address(EmailJob::Verification { email }).await
    }

    /// Sends a link to a new address, and a notice to the present one.
    ///
    /// # Errors
    /// `mail_disabled`, `wrong_password`, `reauthentication_required`; the store's.
    pub async fn change_email(
        &self,
        principal: Principal,
        email: Email,
        submitted: SubmittedPassword,
    ) -> Result<(), Error> {
        self.emails.require_enabled()?;
        self.reauthentication.by_password_or_provider(principal, submitted).await?;
        let (user, now, emails) = (principal.user, self.context.now(), self.emails.clone());
        self.context
            .unit_of_work
            .write::<_, Error>(user, now, move |tx| {
                ensure_in_force(tx.store, principal, now)?;
                let present = users::find(tx.store, user)?.email.as_str().to_owned();
                let hash = tx.store.credentials_of(user)?.and_then(|credentials| credentials.password_hash);
                let password = password_fingerprint(hash.as_deref());
                let change = EmailJob::EmailChange { user, email: email.as_str().to_owned(), password };
                emails.enqueue(tx.store, Some(user), &change, now)?;
                let notice = EmailJob::EmailChangeNotice { user, email: present };
                Ok(emails.enqueue(tx.store, Some(user), &notice, now)?)
            })
            .await?;
        self.emails.wake();
        Ok(())
    }

    /// Deletes an account with everything in it.
    ///
    /// # Errors
    /// `wrong_password`, `reauthentication_required`, `last_superuser`, `precondition_failed`; the store's.
    pub async fn delete(
        &self,
        principal: Principal,
        expected: Expected,
        submitted: SubmittedPassword,
    ) -> Result<(), Error> {
        self.reauthentication.by_password_or_provider(principal, submitted).await?;
        let (user, now, ids) = (principal.user, self.context.now(), Arc::clone(&self.context.ids));
        let avatars = self.avatars.clone();
        self.context
            .unit_of_work
            .write::<_, Error>(user, now, move |tx| {
                expected.check(users::find(tx.store, user)?.rev)?;
                avatars.remove_with_account(tx)?;
                delete_account(tx.store, user, now)?;
                let event = AuditEvent::by(ids.fresh().into(), AuditAction::ACCOUNT_DELETED, user, now);
                Ok(audit::record(tx.store, &event)?)
            })
            .await?;
        self.avatars.wake();
        self.sessions.follow_revocations().await;
        Ok(())
    }
}
