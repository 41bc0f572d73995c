//! Habits and their histories.

use circadia_domain::civil::Date;
use circadia_domain::habits::{Habit, HabitTotals, History, HistoryPart, Recent, TimeOfDay, Timeline, Window};
use circadia_domain::ids::{HabitId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::text::Line;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

fn insert(test: &TestDatabase, user: UserId, habits: &[Habit]) {
    test.write(user, |tx| habits.iter().try_for_each(|habit| tx.store.insert_habit(user, habit)));
}

fn find(test: &TestDatabase, user: UserId, id: HabitId) -> Option<Habit> {
    test.read(|store| store.find_habit(user, id))
}

/// Habits hold types without equality; what is stored of them is in what they print.
fn same(left: &Habit, right: &Habit) {
    assert_eq!(format!("{left:#?}"), format!("{right:#?}"));
}

pub(crate) fn a_habit_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let theme = samples::theme("Body");
    test.write(user, |tx| tx.store.insert_theme(user, &theme));
    let description = circadia_domain::habits::HabitDescription::parse(&"🏊".repeat(2000)).unwrap();
    let icon = Some(Line::parse(&"🏊".repeat(32)).unwrap());
    let question = Some(Line::parse(&"🏊".repeat(200)).unwrap());
    let habit = Habit { theme: Some(theme.id), description, icon, question, ..samples::habit(&"🏊".repeat(100)) };
    insert(&test, user, std::slice::from_ref(&habit));
    same(&find(&test, user, habit.id).unwrap(), &habit);
    let (found, history) = test.read(|store| store.find_habits(user, &[habit.id])).remove(0);
    same(&found, &habit);
    assert_eq!(history, History::default());
}

pub(crate) fn a_bare_habit_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let mut habit = Habit {
        description: None,
        color: None,
        icon: None,
        question: None,
        time_of_day: TimeOfDay::Any,
        archived_at: None,
        position: i32::MIN,
        ..samples::habit("x")
    };
    let window = Window { starts_on: Date::MAX, ends_on: None };
    habit.timeline = Timeline::new(window, habit.timeline.plans().to_vec(), Vec::new()).unwrap();
    insert(&test, user, std::slice::from_ref(&habit));
    same(&find(&test, user, habit.id).unwrap(), &habit);
    assert!(find(&test, user, HabitId::from_uuid(samples::id())).is_none());
}

pub(crate) fn a_habit_changes_but_for_its_origin(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let (habit, bystander) = (samples::habit("before"), samples::habit("bystander"));
    insert(&test, user, &[habit.clone(), bystander.clone()]);
    let changed = Habit {
        name: circadia_domain::habits::HabitName::parse("after").unwrap(),
        description: None,
        color: None,
        icon: None,
        question: None,
        time_of_day: TimeOfDay::Any,
        archived_at: None,
        position: 5,
        created_at: NOW.plus_seconds(77),
        updated_at: NOW.plus_seconds(1),
        rev: Revision(3),
        request_digest: [0; 32],
        ..habit.clone()
    };
    test.write(user, |tx| tx.store.update_habit(user, &changed));
    let expected = Habit { created_at: habit.created_at, request_digest: habit.request_digest, ..changed };
    same(&find(&test, user, habit.id).unwrap(), &expected);
    same(&find(&test, user, bystander.id).unwrap(), &bystander);
}

pub(crate) fn habits_come_in_their_users_order(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let at = |position: i32| Habit { position, ..samples::habit("h") };
    let habits = [at(2), at(1), at(1), at(-1)];
    insert(&test, user, &habits);
    let expected = [habits[3].id, habits[1].id, habits[2].id, habits[0].id];
    let ids: Vec<HabitId> = test.read(|store| store.habits(user)).iter().map(|habit| habit.id).collect();
    assert_eq!(ids, expected);
    let ids: Vec<HabitId> =
        test.read(|store| store.settings_and_habits(user)).unwrap().1.iter().map(|(habit, _)| habit.id).collect();
    assert_eq!(ids, expected);
}

pub(crate) fn several_habits_are_found_in_one_statement(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let habits = [samples::habit("a"), samples::habit("b"), samples::habit("c")];
    insert(&test, user, &habits);
    let history = samples::history(&["2026-01-01"]);
    test.write(user, |tx| tx.store.put_histories(user, &[(&habits[2], &history)]));
    let wanted = [habits[2].id, habits[0].id, HabitId::from_uuid(samples::id())];
    let found = test.read(|store| store.find_habits(user, &wanted));
    assert_eq!(test.database_statements(), 1);
    let ids: Vec<HabitId> = found.iter().map(|(habit, _)| habit.id).collect();
    assert_eq!(ids, [habits[0].id, habits[2].id]);
    assert_eq!(found[0].1, History::default());
    assert_eq!(found[1].1, history);
    assert!(test.read(|store| store.find_habits(user, &[])).is_empty());
}

