//! Time entries.

use circadia_domain::civil::{Date, DateRange, ZoneOrOffset};
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::habits::Habit;
use circadia_domain::ids::{TimeEntryId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::tasks::Task;
use circadia_domain::time_entries::{TimeEntry, TimeFilter, TimeSeek, TimeSpent};
use circadia_domain::timer::Timer;
use circadia_domain::unit_of_work::write;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW, date, time_entry};

const EVERYTHING: TimeFilter = TimeFilter { range: DateRange::ALL, habit: None, task: None };

fn insert(test: &TestDatabase, user: UserId, entries: &[TimeEntry]) {
    test.write(user, |tx| tx.store.insert_time_entries(user, entries));
}

/// A habit and a task of the user.
fn things(test: &TestDatabase, user: UserId) -> (Habit, Task) {
    let (habit, task) = (samples::habit("Habit"), samples::task("Task"));
    test.write(user, |tx| {
        tx.store.insert_habit(user, &habit)?;
        tx.store.insert_task(user, &task)
    });
    (habit, task)
}

fn list(test: &TestDatabase, user: UserId, filter: TimeFilter, reversed: bool, limit: usize) -> Vec<TimeEntryId> {
    let seek = TimeSeek { reversed, beyond: None, backwards: false, limit };
    test.read(|store| store.time_entries(user, &filter, &seek)).iter().map(|entry| entry.id).collect()
}

pub(crate) fn a_time_entry_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let (habit, task) = things(&test, user);
    let entry = TimeEntry {
        habit: Some(habit.id),
        task: Some(task.id),
        rev: Revision(i64::MAX),
        ..time_entry(Date::MAX, 1440)
    };
    let other = TimeEntry { request_digest: [7; 32], ..time_entry(Date::MIN, 1) };
    insert(&test, user, &[entry.clone(), other.clone()]);
    assert_eq!(test.database_statements(), 1);
    assert_eq!(test.read(|store| store.find_time_entry(user, entry.id)), Some(entry.clone()));
    assert_eq!(test.read(|store| store.time_entries_of_request(user, &[7; 32])), [other]);
    assert_eq!(test.read(|store| store.time_entries_of_request(user, &entry.request_digest)), [entry]);
}

pub(crate) fn a_bare_time_entry_reads_back_and_changes(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let (habit, task) = things(&test, user);
    let bare = TimeEntry { started_at: None, ended_at: None, note: None, ..time_entry(date("2026-03-10"), 1) };
    insert(&test, user, std::slice::from_ref(&bare));
    assert_eq!(test.read(|store| store.find_time_entry(user, bare.id)), Some(bare.clone()));
    let changed = TimeEntry {
        id: bare.id,
        habit: Some(habit.id),
        task: Some(task.id),
        rev: Revision(9),
        ..time_entry(date("2026-03-11"), 2)
    };
    test.write(user, |tx| tx.store.update_time_entry(user, &changed));
    assert_eq!(test.read(|store| store.find_time_entry(user, bare.id)), Some(changed));
}

pub(crate) fn a_second_time_entry_with_an_id_is_refused(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let first = time_entry(date("2026-03-10"), 1);
    insert(&test, user, std::slice::from_ref(&first));
    let same_id = TimeEntry { id: first.id, rev: Revision(9), ..time_entry(date("2026-03-11"), 2) };
    let others = [time_entry(date("2026-03-12"), 3), same_id.clone()];
    for entries in [&others[..], &others[1..], &[same_id.clone(), same_id][..]] {
        let again: Result<(), StoreError> =
            write(&test.database, user, NOW, |tx| tx.store.insert_time_entries(user, entries));
        assert!(matches!(again, Err(StoreError::Duplicate(Unique::Other))), "{again:?}");
    }
    assert_eq!(list(&test, user, EVERYTHING, false, 10), [first.id]);
    assert_eq!(test.read(|store| store.find_time_entry(user, first.id)), Some(first));
}

