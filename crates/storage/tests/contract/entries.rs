//! Entries.

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::error::StoreError;
use circadia_domain::habits::{DayRecord, Entry, EntryFilter, EntryNote, EntrySeek, EntryState, MAX_VALUE};
use circadia_domain::ids::{HabitId, UserId};
use circadia_domain::quantity::Quantity;
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::Store;
use circadia_storage::Backend;

use crate::support::samples::{self, NOW};
use crate::support::{TestDatabase, at_once};

/// A user with one habit.
fn user_and_habit(test: &TestDatabase) -> (UserId, HabitId) {
    let user = test.user();
    let habit = samples::habit("h");
    test.write(user, |tx| tx.store.insert_habit(user, &habit));
    (user, habit.id)
}

fn put(test: &TestDatabase, user: UserId, entries: &[Entry]) {
    test.write(user, |tx| tx.store.put_entries(user, entries));
}

fn find(store: &mut dyn Store, user: UserId, habit: HabitId, date: Date) -> Result<Option<Entry>, StoreError> {
    Ok(store.find_entries(user, &[(habit, date)])?.pop())
}

fn whole(number: u32) -> Quantity {
    Quantity::whole(number)
}

fn range(from: &str, to: &str) -> DateRange {
    DateRange::new(samples::date(from), samples::date(to)).unwrap()
}

pub(crate) fn an_entry_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, habit) = user_and_habit(&test);
    let full = Entry {
        value: Some(Quantity::from_thousandths(u64::from(MAX_VALUE) * 1_000 - 1)),
        tracked_minutes: 1440,
        settled: true,
        note: EntryNote::parse(&"🌙".repeat(1000)).unwrap(),
        rev: Revision(i64::MAX),
        ..samples::entry(habit, Date::MAX)
    };
    let bare = Entry { state: EntryState::Skipped, value: None, ..samples::entry(habit, Date::MIN) };
    let zero = Entry {
        state: EntryState::Missed,
        value: Some(whole(0)),
        ..samples::entry(habit, samples::date("2024-02-29"))
    };
    put(&test, user, &[full.clone(), bare.clone(), zero.clone()]);
    for entry in [&full, &bare, &zero] {
        assert_eq!(test.read(|store| find(store, user, habit, entry.date)).as_ref(), Some(entry));
    }
    assert_eq!(test.read(|store| find(store, user, habit, samples::date("2024-03-01"))), None);
    assert_eq!(test.read(|store| store.entries(user, habit, DateRange::ALL, 10, false)), [bare, zero, full]);
}

pub(crate) fn a_second_put_replaces_but_for_the_first_time(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, habit) = user_and_habit(&test);
    let first =
        Entry { note: EntryNote::parse("first").unwrap(), ..samples::entry(habit, samples::date("2026-01-01")) };
    put(&test, user, std::slice::from_ref(&first));
    let later = NOW.plus_seconds(60);
    let second = Entry {
        state: EntryState::Missed,
        value: None,
        tracked_minutes: 7,
        settled: true,
        note: None,
        created_at: later,
        updated_at: later,
        rev: Revision(3),
        ..first.clone()
    };
    put(&test, user, std::slice::from_ref(&second));
    let expected = Entry { created_at: first.created_at, ..second };
    assert_eq!(test.read(|store| find(store, user, habit, first.date)), Some(expected));
}

pub(crate) fn a_thousand_entries_are_put_in_one_statement(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, habit) = user_and_habit(&test);
    let mut entries: Vec<Entry> =
        (0..1000).map(|day| samples::entry(habit, Date::MIN.checked_add_days(day).unwrap())).collect();
    for state in [EntryState::Done, EntryState::Missed] {
        for entry in &mut entries {
            entry.state = state;
        }
        put(&test, user, &entries);
        assert_eq!(test.database_statements(), 1);
        assert_eq!(test.read(|store| store.entries(user, habit, DateRange::ALL, 2000, false)), entries);
    }
    let keys: Vec<(HabitId, Date)> = entries.iter().map(|entry| (habit, entry.date)).collect();
    assert_eq!(test.read(|store| store.find_entries(user, &keys)), entries);
    assert_eq!(test.database_statements(), 1);
    test.write(user, |tx| tx.store.put_entries(user, &[]));
    assert_eq!(test.database_statements(), 0);
}

pub(crate) fn the_last_of_several_puts_of_one_entry_counts(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, habit) = user_and_habit(&test);
    let at = |value| Entry { value: Some(whole(value)), ..samples::entry(habit, samples::date("2026-01-01")) };
    put(&test, user, &[at(1), samples::entry(habit, Date::MIN), at(3), at(2)]);
    let found = test.read(|store| store.entries(user, habit, DateRange::ALL, 10, false));
    assert_eq!(found, [samples::entry(habit, Date::MIN), at(2)]);
    let (first, second) = (samples::history(&["2026-01-01"]), samples::history(&["2026-01-02"]));
    let stored = test.read(|store| store.find_habit(user, habit)).unwrap();
    test.write(user, |tx| tx.store.put_histories(user, &[(&stored, &first), (&stored, &second)]));
    assert_eq!(test.read(|store| store.find_habits(user, &[habit])).remove(0).1, second);
}

