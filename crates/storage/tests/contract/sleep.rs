//! Logs of sleep.

use circadia_domain::civil::{DateRange, Instant};
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::ids::{SleepLogId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::sleep::{Sleep, SleepKind, SleepLog, SleepNote, SleepSlice};
use circadia_domain::unit_of_work::write;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

const HOUR: i64 = 3_600;

fn insert(test: &TestDatabase, user: UserId, logs: &[SleepLog]) {
    test.write(user, |tx| logs.iter().try_for_each(|log| tx.store.insert_sleep_log(user, log)));
}

/// Four logs of an hour with an hour between them.
fn four() -> Vec<SleepLog> {
    (0..4).map(|number| samples::sleep_log(NOW.plus_seconds(2 * HOUR * number), HOUR)).collect()
}

pub(crate) fn a_log_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let full = SleepLog {
        note: SleepNote::parse(&"🌙".repeat(1000)).unwrap(),
        rev: Revision(i64::MAX),
        ..samples::sleep_log(NOW, 24 * HOUR)
    };
    let mut bare = samples::sleep_log(Instant::from_seconds(0), HOUR);
    bare.sleep = Sleep { kind: SleepKind::Main, quality: None, awake_seconds: None, ..bare.sleep };
    bare.note = None;
    insert(&test, user, &[full.clone(), bare.clone()]);
    for log in [&full, &bare] {
        assert_eq!(test.read(|store| store.find_sleep_log(user, log.id)).as_ref(), Some(log));
    }
    assert_eq!(test.read(|store| store.find_sleep_log(user, SleepLogId::from_uuid(samples::id()))), None);
}

pub(crate) fn a_log_changes_but_for_its_origin(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let log = samples::sleep_log(NOW, HOUR);
    insert(&test, user, std::slice::from_ref(&log));
    let other = samples::sleep_log(NOW.plus_seconds(-7), 9 * HOUR);
    let changed = SleepLog {
        id: log.id,
        note: None,
        updated_at: NOW.plus_seconds(5),
        rev: Revision(7),
        sleep: Sleep { kind: SleepKind::Main, quality: None, awake_seconds: None, ..other.sleep },
        ..other
    };
    test.write(user, |tx| {
        let sent = SleepLog { created_at: NOW.plus_seconds(9), request_digest: [0; 32], ..changed.clone() };
        tx.store.update_sleep_log(user, &sent)
    });
    assert_eq!(test.read(|store| store.find_sleep_log(user, log.id)), Some(changed));
}

pub(crate) fn logs_between_two_instants_are_those_that_overlap(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let logs = four();
    insert(&test, user, &logs);
    let between = |from: i64, to: i64| {
        let (from, to) = (NOW.plus_seconds(from), NOW.plus_seconds(to));
        let found = test.read(|store| store.sleep_logs_between(user, from, to));
        assert_eq!(test.database_statements(), 1);
        found.iter().map(|log| logs.iter().position(|own| own == log).unwrap()).collect::<Vec<_>>()
    };
    // What touches doesn't overlap.
    assert_eq!(between(HOUR, 2 * HOUR), [0_usize; 0]);
    assert_eq!(between(HOUR - 1, 2 * HOUR), [0]);
    assert_eq!(between(HOUR, 2 * HOUR + 1), [1]);
    assert_eq!(between(600, 660), [0]);
    assert_eq!(between(-HOUR, 20 * HOUR), [0, 1, 2, 3]);
    let long = samples::sleep_log(NOW.plus_seconds(100 * HOUR), 24 * HOUR);
    insert(&test, user, std::slice::from_ref(&long));
    let last = long.sleep.end;
    let found = test.read(|store| store.sleep_logs_between(user, last.plus_seconds(-1), last.plus_seconds(60)));
    assert_eq!(found, [long]);
}

