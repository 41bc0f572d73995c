//! Tokens that are good once.

use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::one_time::{OneTimePurpose, StoredOneTimeToken};
use circadia_domain::unit_of_work::write_unowned;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

fn put(test: &TestDatabase, token: &StoredOneTimeToken) -> Result<(), StoreError> {
    write_unowned(&test.database, |store| store.put_one_time_token(token))
}

pub(crate) fn a_newer_token_takes_the_place_of_an_older_one(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let find = |user, purpose| test.read(|store| store.find_one_time_token(user, purpose));
    assert_eq!(find(user, OneTimePurpose::VerifyEmail), None);
    let revision = test.read(|store| store.find_user(user)).unwrap().latest_rev;
    for purpose in OneTimePurpose::ALL {
        let older = samples::one_time_token(user, purpose);
        let newer = StoredOneTimeToken {
            token_hash: [0; 32],
            email: circadia_domain::users::Email::from_stored("a@b".to_owned()),
            created_at: NOW.plus_seconds(5),
            expires_at: NOW.plus_seconds(6),
            ..older.clone()
        };
        for token in [&older, &newer] {
            put(&test, token).unwrap();
            assert_eq!(find(user, purpose).as_ref(), Some(token));
        }
        assert_eq!(find(other, purpose), None);
    }
    assert_eq!(test.raw().number("SELECT count(*) FROM one_time_tokens"), 3);
    // They are no content of the user's, and change no tag.
    assert_eq!(test.read(|store| store.find_user(user)).unwrap().latest_rev, revision);
}

pub(crate) fn tokens_are_removed_by_purpose_and_age(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    for user in [user, other] {
        for purpose in OneTimePurpose::ALL {
            put(&test, &samples::one_time_token(user, purpose)).unwrap();
        }
    }
    let left = || test.raw().texts("SELECT purpose FROM one_time_tokens ORDER BY purpose");
    test.write(user, |tx| {
        tx.store.delete_one_time_tokens(user, &[OneTimePurpose::VerifyEmail, OneTimePurpose::ChangeEmail])
    });
    assert_eq!(left(), ["change_email", "reset_password", "reset_password", "verify_email"]);
    let purge = |seconds| write_unowned(&test.database, |store| store.purge_one_time_tokens(NOW.plus_seconds(seconds)));
    assert_eq!((purge(3_600).unwrap(), purge(3_601).unwrap()), (0, 2));
    assert_eq!(left(), ["change_email", "verify_email"]);
}

pub(crate) fn tokens_of_unknown_users_are_refused(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let unknown = samples::one_time_token(UserId::from_uuid(samples::id()), OneTimePurpose::ResetPassword);
    assert!(matches!(put(&test, &unknown), Err(StoreError::NoSuchUser)));
}
