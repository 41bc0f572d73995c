//! Who users are elsewhere.

use circadia_domain::error::{StoreError, Unique};
use circadia_domain::identities::{Identity, Issuer, ProviderName, Subject};
use circadia_domain::ids::UserId;
use circadia_domain::unit_of_work::write_unowned;
use circadia_storage::Backend;

use crate::support::samples::{self, NOW};
use crate::support::{TestDatabase, at_once};

fn insert(test: &TestDatabase, identity: &Identity) -> Result<(), StoreError> {
    write_unowned(&test.database, |store| store.insert_identity(identity))
}

fn of(test: &TestDatabase, user: UserId) -> Vec<Identity> {
    test.read(|store| store.identities_of(user))
}

pub(crate) fn an_identity_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let longest = Identity {
        issuer: Issuer::parse(&"~".repeat(255)).unwrap(),
        subject: Subject::parse(&"~".repeat(255)).unwrap(),
        provider: ProviderName::parse(&"x".repeat(32)).unwrap(),
        ..samples::identity(user)
    };
    insert(&test, &longest).unwrap();
    assert_eq!(of(&test, user), std::slice::from_ref(&longest));
    let found = test.read(|store| store.find_identity(&longest.issuer, &longest.subject));
    assert_eq!(found, Some(longest));
}

pub(crate) fn a_subject_belongs_to_one_user_and_its_case_counts(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let identity = Identity { subject: Subject::parse("abc").unwrap(), ..samples::identity(user) };
    insert(&test, &identity).unwrap();
    let same = Identity { user: other, ..identity.clone() };
    assert!(matches!(insert(&test, &same), Err(StoreError::Duplicate(Unique::Identity))));
    // One identity an issuer, whatever it is called.
    let provider = ProviderName::parse("other").unwrap();
    let second = Identity { subject: Subject::parse("def").unwrap(), provider, ..identity.clone() };
    assert!(matches!(insert(&test, &second), Err(StoreError::Duplicate(Unique::Other))));
    let capitals = Subject::parse("ABC").unwrap();
    assert_eq!(test.read(|store| store.find_identity(&identity.issuer, &capitals)), None);
    insert(&test, &Identity { user: other, subject: capitals, ..same }).unwrap();
}

pub(crate) fn one_subject_of_two_issuers_is_two_identities(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let first = samples::identity(user);
    insert(&test, &first).unwrap();
    let at = |issuer: &str, user: UserId| Identity {
        user,
        issuer: Issuer::parse(issuer).unwrap(),
        linked_at: NOW.plus_seconds(1),
        ..first.clone()
    };
    // The case of an issuer counts, too.
    let theirs = at("https://accounts.google.com/A", other);
    let second = at("https://accounts.google.com/a", user);
    insert(&test, &theirs).unwrap();
    insert(&test, &second).unwrap();
    assert_eq!(of(&test, user), [first.clone(), second.clone()]);
    assert_eq!(test.read(|store| store.find_identity(&theirs.issuer, &theirs.subject)), Some(theirs.clone()));
    assert!(test.write(user, |tx| tx.store.delete_identity(user, &first.issuer)));
    assert_eq!((of(&test, user), of(&test, other)), (vec![second], vec![theirs]));
}

pub(crate) fn an_identity_is_deleted_by_its_user(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let identity = samples::identity(user);
    insert(&test, &identity).unwrap();
    let delete = |user| test.write(user, |tx| tx.store.delete_identity(user, &identity.issuer));
    assert!(!delete(other));
    assert_eq!(of(&test, user), std::slice::from_ref(&identity));
    assert!(delete(user));
    assert!(!delete(user));
    assert_eq!(of(&test, user), []);
    // Then another user may link it.
    insert(&test, &Identity { user: other, ..identity.clone() }).unwrap();
}

pub(crate) fn of_eight_users_who_link_one_subject_one_does(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let users: Vec<UserId> = (0..8).map(|_| test.user()).collect();
    let subject = samples::identity(users[0]).subject;
    let linked = at_once(users.len(), |index| {
        let identity = Identity { subject: subject.clone(), ..samples::identity(users[index]) };
        circadia_domain::unit_of_work::write(&test.database, users[index], NOW, |tx| {
            tx.store.insert_identity(&identity)
        })
    });
    assert_eq!(linked.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{linked:?}");
    let refused = |outcome: &Result<(), StoreError>| matches!(outcome, Err(StoreError::Duplicate(Unique::Identity)));
    assert_eq!(linked.iter().filter(|outcome| refused(outcome)).count(), 7, "{linked:?}");
}
