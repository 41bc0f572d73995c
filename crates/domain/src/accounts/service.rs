//! Listing and changing accounts.

use super::{Account, AccountDetails, AccountFilter, AccountSeek, AccountState};
use crate::audit::{self, AuditAction, AuditDetail, AuditEvent};
use crate::civil::Instant;
use crate::code::Code;
use crate::entity;
use crate::error::{Error, StoreError, Unique};
use crate::ids::{IdSource, SessionId, UserId};
use crate::one_time::OneTimePurpose;
use crate::revision::Expected;
use crate::unit_of_work::{Store, WriteTransaction};
use crate::users::{self, Email, Role, Username, email_taken, holder_of_name, username_taken};
use crate::violation::Violations;

/// A part of a list of accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountList {
    /// The accounts.
    pub items: Vec<Account>,
    /// How many there are in all.
    pub total: i64,
}

/// A change of an account (RFC 7396): what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UpdateAccountBody, example = json!({"role": "staff"})))]
pub struct AccountPatch {
    /// The role.
    pub role: Option<Role>,
    /// Whether the user may sign in. If not, every session and personal access token of theirs ends at once.
    pub active: Option<bool>,
    /// Whether the address counts as verified. Defaults to `false` for another address.
    pub email_verified: Option<bool>,
    /// The user name.
    pub username: Option<Username>,
    /// The address.
    pub email: Option<Email>,
}

/// What was changed of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountChange {
    /// How it was.
    pub before: AccountState,
    /// How it is.
    pub after: AccountState,
}

impl AccountChange {
    /// Whether the account has another address, which isn't verified.
    pub fn needs_verification(&self) -> bool {
        self.before.email != self.after.email && self.after.email_verified_at.is_none()
    }

    /// Adds to an event what was changed, but no names and addresses.
    #[must_use]
    pub fn described_in(&self, event: AuditEvent) -> AuditEvent {
        let (before, after) = (&self.before, &self.after);
        let word = |role: Role| AuditDetail::Word(role.as_str());
        let verified = |state: &AccountState| AuditDetail::Flag(state.email_verified_at.is_some());
        let event = event
            .with_change("role", word(before.role), word(after.role))
            .with_change("active", AuditDetail::Flag(before.active), AuditDetail::Flag(after.active))
            .with_change("email_verified", verified(before), verified(after));
        let changed = AuditDetail::Word("changed");
        let event = if before.username == after.username { event } else { event.with("username", changed) };
        if before.email == after.email { event } else { event.with("email", changed) }
    }
}

/// A part of the accounts, by two statements. Counting takes a look at each account that meets the filter.
///
/// # Errors
/// The store's.
pub fn list(store: &mut dyn Store, filter: &AccountFilter, seek: &AccountSeek) -> Result<AccountList, Error> {
    Ok(AccountList { items: store.accounts(filter, seek)?, total: store.account_total(filter)? })
}

/// One account.
///
/// # Errors
/// [`Error::NotFound`].
pub fn find(store: &mut dyn Store, id: UserId, now: Instant) -> Result<AccountDetails, Error> {
    store.find_account(id, now)?.ok_or(Error::not_found::<entity::User>())
}

/// Changes the account of the transaction's user, on behalf of an administrator. `None` if there was nothing to change.
///
/// # Errors
/// `username_taken`, `email_taken`, `last_superuser`; [`Error::Stale`] if the account has another revision than expected.
pub fn update(
    tx: &mut WriteTransaction<'_>,
    expected: &Expected,
    patch: AccountPatch,
) -> Result<Option<AccountChange>, Error> {
    let user = users::find(tx.store, tx.user)?;
    expected.check(user.rev)?;
    let before = AccountState::from(user);
    let after = patched(&before, patch, tx.now);
    if before == after {
        return Ok(None);
    }
    let is_superuser = |state: &AccountState| state.role == Role::Superuser && state.active;
    if is_superuser(&before) && !is_superuser(&after) && !tx.store.lock_superusers(tx.user)? {
        return Err(last_superuser());
    }
    if before.username != after.username
        && holder_of_name(tx.store, &after.username)?.is_some_and(|holder| holder != tx.user)
    {
        return Err(username_taken());
    }
    match tx.store.update_account(tx.user, &after, tx.rev, tx.now) {
        Ok(()) => {}
        Err(StoreError::Duplicate(Unique::Username)) => return Err(username_taken()),
        Err(StoreError::Duplicate(Unique::Email)) => return Err(email_taken()),
        Err(error) => return Err(error.into()),
    }
    let change = AccountChange { before, after };
    follow(tx, &change)?;
    Ok(Some(change))
}

fn patched(before: &AccountState, patch: AccountPatch, now: Instant) -> AccountState {
    let AccountPatch { role, active, email_verified, username, email } = patch;
    let email = email.unwrap_or_else(|| before.email.clone());
    let kept = before.email_verified_at.filter(|_| email == before.email);
    AccountState {
        username: username.unwrap_or_else(|| before.username.clone()),
        email_verified_at: match email_verified {
            Some(true) => kept.or(Some(now)),
            Some(false) => None,
            None => kept,
        },
        email,
        role: role.unwrap_or(before.role),
        active: active.unwrap_or(before.active),
    }
}

