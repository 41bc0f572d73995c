//! Delta sync: a client that reads on from a cursor has everything, however the pages fall and whatever is written in between.

use std::collections::{BTreeMap, BTreeSet};

use circadia_domain::civil::{WallTime, Weekdays};
use circadia_domain::error::{Error, StoreError};
use circadia_domain::habits::History;
use circadia_domain::ids::UserId;
use circadia_domain::reminders::{Reminder, ReminderRule, ReminderSubject, ReminderView};
use circadia_domain::sync::{self, Change, Cursor, SyncItem, SyncPage, SyncState, SyncType, SyncTypes, TypeSum};
use circadia_domain::timer::Timer;
use circadia_domain::tombstones::ItemKey;
use circadia_domain::unit_of_work::{WriteTransaction, read, write, write_unowned};
use circadia_storage::{Backend, NOT_SYNCED, synced_tables};

use super::erasure::{tables_of_users, tables_with};
use crate::support::TestDatabase;
use crate::support::samples::{self, NOW, date, id};

fn page(test: &TestDatabase, user: UserId, cursor: Option<Cursor>, limit: usize) -> Result<SyncPage, Error> {
    read(&test.database, move |store| sync::changes(store, user, SyncTypes::all(), cursor, limit))
}

/// Someone who keeps a copy of an account by sync alone.
#[derive(Default)]
struct Copy {
    cursor: Option<Cursor>,
    items: BTreeMap<(SyncType, Vec<u8>), (i64, SyncItem)>,
}

impl Copy {
    /// Reads one page. Whether there is more.
    fn sync(&mut self, test: &TestDatabase, user: UserId, limit: usize) -> bool {
        let page = page(test, user, self.cursor.take(), limit).unwrap();
        assert!(page.changes.len() <= limit);
        for change in page.changes {
            self.apply(change);
        }
        if let Some(state) = page.state {
            assert_eq!(state, self.state(), "what is known isn't what there is");
        }
        self.cursor = Some(page.cursor);
        page.has_more
    }

    fn apply(&mut self, Change { key, revision, item }: Change) {
        let kind = item.kind();
        if !item.is_deleted() {
            self.items.insert((kind, key.bytes), (revision.0, item));
            return;
        }
        self.items.remove(&(kind, key.bytes.clone()));
        if kind == SyncType::Habit {
            self.items.retain(|(kind, bytes), _| *kind != SyncType::Entry || !bytes.starts_with(&key.bytes));
        }
        if kind == SyncType::Habit || kind == SyncType::Task {
            let went_with_it = |reminder: &ReminderView| {
                let subject = reminder.habit_id.map(ItemKey::from).or(reminder.task_id.map(ItemKey::from));
                subject.as_ref() == Some(&key)
            };
            self.items.retain(|_, (_, item)| !matches!(item, SyncItem::Reminder(Some(one)) if went_with_it(one)));
        }
    }

    fn state(&self) -> SyncState {
        let mut sums: BTreeMap<SyncType, TypeSum> = BTreeMap::new();
        for ((kind, _), (revision, _)) in &self.items {
            sums.entry(*kind).or_default().add(*revision);
        }
        SyncState::new(SyncTypes::all(), sums)
    }
}

/// Some of each type; the step makes them different.
fn write_some(tx: &mut WriteTransaction<'_>, step: i32) -> Result<(), StoreError> {
    let (user, rev) = (tx.user, tx.rev);
    let day = date("2026-01-01").saturating_add_days(step);
    let mut theme = samples::theme(&format!("Theme {step}"));
    theme.color.rgb = [u8::try_from(step).unwrap(), 1, 1];
    theme.rev = rev;
    tx.store.insert_theme(user, &theme)?;
    let mut habit = samples::habit("Habit");
    (habit.theme, habit.rev) = (Some(theme.id), rev);
    tx.store.insert_habit(user, &habit)?;
    let mut entry = samples::entry(habit.id, day);
    entry.rev = rev;
    tx.store.put_entries(user, &[entry])?;
    let mut pause = samples::shared_pause("2026-05-01", None);
    pause.rev = rev;
    tx.store.insert_shared_pause(user, &pause)?;
    let mut task = samples::task("Task");
    (task.theme, task.rev) = (None, rev);
    tx.store.insert_task(user, &task)?;
    let mut spent: Vec<_> = (1..4).map(|minutes| samples::time_entry(day, minutes)).collect();
    for entry in &mut spent {
        (entry.habit, entry.task, entry.rev) = (Some(habit.id), None, rev);
    }
    tx.store.insert_time_entries(user, &spent)?;
    let mut log = samples::sleep_log(NOW.plus_seconds(i64::from(step) * 86_400), 28_800);
    log.rev = rev;
    tx.store.insert_sleep_log(user, &log)?;
    let mut mood = samples::mood(day, 5);
    mood.rev = rev;
    tx.store.put_mood(user, &mood)?;
    let mut moment = samples::moment(day, 6);
    moment.rev = rev;
    tx.store.insert_moment(user, &moment)?;
    let rules = [
        ReminderRule::Habit { habit: habit.id, time: WallTime::NOON, weekdays: Weekdays::ALL },
        ReminderRule::Task { task: task.id, time: WallTime::NOON, days_before: 1 },
        samples::bedtime(),
        samples::bedtime(),
    ];
    for rule in rules {
        tx.store.insert_reminder(user, &Reminder { rev, ..samples::reminder(rule) })?;
    }
    if step % 2 == 0 {
        let timer = Timer {
            habit: None,
            task: None,
            note: None,
            started_at: NOW,
            zone: circadia_domain::civil::ZoneOrOffset::parse("UTC").unwrap(),
            rev,
        };
        tx.store.insert_timer(user, &timer)?;
    } else {
        tx.store.delete_timer(user, rev, tx.now)?;
    }
    Ok(())
}

