//! Reads across features.

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::habits::{Habit, History};
use circadia_domain::moods::{MoodDay, MoodMoment};
use circadia_domain::sleep::{Sleep, SleepKind, SleepLog};
use circadia_domain::timer::Timer;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW, date};

pub(crate) fn the_timer_comes_with_the_habits(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let found = || {
        let recent = test.read(|store| store.timer_and_recent(user)).unwrap();
        assert_eq!(test.database_statements(), 1);
        let whole = test.read(|store| store.timer_and_habits(user)).unwrap();
        assert_eq!(test.database_statements(), 1);
        assert_eq!(recent.0, whole.0);
        let settings = recent.0.settings.clone();
        let same = (test.read(|store| store.settings_and_recent(user)), Some((settings.clone(), recent.1)));
        assert_eq!(format!("{:?}", same.0), format!("{:?}", same.1));
        let same = (test.read(|store| store.settings_and_habits(user)), Some((settings, whole.1)));
        assert_eq!(format!("{:?}", same.0), format!("{:?}", same.1));
        recent.0.timer
    };
    assert_eq!(found(), None);
    let habits: Vec<Habit> = (0..9).map(|_| samples::habit("h")).collect();
    let timer = Timer {
        habit: None,
        task: None,
        note: None,
        started_at: NOW,
        zone: samples::moment(Date::MIN, 0).zone,
        rev: circadia_domain::revision::Revision(7),
    };
    let for_other = Timer { started_at: NOW.plus_seconds(-5), ..timer.clone() };
    test.write(user, |tx| tx.store.insert_timer(user, &timer));
    test.write(other, |tx| tx.store.insert_timer(other, &for_other));
    assert_eq!(found().as_ref(), Some(&timer), "without habits");
    test.write(user, |tx| habits.iter().try_for_each(|habit| tx.store.insert_habit(user, habit)));
    let history = samples::history(&["1999-12-31", "2025-02-03", "2025-12-01", "2026-01-01"]);
    let rows: Vec<(&Habit, &History)> = habits.iter().map(|habit| (habit, &history)).collect();
    test.write(user, |tx| tx.store.put_histories(user, &rows[1..]));
    assert_eq!(found(), Some(timer));
    assert!(test.write(user, |tx| tx.store.delete_timer(user, tx.rev, tx.now)));
    assert_eq!(found(), None);
    let nobody = circadia_domain::ids::UserId::from_uuid(samples::id());
    assert!(test.read(|store| store.timer_and_recent(nobody)).is_none());
}

pub(crate) fn sleep_and_mood_come_together(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let day = date("2026-03-10");
    let dates = DateRange::new(date("2026-03-04"), date("2026-03-13")).unwrap();
    let read = |user| {
        let found = test.read(|store| store.sleep_and_mood(user, dates, day));
        assert_eq!(test.database_statements(), 1);
        found
    };
    assert_eq!(read(user), (vec![], None));
    let on = |text: &str, number: i64| {
        let log = samples::sleep_log(NOW.plus_seconds(number * 100_000), 7_200);
        SleepLog { sleep: Sleep { date: date(text), ..log.sleep }, ..log }
    };
    let mut logs =
        [on("2026-03-03", 1), on("2026-03-04", 2), on("2026-03-10", 3), on("2026-03-13", 4), on("2026-03-14", 5)];
    logs[2].sleep = Sleep { kind: SleepKind::Main, quality: None, awake_seconds: None, ..logs[2].sleep };
    logs[2].note = None;
    test.write(user, |tx| logs.iter().rev().try_for_each(|log| tx.store.insert_sleep_log(user, log)));
    assert_eq!(read(user), (logs[1..4].to_vec(), None));
    let late = MoodMoment { at: NOW.plus_seconds(9), ..samples::moment(day, 5) };
    let early = MoodMoment { note: None, ..samples::moment(day, 6) };
    let moments = [late, early, samples::moment(date("2026-03-09"), 7), samples::moment(date("2026-03-11"), 8)];
    test.write(user, |tx| moments.iter().try_for_each(|moment| tx.store.insert_moment(user, moment)));
    let [late, early, ..] = moments;
    let mut expected = MoodDay { date: day, mood: None, moments: vec![early, late] };
    assert_eq!(read(user), (logs[1..4].to_vec(), Some(expected.clone())));
    let own = samples::mood(day, 0);
    test.write(user, |tx| tx.store.put_mood(user, &own));
    test.write(user, |tx| tx.store.put_mood(user, &samples::mood(date("2026-03-11"), 1)));
    expected.mood = Some(own);
    assert_eq!(read(user), (logs[1..4].to_vec(), Some(expected)));
    assert_eq!(read(other), (vec![], None));
}
