//! Accounts of people whom somebody else vouches for: signing in, getting one, linking, unlinking.
//!
//! A subject that is linked signs its user in. One that isn't gets a new account, unless its address already has one:
//! that one is *never* linked by the address alone, since whoever made it need not have been the address's owner, and
//! whoever has the address now need not be who made it. Its owner signs in first, and links.

use circadia_domain::audit::{self, AuditAction, AuditEvent, AuditRepository};
use circadia_domain::civil::Instant;
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::identities::{Identity, IdentityRepository, Provider};
use circadia_domain::ids::{AuditEventId, IdSource, SessionId, UserId};
use circadia_domain::logins::{LoginFailure, LoginRepository};
use circadia_domain::totp::TotpRepository;
use circadia_domain::unit_of_work::UnitOfWorkError;
use circadia_domain::users::{Email, Login, NewUser, Role, Settings, User, UserRepository, Username};

use super::Attempt;
use crate::entropy::{Entropy, random};
use crate::factors;
use crate::oauth::Profile;

/// Why somebody isn't let in, linked or unlinked.
#[derive(Debug, thiserror::Error)]
pub enum FederatedRefusal {
    /// There is an account with this address, and it isn't linked. It was recorded, which is to be committed.
    #[error("there already is an account with this e-mail address, which isn't linked")]
    AccountExists,
    /// The account may not sign in. It was recorded, which is to be committed.
    #[error("the account may not sign in")]
    Inactive,
    /// Whoever it is asks for a second factor here, too: see [`crate::factors::Challenge`]. What the provider asked
    /// for isn't known, and who set a second factor up expects it on every way in. It was recorded, which is to be
    /// committed.
    #[error("a second factor is needed")]
    SecondFactorRequired {
        /// Whose account it is.
        user: UserId,
        /// The password hash that is in force now, if there is a password.
        password_hash: Option<String>,
    },
    /// What was looked up has changed since. Nothing was recorded; begin again by looking it up.
    #[error("it was changed in the meantime")]
    Changed,
    /// Another user is linked to this subject.
    #[error("somebody else is linked to it")]
    SubjectTaken,
    /// The user is linked to another subject.
    #[error("another one is linked")]
    AlreadyLinked,
    /// The user isn't linked.
    #[error("none is linked")]
    NotLinked,
    /// Without it, nobody could sign in to the account any more.
    #[error("it is the only way into the account")]
    LastWayIn,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for FederatedRefusal {
    fn from(error: StoreError) -> Self {
        match error {
            // The account was deleted since its identity was looked up.
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

/// Whose subject this is. For a reading unit of work.
///
/// # Errors
/// The store's.
pub fn find_federated<S: IdentityRepository + ?Sized>(
    store: &mut S,
    provider: Provider,
    profile: &Profile,
) -> Result<Option<UserId>, FederatedRefusal> {
    Ok(store.find_identity(provider, &profile.subject)?.map(|identity| identity.user))
}

/// Lets in the user of a subject, unless the account may not sign in or a second factor is asked for; records it
/// whichever it is. For the user's writing unit of work.
///
/// # Errors
/// [`FederatedRefusal::Inactive`] and [`FederatedRefusal::SecondFactorRequired`], which are to be committed;
/// [`FederatedRefusal::Changed`] if the two aren't linked any more.
pub fn sign_in_federated<S: UserRepository + IdentityRepository + LoginRepository + TotpRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    provider: Provider,
    profile: &Profile,
    attempt: &Attempt<'_>,
) -> Result<User, FederatedRefusal> {
    let identity = store.identity_of(user, provider)?;
    if identity.is_none_or(|identity| identity.subject != profile.subject) {
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

/// Makes an account for a subject that nobody is linked to: with a free name made of its address, which counts as
/// verified, and without a password. Records it as a sign-in. For a writing unit of work that belongs to no user.
///
/// # Errors
/// [`FederatedRefusal::AccountExists`], which is to be committed; [`FederatedRefusal::Changed`] if somebody took the
/// name, the address or the subject in the same moment.
pub fn join_federated<S: UserRepository + IdentityRepository + LoginRepository + ?Sized>(
    store: &mut S,
    provider: Provider,
    profile: &Profile,
    attempt: &Attempt<'_>,
    entropy: &dyn Entropy,
) -> Result<NewUser, FederatedRefusal> {
    // The address first: whoever came with the same subject in the same moment made both at once, so that whoever sees
    // the address taken by them sees the subject linked, too.
    let taken = store.find_credentials(attempt.login)?.is_some();
    if store.find_identity(provider, &profile.subject)?.is_some() {
        return Err(FederatedRefusal::Changed);
    }
    if taken {
        // Under nobody's name: that it was its owner isn't known.
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
    let identity = Identity {
        user: user.id,
        provider,
        subject: profile.subject.clone(),
        email: profile.email.clone(),
        linked_at: attempt.now,
    };
    let stored = store.insert_user(&user).and_then(|()| store.insert_identity(&identity));
    stored.map_err(|error| match error {
        StoreError::Duplicate(_) => FederatedRefusal::Changed,
        other => other.into(),
    })?;
    attempt.record(store, Some(user.id), None)?;
    Ok(user)
}

/// Links a signed-in user to a subject; once more is no harm. For the user's writing unit of work.
///
/// # Errors
/// [`FederatedRefusal::SubjectTaken`], [`FederatedRefusal::AlreadyLinked`].
pub fn link<S: IdentityRepository + AuditRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    session: SessionId,
    provider: Provider,
    profile: &Profile,
    ids: &dyn IdSource,
    now: Instant,
) -> Result<Identity, FederatedRefusal> {
    if let Some(linked) = store.identity_of(user, provider)? {
        return if linked.subject == profile.subject { Ok(linked) } else { Err(FederatedRefusal::AlreadyLinked) };
    }
    if store.find_identity(provider, &profile.subject)?.is_some() {
        return Err(FederatedRefusal::SubjectTaken);
    }
    let identity =
        Identity { user, provider, subject: profile.subject.clone(), email: profile.email.clone(), linked_at: now };
    match store.insert_identity(&identity) {
        // Another user, in the same moment: a user's own links wait for each other.
        Err(StoreError::Duplicate(Unique::Identity)) => return Err(FederatedRefusal::SubjectTaken),
        stored => stored?,
    }
    note(store, AuditAction::GOOGLE_LINKED, user, session, ids, now)?;
    Ok(identity)
}

/// Unlinks a signed-in user, unless nothing would be left to sign in with. For the user's writing unit of work.
///
/// # Errors
/// [`FederatedRefusal::NotLinked`], [`FederatedRefusal::LastWayIn`].
pub fn unlink<S: UserRepository + IdentityRepository + AuditRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    session: SessionId,
    provider: Provider,
    ids: &dyn IdSource,
    now: Instant,
) -> Result<(), FederatedRefusal> {
    if store.identity_of(user, provider)?.is_none() {
        return Err(FederatedRefusal::NotLinked);
    }
    let credentials = store.credentials_of(user)?;
    if credentials.is_none_or(|credentials| credentials.password_hash.is_none()) {
        return Err(FederatedRefusal::LastWayIn);
    }
    store.delete_identity(user, provider)?;
    note(store, AuditAction::GOOGLE_UNLINKED, user, session, ids, now)?;
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

/// A name that nobody has: what stands before the `@`, as far as names may have it, with a number behind it if that is
/// somebody's already.
fn free_name<S: UserRepository + ?Sized>(
    store: &mut S,
    email: &Email,
    entropy: &dyn Entropy,
) -> Result<Username, FederatedRefusal> {
    let wished = wished_name(email);
    if let Ok(name) = Username::parse(&wished)
        && store.find_credentials(&Login::username(&wished))?.is_none()
    {
        return Ok(name);
    }
    // Of some four thousand million, one that is taken as well is met as `Changed`, and another drawn.
    let number = u32::from_be_bytes(random(entropy));
    let name = format!("{}-{number:08x}", wished.get(..wished.len().min(23)).unwrap_or("user"));
    Username::parse(&name).map_err(|wrong| FederatedRefusal::Store(StoreError::Defect(wrong.to_string())))
}

/// The characters of an address's local part that names may have, at most 32; without the `+tag` of some providers.
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
