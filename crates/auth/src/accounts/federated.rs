//! Accounts with an identity at an external provider: signing in, registering, linking and unlinking.
//!
//! A linked subject of an issuer signs its user in. An unlinked subject gets a new account, unless its email address
//! already has one. Such an account is *never* linked because of the address alone: its creator need not have owned the
//! address, and the address's current owner need not have created it. The account's owner signs in first and then
//! links.

use circadia_domain::audit::{self, AuditAction, AuditEvent, AuditRepository};
use circadia_domain::civil::Instant;
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::identities::{Identity, IdentityRepository, ProviderName};
use circadia_domain::ids::{AuditEventId, IdSource, SessionId, UserId};
use circadia_domain::logins::{LoginFailure, LoginRepository};
use circadia_domain::totp::TotpRepository;
use circadia_domain::unit_of_work::UnitOfWorkError;
use circadia_domain::users::{Email, NewUser, Role, Settings, User, UserRepository, Username, holder_of_name};

use super::Attempt;
use crate::entropy::{Entropy, random};
use crate::factors;
use crate::oauth::Profile;

/// Why a federated sign-in, linking or unlinking was refused.
#[derive(Debug, thiserror::Error)]
pub enum FederatedRefusal {
    /// An account with this address exists and isn't linked. The attempt was recorded; commit it.
    #[error("there already is an account with this e-mail address, which isn't linked")]
    AccountExists,
    /// The account may not sign in. The attempt was recorded; commit it.
    #[error("the account may not sign in")]
    Inactive,
    /// A second factor is required: see [`crate::factors::Challenge`]. It applies to every way of signing in, because
    /// the provider doesn't say which factors it checked. The attempt was recorded; commit it.
    #[error("a second factor is needed")]
    SecondFactorRequired {
        /// The account.
        user: UserId,
        /// The current password hash; `None` without a password.
        password_hash: Option<String>,
    },
    /// The data looked up has changed since. Nothing was recorded; look it up again and retry.
    #[error("it was changed in the meantime")]
    Changed,
    /// The subject is linked to another user.
    #[error("another account is linked to it")]
    SubjectTaken,
    /// The user is linked to another subject of the provider.
    #[error("another one is linked")]
    AlreadyLinked,
    /// The user isn't linked with the provider.
    #[error("none is linked")]
    NotLinked,
    /// It is the account's only way to sign in.
    #[error("it is the only way into the account")]
    LastSignInMethod,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for FederatedRefusal {
    fn from(error: StoreError) -> Self {
        match error {
            // The account was deleted after its identity was looked up.
            StoreError::NoSuchUser => Self::Changed,
            other => Self::Store(other),
        }
    }
}

impl UnitOfWorkError for FederatedRefusal {
    fn commit_on_error(&self) -> bool {
        matches!(self, Self::AccountExists | Self::Inactive | Self::SecondFactorRequired { .. })
    }
}

/// The user linked to a subject. Runs in a reading unit of work.
///
/// # Errors
/// `StoreError` of the store.
pub fn find_federated<S: IdentityRepository + ?Sized>(
    store: &mut S,
    profile: &Profile,
) -> Result<Option<UserId>, FederatedRefusal> {
    Ok(store.find_identity(&profile.issuer, &profile.subject)?.map(|identity| identity.user))
}

/// Signs in the user of a subject, unless the account may not sign in or requires a second factor. Every outcome is
/// recorded. Runs in the user's writing unit of work.
///
/// # Errors
/// [`FederatedRefusal::Inactive`] and [`FederatedRefusal::SecondFactorRequired`], both to be committed;
/// [`FederatedRefusal::Changed`] if the link no longer exists.
pub fn sign_in_federated<S: UserRepository + IdentityRepository + LoginRepository + TotpRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    profile: &Profile,
    attempt: &Attempt<'_>,
) -> Result<User, FederatedRefusal> {
    if find_federated(store, profile)? != Some(user) {
        return Err(FederatedRefusal::Changed);
    }
    let user = store.find_user(user)?.ok_or(FederatedRefusal::Changed)?;
    if !user.active {
        attempt.record(store, Some(user.id), Some(LoginFailure::Inactive))?;
        return Err(FederatedRefusal::Inactive);
    }
    if factors::is_active(store, user.id)? {
        attempt.record(store, Some(user.id), Some(LoginFailure::SecondFactorRequired))?;
        let password_hash = store.credentials_of(user.id)?.and_then(|credentials| credentials.password_hash);
        return Err(FederatedRefusal::SecondFactorRequired { user: user.id, password_hash });
    }
    attempt.record(store, Some(user.id), None)?;
    Ok(user)
}

/// Creates an account for an unlinked subject, without a password. Its username is derived from the address, which
/// counts as verified. Recorded as a sign-in. Runs in a writing unit of work without an owner.
///
/// # Errors
/// [`FederatedRefusal::AccountExists`], to be committed; [`FederatedRefusal::Changed`] if a concurrent request took the
/// username, the address or the subject.
pub fn join_federated<S: UserRepository + IdentityRepository + LoginRepository + ?Sized>(
    store: &mut S,
    provider: &ProviderName,
    profile: &Profile,
    attempt: &Attempt<'_>,
    entropy: &dyn Entropy,
) -> Result<NewUser, FederatedRefusal> {
    // The address is checked first. A concurrent registration with the same subject creates account and link in one
    // transaction, so a caller that sees its address also sees its link.
    let taken = store.find_credentials(attempt.login)?.is_some();
    if find_federated(store, profile)?.is_some() {
        return Err(FederatedRefusal::Changed);
    }
    if taken {
        // Recorded without a user: the request need not come from the account's owner.
        attempt.record(store, None, Some(LoginFailure::UnknownUser))?;
        return Err(FederatedRefusal::AccountExists);
    }
    let user = NewUser {
        id: attempt.ids.fresh().into(),
        username: free_name(store, &profile.email, entropy)?,
        email: profile.email.clone(),
        email_verified_at: Some(attempt.now),
        password_hash: None,
        role: Role::Regular,
        settings: Settings::default(),
        created_at: attempt.now,
    };
    let identity = identity_of(user.id, provider, profile, attempt.now);
    let stored = store.insert_user(&user).and_then(|()| store.insert_identity(&identity));
    stored.map_err(|error| match error {
        StoreError::Duplicate(_) => FederatedRefusal::Changed,
        other => other.into(),
    })?;
    attempt.record(store, Some(user.id), None)?;
    Ok(user)
}

