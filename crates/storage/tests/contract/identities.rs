//! Who users are elsewhere.

use circadia_domain::error::{StoreError, Unique};
use circadia_domain::identities::{Identity, Provider, Subject};
use circadia_domain::ids::UserId;
use circadia_domain::unit_of_work::write_unowned;
use circadia_storage::Backend;

use crate::support::samples::{self, NOW};
use crate::support::{TestDatabase, at_once};

fn insert(test: &TestDatabase, identity: &Identity) -> Result<(), StoreError> {
    write_unowned(&test.database, |store| store.insert_identity(identity))
}

fn of(test: &TestDatabase, user: UserId) -> Option<Identity> {
    test.read(|store| store.identity_of(user, Provider::Google))
}

pub(crate) fn an_identity_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let longest = Subject::parse(&"~".repeat(255)).unwrap();
    let identity = Identity { subject: longest, ..samples::identity(user) };
    insert(&test, &identity).unwrap();
    assert_eq!(of(&test, user), Some(identity.clone()));
    let found = test.read(|store| store.find_identity(Provider::Google, &identity.subject));
    assert_eq!(found, Some(identity));
}

pub(crate) fn a_subject_belongs_to_one_user_and_its_case_counts(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let identity = Identity { subject: Subject::parse("abc").unwrap(), ..samples::identity(user) };
    insert(&test, &identity).unwrap();
    let same = Identity { user: other, ..identity.clone() };
    assert!(matches!(insert(&test, &same), Err(StoreError::Duplicate(Unique::Identity))));
    // One identity a provider.
    let second = Identity { subject: Subject::parse("def").unwrap(), ..identity };
    assert!(matches!(insert(&test, &second), Err(StoreError::Duplicate(Unique::Other))));
    let capitals = Subject::parse("ABC").unwrap();
    assert_eq!(test.read(|store| store.find_identity(Provider::Google, &capitals)), None);
    insert(&test, &Identity { user: other, subject: capitals, ..same }).unwrap();
}

pub(crate) fn an_identity_is_deleted_by_its_user(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let identity = samples::identity(user);
    insert(&test, &identity).unwrap();
    let delete = |user| test.write(user, |tx| tx.store.delete_identity(user, Provider::Google));
    assert!(!delete(other));
    assert_eq!(of(&test, user), Some(identity.clone()));
    assert!(delete(user));
    assert!(!delete(user));
    assert_eq!(of(&test, user), None);
    // Then another user may link it.
    insert(&test, &Identity { user: other, ..identity }).unwrap();
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