pub(crate) fn lists_of_logs_run_both_ways_and_are_limited(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let logs = four();
    insert(&test, user, &logs);
    let all = SleepSlice { dates: DateRange::ALL, after: None, before: None, limit: 10, backwards: false };
    let slice = |slice: SleepSlice| {
        let found = test.read(|store| store.sleep_logs(user, &slice));
        found.iter().map(|log| logs.iter().position(|own| own == log).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(slice(all), [0, 1, 2, 3]);
    assert_eq!(slice(SleepSlice { limit: usize::MAX, backwards: true, ..all }), [3, 2, 1, 0]);
    assert_eq!(slice(SleepSlice { limit: 2, backwards: true, ..all }), [3, 2]);
    assert_eq!(slice(SleepSlice { after: Some(logs[1].sleep.start), ..all }), [2, 3]);
    assert_eq!(slice(SleepSlice { before: Some(logs[1].sleep.start), ..all }), [0]);
    let day_after = DateRange::day(logs[3].sleep.date.succ().unwrap());
    assert_eq!(slice(SleepSlice { dates: day_after, ..all }), [0_usize; 0]);
}

pub(crate) fn sleeps_of_a_range_come_by_start(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let mut logs = four();
    logs.push(samples::sleep_log(NOW.plus_seconds(48 * HOUR), HOUR));
    let mut written = logs.clone();
    written.reverse();
    insert(&test, user, &written);
    let (first, last) = (logs[0].sleep.date, logs[3].sleep.date);
    let found = test.read(|store| store.sleeps(user, DateRange::new(first, last).unwrap()));
    assert_eq!(test.database_statements(), 1);
    assert_eq!(found, logs[..4].iter().map(|log| log.sleep).collect::<Vec<_>>());
}

pub(crate) fn logs_are_deleted_together_and_remembered(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let logs = four();
    insert(&test, user, &logs);
    let unknown = SleepLogId::from_uuid(samples::id());
    let ids = [logs[0].id, logs[2].id, unknown];
    let gone = test.write(user, |tx| tx.store.delete_sleep_logs(user, &ids, tx.rev, tx.now));
    assert_eq!((gone, test.database_statements()), (2, 3));
    let buried = ids.map(|id| test.read(|store| store.was_deleted(user, &id.into())));
    assert_eq!(buried, [true, true, false]);
    let mut raw = test.raw();
    assert_eq!(raw.number("SELECT count(*) FROM sleep_logs"), 2);
    assert_eq!(raw.number("SELECT count(*) FROM tombstones WHERE kind = 'sleep_log' AND rev = 3"), 2);
}

pub(crate) fn no_two_logs_begin_at_once(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    insert(&test, user, &[samples::sleep_log(NOW, HOUR)]);
    insert(&test, other, &[samples::sleep_log(NOW, HOUR)]);
    let again =
        write(&test.database, user, NOW, |tx| tx.store.insert_sleep_log(user, &samples::sleep_log(NOW, 2 * HOUR)));
    assert!(matches!(again, Err(StoreError::Duplicate(Unique::Other))), "{again:?}");
}

pub(crate) fn logs_of_others_are_out_of_reach(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let log = samples::sleep_log(NOW, HOUR);
    insert(&test, user, std::slice::from_ref(&log));
    test.write(other, |tx| {
        let all = SleepSlice { dates: DateRange::ALL, after: None, before: None, limit: 10, backwards: false };
        assert_eq!(tx.store.find_sleep_log(other, log.id)?, None);
        assert_eq!(tx.store.sleep_logs(other, &all)?, []);
        assert_eq!(tx.store.sleep_logs_between(other, NOW, NOW.plus_seconds(HOUR))?, []);
        assert_eq!(tx.store.sleeps(other, DateRange::ALL)?, []);
        assert_eq!(tx.store.delete_sleep_logs(other, &[log.id], tx.rev, tx.now)?, 0);
        tx.store.update_sleep_log(other, &SleepLog { note: None, ..log.clone() })
    });
    assert_eq!(test.read(|store| store.find_sleep_log(user, log.id)), Some(log.clone()));
    assert!(!test.read(|store| store.was_deleted(user, &log.id.into())));
    // Two users may even choose the same id.
    insert(&test, other, std::slice::from_ref(&log));
}
