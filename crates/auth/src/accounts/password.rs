//! Replacing a password: with the current one, or with a link sent by mail.

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::identities::IdentityRepository;
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::one_time::{OneTimePurpose, OneTimeRepository};
use circadia_domain::passkeys::PasskeyRepository;
use circadia_domain::personal_tokens::PersonalTokenRepository;
use circadia_domain::revision::Revision;
use circadia_domain::sessions::SessionRepository;
use circadia_domain::totp::TotpRepository;
use circadia_domain::unit_of_work::UnitOfWorkError;
use circadia_domain::users::{User, UserRepository};

use crate::one_time::{self, OneTimeRefusal, OneTimeToken};

/// Why a password wasn't changed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordRefusal {
    /// The password was replaced while the given one was being verified.
    #[error("the password was changed in the meantime")]
    Replaced,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The result of a reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reset {
    /// The user.
    pub user: User,
    /// Whether linked accounts at providers were removed.
    pub unlinked: bool,
    /// Whether a second factor was removed.
    pub without_second_factor: bool,
    /// How many passkeys were removed.
    pub passkeys_removed: usize,
}

impl UnitOfWorkError for PasswordRefusal {}
impl UnitOfWorkError for OneTimeRefusal {}

/// The user whose password a token can reset. Runs in a reading unit of work, before the new password is checked and
/// hashed.
///
/// # Errors
/// [`OneTimeRefusal`].
pub fn resettable<S: UserRepository + OneTimeRepository + ?Sized>(
    store: &mut S,
    token: &OneTimeToken,
    now: Instant,
) -> Result<User, OneTimeRefusal> {
    if token.purpose != OneTimePurpose::ResetPassword {
        return Err(OneTimeRefusal::NoGood);
    }
    let stored = one_time::look_up(store, token, now)?;
    let user = store.find_user(token.user)?.filter(|user| user.active && user.email == stored.email);
    user.ok_or(OneTimeRefusal::NoGood)
}

/// Resets a password with a token. Ends every session and deletes every personal token and pending link, because the
/// account may have been taken over. Using the link also proves ownership of the address. If it wasn't verified before,
/// all linked accounts at providers, the second factor and passkeys are removed too: they were set up by a user who never
/// proved to own the address. Runs in the user's writing unit of work; `rev` is its revision.
///
/// # Errors
/// [`OneTimeRefusal`].
pub fn reset_password<S>(
    store: &mut S,
    rev: Revision,
    token: &OneTimeToken,
    hash: &str,
    now: Instant,
) -> Result<Reset, OneTimeRefusal>
where
    S: UserRepository
        + OneTimeRepository
        + SessionRepository
        + PersonalTokenRepository
        + IdentityRepository
        + TotpRepository
        + PasskeyRepository
        + ?Sized,
{
    let user = resettable(store, token, now)?;
    store.update_password(user.id, hash, rev, now)?;
    let (mut unlinked, mut without_second_factor, mut passkeys_removed) = (false, false, 0);
    if user.email_verified_at.is_none() {
        store.confirm_email(user.id, &user.email, rev, now)?;
        for identity in store.identities_of(user.id)? {
            unlinked |= store.delete_identity(user.id, &identity.issuer)?;
        }
        without_second_factor = store.delete_totp(user.id)?;
        passkeys_removed = store.delete_passkeys(user.id)?;
    }
    store.delete_one_time_tokens(user.id, &OneTimePurpose::ALL)?;
    store.delete_personal_tokens(user.id)?;
    store.revoke_sessions(user.id, now)?;
    Ok(Reset { user, unlinked, without_second_factor, passkeys_removed })
}

/// Changes a password after the current one was verified against the hash `found`. Ends every other session and deletes
/// pending links (reset, change of address). Personal tokens stay valid, because a routine change of password should
/// not break programs. Runs in the user's writing unit of work; `rev` is its revision.
///
/// # Errors
/// [`PasswordRefusal`].
pub fn change_password<S: UserRepository + OneTimeRepository + SessionRepository + ?Sized>(
    store: &mut S,
    rev: Revision,
    (user, session): (UserId, SessionId),
    found: Option<&str>,
    hash: &str,
    now: Instant,
) -> Result<(), PasswordRefusal> {
    let present = store.credentials_of(user)?.ok_or(StoreError::NoSuchUser)?;
    if present.password_hash.as_deref() != found {
        return Err(PasswordRefusal::Replaced);
    }
    store.update_password(user, hash, rev, now)?;
    store.delete_one_time_tokens(user, &[OneTimePurpose::ResetPassword, OneTimePurpose::ChangeEmail])?;
    Ok(store.revoke_other_sessions(user, session, now)?)
}

#[cfg(test)]
mod tests {
    use circadia_domain::identities::{Identity, Issuer, ProviderName, Subject};
    use circadia_domain::personal_tokens::{Access, PersonalToken, Scope, Scopes, TokenName};
    use circadia_domain::sessions::RevocationTarget;
    use circadia_domain::users::Email;

    use super::*;
    use crate::client::Client;
    use crate::keys::{KeyRing, MasterKey};
    use crate::sessions::{Authenticated, open_session};
    use crate::testing::{Ids, InMemoryStore, MASTER, NOW, Seeded, id};

    const REV: Revision = Revision(2);

    /// A user with this many sessions.
    fn signed_in(sessions: usize) -> (InMemoryStore, Vec<SessionId>) {
        let mut store = InMemoryStore::with_user(id(1), Some("$old"));
        let (entropy, ids) = (Seeded::new(1), Ids::default());
        let keys = KeyRing::load_or_create(&mut store, &MasterKey::from_text(MASTER).unwrap(), &entropy, NOW).unwrap();
        let open = |store: &mut InMemoryStore| {
            open_session(
                store,
                Authenticated::by_password(id(1).into()),
                &Client::default(),
                &keys,
                &ids,
                &entropy,
                NOW,
            )
            .unwrap()
            .session
            .id
        };
        let opened = (0..sessions).map(|_| open(&mut store)).collect();
        (store, opened)
    }

