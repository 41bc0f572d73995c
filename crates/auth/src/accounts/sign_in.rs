//! Password sign-in. Every attempt is recorded, whatever the outcome.
//!
//! All failures look the same to the client: an unknown name, a wrong password, an account that may not sign in. Only
//! the record distinguishes them.

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;

use aws_lc_rs::hmac;
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{IdSource, UserId};
use circadia_domain::logins::{LoginFailure, LoginMethod, LoginRepository};
use circadia_domain::revision::Revision;
use circadia_domain::sessions::SessionRepository;
use circadia_domain::totp::TotpRepository;
use circadia_domain::unit_of_work::UnitOfWorkError;
use circadia_domain::users::{Credentials, Login, Reservation, User, UserRepository};

use uuid::Uuid;

use super::Verification;
use crate::bytes::{Bytes32, hmac_sha256};
use crate::client::{Client, network_of};
use crate::factors;
use crate::keys::{KeyError, MasterKey, Purpose};
use crate::passwords::Verified;

/// Turns the submitted name or address into a keyed hash for the record. Attempts on the same account can be grouped,
/// but the record doesn't reveal names without an account, or a password typed into the wrong field.
#[derive(Clone)]
pub struct Identifiers(hmac::Key);

impl Identifiers {
    /// Derives the key from the master key.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which indicates a bug.
    pub fn new(master: &MasterKey) -> Result<Self, KeyError> {
        master.hmac_key(Purpose::LoginIdentifiers).map(Self)
    }

    /// The recorded hash of a name or address.
    pub fn hash(&self, login: &Login) -> Bytes32 {
        hmac_sha256(&self.0, &[login.key().as_bytes()])
    }

    /// The recorded hash of an unknown passkey.
    pub(super) fn hash_credential(&self, credential_id: &[u8]) -> Bytes32 {
        hmac_sha256(&self.0, &[b"passkey", credential_id])
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
    /// The submitted name or address.
    pub login: &'a Login,
    /// The method.
    pub method: LoginMethod,
    /// The client.
    pub client: &'a Client,
    /// Whether the address must be verified.
    pub verification: Verification,
    /// Hashes the submitted name or address.
    pub identifiers: &'a Identifiers,
    /// Source of the record's id.
    pub ids: &'a dyn IdSource,
    /// The current time.
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
        let whose = (user, self.identifiers.hash(self.login));
        store.insert_login(&self.client.attempt(self.ids, self.now, whose, self.method, failure))
    }
}