fn identity_of(user: UserId, provider: &ProviderName, profile: &Profile, now: Instant) -> Identity {
    Identity {
        user,
        issuer: profile.issuer.clone(),
        subject: profile.subject.clone(),
        provider: provider.clone(),
        email: profile.email.clone(),
        linked_at: now,
    }
}

/// Links a signed-in user to a subject; idempotent. `is_of_provider` tells the provider's identities from others. Runs
/// in the user's writing unit of work.
///
/// # Errors
/// [`FederatedRefusal::SubjectTaken`], [`FederatedRefusal::AlreadyLinked`].
pub fn link<S: IdentityRepository + AuditRepository + ?Sized>(
    store: &mut S,
    (user, session): (UserId, SessionId),
    (provider, profile): (&ProviderName, &Profile),
    is_of_provider: impl Fn(&Identity) -> bool,
    ids: &dyn IdSource,
    now: Instant,
) -> Result<Identity, FederatedRefusal> {
    if let Some(linked) = store.identities_of(user)?.into_iter().find(is_of_provider) {
        let is_same = linked.issuer == profile.issuer && linked.subject == profile.subject;
        return if is_same { Ok(linked) } else { Err(FederatedRefusal::AlreadyLinked) };
    }
    if find_federated(store, profile)?.is_some() {
        return Err(FederatedRefusal::SubjectTaken);
    }
    let identity = identity_of(user, provider, profile, now);
    match store.insert_identity(&identity) {
        // A concurrent request of another user: requests of the same user are serialised.
        Err(StoreError::Duplicate(Unique::Identity)) => return Err(FederatedRefusal::SubjectTaken),
        stored => stored?,
    }
    note(store, AuditAction::PROVIDER_LINKED, user, session, ids, now)?;
    Ok(identity)
}

/// Unlinks a signed-in user from a provider, unless the account would be left without a way to sign in: without a
/// password and without another identity that `is_usable`. Runs in the user's writing unit of work.
///
/// # Errors
/// [`FederatedRefusal::NotLinked`], [`FederatedRefusal::LastSignInMethod`].
pub fn unlink<S: UserRepository + IdentityRepository + AuditRepository + ?Sized>(
    store: &mut S,
    (user, session): (UserId, SessionId),
    is_of_provider: impl Fn(&Identity) -> bool,
    is_usable: impl Fn(&Identity) -> bool,
    ids: &dyn IdSource,
    now: Instant,
) -> Result<(), FederatedRefusal> {
    let (unlinked, kept): (Vec<_>, Vec<_>) = store.identities_of(user)?.into_iter().partition(is_of_provider);
    if unlinked.is_empty() {
        return Err(FederatedRefusal::NotLinked);
    }
    let credentials = store.credentials_of(user)?;
    let has_password = credentials.is_some_and(|credentials| credentials.password_hash.is_some());
    if !has_password && !kept.iter().any(is_usable) {
        return Err(FederatedRefusal::LastSignInMethod);
    }
    for identity in unlinked {
        store.delete_identity(user, &identity.issuer)?;
    }
    note(store, AuditAction::PROVIDER_UNLINKED, user, session, ids, now)?;
    Ok(())
}

fn note<S: AuditRepository + ?Sized>(
    store: &mut S,
    action: AuditAction,
    user: UserId,
    session: SessionId,
    ids: &dyn IdSource,
    now: Instant,
) -> Result<(), StoreError> {
    let id = AuditEventId::from_uuid(ids.fresh());
    audit::record(store, &AuditEvent::by(id, action, user, now).in_session(session))
}

/// A free username: the local part of the address, reduced to permitted characters, with a numeric suffix if it is
/// taken.
fn free_name<S: UserRepository + ?Sized>(
    store: &mut S,
    email: &Email,
    entropy: &dyn Entropy,
) -> Result<Username, FederatedRefusal> {
    let wished = wished_name(email);
    if let Ok(name) = Username::parse(&wished)
        && holder_of_name(store, &name)?.is_none()
    {
        return Ok(name);
    }
    // A suffix has 2³² values. If it is taken too, the caller gets `Changed` and retries with another.
    let number = u32::from_be_bytes(random(entropy));
    let name = format!("{}-{number:08x}", wished.get(..wished.len().min(23)).unwrap_or("user"));
    Username::parse(&name).map_err(|wrong| FederatedRefusal::Store(StoreError::Defect(wrong.to_string())))
}

/// The permitted characters of an address's local part, at most 32, without a `+tag`.
fn wished_name(email: &Email) -> String {
    let local = email.as_str().split(['@', '+']).next().unwrap_or_default();
    let allowed = local.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    let name: String = allowed.take(32).collect();
    let name = name.trim_matches(['.', '_', '-']);
    if name.len() < 3 { "user".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
#[path = "federated_tests.rs"]
mod tests;