pub(crate) fn lists_are_filtered_and_walked_both_ways(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let (habit, task) = things(&test, user);
    let mut entries: Vec<TimeEntry> = (0..9)
        .map(|number| TimeEntry {
            habit: (number % 2 == 0).then_some(habit.id),
            task: (number % 3 == 0).then_some(task.id),
            ..time_entry(date(&format!("2026-03-{:02}", 10 + number * 2 % 5)), 5)
        })
        .collect();
    insert(&test, user, &entries);
    entries.sort_by_key(|entry| (entry.date, entry.id));
    let ids = |wanted: &dyn Fn(&TimeEntry) -> bool| -> Vec<TimeEntryId> {
        entries.iter().filter(|entry| wanted(entry)).map(|entry| entry.id).collect()
    };
    assert_eq!(list(&test, user, EVERYTHING, false, 100), ids(&|_| true));
    assert_eq!(list(&test, user, EVERYTHING, false, 4), ids(&|_| true)[..4]);
    let mut latest_first = ids(&|_| true);
    latest_first.reverse();
    assert_eq!(list(&test, user, EVERYTHING, true, 100), latest_first);
    let range = DateRange::new(date("2026-03-11"), date("2026-03-13")).unwrap();
    let days = TimeFilter { range, ..EVERYTHING };
    assert_eq!(list(&test, user, days, false, 100), ids(&|entry| range.contains(entry.date)));
    let of_habit = TimeFilter { habit: Some(habit.id), ..EVERYTHING };
    assert_eq!(list(&test, user, of_habit, false, 100), ids(&|entry| entry.habit.is_some()));
    let of_both = TimeFilter { task: Some(task.id), ..of_habit };
    assert_eq!(list(&test, user, of_both, false, 100), ids(&|entry| entry.habit.is_some() && entry.task.is_some()));
    for reversed in [false, true] {
        let all = list(&test, user, EVERYTHING, reversed, 100);
        for (at, id) in all.iter().enumerate() {
            let entry = entries.iter().find(|entry| entry.id == *id).unwrap();
            let beyond = |backwards| {
                let seek = TimeSeek { reversed, beyond: Some((entry.date, entry.id)), backwards, limit: 3 };
                let found = test.read(|store| store.time_entries(user, &EVERYTHING, &seek));
                found.iter().map(|entry| entry.id).collect::<Vec<_>>()
            };
            assert_eq!(beyond(false), all[at + 1..].iter().take(3).copied().collect::<Vec<_>>());
            assert_eq!(beyond(true), all[..at].iter().rev().take(3).copied().collect::<Vec<_>>());
        }
    }
}

pub(crate) fn minutes_are_added_up_by_habit_and_day(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, stranger) = (test.user(), test.user());
    let ((habit, task), (other, _)) = (things(&test, user), things(&test, user));
    let on = |habit: &Habit, day: &str, minutes| TimeEntry { habit: Some(habit.id), ..time_entry(date(day), minutes) };
    let mut entries = vec![
        on(&habit, "2026-03-10", 1440),
        on(&habit, "2026-03-10", 1440),
        on(&habit, "2026-03-11", 3),
        on(&other, "2026-03-11", 4),
        on(&other, "2026-03-10", 5),
        TimeEntry { task: Some(task.id), ..time_entry(date("2026-03-10"), 9) },
    ];
    insert(&test, user, &entries);
    assert_eq!(test.read(|store| store.minutes_of_days(user, &[])), []);
    let days = [
        (habit.id, date("2026-03-10")),
        (other.id, date("2026-03-11")),
        (other.id, date("2026-03-12")),
        (habit.id, date("2026-03-09")),
    ];
    let mut found = test.read(|store| store.minutes_of_days(user, &days));
    assert_eq!(test.database_statements(), 1);
    found.sort();
    let mut expected = [(habit.id, date("2026-03-10"), 2880), (other.id, date("2026-03-11"), 4)];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(test.read(|store| store.minutes_of_days(stranger, &days)), []);
    let of_habit = test.read(|store| store.minutes_of_habit(user, habit.id));
    assert_eq!(of_habit, [(date("2026-03-10"), 2880), (date("2026-03-11"), 3)]);
    entries.clear();
    insert(&test, user, &entries);
}

