//! Judging a sign-in, and recording it: every attempt, whatever comes of it.
//!
//! To the outside every failure is the same: an unknown name, a wrong password, an account that may not sign in. Only
//! the record knows which it was.

use std::convert::Infallible;
use std::fmt;

use aws_lc_rs::hmac;
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{IdSource, LoginId, UserId};
use circadia_domain::logins::{LoginAttempt, LoginFailure, LoginMethod, LoginRepository};
use circadia_domain::revision::Revision;
use circadia_domain::totp::TotpRepository;
use circadia_domain::unit_of_work::UnitOfWorkError;
use circadia_domain::users::{Credentials, Login, User, UserRepository};

use super::Verification;
use crate::bytes::{Bytes32, hmac_sha256};
use crate::client::Client;
use crate::factors;
use crate::keys::{KeyError, MasterKey, Purpose};
use crate::passwords::Verified;

/// Turns the names and addresses that people try to sign in with into what may be recorded of them: a keyed hash, so
/// that attempts on one account can be seen to belong together, and nobody reads from the record who has none (or has
/// typed the password into the wrong field).
#[derive(Clone)]
pub struct Identifiers(hmac::Key);

impl Identifiers {
    /// With a key derived from the master key.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which would be a defect.
    pub fn new(master: &MasterKey) -> Result<Self, KeyError> {
        master.hmac_key(Purpose::LoginIdentifiers).map(Self)
    }

    /// What is recorded of a name or address.
    pub fn hash(&self, login: &Login) -> Bytes32 {
        hmac_sha256(&self.0, &[login.key().as_bytes()])
    }
}

impl fmt::Debug for Identifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identifiers(..)")
    }
}

/// An attempt to sign in.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// By which name or address.
    pub login: &'a Login,
    /// How.
    pub method: LoginMethod,
    /// From where and with what.
    pub client: &'a Client,
    /// Whether the address must have been proven.
    pub verification: Verification,
    /// How names and addresses are recorded.
    pub identifiers: &'a Identifiers,
    /// Where the record's id comes from.
    pub ids: &'a dyn IdSource,
    /// When.
    pub now: Instant,
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("method", &self.method).field("now", &self.now).finish_non_exhaustive()
    }
}

impl Attempt<'_> {
    pub(super) fn record<S: LoginRepository + ?Sized>(
        &self,
        store: &mut S,
        user: Option<UserId>,
        failure: Option<LoginFailure>,
    ) -> Result<(), StoreError> {
        store.insert_login(&LoginAttempt {
            id: LoginId::from_uuid(self.ids.fresh()),
            user,
            identifier_hash: self.identifiers.hash(self.login),
            at: self.now,
            ip: self.client.ip,
            user_agent: self.client.user_agent.clone(),
            method: self.method,
            failure,
        })
    }
}

/// Why somebody isn't signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// Name and password don't open an account (`invalid_credentials`). It was recorded, which is to be committed.
    #[error("the name or the password is wrong")]
    InvalidCredentials,
    /// They do, but its address isn't verified yet (`email_not_verified`). It was recorded, which is to be committed.
    #[error("the e-mail address isn't verified yet")]
    EmailNotVerified,
    /// The password was replaced while the given one was held against the old. Nothing was recorded; begin again by
    /// looking the login up.
    #[error("the password was changed in the meantime")]
    PasswordReplaced,
    /// The password is right, but a second factor is asked for: see [`crate::factors::Challenge`]. It was recorded,
    /// which is to be committed.
    #[error("a second factor is needed")]
    SecondFactorRequired {
        /// Whose account it is.
        user: UserId,
        /// The password hash that is in force now.
        password_hash: Option<String>,
    },
    /// The second factor is wrong. It was recorded, which is to be committed.
    #[error("the code is wrong, or was used before")]
    WrongCode,
    /// Too many wrong codes were tried lately; another is looked at after this many seconds.
    #[error("too many wrong codes were tried lately")]
    TooManyGuesses(u32),
    /// The challenge is too old, or what it was given for has changed.
    #[error("the challenge has expired")]
    ChallengeExpired,
    /// The second factor can't be unsealed.
    #[error(transparent)]
    Keys(KeyError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for SignInRefusal {
    fn from(error: StoreError) -> Self {
        match error {
            // The account was deleted since the login was looked up.
            StoreError::NoSuchUser => Self::PasswordReplaced,
            other => Self::Store(other),
        }
    }
}

impl UnitOfWorkError for SignInRefusal {
    fn commit_on_error(&self) -> bool {
        // A replaced password hash is to be kept, too.
        matches!(
            self,
            Self::InvalidCredentials | Self::EmailNotVerified | Self::WrongCode | Self::SecondFactorRequired { .. }
        )
    }
}

/// Refuses who didn't give the right password, or who isn't known at all, and records it. For a writing unit of work
/// that belongs to no user, whoever it was: so that the two cost the same.
///
/// The answer is always a refusal.
///
/// # Errors
/// [`SignInRefusal::InvalidCredentials`]; the store's.
pub fn refuse<S: LoginRepository + ?Sized>(
    store: &mut S,
    attempt: &Attempt<'_>,
    found: Option<&Credentials>,
) -> Result<Infallible, SignInRefusal> {
    let failure = if found.is_some() { LoginFailure::WrongPassword } else { LoginFailure::UnknownUser };
    attempt.record(store, found.map(|credentials| credentials.user), Some(failure))?;
    Err(SignInRefusal::InvalidCredentials)
}

/// Lets in who gave the right password, unless the account may not sign in or a second factor is asked for; records it
/// whichever it is, and replaces a password hash that is due for it. For the user's writing unit of work, `rev` being
/// its revision.
///
/// # Errors
/// [`SignInRefusal`]; which of these are to be committed, `commit_on_error` says.
pub fn accept<S: UserRepository + LoginRepository + TotpRepository + ?Sized>(
    store: &mut S,
    rev: Revision,
    attempt: &Attempt<'_>,
    found: &Credentials,
    verified: &Verified,
) -> Result<User, SignInRefusal> {
    if !verified.matches {
        match refuse(store, attempt, Some(found))? {}
    }
    // A session opened by an old password, just after the new one ended all sessions, would outlive it.
    let present = store.credentials_of(found.user)?;
    if present.is_none_or(|present| present.password_hash != found.password_hash) {
        return Err(SignInRefusal::PasswordReplaced);
    }
    let user = store.find_user(found.user)?.ok_or(SignInRefusal::PasswordReplaced)?;
    if !user.active {
        attempt.record(store, Some(user.id), Some(LoginFailure::Inactive))?;
        return Err(SignInRefusal::InvalidCredentials);
    }
    if attempt.verification == Verification::Required && user.email_verified_at.is_none() {
        attempt.record(store, Some(user.id), Some(LoginFailure::EmailNotVerified))?;
        return Err(SignInRefusal::EmailNotVerified);
    }
    if let Some(hash) = &verified.rehash {
        store.update_password(user.id, hash, rev, attempt.now)?;
    }
    if factors::is_active(store, user.id)? {
        attempt.record(store, Some(user.id), Some(LoginFailure::SecondFactorRequired))?;
        let password_hash = verified.rehash.clone().or_else(|| found.password_hash.clone());
        return Err(SignInRefusal::SecondFactorRequired { user: user.id, password_hash });
    }
    attempt.record(store, Some(user.id), None)?;
    Ok(user)
}

#[cfg(test)]
#[path = "sign_in_tests.rs"]
mod tests;
