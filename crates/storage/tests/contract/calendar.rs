//! Calendar feeds.

use circadia_domain::calendar::{Calendar, CalendarParts};
use circadia_domain::tasks::{Task, TaskStatus};
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

pub(crate) fn a_calendar_reads_back_as_written_and_is_replaced(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let calendar = samples::calendar(user);
    let found = |of| test.read(|store| store.find_calendar(of)).map(|state| state.calendar);
    assert_eq!(found(user), None);
    test.write(user, |tx| tx.store.put_calendar(&calendar));
    let state = test.read(|store| store.find_calendar(user)).unwrap();
    assert_eq!((&state.calendar, state.active), (&calendar, true));
    assert_eq!(found(other), None);
    let changed = Calendar { secret_hash: [8; 32], include: CalendarParts::default(), ..calendar };
    test.write(user, |tx| tx.store.put_calendar(&changed));
    test.write(other, |tx| tx.store.put_calendar(&samples::calendar(other)));
    assert_eq!(found(user), Some(changed));
    assert!(test.write(user, |tx| tx.store.delete_calendar(user)));
    assert!(!test.write(user, |tx| tx.store.delete_calendar(user)));
    assert_eq!((found(user), found(other)), (None, Some(samples::calendar(other))));
}

pub(crate) fn calendars_show_what_is_open_or_was_changed_lately(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let with = |status, seconds| Task {
        status,
        updated_at: NOW.plus_seconds(seconds),
        completed_at: (status == TaskStatus::Done).then_some(NOW),
        ..samples::task("Task")
    };
    let shown =
        [(TaskStatus::Todo, -9), (TaskStatus::InProgress, -9), (TaskStatus::Done, 0), (TaskStatus::Cancelled, 5)];
    let mut shown: Vec<Task> = shown.map(|(status, seconds)| with(status, seconds)).into();
    let hidden = [with(TaskStatus::Done, -1), with(TaskStatus::Cancelled, -1)];
    test.write(user, |tx| shown.iter().chain(&hidden).try_for_each(|task| tx.store.insert_task(user, task)));
    test.write(other, |tx| tx.store.insert_task(other, &with(TaskStatus::Todo, 0)));
    shown.sort_by_key(|task| task.id);
    assert_eq!(test.read(|store| store.tasks_open_or_changed(user, NOW)), shown);
}
