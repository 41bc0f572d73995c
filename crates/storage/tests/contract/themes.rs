//! Themes.

use circadia_domain::civil::DateRange;
use circadia_domain::color::Color;
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::habits::Habit;
use circadia_domain::ids::{HabitId, TaskId, ThemeId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::tasks::{Task, TaskStatus};
use circadia_domain::themes::{Theme, ThemeCounts, ThemeName};
use circadia_domain::time_entries::TimeEntry;
use circadia_domain::unit_of_work::write;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

fn insert(test: &TestDatabase, user: UserId, theme: &Theme) -> Result<(), StoreError> {
    write(&test.database, user, NOW, |tx| tx.store.insert_theme(user, theme))
}

fn themes(test: &TestDatabase, user: UserId) -> Vec<Theme> {
    test.read(|store| store.themes(user))
}

fn counts(test: &TestDatabase, user: UserId, theme: &Theme) -> ThemeCounts {
    test.read(|store| store.theme_counts(user)).get(&theme.id).copied().unwrap_or_default()
}

pub(crate) fn a_theme_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    // Each of these characters becomes eighteen in the key.
    let longest = Theme { rev: Revision(i64::MAX), ..samples::theme(&"\u{FDFA}".repeat(24)) };
    let widest = Theme { color: Color { rgb: [0, 0, 0] }, ..samples::theme(&"🧘".repeat(24)) };
    for theme in [&longest, &widest] {
        insert(&test, user, theme).unwrap();
        assert_eq!(test.read(|store| store.find_theme(user, theme.id)), Some(theme.clone()));
    }
    assert_eq!(themes(&test, user), [longest, widest.clone()]);
    let changed = Theme {
        name: ThemeName::parse("New").unwrap(),
        color: Color { rgb: [0xFF; 3] },
        updated_at: NOW.plus_seconds(1),
        rev: Revision(9),
        ..widest
    };
    test.write(user, |tx| tx.store.update_theme(user, &changed));
    assert_eq!(test.read(|store| store.find_theme(user, changed.id)), Some(changed));
}

