//! Themes.

use circadia_domain::ids::{ThemeId, UserId};
use circadia_domain::store::{Revision, StoreError, Unique, write};
use circadia_domain::text::Color;
use circadia_domain::themes::{Theme, ThemeCounts, ThemeName};
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

fn insert(test: &TestDatabase, user: UserId, theme: &Theme) -> Result<(), StoreError> {
    write(&test.database, user, NOW, |tx| tx.store.insert_theme(user, theme))
}

fn themes(test: &TestDatabase, user: UserId) -> Vec<(Theme, ThemeCounts)> {
    test.read(|store| store.themes(user))
}

pub(crate) fn a_theme_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    // Each of these characters becomes eighteen in the key.
    let longest = Theme { rev: Revision(i64::MAX), ..samples::theme(&"\u{FDFA}".repeat(24)) };
    let widest = Theme { color: Color { rgb: [0, 0, 0] }, ..samples::theme(&"🧘".repeat(24)) };
    for theme in [&longest, &widest] {
        insert(&test, user, theme).unwrap();
        assert_eq!(test.read(|store| store.find_theme(user, theme.id)), Some((theme.clone(), ThemeCounts::default())));
    }
    let all: Vec<Theme> = themes(&test, user).into_iter().map(|(theme, _)| theme).collect();
    assert_eq!(all, [longest, widest.clone()]);
    let changed = Theme {
        name: ThemeName::parse("New").unwrap(),
        color: Color { rgb: [0xFF; 3] },
        updated_at: NOW.plus_seconds(1),
        rev: Revision(9),
        ..widest
    };
    test.write(user, |tx| tx.store.update_theme(user, &changed));
    assert_eq!(test.read(|store| store.find_theme(user, changed.id)), Some((changed, ThemeCounts::default())));
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

pub(crate) fn habits_are_counted(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let (busy, idle) = (samples::theme("Busy"), samples::theme("Idle"));
    insert(&test, user, &busy).unwrap();
    insert(&test, user, &idle).unwrap();
    insert(&test, other, &busy).unwrap();
    for (owner, theme) in [(user, Some(busy.id)), (user, Some(busy.id)), (user, None), (other, Some(busy.id))] {
        let habit = circadia_domain::habits::Habit { theme, ..samples::habit("h") };
        test.write(owner, |tx| tx.store.insert_habit(owner, &habit));
    }
    let counts: Vec<i64> = themes(&test, user).iter().map(|(_, counts)| counts.habits).collect();
    assert_eq!(counts, [2, 0]);
    assert_eq!(test.database_statements(), 2);
    assert_eq!(test.read(|store| store.find_theme(user, busy.id)).unwrap().1.habits, 2);
    assert_eq!(test.database_statements(), 1);
}

pub(crate) fn a_deleted_theme_leaves_its_habits_unthemed(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let (gone, kept) = (samples::theme("Gone"), samples::theme("Kept"));
    insert(&test, user, &gone).unwrap();
    insert(&test, user, &kept).unwrap();
    let themed = circadia_domain::habits::Habit { theme: Some(gone.id), ..samples::habit("themed") };
    let elsewhere = circadia_domain::habits::Habit { theme: Some(kept.id), ..samples::habit("elsewhere") };
    test.write(user, |tx| {
        tx.store.insert_habit(user, &themed)?;
        tx.store.insert_habit(user, &elsewhere)
    });
    assert!(!test.read(|store| store.theme_was_deleted(user, gone.id)));
    let later = NOW.plus_seconds(1);
    let rev = test.write(user, |tx| {
        assert!(tx.store.delete_theme(user, gone.id, tx.rev, later)?);
        Ok(tx.rev)
    });
    assert_eq!(test.database_statements(), 3);
    let habit = test.read(|store| store.find_habit(user, themed.id)).unwrap();
    assert_eq!((habit.theme, habit.rev, habit.updated_at), (None, rev, later));
    let untouched = test.read(|store| store.find_habit(user, elsewhere.id)).unwrap();
    assert_eq!((untouched.theme, untouched.rev), (Some(kept.id), elsewhere.rev));
    assert_eq!(test.read(|store| store.find_theme(user, gone.id)), None);
    assert!(test.read(|store| store.theme_was_deleted(user, gone.id)));
    assert!(!test.read(|store| store.theme_was_deleted(user, kept.id)));
    let unknown = ThemeId::from_uuid(samples::id());
    assert!(!test.write(user, |tx| tx.store.delete_theme(user, unknown, tx.rev, later)));
    assert!(!test.read(|store| store.theme_was_deleted(user, unknown)));
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
    assert_eq!(themes(&test, user), [(theme.clone(), ThemeCounts::default())]);
    // Two users may even choose the same id.
    insert(&test, other, &theme).unwrap();
}
