//! Accounts, as administrators see and change them.

use circadia_domain::accounts::{AccountCursor, AccountDetails, AccountFilter, AccountSeek, AccountSort, AccountState};
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::ids::UserId;
use circadia_domain::logins::LoginFailure;
use circadia_domain::revision::Revision;
use circadia_domain::sessions::Session;
use circadia_domain::unit_of_work::{write, write_unowned};
use circadia_domain::users::{Email, NewUser, Role, Username};
use circadia_storage::Backend;

use super::logins::attempt;
use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

fn named(name: &str, seconds: i64, role: Role) -> NewUser {
    NewUser {
        username: Username::parse(name).unwrap(),
        email: Email::from_stored(format!("{}@example.org", name.to_lowercase())),
        email_verified_at: None,
        role,
        created_at: NOW.plus_seconds(seconds),
        ..samples::user()
    }
}

fn stored(test: &TestDatabase, users: &[NewUser]) {
    write_unowned(&test.database, |store| users.iter().try_for_each(|user| store.insert_user(user))).unwrap();
}

const fn seek(by: AccountSort, reversed: bool) -> AccountSeek {
    AccountSeek { by, reversed, beyond: None, backwards: false, skip: 0, limit: 10 }
}

fn names(test: &TestDatabase, filter: &AccountFilter, seek: &AccountSeek) -> Vec<String> {
    let found = test.read(|store| store.accounts(filter, seek));
    found.into_iter().map(|account| account.username.as_str().to_owned()).collect()
}

pub(crate) fn accounts_are_filtered_and_counted(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let users = [
        named("ada", 0, Role::Superuser),
        named("Bob_1", 1, Role::Regular),
        named("bobX1", 2, Role::Staff),
        NewUser { email_verified_at: Some(NOW), ..named("eve", 3, Role::Regular) },
    ];
    stored(&test, &users);
    test.raw().execute("UPDATE users SET active = (1 = 0) WHERE username = 'eve'").unwrap();
    let all = AccountFilter::default();
    let text = |text: &str| AccountFilter { text: Some(text.to_owned()), ..all.clone() };
    for (filter, found) in [
        (all.clone(), vec!["ada", "Bob_1", "bobX1", "eve"]),
        (AccountFilter { roles: Some(vec![Role::Staff, Role::Superuser]), ..all.clone() }, vec!["ada", "bobX1"]),
        (AccountFilter { roles: Some(vec![]), ..all.clone() }, vec![]),
        (AccountFilter { only: Some(users[1].id), ..all.clone() }, vec!["Bob_1"]),
        (AccountFilter { except: Some(users[1].id), ..all.clone() }, vec!["ada", "bobX1", "eve"]),
        (AccountFilter { only: Some(users[1].id), except: Some(users[1].id), ..all.clone() }, vec![]),
        (AccountFilter { active: Some(false), ..all.clone() }, vec!["eve"]),
        (AccountFilter { active: Some(true), verified: Some(false), ..all.clone() }, vec!["ada", "Bob_1", "bobX1"]),
        (AccountFilter { verified: Some(true), ..all.clone() }, vec!["eve"]),
        (text("bob"), vec!["Bob_1", "bobX1"]),
        (text("b_1"), vec!["Bob_1"]),
        (text("%"), vec![]),
        (text("eve@"), vec!["eve"]),
        (text("'"), vec![]),
    ] {
        assert_eq!(names(&test, &filter, &seek(AccountSort::CreatedAt, false)), found, "{filter:?}");
        assert_eq!(test.database_statements(), 1);
        let total = test.read(|store| store.account_total(&filter));
        assert_eq!(usize::try_from(total).unwrap(), found.len(), "{filter:?}");
    }
}

pub(crate) fn accounts_are_read_on_from_any_of_them(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    // Two at one instant; bytes decide of names and addresses, not languages.
    let users = [
        named("b.1", 5, Role::Regular),
        named("A-1", 5, Role::Regular),
        named("a_1", 0, Role::Regular),
        NewUser { email: Email::from_stored("ä@example.org".to_owned()), ..named("zoe", 9, Role::Regular) },
    ];
    stored(&test, &users);
    let (first, second) = if users[0].id < users[1].id { ("b.1", "A-1") } else { ("A-1", "b.1") };
    for (by, order) in [
        (AccountSort::CreatedAt, ["a_1", first, second, "zoe"]),
        (AccountSort::Username, ["A-1", "a_1", "b.1", "zoe"]),
        (AccountSort::Email, ["A-1", "a_1", "b.1", "zoe"]),
    ] {
        let filter = AccountFilter::default();
        let ascending = test.read(|store| store.accounts(&filter, &seek(by, false)));
        for reversed in [false, true] {
            let mut order = order;
            if reversed {
                order.reverse();
            }
            assert_eq!(names(&test, &filter, &seek(by, reversed)), order, "{by:?}");
            for (index, name) in order.iter().enumerate() {
                let account = ascending.iter().find(|account| account.username.as_str() == *name).unwrap();
                let beyond = Some(AccountCursor::of(account, by));
                let after = AccountSeek { beyond: beyond.clone(), ..seek(by, reversed) };
                assert_eq!(names(&test, &filter, &after), order[index + 1..], "{by:?} after {name}");
                let before = AccountSeek { beyond, backwards: true, ..seek(by, reversed) };
                let mut nearest = order[..index].to_vec();
                nearest.reverse();
                assert_eq!(names(&test, &filter, &before), nearest, "{by:?} before {name}");
            }
            let part = AccountSeek { skip: 1, limit: 2, ..seek(by, reversed) };
            assert_eq!(names(&test, &filter, &part), order[1..3], "{by:?}");
        }
    }
}

