//! Short-lived values.

use circadia_domain::ephemera::EphemeronKind;
use circadia_domain::error::StoreError;
use circadia_domain::unit_of_work::{Store, write_unowned};
use circadia_storage::Backend;

use crate::support::samples::NOW;
use crate::support::{TestDatabase, at_once};

const KIND: EphemeronKind = EphemeronKind::new("cookie");
const OTHER: EphemeronKind = EphemeronKind::new("a_kind_with_the_longest_name_now");
const KEY: [u8; 32] = [0xFE; 32];

fn admin<T>(test: &TestDatabase, work: impl FnMut(&mut dyn Store) -> Result<T, StoreError>) -> T {
    write_unowned(&test.database, work).unwrap()
}

fn find(test: &TestDatabase, kind: EphemeronKind, seconds: i64) -> Option<Vec<u8>> {
    test.read(|store| store.find_ephemeron(kind, &KEY, NOW.plus_seconds(seconds)))
}

pub(crate) fn a_value_reads_back_until_it_expires(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let largest: Vec<u8> = (0..=255).cycle().take(4_096).collect();
    admin(&test, |store| {
        store.put_ephemeron(KIND, &KEY, &largest, NOW.plus_seconds(10))?;
        store.put_ephemeron(OTHER, &KEY, &[0], NOW.plus_seconds(20))
    });
    assert_eq!(find(&test, KIND, 9), Some(largest));
    assert_eq!(find(&test, KIND, 10), None);
    assert_eq!(find(&test, OTHER, 19), Some(vec![0]));
    // A later value takes the place of the earlier one, with its own end.
    admin(&test, |store| store.put_ephemeron(KIND, &KEY, b"b", NOW.plus_seconds(5)));
    assert_eq!(find(&test, KIND, 4), Some(b"b".to_vec()));
    assert_eq!(find(&test, KIND, 5), None);
    admin(&test, |store| store.delete_ephemeron(KIND, &KEY));
    assert_eq!(find(&test, KIND, 0), None);
    assert_eq!(find(&test, OTHER, 0), Some(vec![0]));
}

pub(crate) fn of_many_takers_one_gets_it(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    for round in 0..5 {
        admin(&test, |store| store.put_ephemeron(KIND, &KEY, &[round], NOW.plus_seconds(10)));
        let taken = at_once(8, |_| admin(&test, |store| store.take_ephemeron(KIND, &KEY, NOW)));
        let got: Vec<_> = taken.into_iter().flatten().collect();
        assert_eq!(got, [vec![round]]);
        assert_eq!(find(&test, KIND, 0), None);
    }
    admin(&test, |store| store.put_ephemeron(KIND, &KEY, b"a", NOW));
    assert_eq!(admin(&test, |store| store.take_ephemeron(KIND, &KEY, NOW)), None, "it has expired");
}

pub(crate) fn what_expired_is_purged(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    for seconds in 0..10_u8 {
        admin(&test, |store| store.put_ephemeron(KIND, &[seconds; 32], b"a", NOW.plus_seconds(seconds.into())));
    }
    let purge = |seconds| admin(&test, |store| store.purge_ephemera(NOW.plus_seconds(seconds)));
    assert_eq!((purge(0), purge(4), purge(4), purge(100)), (0, 4, 0, 6));
}
