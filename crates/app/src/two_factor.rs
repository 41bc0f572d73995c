//! The second factor of a signed-in user's account: setting it up, confirming it, removing it.

use std::sync::Arc;

use circadia_auth::factors::{self, FactorRefusal, Proof, SetUp};
use circadia_auth::keys::MasterKey;
use circadia_domain::Error as DomainError;
use circadia_domain::audit::{self, AuditAction, AuditDetail};
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::unit_of_work::{Store, UnitOfWorkError, WriteTransaction};
use circadia_domain::users;

use crate::authenticate::{Principal, ensure_in_force};
use crate::context::Context;
use crate::error::Error;
use crate::passwords::SubmittedPassword;
use crate::reauthentication::Reauthentication;
use crate::throttle::{AccountThrottle, AttemptTarget};

/// The status of a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TwoFactorState {
    Off,
    /// It was set up but not confirmed, so it isn't required yet.
    Pending,
    /// It has been required at every sign-in since this instant.
    Active {
        since: Instant,
    },
}

/// The second factor of an account.
#[derive(Debug, Clone, Copy)]
pub struct TwoFactorStatus {
    pub state: TwoFactorState,
    pub recovery_codes_left: i64,
}

/// What is given as proof before a second factor is removed or its recovery codes are replaced.
#[derive(Debug)]
pub enum TwoFactorProof {
    /// A code of the authenticator, or a recovery code.
    Code(String),
    Password(SubmittedPassword),
}

/// A wrong code came in the field `code`; whether the guess was counted decides whether it is kept.
#[derive(Debug)]
enum CodeRefusal {
    Wrong { counted: bool },
    Other(Error),
}

impl From<Error> for CodeRefusal {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<StoreError> for CodeRefusal {
    fn from(error: StoreError) -> Self {
        Self::Other(error.into())
    }
}

impl UnitOfWorkError for CodeRefusal {
    fn commit_on_error(&self) -> bool {
        match self {
            Self::Wrong { counted } => *counted,
            Self::Other(error) => error.commit_on_error(),
        }
    }

    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Wrong { .. } => None,
            Self::Other(error) => error.store_error(),
        }
    }
}

impl From<CodeRefusal> for Error {
    fn from(refusal: CodeRefusal) -> Self {
        match refusal {
            CodeRefusal::Wrong { .. } => {
                DomainError::field("/code", "wrong_code", "is wrong, or was used before").into()
            }
            CodeRefusal::Other(error) => error,
        }
    }
}

fn refused_code(refusal: FactorRefusal) -> CodeRefusal {
    match refusal {
        FactorRefusal::WrongCode { counted } => CodeRefusal::Wrong { counted },
        other => CodeRefusal::Other(other.into()),
    }
}

/// Manages the second factor of accounts.
#[derive(Debug)]
pub struct TwoFactor {
    pub context: Context,
    pub master: MasterKey,
    pub throttle: AccountThrottle,
    pub reauthentication: Arc<Reauthentication>,
}

impl TwoFactor {
    /// # Errors
    /// The store's.
    pub async fn status(&self, principal: Principal) -> Result<TwoFactorStatus, Error> {
        let read = self.context.unit_of_work.read::<_, StoreError>(move |store| {
            let state = match store.find_totp(principal.user)?.map(|factor| factor.confirmed_at) {
                None => TwoFactorState::Off,
                Some(None) => TwoFactorState::Pending,
                Some(Some(since)) => TwoFactorState::Active { since },
            };
            Ok(TwoFactorStatus { state, recovery_codes_left: store.recovery_codes_left(principal.user)? })
        });
        Ok(read.await?)
    }

    /// Makes a secret, in place of one that was never confirmed.
    ///
    /// # Errors
    /// `wrong_password`, `reauthentication_required`, `totp_active`; the store's.
    pub async fn set_up(&self, principal: Principal, submitted: SubmittedPassword) -> Result<SetUp, Error> {
        self.reauthentication.by_password_or_fresh_sign_in(principal, submitted).await?;
        let (master, entropy, now) = (self.master.clone(), self.context.entropy.clone(), self.context.now());
        let made = self.context.unit_of_work.write::<_, Error>(principal.user, now, move |tx| {
            ensure_in_force(tx.store, principal, now)?;
            let user = users::find(tx.store, principal.user)?;
            Ok(factors::set_up(tx.store, user.id, user.username.as_str(), &master, &*entropy, now)?)
        });
        made.await
    }