pub(crate) fn what_was_spent_is_added_up_by_day_habit_and_theme(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let (one, two) = (samples::theme("One"), samples::theme("Two"));
    let themed = Habit { theme: Some(one.id), ..samples::habit("themed") };
    let bare = samples::habit("bare");
    let task = Task { theme: Some(two.id), ..samples::task("task") };
    let spent = |habit: Option<&Habit>, task: Option<&Task>, day: &str, minutes| TimeEntry {
        habit: habit.map(|habit| habit.id),
        task: task.map(|task| task.id),
        ..time_entry(date(day), minutes)
    };
    let entries = [
        spent(Some(&themed), None, "2026-03-10", 1),
        spent(Some(&themed), Some(&task), "2026-03-11", 2),
        spent(Some(&bare), Some(&task), "2026-03-11", 4),
        spent(Some(&bare), None, "2026-03-12", 8),
        spent(None, Some(&task), "2026-03-12", 16),
        spent(None, None, "2026-03-12", 32),
        spent(None, None, "2026-03-13", 64),
    ];
    test.write(user, |tx| {
        tx.store.insert_theme(user, &one)?;
        tx.store.insert_theme(user, &two)?;
        tx.store.insert_habit(user, &themed)?;
        tx.store.insert_habit(user, &bare)?;
        tx.store.insert_task(user, &task)?;
        tx.store.insert_time_entries(user, &entries)
    });
    let range = DateRange::new(date("2026-03-10"), date("2026-03-12")).unwrap();
    let sum = |minutes, count| TimeSpent { minutes, count };
    let by_day = test.read(|store| store.time_by_day(user, range, None));
    assert_eq!(test.database_statements(), 1);
    let day = |day: &str, minutes, count| (date(day), sum(minutes, count));
    assert_eq!(by_day, [day("2026-03-10", 1, 1), day("2026-03-11", 6, 2), day("2026-03-12", 56, 3)]);
    let of_bare = test.read(|store| store.time_by_day(user, range, Some(bare.id)));
    assert_eq!(of_bare, [day("2026-03-11", 4, 1), day("2026-03-12", 8, 1)]);
    let mut by_habit = test.read(|store| store.time_by_habit(user, range));
    assert_eq!(test.database_statements(), 1);
    by_habit.sort_by_key(|(_, spent)| spent.minutes);
    assert_eq!(by_habit, [(Some(themed.id), sum(3, 2)), (Some(bare.id), sum(12, 2)), (None, sum(48, 2))]);
    let mut by_theme = test.read(|store| store.time_by_theme(user, range));
    assert_eq!(test.database_statements(), 1);
    by_theme.sort_by_key(|(_, spent)| spent.minutes);
    assert_eq!(by_theme, [(Some(one.id), sum(3, 2)), (Some(two.id), sum(20, 2)), (None, sum(40, 2))]);
}

pub(crate) fn a_deleted_time_entry_leaves_a_tombstone(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let entry = time_entry(date("2026-03-10"), 5);
    insert(&test, user, std::slice::from_ref(&entry));
    assert!(!test.read(|store| store.was_deleted(user, &entry.id.into())));
    assert!(test.write(user, |tx| tx.store.delete_time_entry(user, entry.id, tx.rev, tx.now)));
    assert_eq!(test.read(|store| store.find_time_entry(user, entry.id)), None);
    assert!(test.read(|store| store.was_deleted(user, &entry.id.into())));
    assert!(!test.write(user, |tx| tx.store.delete_time_entry(user, entry.id, tx.rev, tx.now)));
}

pub(crate) fn a_deleted_habit_leaves_the_time_spent_on_it(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let ((gone, task), (kept, _)) = (things(&test, user), things(&test, user));
    let spent =
        |habit: &Habit| TimeEntry { habit: Some(habit.id), task: Some(task.id), ..time_entry(date("2026-03-10"), 20) };
    let (on_gone, on_kept) = (spent(&gone), spent(&kept));
    let timer = Timer {
        habit: Some(gone.id),
        task: None,
        note: None,
        started_at: NOW,
        zone: ZoneOrOffset::UTC,
        rev: Revision(1),
    };
    test.write(user, |tx| {
        tx.store.insert_time_entries(user, &[on_gone.clone(), on_kept.clone()])?;
        tx.store.insert_timer(user, &timer)
    });
    let later = NOW.plus_seconds(8);
    let rev = test.write(user, |tx| {
        assert!(tx.store.delete_habit(user, gone.id, tx.rev, later)?);
        Ok(tx.rev)
    });
    let left = test.read(|store| store.find_time_entry(user, on_gone.id)).unwrap();
    assert_eq!((left.habit, left.task, left.rev, left.updated_at), (None, Some(task.id), rev, later));
    assert_eq!(test.read(|store| store.find_time_entry(user, on_kept.id)), Some(on_kept));
    let left = test.read(|store| store.find_timer(user)).unwrap();
    assert_eq!((left.habit, left.rev), (None, rev));
}

pub(crate) fn time_entries_of_others_are_out_of_reach(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let entry = time_entry(date("2026-03-10"), 5);
    insert(&test, user, std::slice::from_ref(&entry));
    assert_eq!(test.read(|store| store.find_time_entry(other, entry.id)), None);
    assert_eq!(list(&test, other, EVERYTHING, false, 9), []);
    assert_eq!(test.read(|store| store.time_entries_of_request(other, &entry.request_digest)), []);
    assert_eq!(test.read(|store| store.time_by_day(other, DateRange::ALL, None)), []);
    assert_eq!(test.read(|store| store.time_by_habit(other, DateRange::ALL)), []);
    assert_eq!(test.read(|store| store.time_by_theme(other, DateRange::ALL)), []);
    test.write(other, |tx| tx.store.update_time_entry(other, &TimeEntry { minutes: 6, ..entry.clone() }));
    assert!(!test.write(other, |tx| tx.store.delete_time_entry(other, entry.id, tx.rev, tx.now)));
    assert_eq!(test.read(|store| store.find_time_entry(user, entry.id)), Some(entry.clone()));
    insert(&test, other, std::slice::from_ref(&entry));
}
