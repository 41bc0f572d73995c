//! Timers.

use circadia_domain::civil::ZoneOrOffset;
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::revision::Revision;
use circadia_domain::time_entries::TimeNote;
use circadia_domain::timer::Timer;
use circadia_domain::unit_of_work::write;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

fn timer() -> Timer {
    Timer {
        habit: None,
        task: None,
        note: TimeNote::parse("Kapitel 3 📖").unwrap(),
        started_at: NOW,
        zone: ZoneOrOffset::parse("Asia/Kolkata").unwrap(),
        rev: Revision(i64::MAX),
    }
}

pub(crate) fn a_timer_reads_back_as_written_and_ends(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let (habit, task) = (samples::habit("Habit"), samples::task("Task"));
    let full = Timer { habit: Some(habit.id), task: Some(task.id), ..timer() };
    test.write(user, |tx| {
        tx.store.insert_habit(user, &habit)?;
        tx.store.insert_task(user, &task)?;
        tx.store.insert_timer(user, &full)
    });
    let bare = Timer { note: None, ..timer() };
    test.write(other, |tx| tx.store.insert_timer(other, &bare));
    assert_eq!(test.read(|store| store.find_timer(user)), Some(full));
    assert!(test.write(user, |tx| tx.store.delete_timer(user, tx.rev, tx.now)));
    assert!(!test.write(user, |tx| tx.store.delete_timer(user, tx.rev, tx.now)));
    assert_eq!(test.read(|store| store.find_timer(user)), None);
    assert_eq!(test.read(|store| store.find_timer(other)), Some(bare));
}

pub(crate) fn a_second_timer_of_one_user_is_refused_by_the_database(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    test.write(user, |tx| tx.store.insert_timer(user, &timer()));
    let again = write(&test.database, user, NOW, |tx| tx.store.insert_timer(user, &timer()));
    assert!(matches!(again, Err(StoreError::Duplicate(Unique::Other))), "{again:?}");
}

pub(crate) fn what_it_runs_for_may_go(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let (habit, task) = (samples::habit("Habit"), samples::task("Task"));
    let running = Timer { habit: Some(habit.id), task: Some(task.id), ..timer() };
    test.write(user, |tx| {
        tx.store.insert_habit(user, &habit)?;
        tx.store.insert_task(user, &task)?;
        tx.store.insert_timer(user, &running)
    });
    test.write(user, |tx| {
        tx.store.delete_task(user, task.id, tx.rev, tx.now)?;
        tx.store.delete_habit(user, habit.id, tx.rev, tx.now)
    });
    let left = test.read(|store| store.find_timer(user)).unwrap();
    assert_eq!((left.habit, left.task, left.started_at), (None, None, running.started_at));
}