    /// Activates the second factor, and returns its recovery codes.
    ///
    /// # Errors
    /// `validation_failed` at `/code`; `totp_not_set_up`, `totp_active`; [`Error::TooManyGuesses`]; the store's.
    pub async fn confirm(&self, principal: Principal, code: String) -> Result<Vec<String>, Error> {
        self.throttle.attempt(AttemptTarget::SecondFactor(principal.user)).await?;
        let (master, context, now) = (self.master.clone(), self.context.clone(), self.context.now());
        let confirmed = self.context.unit_of_work.write::<_, CodeRefusal>(principal.user, now, move |tx| {
            ensure_in_force(tx.store, principal, now)?;
            let codes = factors::confirm(tx.store, principal.user, &code, &master, &*context.entropy, now)
                .map_err(refused_code)?;
            audit::record(tx.store, &context.audit_event(principal, AuditAction::TOTP_ENABLED, now))?;
            Ok(codes)
        });
        Ok(confirmed.await?)
    }

    /// Removes the second factor, with its recovery codes.
    ///
    /// # Errors
    /// `validation_failed` at `/code`; `wrong_password`, `totp_not_set_up`; [`Error::TooManyGuesses`]; the store's.
    pub async fn remove(&self, principal: Principal, proof: TwoFactorProof) -> Result<(), Error> {
        let (context, now) = (self.context.clone(), self.context.now());
        self.write_proven(principal, proof, now, move |tx| {
            tx.store.delete_totp(principal.user)?;
            audit::record(tx.store, &context.audit_event(principal, AuditAction::TOTP_DISABLED, now))?;
            Ok(())
        })
        .await
    }

    /// Replaces the recovery codes.
    ///
    /// # Errors
    /// `validation_failed` at `/code`; `wrong_password`, `totp_not_set_up`; [`Error::TooManyGuesses`]; the store's.
    pub async fn renew_recovery_codes(
        &self,
        principal: Principal,
        proof: TwoFactorProof,
    ) -> Result<Vec<String>, Error> {
        let (master, context, now) = (self.master.clone(), self.context.clone(), self.context.now());
        self.write_proven(principal, proof, now, move |tx| {
            let codes = factors::renew_recovery_codes(tx.store, principal.user, &master, &*context.entropy, now)?;
            let count = AuditDetail::Number(i64::try_from(codes.len()).unwrap_or(0));
            let event = context.audit_event(principal, AuditAction::RECOVERY_CODES_RENEWED, now).with("codes", count);
            audit::record(tx.store, &event)?;
            Ok(codes)
        })
        .await
    }

    /// Writes after the proof was checked. A code is checked in the same unit of work, since that uses it up.
    async fn write_proven<T: Send + 'static>(
        &self,
        principal: Principal,
        proof: TwoFactorProof,
        now: Instant,
        mut work: impl FnMut(&mut WriteTransaction<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let code = match proof {
            TwoFactorProof::Code(code) => {
                self.throttle.attempt(AttemptTarget::SecondFactor(principal.user)).await?;
                Some(code)
            }
            TwoFactorProof::Password(submitted) => {
                self.reauthentication.by_password(principal, submitted).await?;
                None
            }
        };
        let (master, context) = (self.master.clone(), self.context.clone());
        let written = self.context.unit_of_work.write::<_, CodeRefusal>(principal.user, now, move |tx| {
            ensure_in_force(tx.store, principal, now)?;
            match &code {
                Some(code) => check_code(tx.store, &context, &master, principal, code, now)?,
                None if factors::is_active(tx.store, principal.user)? => {}
                None => return Err(Error::from(FactorRefusal::NotSetUp).into()),
            }
            Ok(work(tx)?)
        });
        Ok(written.await?)
    }
}

fn check_code(
    store: &mut dyn Store,
    context: &Context,
    master: &MasterKey,
    principal: Principal,
    code: &str,
    now: Instant,
) -> Result<(), CodeRefusal> {
    let proof = factors::prove(store, principal.user, code, master, now).map_err(refused_code)?;
    if proof == Proof::RecoveryCode {
        audit::record(store, &context.audit_event(principal, AuditAction::RECOVERY_CODE_USED, now))?;
    }
    Ok(())
}
