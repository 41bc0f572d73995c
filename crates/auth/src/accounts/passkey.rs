//! Signing in by a passkey: alone, since it counts as both factors, or in place of a TOTP code after a password.

use circadia_domain::audit::{self, AuditAction, AuditDetail, AuditEvent, AuditRepository};
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{IdSource, UserId};
use circadia_domain::logins::{LoginFailure, LoginMethod, LoginRepository};
use circadia_domain::passkeys::PasskeyRepository;
use circadia_domain::revision::Revision;
use circadia_domain::totp::TotpRepository;
use circadia_domain::unit_of_work::UnitOfWorkError;
use circadia_domain::users::{Login, User, UserRepository};

use super::{Identifiers, Verification};
use crate::bytes::Bytes32;
use crate::client::Client;
use crate::factors::{self, Challenge};
use crate::passkeys::{Assertion, CeremonyRefusal, RelyingParty};

/// Why a sign-in by a passkey was refused.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyRefusal {
    /// The passkey is unknown, its answer isn't right, or the account is inactive: the client isn't told which. The
    /// attempt was recorded; commit it.
    #[error("the passkey isn't known, or its answer isn't right")]
    Invalid,
    /// The address of the account isn't verified. The attempt was recorded; commit it.
    #[error("the address isn't verified")]
    EmailNotVerified,
    /// The challenge that it was to answer has expired, or the account's credentials have changed since it was issued.
    #[error("the challenge has expired")]
    ChallengeExpired,
    /// What is stored of the passkey can't be read, which indicates a bug.
    #[error("{0}")]
    Defect(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UnitOfWorkError for PasskeyRefusal {
    fn commit_on_error(&self) -> bool {
        matches!(self, Self::Invalid | Self::EmailNotVerified)
    }
}

/// An attempt to sign in by a passkey.
#[derive(Clone, Copy)]
pub struct PasskeyAttempt<'a> {
    /// What the device answered.
    pub answer: &'a Assertion,
    /// What was kept of the ceremony.
    pub state: &'a [u8],
    /// Verifies the answer.
    pub relying_party: &'a RelyingParty,
    /// The client.
    pub client: &'a Client,
    /// Whether the address must be verified.
    pub verification: Verification,
    /// Hashes what is recorded of an attempt.
    pub identifiers: &'a Identifiers,
    /// Source of the ids of the recorded events.
    pub ids: &'a dyn IdSource,
    /// The current time.
    pub now: Instant,
}

impl std::fmt::Debug for PasskeyAttempt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasskeyAttempt").field("now", &self.now).finish_non_exhaustive()
    }
}

impl PasskeyAttempt<'_> {
    fn record<S: LoginRepository + ?Sized>(
        &self,
        store: &mut S,
        user: Option<UserId>,
        identifier_hash: Bytes32,
        failure: Option<LoginFailure>,
    ) -> Result<(), StoreError> {
        let whose = (user, identifier_hash);
        store.insert_login(&self.client.attempt(self.ids, self.now, whose, LoginMethod::Passkey, failure))
    }

    /// Records an attempt with an unknown passkey. Runs in a writing unit of work without an owner.
    ///
    /// # Errors
    /// [`PasskeyRefusal::Invalid`], always; those of the store.
    pub fn refuse_unknown<S: LoginRepository + ?Sized>(&self, store: &mut S) -> Result<(), PasskeyRefusal> {
        let hash = self.identifiers.hash_credential(self.answer.credential_id());
        self.record(store, None, hash, Some(LoginFailure::UnknownUser))?;
        Err(PasskeyRefusal::Invalid)
    }

    /// Signs in a user who gave the first factor before, in place of a code of the second. As [`accept`](Self::accept).
    ///
    /// # Errors
    /// [`PasskeyRefusal`]; `ChallengeExpired` also if no second factor is required any more.
    pub fn accept_as_second_factor<S>(
        &self,
        store: &mut S,
        rev: Revision,
        challenge: &Challenge,
    ) -> Result<User, PasskeyRefusal>
    where
        S: UserRepository + LoginRepository + PasskeyRepository + TotpRepository + AuditRepository + ?Sized,
    {
        let user = challenge.user;
        let present = store.credentials_of(user)?.ok_or(PasskeyRefusal::ChallengeExpired)?;
        if !challenge.is_of_password(present.password_hash.as_deref()) || !factors::is_active(store, user)? {
            return Err(PasskeyRefusal::ChallengeExpired);
        }
        if self.answer.user() != user {
            self.record(store, Some(user), challenge.identifier_hash, Some(LoginFailure::WrongPasskey))?;
            return Err(PasskeyRefusal::Invalid);
        }
        self.accept(store, rev)
    }

    /// Signs in the user whose passkey it is; every outcome is recorded. A counter that went backwards is audited,
    /// too. Runs in the writing unit of work of the answer's user, whose revision is `rev`, so that of several
    /// concurrent uses each sees the counter of the one before.
    ///
    /// # Errors
    /// [`PasskeyRefusal`].
    pub fn accept<S>(&self, store: &mut S, rev: Revision) -> Result<User, PasskeyRefusal>
    where
        S: UserRepository + LoginRepository + PasskeyRepository + AuditRepository + ?Sized,
    {
        let id = self.answer.user();
        let Some(user) = store.find_user(id)? else { return Err(StoreError::NoSuchUser.into()) };
        let hash = self.identifiers.hash(&Login::email(user.email.as_str()));
        let Some(mut passkey) = store.find_passkey_of_credential(id, self.answer.credential_id())? else {
            // It was removed in the meantime.
            self.record(store, Some(id), hash, Some(LoginFailure::WrongPasskey))?;
            return Err(PasskeyRefusal::Invalid);
        };
        match self.relying_party.authenticate(self.state, self.answer, &mut passkey) {
            Ok(()) => {}
            Err(CeremonyRefusal::Defect(reason)) => return Err(PasskeyRefusal::Defect(reason)),
            Err(refusal) => {
                tracing::info!(passkey = %passkey.id, %refusal, "a passkey was refused");
                if matches!(refusal, CeremonyRefusal::CounterRegressed) {
                    let event =
                        AuditEvent::by(self.ids.fresh().into(), AuditAction::PASSKEY_COUNTER_REGRESSED, id, self.now);
                    let event = event.with("passkey", AuditDetail::Id(passkey.id.as_uuid())).refused();
                    audit::record(store, &event)?;
                }
                self.record(store, Some(id), hash, Some(LoginFailure::WrongPasskey))?;
                return Err(PasskeyRefusal::Invalid);
            }
        }
        if !user.active {
            self.record(store, Some(id), hash, Some(LoginFailure::Inactive))?;
            return Err(PasskeyRefusal::Invalid);
        }
        if self.verification == Verification::Required && user.email_verified_at.is_none() {
            self.record(store, Some(id), hash, Some(LoginFailure::EmailNotVerified))?;
            return Err(PasskeyRefusal::EmailNotVerified);
        }
        passkey.last_used_at = Some(self.now);
        passkey.rev = rev;
        store.update_passkey(&passkey)?;
        self.record(store, Some(id), hash, None)?;
        Ok(user)
    }
}

#[cfg(test)]
#[path = "passkey_tests.rs"]
mod tests;