/// Changes some of what there is, and deletes some.
fn change_some(tx: &mut WriteTransaction<'_>, step: i32) -> Result<(), StoreError> {
    let (user, rev, now) = (tx.user, tx.rev, tx.now);
    let day = date("2026-01-01").saturating_add_days(step - 3);
    if let Some(mut theme) = tx.store.themes(user)?.into_iter().next() {
        theme.rev = rev;
        tx.store.update_theme(user, &theme)?;
    }
    let habits = tx.store.habits(user)?;
    if let Some(habit) = habits.get(2) {
        tx.store.delete_habit(user, habit.id, rev, now)?;
    }
    let tasks = tx.store.task_page(user, None, 10)?;
    if let [first, .., last] = tasks.as_slice() {
        tx.store.delete_task(user, first.id, rev, now)?;
        let mut last = last.clone();
        last.rev = rev;
        tx.store.update_task(user, &last)?;
    }
    if step % 3 == 0 {
        tx.store.delete_mood(user, day, rev, now)?;
    } else {
        let mut mood = samples::mood(day, 1);
        mood.rev = rev;
        tx.store.put_mood(user, &mood)?;
    }
    let logs = tx.store.sleep_log_page(user, None, 1)?;
    let logs: Vec<_> = logs.iter().map(|log| log.id).collect();
    tx.store.delete_sleep_logs(user, &logs, rev, now)?;
    let reminders = tx.store.reminders(user, Some(ReminderSubject::Bedtime))?;
    if let [first, second, third, ..] = reminders.as_slice() {
        tx.store.delete_reminder(user, first.id, rev, now)?;
        tx.store.update_reminder(user, &Reminder { rev, ..second.clone() })?;
        // Moves by itself: that isn't told.
        tx.store.set_next_occurrence(user, third.id, None)?;
    }
    Ok(())
}

pub(crate) fn whoever_reads_on_from_a_cursor_has_everything(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    test.write(other, |tx| write_some(tx, 0));
    for limit in [1, 2, 3, 7, 50, 1_000] {
        // One who reads page by page while everything changes, one who is always up to date, one who comes last.
        let (mut slow, mut eager) = (Copy::default(), Copy::default());
        for step in 0..6 {
            let step = step + i32::try_from(limit).unwrap() % 30 * 8;
            test.write(user, |tx| write_some(tx, step % 250));
            slow.sync(&test, user, limit);
            test.write(user, |tx| change_some(tx, step));
            slow.sync(&test, user, limit);
            while eager.sync(&test, user, limit) {}
        }
        while slow.sync(&test, user, limit) {}
        let mut last = Copy::default();
        while last.sync(&test, user, limit) {}
        assert_eq!(last.items, slow.items);
        assert_eq!(last.items, eager.items);
        assert!(last.items.len() > 40, "{}", last.items.len());
        // What is known isn't told again.
        let again = page(&test, user, last.cursor.take(), limit).unwrap();
        assert!(again.changes.is_empty() && !again.has_more);
        // Everything goes, so that the next round begins anew.
        test.write(user, |tx| -> Result<(), StoreError> {
            for habit in tx.store.habits(user)? {
                tx.store.delete_habit(user, habit.id, tx.rev, tx.now)?;
            }
            for theme in tx.store.themes(user)? {
                tx.store.delete_theme(user, theme.id, tx.rev, tx.now)?;
            }
            let logs: Vec<_> = tx.store.sleep_log_page(user, None, 100)?.iter().map(|log| log.id).collect();
            tx.store.delete_sleep_logs(user, &logs, tx.rev, tx.now)?;
            tx.store.delete_timer(user, tx.rev, tx.now)?;
            Ok(())
        });
    }
}