pub(crate) fn an_account_tells_how_its_user_can_sign_in(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let find = |id: UserId| test.read(|store| store.find_account(id, NOW));
    let bare = find(user).unwrap();
    let ways = |found: &AccountDetails| (found.passkeys, found.sessions, found.tokens, found.second_factor);
    assert_eq!((ways(&bare), bare.account.last_login_at), ((0, 0, 0, false), None));
    let attempt = |seconds: i64, failure| attempt(Some(user), NOW.plus_seconds(seconds), failure);
    test.write(user, |tx| {
        let good = samples::session(user);
        let ended = Session { revoked_at: Some(NOW), ..samples::session(user) };
        let expired = Session { expires_at: NOW, ..samples::session(user) };
        [good, ended, expired].iter().try_for_each(|session| tx.store.insert_session(session))?;
        tx.store.insert_passkey(&samples::passkey(user))?;
        tx.store.insert_personal_token(&samples::personal_token(user))?;
        tx.store.insert_identity(&samples::identity(user))?;
        for attempt in [
            attempt(-50, None),
            attempt(-20, None),
            attempt(-10, Some(LoginFailure::WrongPassword)),
            attempt(-5, Some(LoginFailure::SecondFactorRequired)),
        ] {
            tx.store.insert_login(&attempt)?;
        }
        tx.store.put_totp(&samples::totp(user))
    });
    let found = find(user).unwrap();
    assert_eq!(test.database_statements(), 2);
    assert_eq!(ways(&found), (1, 1, 1, true));
    assert_eq!(found.account.last_login_at, Some(NOW.plus_seconds(-20)));
    assert_eq!(found.providers, [samples::identity(user).provider]);
    assert!(found.has_password);
    assert_eq!(ways(&find(other).unwrap()), (0, 0, 0, false));
    assert_eq!(find(UserId::from_uuid(samples::id())), None);
    let listed = test.read(|store| {
        let only = AccountFilter { only: Some(user), ..AccountFilter::default() };
        store.accounts(&only, &seek(AccountSort::Email, false))
    });
    assert_eq!(listed, [found.account]);
}

pub(crate) fn an_account_is_changed_as_a_whole_or_refused(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (named("ada", 0, Role::Regular), named("eve", 0, Role::Regular));
    stored(&test, &[user.clone(), other.clone()]);
    let later = NOW.plus_seconds(7);
    let state = AccountState {
        username: Username::parse("Countess").unwrap(),
        email: Email::parse("countess@example.org").unwrap(),
        email_verified_at: Some(later),
        role: Role::Superuser,
        active: false,
    };
    let change = |state: &AccountState| {
        write(&test.database, user.id, later, |tx| tx.store.update_account(user.id, state, tx.rev, later))
    };
    change(&state).unwrap();
    let changed = test.read(|store| store.find_user(user.id)).unwrap();
    assert_eq!((changed.updated_at, changed.rev), (later, Revision(2)));
    assert_eq!(AccountState::from(changed), state);
    let taken = change(&AccountState { username: Username::parse("EVE").unwrap(), ..state.clone() });
    assert!(matches!(taken, Err(StoreError::Duplicate(Unique::Username))), "{taken:?}");
    let taken = change(&AccountState { email: other.email.clone(), ..state.clone() });
    assert!(matches!(taken, Err(StoreError::Duplicate(Unique::Email))), "{taken:?}");
    let untouched = test.read(|store| store.find_user(other.id)).unwrap();
    assert_eq!((untouched.role, untouched.rev), (Role::Regular, Revision(1)));
}

pub(crate) fn addresses_are_verified_once_in_the_user_s_next_revision(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (named("ada", 0, Role::Regular), named("eve", 0, Role::Regular));
    stored(&test, &[user.clone(), other.clone()]);
    let (later, unknown) = (NOW.plus_seconds(7), UserId::from_uuid(samples::id()));
    let verify = || {
        write_unowned::<_, StoreError>(&test.database, |store| {
            let rev = store.raise_revision(user.id)?;
            Ok((rev, store.verify_email(user.id, rev, later)?))
        })
    };
    assert_eq!(verify().unwrap(), (Revision(2), true));
    assert_eq!(verify().unwrap(), (Revision(3), false));
    let verified = test.read(|store| store.find_user(user.id)).unwrap();
    assert_eq!(
        (verified.email_verified_at, verified.rev, verified.latest_rev),
        (Some(later), Revision(2), Revision(3))
    );
    let mut known = test.read(|store| store.email_verifications(&[user.id, unknown, other.id]));
    known.sort_unstable();
    let mut expected = [(user.id, true), (other.id, false)];
    expected.sort_unstable();
    assert_eq!(known, expected);
    let raised = write_unowned(&test.database, |store| store.raise_revision(unknown));
    assert!(matches!(raised, Err(StoreError::NoSuchUser)), "{raised:?}");
}
