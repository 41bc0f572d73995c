//! Personal access tokens.

use circadia_domain::ids::{PersonalTokenId, SessionId, UserId};
use circadia_domain::personal_tokens::{PersonalToken, Scope, Scopes};
use circadia_domain::sessions::{Revocation, RevocationTarget};
use circadia_domain::unit_of_work::write_unowned;
use circadia_domain::users::Role;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

fn insert(test: &TestDatabase, token: &PersonalToken) {
    test.write(token.user, |tx| tx.store.insert_personal_token(token));
}

fn find(test: &TestDatabase, user: UserId, id: PersonalTokenId) -> Option<PersonalToken> {
    test.read(|store| store.find_personal_token(user, id)).map(|state| state.token)
}

pub(crate) fn a_token_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let every: Vec<Scope> = Scope::all().collect();
    let first = PersonalToken { scopes: Scopes::of(&every).unwrap(), ..samples::personal_token(user) };
    let second = PersonalToken {
        created_at: NOW.plus_seconds(1),
        last_used_at: Some(NOW.plus_seconds(2)),
        ..samples::personal_token(user)
    };
    insert(&test, &second);
    insert(&test, &first);
    let state = test.read(|store| store.find_personal_token(user, first.id)).unwrap();
    assert_eq!((&state.token, state.role, state.active), (&first, Role::Regular, true));
    assert_eq!(test.read(|store| store.personal_tokens(user)), [first, second]);
}

pub(crate) fn tokens_of_others_are_out_of_reach(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let token = samples::personal_token(user);
    insert(&test, &token);
    assert_eq!(find(&test, other, token.id), None);
    assert_eq!(test.read(|store| store.personal_tokens(other)), []);
    assert!(!test.write(other, |tx| tx.store.delete_personal_token(other, token.id, NOW)));
    assert_eq!(find(&test, user, token.id), Some(token));
}

pub(crate) fn a_removed_token_is_published(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let token = samples::personal_token(user);
    insert(&test, &token);
    let remove = || test.write(user, |tx| tx.store.delete_personal_token(user, token.id, NOW));
    assert!(remove());
    assert!(!remove());
    assert_eq!(find(&test, user, token.id), None);
    let what = RevocationTarget::Session(SessionId::from_uuid(token.id.as_uuid()));
    let published = Revocation { user, target: what, at: NOW };
    assert_eq!(test.read(|store| store.revocations_since(NOW)), [published]);
}

pub(crate) fn a_use_is_noted_once_in_a_while(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let token = samples::personal_token(user);
    insert(&test, &token);
    let note = |seconds: i64| {
        let now = NOW.plus_seconds(seconds);
        let before = now.plus_seconds(-3_600);
        write_unowned(&test.database, |store| store.note_personal_token_use(user, token.id, now, before)).unwrap();
        find(&test, user, token.id).unwrap().last_used_at.map(|at| at.seconds() - NOW.seconds())
    };
    assert_eq!(note(5), Some(5));
    assert_eq!(note(3_604), Some(5));
    assert_eq!(note(3_605), Some(3_605));
}

pub(crate) fn tokens_that_expired_long_ago_are_purged(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let expired = PersonalToken { expires_at: NOW.plus_seconds(10), ..samples::personal_token(user) };
    let live = samples::personal_token(user);
    insert(&test, &expired);
    insert(&test, &live);
    let purge = |before| write_unowned(&test.database, |store| store.purge_personal_tokens(before)).unwrap();
    assert_eq!(purge(NOW.plus_seconds(10)), 0);
    assert_eq!(purge(NOW.plus_seconds(11)), 1);
    assert_eq!(test.read(|store| store.personal_tokens(user)), [live]);
}
