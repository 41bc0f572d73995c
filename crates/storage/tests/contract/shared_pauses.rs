//! Pauses of all habits.

use circadia_domain::civil::Weekday;
use circadia_domain::habits::{Habit, Plan, Timeline, Window};
use circadia_domain::ids::{HabitId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::shared_pauses::{ExceptHabits, SharedPause, SharedPauseNote, SharedPauseSource, with_copies};
use circadia_storage::Backend;
use uuid::Uuid;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW, date};

fn insert(test: &TestDatabase, user: UserId, pause: &SharedPause) {
    test.write(user, |tx| tx.store.insert_shared_pause(user, pause));
}

pub(crate) fn a_shared_pause_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let except = (0..5_000).map(|_| samples::habit("h").id).collect();
    let full = SharedPause {
        note: SharedPauseNote::parse(&"🧘".repeat(200)).unwrap(),
        except_habits: ExceptHabits::new(except).unwrap(),
        rev: Revision(i64::MAX),
        ..samples::shared_pause("1970-01-01", Some("2199-12-31"))
    };
    let bare = SharedPause {
        note: None,
        except_habits: ExceptHabits::default(),
        source: SharedPauseSource::User,
        ..samples::shared_pause("2199-12-31", None)
    };
    for pause in [&full, &bare] {
        insert(&test, user, pause);
        assert_eq!(test.read(|store| store.find_shared_pause(user, pause.id)), Some(pause.clone()));
    }
    let changed = SharedPause {
        from: date("2026-03-01"),
        to: None,
        note: None,
        except_habits: ExceptHabits::default(),
        source: SharedPauseSource::User,
        updated_at: NOW.plus_seconds(1),
        rev: Revision(9),
        ..full
    };
    test.write(user, |tx| tx.store.update_shared_pause(user, &changed));
    assert_eq!(test.read(|store| store.find_shared_pause(user, changed.id)), Some(changed));
}

pub(crate) fn they_are_listed_by_their_first_day(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let pause = |from: &str| samples::shared_pause(from, Some("2026-05-01"));
    let (last, first, second) = (pause("2026-03-09"), pause("2026-03-01"), pause("2026-03-01"));
    for pause in [&last, &second, &first] {
        insert(&test, user, pause);
    }
    assert_eq!(test.read(|store| store.shared_pauses(user)), [first, second, last]);
}

pub(crate) fn a_deleted_one_leaves_a_tombstone(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let pause = samples::shared_pause("2026-03-01", None);
    insert(&test, user, &pause);
    assert!(!test.read(|store| store.was_deleted(user, &pause.id.into())));
    let delete = || test.write(user, |tx| tx.store.delete_shared_pause(user, pause.id, tx.rev, tx.now));
    assert!(delete());
    assert!(test.read(|store| store.was_deleted(user, &pause.id.into())));
    assert_eq!(test.read(|store| store.shared_pauses(user)), []);
    assert!(!delete());
}

pub(crate) fn shared_pauses_of_others_are_out_of_reach(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let pause = samples::shared_pause("2026-03-01", None);
    insert(&test, other, &pause);
    test.write(user, |tx| tx.store.update_shared_pause(user, &SharedPause { note: None, ..pause.clone() }));
    assert!(!test.write(user, |tx| tx.store.delete_shared_pause(user, pause.id, tx.rev, tx.now)));
    assert_eq!(test.read(|store| store.find_shared_pause(user, pause.id)), None);
    assert_eq!(test.read(|store| store.shared_pauses(user)), []);
    assert_eq!(test.read(|store| store.shared_pauses(other)), std::slice::from_ref(&pause));
    insert(&test, user, &pause);
}

/// (Compiling one that has everything takes long.)
fn plain_habit() -> Habit {
    let window = Window { starts_on: date("2026-01-01"), ends_on: None };
    let plan = Plan {
        effective_from: window.starts_on,
        anchor: window.starts_on,
        week_start: Weekday::Mo,
        schedule: serde_json::from_str(r#"{"type":"daily"}"#).unwrap(),
        kind: serde_json::from_str(r#"{"type":"check"}"#).unwrap(),
    };
    Habit { timeline: Timeline::new(window, vec![plan], vec![]).unwrap(), ..samples::habit("h") }
}

pub(crate) fn however_much_habits_have_of_them_no_statement_is_too_large(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let day = |number: i32| date("2026-01-01").saturating_add_days(number).to_string();
    let pauses: Vec<SharedPause> =
        (0..500).map(|number| samples::shared_pause(&day(3 * number), Some(&day(3 * number + 1)))).collect();
    let bare = plain_habit();
    let timeline = with_copies(&bare.timeline, bare.id, &pauses).unwrap();
    let ids = (0..400_u128).map(|number| HabitId::from_uuid(Uuid::from_u128(number)));
    let habits: Vec<Habit> = ids.map(|id| Habit { id, ..bare.clone() }).collect();
    test.write(user, |tx| habits.iter().try_for_each(|habit| tx.store.insert_habit(user, habit)));
    let paused: Vec<Habit> = habits.iter().map(|habit| Habit { timeline: timeline.clone(), ..habit.clone() }).collect();
    // About 20 MB in all; MariaDB takes 16 at once.
    test.write(user, |tx| tx.store.put_pauses(user, &paused.iter().collect::<Vec<_>>()));
    for habit in [&paused[0], &paused[399]] {
        let stored = test.read(|store| store.find_habit(user, habit.id)).unwrap();
        assert_eq!(stored.timeline, timeline);
    }
}

pub(crate) fn what_habits_have_of_them_is_stored_for_a_thousand_habits_at_once(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let habit = plain_habit();
    let numbers = 0..1_001_u64;
    let habits: Vec<Habit> = numbers
        .map(|number| Habit { id: HabitId::from_uuid(Uuid::from_u128(number.into())), ..habit.clone() })
        .collect();
    test.write(user, |tx| habits.iter().try_for_each(|habit| tx.store.insert_habit(user, habit)));
    test.write(other, |tx| tx.store.insert_habit(other, &habits[0]));
    let pauses = [samples::shared_pause("2026-03-01", None)];
    let paused: Vec<Habit> = habits
        .iter()
        .map(|habit| Habit {
            timeline: with_copies(&habit.timeline, habit.id, &pauses).unwrap(),
            updated_at: NOW.plus_seconds(1),
            rev: Revision(9),
            ..habit.clone()
        })
        .collect();
    assert_ne!(paused[0].timeline, habits[0].timeline);
    // Only the pauses are stored, whatever else is in the habits.
    let moved: Vec<Habit> = paused.iter().map(|habit| Habit { position: 7, ..habit.clone() }).collect();
    test.write(user, |tx| tx.store.put_pauses(user, &moved.iter().collect::<Vec<_>>()));
    let stored = test.read(|store| store.habits(user));
    assert_eq!(format!("{stored:?}"), format!("{paused:?}"));
    assert_eq!(format!("{:?}", test.read(|store| store.habits(other))), format!("{:?}", &habits[..1]));
}
