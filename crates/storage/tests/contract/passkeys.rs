//! Passkeys.

use circadia_domain::error::{StoreError, Unique};
use circadia_domain::passkeys::{Passkey, PasskeyName, Transport, Transports};
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::write;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

fn insert(test: &TestDatabase, passkey: &Passkey) {
    test.write(passkey.user, |tx| tx.store.insert_passkey(passkey));
}

pub(crate) fn a_passkey_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let second = samples::passkey(user);
    let first = Passkey {
        credential_id: vec![0],
        sign_count: 0,
        backup_eligible: false,
        backed_up: false,
        transports: Transports::default(),
        created_at: NOW.plus_seconds(-1),
        last_used_at: None,
        ..samples::passkey(user)
    };
    insert(&test, &second);
    insert(&test, &first);
    assert_eq!(test.read(|store| store.passkeys(user)), [first.clone(), second.clone()]);
    assert_eq!(test.read(|store| store.find_passkey(user, first.id)), Some(first));
    let found = test.read(|store| store.find_passkey_of_credential(user, &second.credential_id));
    assert_eq!(found, Some(second.clone()));
    assert_eq!(test.read(|store| store.find_passkey_of_credential(user, &second.credential_id[1..])), None);
}

pub(crate) fn what_changes_of_a_passkey_is_stored_and_the_rest_stays(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let (passkey, other) = (samples::passkey(user), samples::passkey(user));
    insert(&test, &passkey);
    insert(&test, &other);
    let changed = Passkey {
        name: PasskeyName::parse("Key").unwrap(),
        sign_count: 7,
        backed_up: false,
        last_used_at: Some(NOW.plus_seconds(5)),
        rev: Revision(9),
        ..passkey.clone()
    };
    let sent = Passkey {
        public_key: vec![9],
        credential_id: vec![8],
        backup_eligible: false,
        transports: [Transport::Usb].into_iter().collect(),
        created_at: NOW.plus_seconds(9),
        ..changed.clone()
    };
    test.write(user, |tx| tx.store.update_passkey(&sent));
    assert_eq!(test.read(|store| store.find_passkey(user, passkey.id)), Some(changed));
    assert_eq!(test.read(|store| store.find_passkey(user, other.id)), Some(other));
}

pub(crate) fn passkeys_of_others_are_out_of_reach(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let passkey = samples::passkey(user);
    insert(&test, &passkey);
    assert_eq!(test.read(|store| store.passkeys(other)), []);
    assert_eq!(test.read(|store| store.find_passkey(other, passkey.id)), None);
    assert_eq!(test.read(|store| store.find_passkey_of_credential(other, &passkey.credential_id)), None);
    assert!(!test.write(other, |tx| tx.store.delete_passkey(other, passkey.id)));
    assert_eq!(test.write(other, |tx| tx.store.delete_passkeys(other)), 0);
    assert_eq!(test.read(|store| store.find_passkey(user, passkey.id)), Some(passkey));
}

pub(crate) fn a_credential_belongs_to_one_passkey(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let passkey = samples::passkey(user);
    insert(&test, &passkey);
    for owner in [user, other] {
        let same = Passkey { credential_id: passkey.credential_id.clone(), ..samples::passkey(owner) };
        let refused: Result<(), StoreError> = write(&test.database, owner, NOW, |tx| tx.store.insert_passkey(&same));
        assert!(matches!(refused, Err(StoreError::Duplicate(Unique::Passkey))), "{refused:?}");
    }
}

pub(crate) fn passkeys_are_removed_one_by_one_and_together(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let [first, second, third] = [(); 3].map(|()| samples::passkey(user));
    for passkey in [&first, &second, &third, &samples::passkey(other)] {
        insert(&test, passkey);
    }
    let remove = || test.write(user, |tx| tx.store.delete_passkey(user, first.id));
    assert!(remove() && !remove());
    assert_eq!(test.read(|store| store.passkeys(user)).len(), 2);
    assert_eq!(test.write(user, |tx| tx.store.delete_passkeys(user)), 2);
    assert_eq!(test.read(|store| store.passkeys(user)), []);
    assert_eq!(test.read(|store| store.passkeys(other)).len(), 1);
}