/// What goes with a change.
fn follow(tx: &mut WriteTransaction<'_>, change: &AccountChange) -> Result<(), StoreError> {
    let AccountChange { before, after } = change;
    if before.active && !after.active {
        tx.store.revoke_sessions(tx.user, tx.now)?;
        tx.store.delete_personal_tokens(tx.user)?;
    }
    if before.role != after.role {
        tx.store.publish_role(tx.user, tx.now)?;
    }
    if before.email != after.email {
        // Who reads the mail of the earlier address must not get in by it.
        tx.store.delete_one_time_tokens(tx.user, &OneTimePurpose::ALL)?;
    } else if after.email_verified_at.is_some() {
        tx.store.delete_one_time_tokens(tx.user, &[OneTimePurpose::VerifyEmail])?;
    }
    Ok(())
}

/// Marks the addresses of these users as verified, on behalf of an administrator: of all of them, or of none. Runs in a writing unit of work without an
/// owner. Returns those whose address wasn't verified, in the order of their ids.
///
/// # Errors
/// [`Error::Invalid`] for unknown users, each with its place in the list.
pub fn verify_emails(
    store: &mut dyn Store,
    users: &[UserId],
    (actor, session): (UserId, SessionId),
    ids: &dyn IdSource,
    now: Instant,
) -> Result<Vec<UserId>, Error> {
    let known = store.email_verifications(users)?;
    let unknown = |user: &UserId| known.iter().all(|(id, _)| id != user);
    if users.iter().any(unknown) {
        return Err(unknown_users(users, unknown));
    }
    let mut unverified: Vec<UserId> = known.iter().filter(|(_, verified)| !verified).map(|(id, _)| *id).collect();
    // In one order, so that no two of these wait for each other.
    unverified.sort_unstable();
    let mut verified = Vec::with_capacity(unverified.len());
    for user in unverified {
        let rev = match store.raise_revision(user) {
            Err(StoreError::NoSuchUser) => return Err(unknown_users(users, |other| *other == user)),
            raised => raised?,
        };
        if !store.verify_email(user, rev, now)? {
            continue;
        }
        store.delete_one_time_tokens(user, &[OneTimePurpose::VerifyEmail])?;
        let event = AuditEvent::by(ids.fresh().into(), AuditAction::EMAIL_VERIFIED, actor, now)
            .about(user)
            .in_session(session)
            .with_change("email_verified", AuditDetail::Flag(false), AuditDetail::Flag(true));
        audit::record(store, &event)?;
        verified.push(user);
    }
    Ok(verified)
}

fn unknown_users(users: &[UserId], is_unknown: impl Fn(&UserId) -> bool) -> Error {
    let mut wrong = Violations::new();
    for (index, _) in users.iter().enumerate().filter(|(_, user)| is_unknown(user)) {
        wrong.add(format!("/user_ids/{index}"), "user_not_found", "is not the id of a user");
    }
    wrong.into()
}

/// The error for what would leave no account that can manage others.
pub fn last_superuser() -> Error {
    Error::conflict(
        Code::LastSuperuser,
        "it is the only account that can manage others: appoint another superuser first",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use uuid::Uuid;

    const NOW: Instant = Instant::from_seconds(1_000);

    fn state() -> AccountState {
        AccountState {
            username: Username::parse("ada").unwrap(),
            email: Email::parse("ada@example.org").unwrap(),
            email_verified_at: Some(Instant::from_seconds(5)),
            role: Role::Regular,
            active: true,
        }
    }

    #[test]
    fn another_address_is_verified_only_if_that_is_said() {
        let email = || Some(Email::parse("countess@example.org").unwrap());
        let verified = |patch| patched(&state(), patch, NOW).email_verified_at;
        assert_eq!(verified(AccountPatch { email: email(), ..AccountPatch::default() }), None);
        let said = AccountPatch { email: email(), email_verified: Some(true), ..AccountPatch::default() };
        assert_eq!(verified(said), Some(NOW));
        let same = AccountPatch { email: Some(state().email), ..AccountPatch::default() };
        assert_eq!(patched(&state(), same, NOW), state());
        let again = AccountPatch { email_verified: Some(true), ..AccountPatch::default() };
        assert_eq!(patched(&state(), again, NOW), state(), "since when it is verified stays");
        let not = AccountPatch { email_verified: Some(false), ..AccountPatch::default() };
        assert_eq!(verified(not), None);
    }

    #[test]
    fn events_tell_what_was_changed_without_names_and_addresses() {
        let after = AccountState {
            username: Username::parse("countess").unwrap(),
            email: Email::parse("countess@example.org").unwrap(),
            email_verified_at: None,
            role: Role::Staff,
            active: true,
        };
        let change = AccountChange { before: state(), after };
        assert!(change.needs_verification());
        let event = AuditEvent::of(crate::ids::AuditEventId::from_uuid(Uuid::nil()), AuditAction::ACCOUNT_CHANGED, NOW);
        let details = Value::from(change.described_in(event).details);
        let expected = json!({
            "role": {"before": "regular", "after": "staff"},
            "email_verified": {"before": true, "after": false},
            "username": "changed",
            "email": "changed",
        });
        assert_eq!(details, expected);
    }
}