/// Why a sign-in was refused.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// Wrong name or password, or an inactive account (`invalid_credentials`). The attempt was recorded; commit it.
    #[error("the name or the password is wrong")]
    InvalidCredentials,
    /// The credentials are those of a registration whose address isn't verified (`email_not_verified`). The attempt was
    /// recorded; commit it.
    #[error("the address isn't verified")]
    EmailNotVerified,
    /// The password was replaced while the given one was being verified. Nothing was recorded; look the login up again
    /// and retry.
    #[error("the password was changed in the meantime")]
    PasswordReplaced,
    /// The password is right, but a second factor is required: see [`crate::factors::Challenge`]. The attempt was
    /// recorded; commit it.
    #[error("a second factor is needed")]
    SecondFactorRequired {
        /// The account.
        user: UserId,
        /// The current password hash.
        password_hash: Option<String>,
    },
    /// The second factor is wrong. The attempt was recorded; commit it.
    #[error("the code is wrong, or was used before")]
    WrongCode,
    /// Too many wrong codes recently; retry after this many seconds.
    #[error("too many wrong codes were tried lately")]
    TooManyGuesses(u32),
    /// The challenge has expired, or the account's credentials have changed since it was issued.
    #[error("the challenge has expired")]
    ChallengeExpired,
    /// The second factor's secret can't be decrypted.
    #[error(transparent)]
    Keys(KeyError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for SignInRefusal {
    fn from(error: StoreError) -> Self {
        match error {
            // The account was deleted after the login was looked up.
            StoreError::NoSuchUser => Self::PasswordReplaced,
            other => Self::Store(other),
        }
    }
}

impl UnitOfWorkError for SignInRefusal {
    fn commit_on_error(&self) -> bool {
        // A rehashed password is to be committed, too.
        matches!(
            self,
            Self::InvalidCredentials | Self::EmailNotVerified | Self::WrongCode | Self::SecondFactorRequired { .. }
        )
    }
}

/// What is known of a login before its password is checked.
#[derive(Debug, Clone)]
pub struct Sought {
    /// The credentials, if an account has this name or address.
    pub credentials: Option<Credentials>,
    /// The reservation of this name, or the latest one that was made with this address.
    pub reservation: Option<Reservation>,
    /// The account that attempts are counted for: the one of this name or address, or the one for whose address's sake the
    /// name is reserved.
    pub account: Option<UserId>,
    /// The networks where that account signed in before.
    pub networks: Vec<IpAddr>,
}

/// Looks a login up, by as many statements whether or not there is such an account.
///
/// # Errors
/// `StoreError` of the store.
pub fn seek<S: UserRepository + SessionRepository + ?Sized>(
    store: &mut S,
    login: &Login,
) -> Result<Sought, StoreError> {
    let credentials = store.find_credentials(login)?;
    let account = credentials.as_ref().map(|found| found.user);
    let reservation = store.find_reservation(login, account)?;
    let account = account.or(reservation.as_ref().map(|reservation| reservation.holder));
    let addresses = store.session_addresses(account.unwrap_or(UserId::from_uuid(Uuid::nil())))?;
    Ok(Sought { credentials, reservation, account, networks: addresses.into_iter().map(network_of).collect() })
}

impl Sought {
    /// The hash of the password that signs in: that of an account whose address is verified, if it has to be.
    pub fn account_hash(&self, verification: Verification) -> Option<String> {
        self.credentials.as_ref().filter(|found| verification.admits(found))?.password_hash.clone()
    }

    /// The hash of the password of a registration whose address isn't verified: of several with one address, the latest.
    /// Registering with the address of an account and with one that was free leave the same.
    pub fn registration_hash(&self, verification: Verification) -> Option<String> {
        let reserved = self.reservation.as_ref().map(|reservation| reservation.password_hash.clone());
        let waiting = self.credentials.as_ref().filter(|found| !verification.admits(found));
        reserved.or_else(|| waiting?.password_hash.clone())
    }
}

/// Refuses an unknown login, a wrong password or an address that isn't verified, and records the attempt. Runs in a
/// writing unit of work without an owner in all cases, so that all cost the same. `is_registered` tells whether the
/// password is that of a registration whose address isn't verified.
///
/// Always returns an error.
///
/// # Errors
/// [`SignInRefusal::InvalidCredentials`], [`SignInRefusal::EmailNotVerified`]; those of the store.
pub fn refuse<S: LoginRepository + ?Sized>(
    store: &mut S,
    attempt: &Attempt<'_>,
    found: Option<&Credentials>,
    is_registered: bool,
) -> Result<Infallible, SignInRefusal> {
    let failure = match found {
        None => LoginFailure::UnknownUser,
        Some(found) if is_registered && !attempt.verification.admits(found) => LoginFailure::EmailNotVerified,
        Some(_) => LoginFailure::WrongPassword,
    };
    attempt.record(store, found.map(|credentials| credentials.user), Some(failure))?;
    Err(if is_registered { SignInRefusal::EmailNotVerified } else { SignInRefusal::InvalidCredentials })
}

/// Signs in a user whose password was verified, unless the account may not sign in or requires a second factor. Every
/// outcome is recorded, and an outdated password hash is replaced. Runs in the user's writing unit of work; `rev` is
/// its revision.
///
/// # Errors
/// [`SignInRefusal`]; `commit_on_error` tells which of these are to be committed.
pub fn accept<S: UserRepository + LoginRepository + TotpRepository + ?Sized>(
    store: &mut S,
    rev: Revision,
    attempt: &Attempt<'_>,
    found: &Credentials,
    verified: &Verified,
) -> Result<User, SignInRefusal> {
    if !verified.matches || !attempt.verification.admits(found) {
        match refuse(store, attempt, Some(found), false)? {}
    }
    // A session opened with the old password, right after the change ended all sessions, would survive it.
    let present = store.credentials_of(found.user)?;
    if present.is_none_or(|present| present.password_hash != found.password_hash) {
        return Err(SignInRefusal::PasswordReplaced);
    }
    let user = store.find_user(found.user)?.ok_or(SignInRefusal::PasswordReplaced)?;
    if !user.active {
        attempt.record(store, Some(user.id), Some(LoginFailure::Inactive))?;
        return Err(SignInRefusal::InvalidCredentials);
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