pub(crate) fn totals_are_those_of_the_user(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    insert(&test, other, &[samples::habit("h")]);
    assert_eq!(test.read(|store| store.habit_totals(user)), HabitTotals::default());
    insert(
        &test,
        user,
        &[Habit { position: -7, ..samples::habit("h") }, Habit { position: -9, ..samples::habit("h") }],
    );
    assert_eq!(test.read(|store| store.habit_totals(user)), HabitTotals { count: 2, last_position: Some(-7) });
}

pub(crate) fn habits_move_in_few_statements(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let habits: Vec<Habit> = (0..700).map(|position| Habit { position, ..samples::habit("h") }).collect();
    insert(&test, user, &habits);
    insert(&test, other, &habits[..1]);
    let later = NOW.plus_seconds(1);
    let moves: Vec<(HabitId, i32)> = habits.iter().skip(1).map(|habit| (habit.id, 1_000 - habit.position)).collect();
    let rev = test.write(user, |tx| {
        tx.store.move_habits(user, &moves, tx.rev, later)?;
        Ok(tx.rev)
    });
    assert!(test.database_statements() <= 2, "{}", test.database_statements());
    let moved = test.read(|store| store.habits(user));
    let expected: Vec<HabitId> =
        [habits[0].id].into_iter().chain(habits.iter().skip(1).rev().map(|habit| habit.id)).collect();
    assert_eq!(moved.iter().map(|habit| habit.id).collect::<Vec<_>>(), expected);
    assert_eq!((moved[0].rev, moved[0].updated_at), (Revision(2), NOW));
    assert!(moved[1..].iter().all(|habit| habit.rev == rev && habit.updated_at == later));
    let stranger = test.write(other, |tx| {
        tx.store.move_habits(other, &[(habits[1].id, 3)], tx.rev, later)?;
        tx.store.habits(other)
    });
    assert_eq!(stranger[0].position, 0);
    assert_eq!(find(&test, user, habits[1].id).unwrap().position, 999);
    test.write(user, |tx| tx.store.move_habits(user, &[], tx.rev, later));
}

pub(crate) fn histories_are_replaced_in_one_statement(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let habits: Vec<Habit> = (0..100).map(|_| samples::habit("h")).collect();
    insert(&test, user, &habits);
    let put = |history: &History| {
        let histories: Vec<(&Habit, &History)> = habits.iter().map(|habit| (habit, history)).collect();
        test.write(user, |tx| tx.store.put_histories(user, &histories));
        assert_eq!(test.database_statements(), 1);
        for (_, stored) in test.read(|store| store.settings_and_habits(user)).unwrap().1 {
            assert_eq!(&stored, history);
        }
    };
    put(&samples::history(&["2026-01-01"]));
    put(&samples::history(&["1970-01-01", "2026-01-01", "2199-12-31"]));
    test.write(user, |tx| tx.store.put_histories(user, &[]));
}

pub(crate) fn recent_parts_are_stored_with_their_histories(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let habits: Vec<Habit> = (0..50).map(|_| samples::habit("h")).collect();
    insert(&test, user, &habits);
    let recent = |habit: &Habit| {
        let (_, found) = test.read(|store| store.settings_and_recent(user)).unwrap();
        assert_eq!(test.database_statements(), 1);
        let (_, recent) = found.into_iter().find(|(found, _)| found.id == habit.id).unwrap();
        assert_eq!(test.read(|store| store.find_recent(user, habit.id)).unwrap_or_default(), recent);
        recent
    };
    assert_eq!(recent(&habits[3]), Recent::default(), "there is no history yet");
    let history = samples::history(&["1999-12-31", "2025-02-03", "2025-12-01", "2026-01-01"]);
    let rows: Vec<(&Habit, &History)> = habits.iter().map(|habit| (habit, &history)).collect();
    test.write(user, |tx| tx.store.put_histories(user, &rows));
    assert_eq!(recent(&habits[3]), Recent::of(&habits[3].timeline, &history));
    assert_eq!(recent(&habits[3]).summary(&habits[3].timeline, samples::date("2025-01-01")), None);
    let stranger = test.user();
    assert_eq!(test.read(|store| store.find_recent(stranger, habits[3].id)), None);
    assert!(test.read(|store| store.settings_and_recent(stranger)).unwrap().1.is_empty());
}