pub(crate) fn accents_make_different_names(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    for name in ["Jose", "José", "Josè", "Josе", "Jos e"] {
        insert(&test, user, &samples::theme(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert_eq!(themes(&test, user).len(), 5);
}

pub(crate) fn one_user_s_names_are_unique_and_two_users_may_share_one(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    insert(&test, user, &samples::theme("École")).unwrap();
    insert(&test, other, &samples::theme("École")).unwrap();
    let again = insert(&test, user, &samples::theme("éCOLE"));
    assert!(matches!(again, Err(StoreError::Duplicate(Unique::Other))), "{again:?}");
}

pub(crate) fn what_belongs_to_them_is_counted(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let (busy, idle) = (samples::theme("Busy"), samples::theme("Idle"));
    insert(&test, user, &busy).unwrap();
    insert(&test, user, &idle).unwrap();
    insert(&test, other, &busy).unwrap();
    for (owner, theme) in [(user, Some(busy.id)), (user, Some(busy.id)), (user, None), (other, Some(busy.id))] {
        let habit = Habit { theme, ..samples::habit("h") };
        test.write(owner, |tx| tx.store.insert_habit(owner, &habit));
    }
    let statuses = [TaskStatus::Todo, TaskStatus::InProgress, TaskStatus::Done, TaskStatus::Cancelled];
    for (owner, theme, status) in [(user, Some(busy.id), 0), (user, Some(busy.id), 1), (user, Some(busy.id), 2)]
        .into_iter()
        .chain([(user, Some(busy.id), 3), (user, None, 0), (other, Some(busy.id), 2)])
    {
        let task = task(theme, statuses[status]);
        test.write(owner, |tx| tx.store.insert_task(owner, &task));
    }
    let expected = ThemeCounts { habits: 2, tasks_open: 2, tasks_done: 1, minutes: 0 };
    assert_eq!(counts(&test, user, &busy), expected);
    assert_eq!(test.database_statements(), 1);
    assert_eq!(counts(&test, user, &idle), ThemeCounts::default());
    assert_eq!(test.read(|store| store.find_theme(user, busy.id)), Some(busy.clone()));
    assert_eq!(test.database_statements(), 1);
    assert_eq!(test.read(|store| store.find_theme(other, idle.id)), None);
    // Time of a habit and a task counts for the habit's theme, and for the task's if the habit has none.
    let (themed, bare) =
        (Habit { theme: Some(idle.id), ..samples::habit("themed") }, Habit { theme: None, ..samples::habit("bare") });
    let (of_busy, of_none) = (task(Some(busy.id), TaskStatus::Done), task(None, TaskStatus::Done));
    let spent = |habit: Option<HabitId>, task: Option<TaskId>, minutes| TimeEntry {
        habit,
        task,
        ..samples::time_entry(samples::date("2026-03-10"), minutes)
    };
    let entries = [
        spent(Some(themed.id), None, 1),
        spent(Some(themed.id), Some(of_busy.id), 2),
        spent(Some(bare.id), Some(of_busy.id), 4),
        spent(None, Some(of_busy.id), 8),
        spent(Some(bare.id), Some(of_none.id), 16),
        spent(None, None, 32),
        spent(Some(themed.id), Some(of_none.id), 64),
    ];
    test.write(user, |tx| {
        for habit in [&themed, &bare] {
            tx.store.insert_habit(user, habit)?;
        }
        for task in [&of_busy, &of_none] {
            tx.store.insert_task(user, task)?;
        }
        tx.store.insert_time_entries(user, &entries)
    });
    assert_eq!([&busy, &idle].map(|theme| counts(&test, user, theme).minutes), [12, 67]);
    // Of some days, the same by another index.
    let of_day = |date| test.read(|store| store.time_by_theme(user, DateRange::day(samples::date(date))));
    let minutes: Vec<u64> = of_day("2026-03-10").into_iter().map(|(_, spent)| spent.minutes).collect();
    assert_eq!((minutes.iter().sum::<u64>(), minutes.len(), of_day("2026-03-11").len()), (127, 3, 0));
}

fn task(theme: Option<ThemeId>, status: TaskStatus) -> Task {
    let done = samples::task("t");
    let completed_at = done.completed_at.filter(|_| status == TaskStatus::Done);
    Task { theme, status, completed_at, ..done }
}

pub(crate) fn a_deleted_theme_leaves_its_habits_and_tasks_unthemed(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let (gone, kept) = (samples::theme("Gone"), samples::theme("Kept"));
    insert(&test, user, &gone).unwrap();
    insert(&test, user, &kept).unwrap();
    let themed = Habit { theme: Some(gone.id), ..samples::habit("themed") };
    let elsewhere = Habit { theme: Some(kept.id), ..samples::habit("elsewhere") };
    let (of_gone, of_kept) = (task(Some(gone.id), TaskStatus::Todo), task(Some(kept.id), TaskStatus::Done));
    test.write(user, |tx| {
        tx.store.insert_habit(user, &themed)?;
        tx.store.insert_task(user, &of_gone)?;
        tx.store.insert_task(user, &of_kept)?;
        tx.store.insert_habit(user, &elsewhere)
    });
    assert!(!test.read(|store| store.was_deleted(user, &gone.id.into())));
    let later = NOW.plus_seconds(1);
    let rev = test.write(user, |tx| {
        assert!(tx.store.delete_theme(user, gone.id, tx.rev, later)?);
        Ok(tx.rev)
    });
    assert_eq!(test.database_statements(), 4);
    let freed = test.read(|store| store.find_task(user, of_gone.id)).unwrap();
    assert_eq!((freed.theme, freed.rev, freed.updated_at), (None, rev, later));
    assert_eq!(test.read(|store| store.find_task(user, of_kept.id)), Some(of_kept));
    let habit = test.read(|store| store.find_habit(user, themed.id)).unwrap();
    assert_eq!((habit.theme, habit.rev, habit.updated_at), (None, rev, later));
    let untouched = test.read(|store| store.find_habit(user, elsewhere.id)).unwrap();
    assert_eq!((untouched.theme, untouched.rev), (Some(kept.id), elsewhere.rev));
    assert_eq!(test.read(|store| store.find_theme(user, gone.id)), None);
    assert!(test.read(|store| store.was_deleted(user, &gone.id.into())));
    assert!(!test.read(|store| store.was_deleted(user, &kept.id.into())));
    let unknown = ThemeId::from_uuid(samples::id());
    assert!(!test.write(user, |tx| tx.store.delete_theme(user, unknown, tx.rev, later)));
    assert!(!test.read(|store| store.was_deleted(user, &unknown.into())));
}

pub(crate) fn themes_of_others_are_out_of_reach(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let theme = samples::theme("Mine");
    insert(&test, user, &theme).unwrap();
    assert_eq!(test.read(|store| store.find_theme(other, theme.id)), None);
    assert_eq!(themes(&test, other), []);
    test.write(other, |tx| tx.store.update_theme(other, &Theme { color: Color { rgb: [0; 3] }, ..theme.clone() }));
    assert!(!test.write(other, |tx| tx.store.delete_theme(other, theme.id, tx.rev, tx.now)));
    assert_eq!(themes(&test, user), std::slice::from_ref(&theme));
    // Two users may even choose the same id.
    insert(&test, other, &theme).unwrap();
}