pub(crate) fn entries_are_found_by_habit_and_date(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, habit) = user_and_habit(&test);
    let other = samples::habit("other");
    test.write(user, |tx| tx.store.insert_habit(user, &other));
    let dates = ["2026-01-01", "2026-01-02"].map(samples::date);
    let entries: Vec<Entry> =
        [habit, other.id].into_iter().flat_map(|habit| dates.map(|date| samples::entry(habit, date))).collect();
    put(&test, user, &entries);
    // Neither (habit, second) nor (other, first).
    let keys = [(other.id, dates[1]), (habit, dates[0]), (habit, Date::MAX)];
    let found = test.read(|store| store.find_entries(user, &keys));
    assert_eq!(found, [entries[0].clone(), entries[3].clone()]);
    assert!(test.read(|store| store.find_entries(user, &[])).is_empty());
    assert_eq!(test.read(|store| store.find_entries(user, &keys[..1])), [entries[3].clone()]);
}

pub(crate) fn ranges_run_both_ways_and_are_limited(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, habit) = user_and_habit(&test);
    let entries: Vec<Entry> =
        (1..=9).map(|day| samples::entry(habit, samples::date(&format!("2026-01-0{day}")))).collect();
    put(&test, user, &entries);
    let days = |limit, backwards| {
        let found = test.read(|store| store.entries(user, habit, range("2026-01-03", "2026-01-07"), limit, backwards));
        found.iter().map(|entry| entry.date.day()).collect::<Vec<_>>()
    };
    assert_eq!(days(100, false), [3, 4, 5, 6, 7]);
    assert_eq!(days(100, true), [7, 6, 5, 4, 3]);
    assert_eq!(days(2, false), [3, 4]);
    assert_eq!(days(2, true), [7, 6]);
    assert_eq!(days(0, false), [0_u32; 0]);
    assert_eq!(days(usize::MAX, false), [3, 4, 5, 6, 7]);
}

pub(crate) fn entries_across_habits_run_both_ways_behind_any_of_them(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, one) = user_and_habit(&test);
    let other = samples::habit("other");
    test.write(user, |tx| tx.store.insert_habit(user, &other));
    let other = other.id;
    let (stranger, theirs) = user_and_habit(&test);
    let at = |habit, date: &str| samples::entry(habit, samples::date(date));
    let mut all: Vec<Entry> = ["2025-12-31", "2026-01-01", "2026-01-02", "2026-01-05"]
        .iter()
        .flat_map(|date| [at(one, date), at(other, date)])
        .collect();
    all.sort_by_key(|entry| (entry.date, entry.habit));
    put(&test, user, &all);
    put(&test, stranger, &[at(theirs, "2026-01-02")]);
    let january = EntryFilter { range: range("2026-01-01", "2026-01-31"), habits: None };
    let seek = EntrySeek { reversed: false, beyond: None, backwards: false, limit: 100 };
    let found = |filter: &EntryFilter, seek: EntrySeek| test.read(|store| store.entries_across(user, filter, &seek));
    assert_eq!(found(&january, seek), all[2..]);
    assert_eq!(test.database_statements(), 1);
    let of_one = EntryFilter { habits: Some(vec![one, theirs]), ..january.clone() };
    let own: Vec<Entry> = all[2..].iter().filter(|entry| entry.habit == one).cloned().collect();
    assert_eq!(found(&of_one, seek), own);
    for reversed in [false, true] {
        let mut listed = all[2..].to_vec();
        if reversed {
            listed.reverse();
        }
        for (index, entry) in listed.iter().enumerate() {
            let beyond = Some((entry.date, entry.habit));
            let after = found(&january, EntrySeek { reversed, beyond, limit: 2, ..seek });
            assert_eq!(after, listed[index + 1..].iter().take(2).cloned().collect::<Vec<_>>());
            let before = found(&january, EntrySeek { reversed, beyond, backwards: true, limit: 2 });
            assert_eq!(before, listed[..index].iter().rev().take(2).cloned().collect::<Vec<_>>());
        }
    }
    let habits = test.read(|store| store.habits_with_ids(user, &[one, other, theirs]));
    let mut ids: Vec<HabitId> = habits.iter().map(|habit| habit.id).collect();
    ids.sort_unstable();
    let mut expected = [one, other];
    expected.sort_unstable();
    assert_eq!((ids.as_slice(), test.database_statements()), (expected.as_slice(), 1));
}

pub(crate) fn records_of_a_habit_come_by_date(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, habit) = user_and_habit(&test);
    let at = |date: &str| samples::entry(habit, samples::date(date));
    let entries = [
        Entry { value: Some(whole(2)), tracked_minutes: 5, ..at("2026-01-02") },
        Entry { value: None, tracked_minutes: 5, ..at("2026-01-01") },
        Entry { value: None, state: EntryState::Skipped, ..at("2025-12-31") },
    ];
    put(&test, user, &entries);
    let record = |state, value| DayRecord { state, value, settled: false };
    assert_eq!(
        test.read(|store| store.day_records(user, habit)),
        [
            (samples::date("2025-12-31"), record(EntryState::Skipped, None)),
            (samples::date("2026-01-01"), record(EntryState::Done, Some(whole(5)))),
            (samples::date("2026-01-02"), record(EntryState::Done, Some(whole(7)))),
        ]
    );
}

