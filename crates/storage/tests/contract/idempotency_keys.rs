//! Keys of requests that are carried out once.

use circadia_domain::error::{StoreError, Unique};
use circadia_domain::idempotency_keys::{Attempt, AttemptId, Claimed, KEY_SECONDS, claim, note_commit};
use circadia_domain::ids::UserId;
use circadia_domain::unit_of_work::{write, write_unowned};
use circadia_storage::Backend;

use crate::support::samples::{self, NOW};
use crate::support::{TestDatabase, at_once};

fn attempt(user: UserId) -> Attempt {
    Attempt { user, key: [1; 32], digest: [2; 32], id: AttemptId::from_uuid(samples::id()) }
}

fn claim_at(test: &TestDatabase, attempt: Attempt, seconds: i64) -> Result<Claimed, StoreError> {
    write_unowned(&test.database, |store| claim(store, &attempt, NOW.plus_seconds(seconds)))
}

pub(crate) fn one_of_many_requests_claims_a_key(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let claimed = at_once(8, |_| {
        let attempt = attempt(user);
        loop {
            match claim_at(&test, attempt, 0) {
                Err(StoreError::Duplicate(Unique::Other) | StoreError::Unavailable(_)) => {}
                claimed => return claimed.unwrap(),
            }
        }
    });
    assert_eq!(claimed.iter().filter(|claimed| **claimed == Claimed::Now).count(), 1, "{claimed:?}");
    assert!(claimed.iter().all(|claimed| matches!(claimed, Claimed::Now | Claimed::InUse)), "{claimed:?}");
    let nobody = attempt(UserId::from_uuid(samples::id()));
    assert!(matches!(claim_at(&test, nobody, 0), Err(StoreError::NoSuchUser)));
}

pub(crate) fn what_was_committed_is_not_done_again(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let commit =
        |attempt: Attempt| write::<_, StoreError>(&test.database, user, NOW, |tx| note_commit(tx.store, &attempt));
    let release = |attempt: Attempt| test.write(user, |tx| tx.store.release_idempotency_key(&attempt));
    let (slow, fast, late) = (attempt(user), attempt(user), attempt(user));
    assert_eq!(claim_at(&test, slow, 0).unwrap(), Claimed::Now);
    assert_eq!(claim_at(&test, fast, 59).unwrap(), Claimed::InUse);
    assert_eq!(claim_at(&test, fast, 60).unwrap(), Claimed::Now);
    assert!(matches!(commit(slow), Err(StoreError::Unavailable(_))), "its claim was taken over");
    commit(fast).unwrap();
    assert_eq!(claim_at(&test, late, 200).unwrap(), Claimed::WithoutAnswer);
    assert!(!release(fast), "it is committed");
    test.write(user, |tx| tx.store.end_idempotent_attempt(&fast, Some(&[7]), NOW));
    assert_eq!(claim_at(&test, late, 200).unwrap(), Claimed::Before(vec![7]));
    let other = Attempt { digest: [3; 32], ..attempt(user) };
    assert_eq!(claim_at(&test, other, 200).unwrap(), Claimed::Reused);
    // A day later, it is as if it had never been.
    assert_eq!(claim_at(&test, late, 60 + KEY_SECONDS).unwrap(), Claimed::Now);
    assert!(release(late));
    assert!(matches!(commit(late), Err(StoreError::Unavailable(_))), "its key is free");
}

pub(crate) fn old_keys_go(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    claim_at(&test, attempt(user), 0).unwrap();
    let purge = |seconds| {
        write_unowned::<_, StoreError>(&test.database, |store| store.purge_idempotency_keys(NOW.plus_seconds(seconds)))
    };
    assert_eq!(purge(KEY_SECONDS).unwrap(), 0);
    assert_eq!(purge(KEY_SECONDS + 1).unwrap(), 1);
}

pub(crate) fn the_newest_keys_of_a_user_are_remembered(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let nth = |user, number: u8| Attempt { key: [number; 32], ..attempt(user) };
    for number in 0..6 {
        claim_at(&test, nth(user, number), number.into()).unwrap();
    }
    claim_at(&test, nth(other, 0), 0).unwrap();
    let trim = |keep| {
        write_unowned::<_, StoreError>(&test.database, |store| store.trim_idempotency_keys(user, keep)).unwrap();
    };
    let is_known = |user, number: u8| {
        let found =
            write_unowned::<_, StoreError>(&test.database, |store| store.find_idempotency_key(user, &[number; 32]));
        found.unwrap().is_some()
    };
    trim(6);
    assert!(is_known(user, 0));
    trim(2);
    assert_eq!([0, 1, 2, 3, 4, 5].map(|number| is_known(user, number)), [false, false, false, false, true, true]);
    assert!(is_known(other, 0));
}