    fn live(store: &InMemoryStore) -> Vec<SessionId> {
        store.sessions.iter().filter(|session| session.revoked_at.is_none()).map(|session| session.id).collect()
    }

    fn sent(store: &mut InMemoryStore, email: &str) -> OneTimeToken {
        let email = Email::parse(email).unwrap();
        one_time::issue(store, OneTimePurpose::ResetPassword, id(1).into(), &email, &Seeded::new(2), NOW).unwrap()
    }

    #[test]
    fn a_reset_ends_every_session_proves_the_address_and_is_good_once() {
        let (mut store, _) = signed_in(3);
        let token = sent(&mut store, "ada@example.org");
        reset_password(&mut store, REV, &token, "$new", NOW).unwrap();
        assert_eq!(store.users[0].0.password_hash.as_deref(), Some("$new"));
        assert_eq!((live(&store), store.users[0].0.email_verified_at), (vec![], Some(NOW)));
        let again = reset_password(&mut store, REV, &token, "$newer", NOW);
        assert!(matches!(again, Err(OneTimeRefusal::NoGood)));
        assert_eq!(store.users[0].0.password_hash.as_deref(), Some("$new"));
    }

    /// Everything besides the password that gives access to an account, now or later.
    fn with_other_ways_in(store: &mut InMemoryStore) {
        let (user, email) = (id(1).into(), Email::parse("ada@example.org").unwrap());
        for purpose in [OneTimePurpose::ChangeEmail, OneTimePurpose::VerifyEmail] {
            one_time::issue(store, purpose, user, &email, &Seeded::new(3), NOW).unwrap();
        }
        for issuer in ["https://one.example", "https://two.example"] {
            let identity = Identity {
                user,
                issuer: Issuer::parse(issuer).unwrap(),
                subject: Subject::parse("someone").unwrap(),
                provider: ProviderName::parse("work").unwrap(),
                email: email.clone(),
                linked_at: NOW,
            };
            store.insert_identity(&identity).unwrap();
        }
        let master = MasterKey::from_text(MASTER).unwrap();
        crate::factors::set_up(store, user, "ada", &master, &Seeded::new(4), NOW).unwrap();
        store.personal_tokens.push(PersonalToken {
            user,
            id: id(7).into(),
            name: TokenName::parse("importer").unwrap(),
            scopes: Scopes::of(&[Scope { area: None, access: Access::Write }]).unwrap(),
            secret_hash: [7; 32],
            created_at: NOW,
            expires_at: NOW.plus_seconds(60),
            last_used_at: None,
            rev: REV,
        });
    }

    #[test]
    fn a_reset_ends_whatever_somebody_else_may_have_begun_or_keeps() {
        for verified in [true, false] {
            let (mut store, _) = signed_in(1);
            store.users[0].0.email_verified_at = verified.then_some(NOW);
            with_other_ways_in(&mut store);
            let token = sent(&mut store, "ada@example.org");
            let reset = reset_password(&mut store, REV, &token, "$new", NOW).unwrap();
            assert_eq!((reset.unlinked, reset.without_second_factor), (!verified, !verified));
            assert!(store.one_time_tokens.is_empty() && store.personal_tokens.is_empty());
            // The address was verified before, so these belong to its owner.
            assert_eq!((store.identities.is_empty(), store.totp.is_empty()), (!verified, !verified));
        }
    }

    #[test]
    fn a_change_ends_what_was_begun_with_the_old_password_and_nothing_that_runs() {
        let (mut store, opened) = signed_in(1);
        with_other_ways_in(&mut store);
        change_password(&mut store, REV, (id(1).into(), opened[0]), Some("$old"), "$new", NOW).unwrap();
        let left: Vec<_> = store.one_time_tokens.iter().map(|token| token.purpose).collect();
        assert_eq!(left, [OneTimePurpose::VerifyEmail]);
        assert_eq!((store.personal_tokens.len(), store.identities.len(), store.totp.len()), (1, 2, 1));
    }

    #[test]
    fn a_reset_by_a_link_to_another_address_or_of_an_account_that_is_closed_is_refused() {
        let (mut store, _) = signed_in(1);
        let token = sent(&mut store, "before@example.org");
        assert!(reset_password(&mut store, REV, &token, "$new", NOW).is_err());
        let token = sent(&mut store, "ada@example.org");
        store.users[0].1 = false;
        assert!(reset_password(&mut store, REV, &token, "$new", NOW).is_err());
        assert_eq!(store.users[0].0.password_hash.as_deref(), Some("$old"));
        assert_eq!(live(&store).len(), 1);
    }

    #[test]
    fn a_change_keeps_this_session_and_ends_the_others_and_links_that_were_asked_for() {
        let (mut store, opened) = signed_in(3);
        sent(&mut store, "ada@example.org");
        let here = (id(1).into(), opened[1]);
        change_password(&mut store, REV, here, Some("$old"), "$new", NOW).unwrap();
        assert_eq!((live(&store), store.one_time_tokens.len()), (vec![opened[1]], 0));
        let told: Vec<_> = store.revocations.iter().map(|entry| entry.target).collect();
        assert_eq!(told, [RevocationTarget::Session(opened[0]), RevocationTarget::Session(opened[2])]);
        let late = change_password(&mut store, REV, here, Some("$old"), "$newer", NOW);
        assert!(matches!(late, Err(PasswordRefusal::Replaced)), "{late:?}");
        assert_eq!(store.users[0].0.password_hash.as_deref(), Some("$new"));
    }
}