pub(crate) fn a_revision_of_many_rows_is_read_in_parts(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let mut copy = Copy::default();
    while copy.sync(&test, user, 100) {}
    // Two habits, so that the page ends within the entries of one, and tombstones of two types with one key.
    let shared = id();
    test.write(user, |tx| -> Result<(), StoreError> {
        for _ in 0..2 {
            let mut habit = samples::habit("Habit");
            (habit.theme, habit.rev) = (None, tx.rev);
            tx.store.insert_habit(user, &habit)?;
            let days = (0..250).map(|day| {
                let mut entry = samples::entry(habit.id, date("2026-01-01").saturating_add_days(day));
                entry.rev = tx.rev;
                entry
            });
            tx.store.put_entries(user, &days.collect::<Vec<_>>())?;
            tx.store.put_histories(user, &[(&habit, &History::default())])?;
        }
        let mut task = samples::task("Task");
        (task.id, task.theme, task.rev) = (shared.into(), None, tx.rev);
        tx.store.insert_task(user, &task)?;
        let mut moment = samples::moment(date("2026-01-01"), 3);
        (moment.id, moment.rev) = (shared.into(), tx.rev);
        tx.store.insert_moment(user, &moment)?;
        Ok(())
    });
    while copy.sync(&test, user, 7) {}
    assert_eq!(copy.items.len(), 505);
    test.write(user, |tx| -> Result<(), StoreError> {
        tx.store.delete_task(user, shared.into(), tx.rev, tx.now)?;
        tx.store.delete_moment(user, shared.into(), tx.rev, tx.now)?;
        let habit = tx.store.habits(user)?.remove(0);
        let days: Vec<_> = (0..250).map(|day| (habit.id, date("2026-01-01").saturating_add_days(day))).collect();
        tx.store.delete_entries(user, &days, tx.rev, tx.now)?;
        Ok(())
    });
    let behind = copy.cursor.clone();
    while copy.sync(&test, user, 1) {}
    assert_eq!(copy.items.len(), 253);
    // Only some types.
    let types = SyncTypes::of([SyncType::Task]);
    let tasks =
        |cursor: Option<Cursor>| read(&test.database, |store| sync::changes(store, user, types, cursor.clone(), 100));
    let cursor = behind.map(|cursor| Cursor::after(types, cursor.revision));
    let found = tasks(cursor.clone()).unwrap();
    assert_eq!(found.changes.len(), 1);
    assert_eq!(found.changes[0].key, ItemKey { kind: "task", bytes: shared.as_bytes().to_vec() });
    assert!(found.changes[0].item.is_deleted());
    let with_types = |types, cursor: &Option<Cursor>| {
        let refused = read(&test.database, |store| sync::changes(store, user, types, cursor.clone(), 100)).unwrap_err();
        refused.to_string()
    };
    assert!(with_types(SyncTypes::of([SyncType::Theme]), &cursor).contains("other `types`"));
    assert!(with_types(SyncTypes::all(), &cursor).contains("fewer types"));
}

pub(crate) fn old_tombstones_go_and_older_cursors_with_them(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let start = page(&test, user, None, 100).unwrap().cursor;
    let beginning = page(&test, user, None, 1).unwrap();
    assert!(!beginning.has_more, "only settings are there");
    let mut ids = Vec::new();
    for _ in 0..3 {
        let mut task = samples::task("Task");
        task.theme = None;
        ids.push(task.id);
        test.write(user, |tx| {
            task.rev = tx.rev;
            tx.store.insert_task(user, &task)
        });
    }
    let known = page(&test, user, None, 100).unwrap().cursor;
    let midway = page(&test, user, None, 1).unwrap().cursor;
    test.write(user, |tx| tx.store.delete_task(user, ids[0], tx.rev, NOW));
    let later = NOW.plus_seconds(sync::TOMBSTONE_SECONDS);
    write(&test.database, user, later, |tx| tx.store.delete_task(user, ids[1], tx.rev, tx.now)).unwrap();

    let prune = |now| write_unowned(&test.database, |store| sync::prune(store, now)).unwrap();
    assert!(!prune(later));
    assert_eq!(page(&test, user, Some(known.clone()), 100).unwrap().changes.len(), 2, "nothing is old enough");
    assert!(!prune(later.plus_seconds(1)));
    for cursor in [&start, &known, &midway] {
        let error = page(&test, user, Some(cursor.clone()), 100).unwrap_err();
        assert!(error.to_string().contains("too old"), "{error}");
    }
    let mut anew = Copy::default();
    while anew.sync(&test, user, 1) {}
    let now = anew.cursor.clone().unwrap();
    assert!(page(&test, user, Some(now.clone()), 100).is_ok());
    assert!(page(&test, other, None, 100).is_ok());
    // A database that was restored is behind.
    let ahead = Cursor::after(SyncTypes::all(), circadia_domain::revision::Revision(now.revision.0 + 1));
    assert!(page(&test, user, Some(ahead), 100).is_err());
}

pub(crate) fn every_table_with_a_revision_is_synced_or_left_out_for_a_reason(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let synced: BTreeSet<String> = synced_tables().map(str::to_owned).collect();
    let left_out: BTreeSet<String> = NOT_SYNCED.iter().map(|(table, _)| (*table).to_owned()).collect();
    assert!(synced.is_disjoint(&left_out));
    let with_revision = &tables_of_users(&test, backend) & &tables_with(&test, backend, "rev");
    assert_eq!(
        with_revision,
        &synced | &left_out,
        "a table of users with a column `rev` is of a `SyncType` (see \"Add a tracker\"), or belongs into `NOT_SYNCED`"
    );
}