pub(crate) fn a_day_to_write_comes_with_all_that_it_needs(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let habits: Vec<Habit> = (0..3).map(|_| samples::habit("h")).collect();
    insert(&test, user, &habits);
    let history = samples::history(&["1999-12-31", "2025-02-03", "2025-12-01", "2026-01-01"]);
    let rows: Vec<(&Habit, &History)> = habits.iter().map(|habit| (habit, &history)).collect();
    let entry = samples::entry(habits[1].id, samples::date("2026-01-01"));
    test.write(user, |tx| {
        tx.store.put_histories(user, &rows)?;
        tx.store.put_entries(user, std::slice::from_ref(&entry))
    });
    let read = |of, id, date, part| {
        let day = test.read(|store| store.day_to_write(of, id, samples::date(date), part)).unwrap();
        assert_eq!(test.database_statements(), 1);
        day
    };
    for (part, recent) in [
        (HistoryPart::Recent, Recent::of(&habits[0].timeline, &history)),
        (HistoryPart::Whole, Recent::whole(history.clone())),
    ] {
        let day = read(user, habits[1].id, "2026-01-01", part);
        let (habit, whole, found) = day.written.unwrap();
        same(&habit, &habits[1]);
        assert_eq!((whole, found), (history.clone(), Some(entry.clone())));
        let mut others: Vec<_> = day.others.iter().map(|(habit, recent)| (habit.id, recent.clone())).collect();
        others.sort_unstable_by_key(|(id, _)| *id);
        let mut expected = vec![(habits[0].id, recent.clone()), (habits[2].id, recent)];
        expected.sort_unstable_by_key(|(id, _)| *id);
        assert_eq!(others, expected);
    }
    assert_eq!(read(user, habits[1].id, "2026-01-02", HistoryPart::Recent).written.unwrap().2, None);
    assert!(read(user, samples::habit("none").id, "2026-01-01", HistoryPart::Recent).written.is_none());
    // Of a stranger there is nothing, and of who isn't there not even the settings.
    let stranger = read(test.user(), habits[1].id, "2026-01-01", HistoryPart::Recent);
    assert!(stranger.written.is_none() && stranger.others.is_empty());
    let unknown = test.read(|store| {
        store.day_to_write(UserId::from_uuid(samples::id()), habits[1].id, entry.date, HistoryPart::Recent)
    });
    assert!(unknown.is_none());
}

pub(crate) fn a_deleted_habit_takes_its_entries_along_and_is_remembered(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let (gone, kept) = (samples::habit("gone"), samples::habit("kept"));
    insert(&test, user, &[gone.clone(), kept.clone()]);
    let history = samples::history(&["2026-01-01"]);
    let entries: Vec<_> = [gone.id, kept.id]
        .into_iter()
        .flat_map(|habit| ["2026-01-01", "2026-01-02"].map(|date| samples::entry(habit, samples::date(date))))
        .collect();
    test.write(user, |tx| {
        tx.store.put_entries(user, &entries)?;
        tx.store.put_histories(user, &[(&gone, &history), (&kept, &history)])
    });
    assert!(test.write(user, |tx| tx.store.delete_habit(user, gone.id, tx.rev, tx.now)));
    assert_eq!(test.database_statements(), 7);
    assert!(find(&test, user, gone.id).is_none());
    let mut raw = test.raw();
    for table in ["habits", "habit_histories"] {
        assert_eq!(raw.number(&format!("SELECT count(*) FROM {table}")), 1, "{table}");
    }
    assert_eq!(raw.number("SELECT count(*) FROM entries"), 2);
    assert!(test.read(|store| store.was_deleted(user, &gone.id.into())));
    assert!(!test.read(|store| store.was_deleted(user, &kept.id.into())));
    assert!(!test.write(user, |tx| tx.store.delete_habit(user, gone.id, tx.rev, tx.now)), "it was gone");
}

pub(crate) fn habits_of_others_are_out_of_reach(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let habit = samples::habit("mine");
    insert(&test, user, std::slice::from_ref(&habit));
    let name = circadia_domain::habits::HabitName::parse("stolen").unwrap();
    test.write(other, |tx| {
        assert!(tx.store.find_habit(other, habit.id)?.is_none());
        assert!(tx.store.find_habits(other, &[habit.id])?.is_empty());
        assert!(tx.store.find_habits(other, &[habit.id])?.is_empty());
        assert!(tx.store.habits(other)?.is_empty());
        tx.store.update_habit(other, &Habit { name: name.clone(), ..habit.clone() })?;
        assert!(!tx.store.delete_habit(other, habit.id, tx.rev, tx.now)?);
        Ok(())
    });
    same(&find(&test, user, habit.id).unwrap(), &habit);
}

pub(crate) fn lists_cost_the_same_for_one_habit_and_for_fifty(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let week =
        circadia_domain::civil::DateRange::new(samples::date("2026-01-01"), samples::date("2026-01-07")).unwrap();
    let cost = || {
        test.read(|store| {
            store.habits(user)?;
            store.settings_and_habits(user)?;
            store.amounts(user, week)
        });
        test.database_statements()
    };
    insert(&test, user, &[samples::habit("h")]);
    let one = cost();
    let habits: Vec<Habit> = (0..49).map(|_| samples::habit("h")).collect();
    insert(&test, user, &habits);
    let entries: Vec<_> = habits.iter().map(|habit| samples::entry(habit.id, Date::MIN)).collect();
    test.write(user, |tx| tx.store.put_entries(user, &entries));
    assert_eq!((one, cost()), (3, 3));
}
