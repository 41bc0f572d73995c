//! Keys that replicas share.

use std::time::Duration;

use circadia_domain::error::StoreError;
use circadia_domain::keys::{KeyPurpose, StoredKey};
use circadia_domain::unit_of_work::write_unowned;
use circadia_storage::Backend;

use crate::support::samples::NOW;
use crate::support::{TestDatabase, at_once};

fn key(kid: &str, purpose: KeyPurpose) -> StoredKey {
    StoredKey { kid: kid.to_owned(), purpose, sealed: vec![0, 1, 0xFF, 0], created_at: NOW, retires_at: None }
}

pub(crate) fn keys_read_back_oldest_first(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let newer = StoredKey { created_at: NOW.plus_seconds(1), ..key("a", KeyPurpose::RefreshToken) };
    let mut older = StoredKey { sealed: vec![7; 16_384], ..key(&"k".repeat(64), KeyPurpose::Login) };
    let retired = StoredKey { retires_at: Some(NOW), ..key("c", KeyPurpose::AccessToken) };
    write_unowned(&test.database, |store| {
        [&newer, &older, &retired].into_iter().try_for_each(|key| store.insert_key(key))
    })
    .unwrap();
    assert_eq!(test.read(|store| store.keys()), [retired.clone(), older.clone(), newer.clone()]);
    write_unowned(&test.database, |store| store.retire_key(&older.kid, NOW.plus_seconds(9))).unwrap();
    older.retires_at = Some(NOW.plus_seconds(9));
    assert_eq!(test.read(|store| store.keys()), [retired, older, newer]);
}

pub(crate) fn replicas_that_start_together_make_one_key(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let replicas: Vec<_> = (0..8).map(|_| test.reopened(|options| options.max_connections = 1)).collect();
    at_once(8, |index| {
        write_unowned(&replicas[index], |store| {
            if store.keys()?.is_empty() {
                // Long enough for the others to look, if they could.
                std::thread::sleep(Duration::from_millis(30));
                store.insert_key(&key(&format!("replica-{index}"), KeyPurpose::AccessToken))?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    });
    assert_eq!(test.read(|store| store.keys()).len(), 1);
}