pub(crate) fn amounts_are_those_of_the_range(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, habit) = user_and_habit(&test);
    let other = samples::habit("other");
    test.write(user, |tx| tx.store.insert_habit(user, &other));
    let (stranger, theirs) = user_and_habit(&test);
    let at = |habit, date: &str| samples::entry(habit, samples::date(date));
    put(
        &test,
        user,
        &[
            Entry { value: Some(whole(9)), ..at(habit, "2025-12-31") },
            Entry { value: Some(whole(1)), ..at(habit, "2026-01-01") },
            Entry { value: None, ..at(habit, "2026-01-02") },
            Entry { value: Some(whole(0)), ..at(habit, "2026-01-03") },
            Entry { value: None, tracked_minutes: 4, ..at(other.id, "2026-01-07") },
            Entry { value: Some(whole(9)), ..at(other.id, "2026-01-08") },
        ],
    );
    put(&test, stranger, &[Entry { value: Some(whole(9)), ..at(theirs, "2026-01-01") }]);
    assert_eq!(
        test.read(|store| store.amounts(user, range("2026-01-01", "2026-01-07"))),
        [
            (habit, samples::date("2026-01-01"), whole(1)),
            (habit, samples::date("2026-01-03"), whole(0)),
            (other.id, samples::date("2026-01-07"), whole(4)),
        ]
    );
}

pub(crate) fn a_deleted_entry_leaves_a_tombstone_each_time(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, habit) = user_and_habit(&test);
    let entry = samples::entry(habit, samples::date("2026-01-01"));
    let delete =
        || test.write(user, |tx| Ok(tx.store.delete_entries(user, &[(habit, entry.date)], tx.rev, tx.now)? > 0));
    for _ in 0..2 {
        put(&test, user, std::slice::from_ref(&entry));
        assert!(delete());
        assert!(!delete(), "it was gone");
    }
    let mut raw = test.raw();
    assert_eq!(raw.number("SELECT count(*) FROM entries"), 0);
    assert_eq!(raw.number("SELECT count(*) FROM tombstones WHERE kind = 'entry'"), 1);
    // The habit's own writes are 1 and 2; then put, delete, delete, put and the second delete that counts.
    assert_eq!(raw.number("SELECT rev FROM tombstones"), 7);
}

pub(crate) fn a_hundred_puts_of_one_entry_leave_one_row(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, habit) = user_and_habit(&test);
    let date = samples::date("2026-01-01");
    at_once(100, |index| {
        test.write(user, |tx| {
            let value = Some(u32::try_from(index).unwrap());
            tx.store.put_entries(user, &[Entry { value: value.map(whole), rev: tx.rev, ..samples::entry(habit, date) }])
        });
    });
    let found = test.read(|store| store.entries(user, habit, DateRange::ALL, 10, false));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].rev, Revision(102), "the last writer's row is there");
}

pub(crate) fn increments_add_up(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, habit) = user_and_habit(&test);
    let date = samples::date("2026-01-01");
    at_once(10, |_| {
        for _ in 0..20 {
            test.write(user, |tx| {
                let before = find(tx.store, user, habit, date)?.and_then(|entry| entry.value).unwrap_or_default();
                tx.store
                    .put_entries(user, &[Entry { value: Some(before.plus(whole(1))), ..samples::entry(habit, date) }])
            });
        }
    });
    assert_eq!(test.read(|store| find(store, user, habit, date)).unwrap().value, Some(whole(200)));
}

pub(crate) fn entries_of_others_are_out_of_reach(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, habit) = user_and_habit(&test);
    let other = test.user();
    let entry = samples::entry(habit, samples::date("2026-01-01"));
    put(&test, user, std::slice::from_ref(&entry));
    test.write(other, |tx| {
        assert_eq!(find(tx.store, other, habit, entry.date)?, None);
        assert!(tx.store.find_entries(other, &[(habit, entry.date)])?.is_empty());
        assert!(tx.store.entries(other, habit, DateRange::ALL, 10, false)?.is_empty());
        assert!(tx.store.day_records(other, habit)?.is_empty());
        assert_eq!(tx.store.delete_entries(other, &[(habit, entry.date)], tx.rev, tx.now)?, 0);
        Ok(())
    });
    // Nor can one be made for another's habit.
    let stolen = circadia_domain::unit_of_work::write(&test.database, other, NOW, |tx| {
        tx.store.put_entries(other, &[Entry { state: EntryState::Missed, ..entry.clone() }])
    });
    assert!(stolen.is_err());
    assert_eq!(test.read(|store| find(store, user, habit, entry.date)), Some(entry));
}
