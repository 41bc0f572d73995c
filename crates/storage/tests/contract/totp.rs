//! Second factors and recovery codes.

use circadia_domain::totp::TotpFactor;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

pub(crate) fn a_second_factor_reads_back_as_written_and_is_replaced(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let find = || test.read(|store| store.find_totp(user));
    assert_eq!(find(), None);
    let bare = TotpFactor { confirmed_at: None, last_step: None, ..samples::totp(user) };
    for factor in [bare, samples::totp(user)] {
        test.write(user, |tx| tx.store.put_totp(&factor));
        assert_eq!(find(), Some(factor));
    }
    assert!(!test.write(user, |tx| tx.store.delete_totp(samples::id().into())));
    assert!(find().is_some());
    assert!(test.write(user, |tx| tx.store.delete_totp(user)));
    assert_eq!(find(), None);
    assert!(!test.write(user, |tx| tx.store.delete_totp(user)));
}

pub(crate) fn recovery_codes_are_used_once_and_replaced_together(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let hashes: Vec<[u8; 32]> = (0..10).map(|number| [number; 32]).collect();
    let left = |user| test.read(|store| store.recovery_codes_left(user));
    for owner in [user, other] {
        test.write(owner, |tx| tx.store.replace_recovery_codes(owner, &hashes, NOW));
    }
    let used = |user, hash: [u8; 32]| test.write(user, |tx| tx.store.use_recovery_code(user, &hash));
    assert!(used(user, [3; 32]));
    assert!(!used(user, [3; 32]), "it is used up");
    assert!(!used(user, [99; 32]));
    assert_eq!((left(user), left(other)), (9, 10));
    test.write(user, |tx| tx.store.replace_recovery_codes(user, &hashes[..2], NOW));
    assert_eq!((left(user), left(other)), (2, 10));
    test.write(user, |tx| tx.store.put_totp(&samples::totp(user)));
    test.write(user, |tx| tx.store.delete_totp(user));
    assert_eq!((left(user), left(other)), (0, 10));
}
