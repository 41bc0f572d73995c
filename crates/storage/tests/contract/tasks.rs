//! Tasks.

use std::time::Duration;

use circadia_domain::civil::{Date, ZoneOrOffset};
use circadia_domain::collation::search_key;
use circadia_domain::ids::{TaskId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::tasks::{
    Priority, Task, TaskCursor, TaskDescription, TaskFilter, TaskOrder, TaskSeek, TaskSort, TaskStatus, TaskTitle,
};
use circadia_domain::time_entries::TimeEntry;
use circadia_domain::timer::Timer;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW, date};

const BY_DUE_DAY: TaskOrder = TaskOrder { by: TaskSort::DueOn, reversed: false };

fn insert(test: &TestDatabase, user: UserId, tasks: &[Task]) {
    test.write(user, |tx| tasks.iter().try_for_each(|task| tx.store.insert_task(user, task)));
}

/// The titles of all tasks that meet a filter, joined.
fn titles(test: &TestDatabase, user: UserId, filter: &TaskFilter) -> String {
    let seek = TaskSeek { order: BY_DUE_DAY, beyond: None, backwards: false, limit: 100 };
    let found = test.read(|store| store.tasks(user, filter, &seek));
    assert_eq!(test.database_statements(), 1);
    found.iter().map(|task| task.title.as_str()).collect::<Vec<_>>().join(" ")
}

fn open(title: &str, status: TaskStatus, due_on: Option<&str>) -> Task {
    Task { status, completed_at: None, due_on: due_on.map(date), ..samples::task(title) }
}

pub(crate) fn a_task_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let theme = samples::theme("Theme");
    test.write(user, |tx| tx.store.insert_theme(user, &theme));
    // Each of these characters becomes eighteen in the key.
    let longest = Task {
        theme: Some(theme.id),
        title: TaskTitle::parse(&"\u{FDFA}".repeat(200)).unwrap(),
        description: TaskDescription::parse(&"\u{FDFA}".repeat(2000)).unwrap(),
        due_on: Some(Date::MAX),
        rev: Revision(i64::MAX),
        ..samples::task("x")
    };
    insert(&test, user, std::slice::from_ref(&longest));
    assert_eq!(test.read(|store| store.find_task(user, longest.id)), Some(longest));
    assert_eq!(test.read(|store| store.task_total(user)), 1);
}

pub(crate) fn a_bare_task_reads_back_and_changes(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let theme = samples::theme("Theme");
    test.write(user, |tx| tx.store.insert_theme(user, &theme));
    let bare = Task {
        description: None,
        priority: Priority::Low,
        status: TaskStatus::Todo,
        due_on: None,
        completed_at: None,
        ..samples::task("🧘")
    };
    insert(&test, user, std::slice::from_ref(&bare));
    assert_eq!(test.read(|store| store.find_task(user, bare.id)), Some(bare.clone()));
    let changed = Task {
        id: bare.id,
        theme: Some(theme.id),
        title: TaskTitle::parse("Other").unwrap(),
        updated_at: NOW.plus_seconds(9),
        rev: Revision(9),
        created_at: bare.created_at,
        ..samples::task("x")
    };
    test.write(user, |tx| tx.store.update_task(user, &changed));
    assert_eq!(test.read(|store| store.find_task(user, bare.id)), Some(changed));
    assert_eq!(titles(&test, user, &containing("other")), "Other");
}

pub(crate) fn filters_select(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let theme = samples::theme("Theme");
    test.write(user, |tx| tx.store.insert_theme(user, &theme));
    let tasks = [
        Task { theme: Some(theme.id), ..open("a", TaskStatus::Todo, Some("2026-03-09")) },
        Task { priority: Priority::Low, ..open("b", TaskStatus::InProgress, Some("2026-03-10")) },
        open("c", TaskStatus::Cancelled, Some("2026-03-11")),
        samples::task("d"),
        open("e", TaskStatus::Todo, None),
    ];
    insert(&test, user, &tasks);
    let any = TaskFilter::default;
    let cases = [
        (any(), "a b c d e"),
        (TaskFilter { statuses: vec![TaskStatus::Todo], ..any() }, "a e"),
        (TaskFilter { statuses: vec![TaskStatus::Done, TaskStatus::Cancelled], ..any() }, "c d"),
        (TaskFilter { priority: Some(Priority::Low), ..any() }, "b"),
        (TaskFilter { theme: Some(theme.id), ..any() }, "a"),
        (TaskFilter { due_from: Some(date("2026-03-10")), ..any() }, "b c d"),
        (TaskFilter { due_to: Some(date("2026-03-10")), ..any() }, "a b"),
        (TaskFilter { due_from: Some(date("2026-03-10")), due_to: Some(date("2026-03-11")), ..any() }, "b c"),
        (TaskFilter { overdue: Some((date("2026-03-12"), true)), ..any() }, "a b"),
        (TaskFilter { overdue: Some((date("2026-03-10"), true)), ..any() }, "a"),
        (TaskFilter { overdue: Some((date("2026-03-10"), false)), ..any() }, "b c d e"),
        (TaskFilter { overdue: Some((date("2026-04-10"), false)), ..any() }, "c d e"),
        (TaskFilter { statuses: vec![TaskStatus::Todo], overdue: Some((date("2026-03-12"), true)), ..any() }, "a"),
    ];
    for (filter, expected) in cases {
        assert_eq!(titles(&test, user, &filter), expected, "{filter:?}");
    }
}

pub(crate) fn texts_are_found_whatever_they_contain(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let about = |title: &str, text: &str| Task {
        description: TaskDescription::parse(text).unwrap(),
        due_on: None,
        ..samples::task(title)
    };
    let tasks = [about("50%_off!", "x"), about("50 off", "CRÊPE\n\nSuzette"), about("Über\\uns", "creme")];
    insert(&test, user, &tasks);
    for (sought, expected) in [
        ("50%", "50%_off!"),
        ("%_o", "50%_off!"),
        ("off!", "50%_off!"),
        ("50_off", ""),
        ("crêpe suz", "50 off"),
        ("crepe", "50 off"),
        ("CRÈME", "Über\\uns"),
        ("über\\", "Über\\uns"),
        ("uber", "Über\\uns"),
        ("off", "50%_off! 50 off"),
        ("'; --", ""),
        ("off! x", ""),
    ] {
        assert_eq!(titles(&test, user, &containing(sought)), expected, "{sought}");
    }
}

fn containing(text: &str) -> TaskFilter {
    TaskFilter { text: Some(search_key(text)), ..TaskFilter::default() }
}

/// All ids in an order, page by page; asserts that each page leads back to the one before.
fn walk(test: &TestDatabase, user: UserId, order: TaskOrder, limit: usize) -> Vec<TaskId> {
    let page = |beyond: Option<(TaskCursor, TaskId)>, backwards: bool| {
        let seek = TaskSeek { order, beyond, backwards, limit };
        test.read(|store| store.tasks(user, &TaskFilter::default(), &seek))
    };
    let place = |task: &Task| Some((TaskCursor::of(task, order.by), task.id));
    let mut walked: Vec<Task> = Vec::new();
    loop {
        let next = page(walked.last().and_then(place), false);
        let Some(first) = next.first() else { break };
        let back: Vec<TaskId> = page(place(first), true).iter().map(|task| task.id).collect();
        let expected: Vec<TaskId> = walked.iter().rev().take(limit).map(|task| task.id).collect();
        assert_eq!(back, expected, "{order:?} before {first:?}");
        walked.extend(next);
    }
    walked.iter().map(|task| task.id).collect()
}

pub(crate) fn every_order_is_walked_forth_and_back_page_by_page(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let mut tasks = Vec::new();
    let due = [None, Some("2026-03-10"), Some("1970-01-01"), Some("2199-12-31")];
    for number in 0..24 {
        let title = ["b", "A", "ä", "a", "Z", "_"][number % 6];
        tasks.push(Task {
            priority: Priority::ALL[number % 3],
            created_at: NOW.plus_seconds(i64::try_from(number * 7 % 5).unwrap()),
            ..open(title, TaskStatus::Todo, due[number * 5 % 4])
        });
    }
    insert(&test, user, &tasks);
    for by in [TaskSort::DueOn, TaskSort::Priority, TaskSort::CreatedAt, TaskSort::Title] {
        let mut expected: Vec<&Task> = tasks.iter().collect();
        expected.sort_by_key(|task| {
            let rank = match TaskCursor::of(task, by) {
                TaskCursor::DueOn(due_on) => (due_on.map_or(0, Date::days_since_epoch).into(), String::new()),
                TaskCursor::Priority(priority) => (i64::from(priority.rank()), String::new()),
                TaskCursor::CreatedAt(at) => (at.micros(), String::new()),
                TaskCursor::Title(key) => (0, key),
            };
            (rank, task.id)
        });
        for reversed in [false, true] {
            let mut expected = expected.clone();
            if reversed {
                expected.reverse();
            }
            if by == TaskSort::DueOn {
                // Those without a day come last, either way.
                expected.sort_by_key(|task| task.due_on.is_none());
            }
            let expected: Vec<TaskId> = expected.iter().map(|task| task.id).collect();
            for limit in [1, 5, 24] {
                let order = TaskOrder { by, reversed };
                assert_eq!(walk(&test, user, order, limit), expected, "{order:?} by {limit}");
            }
        }
    }
}

pub(crate) fn titles_come_in_the_order_of_the_collation_page_by_page(backend: Backend) {
    const ORDERED: [&str; 20] = [
        "_",
        "🧘",
        "1",
        "apfel",
        "Apfel",
        "äpfel",
        "Äpfel",
        "apfelsaft",
        "Birne",
        "çay",
        "İstanbul",
        "Izmir",
        "Łódź",
        "strasse",
        "straße",
        "zoo",
        "Zürich",
        "Ωmega",
        "яблоко",
        "漢字",
    ];
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    // What tells these apart lies behind the end of their keys: their ids decide.
    let same = ["b", "a"].map(|end| open(&format!("漫{}{end}", "x".repeat(190)), TaskStatus::Todo, None));
    let mixed = (0..ORDERED.len()).map(|number| ORDERED[number * 7 % ORDERED.len()]);
    let mut tasks: Vec<Task> = mixed.map(|title| open(title, TaskStatus::Todo, None)).chain(same).collect();
    insert(&test, user, &tasks);
    tasks.sort_by_key(|task| (ORDERED.iter().position(|title| *title == task.title.as_str()).unwrap_or(99), task.id));
    for reversed in [false, true] {
        let order = TaskOrder { by: TaskSort::Title, reversed };
        for limit in [1, 5, 100] {
            let walked = walk(&test, user, order, limit);
            let title = |id: &TaskId| tasks.iter().find(|task| task.id == *id).unwrap().title.as_str();
            let expected: Vec<TaskId> = tasks.iter().map(|task| task.id).collect();
            assert_eq!(walked, expected, "{:?}", walked.iter().map(title).collect::<Vec<_>>());
        }
        tasks.reverse();
    }
}

pub(crate) fn keys_of_older_versions_are_rewritten(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let late = |title: &str| Task { description: TaskDescription::parse("ÄRGER").unwrap(), ..samples::task(title) };
    // More than are rewritten in one transaction.
    let mut tasks = vec![late("zoo"), late("Äpfel")];
    tasks.extend((0..600).map(|number| open(&format!("m{number}"), TaskStatus::Todo, None)));
    insert(&test, user, &tasks);
    insert(&test, other, &[late("zoo"), late("Äpfel"), open("kept", TaskStatus::Todo, None)]);
    let mut raw = test.raw();
    raw.execute("UPDATE tasks SET title_key = title, search_key = 'old', keys_version = 0 WHERE title <> 'kept'")
        .unwrap();
    // One by a newer version of the program, which knows better.
    raw.execute("UPDATE tasks SET title_key = '00', search_key = 'newer', keys_version = 99 WHERE title = 'kept'")
        .unwrap();
    let by_title = TaskOrder { by: TaskSort::Title, reversed: false };
    let seek = TaskSeek { order: by_title, beyond: None, backwards: false, limit: 1000 };
    let listed = |user| test.read(|store| store.tasks(user, &TaskFilter::default(), &seek));
    assert_eq!(listed(other)[0].title.as_str(), "kept");
    assert_eq!((titles(&test, user, &containing("arger")), listed(other)[1].title.as_str()), (String::new(), "zoo"));

    assert_eq!(test.database.migrate(Duration::ZERO).unwrap(), [""; 0]);

    assert_eq!(raw.number("SELECT count(*) FROM tasks WHERE keys_version = 0 OR search_key = 'old'"), 0);
    assert_eq!(raw.number("SELECT count(*) FROM tasks WHERE keys_version = 99 AND search_key = 'newer'"), 1);
    for user in [user, other] {
        assert_eq!(titles(&test, user, &containing("arger")), "zoo Äpfel");
    }
    assert_eq!(listed(other).iter().map(|task| task.title.as_str()).collect::<Vec<_>>(), ["kept", "Äpfel", "zoo"]);
    // Nothing changed that clients see.
    let mut unchanged = listed(user);
    unchanged.sort_by_key(|task| task.id);
    tasks.sort_by_key(|task| task.id);
    assert_eq!(unchanged, tasks);
    let revisions = "SELECT max(rev) FROM user_revisions";
    let raised = raw.number(revisions);
    test.database.migrate(Duration::ZERO).unwrap();
    assert_eq!(raw.number(revisions), raised, "there is nothing left to rewrite");
}

pub(crate) fn a_deleted_task_leaves_the_time_spent_on_it(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let (gone, kept) = (samples::task("gone"), samples::task("kept"));
    insert(&test, user, &[gone.clone(), kept.clone()]);
    let spent = |task: &Task| TimeEntry { task: Some(task.id), ..samples::time_entry(samples::date("2026-03-10"), 20) };
    let (on_gone, on_kept) = (spent(&gone), spent(&kept));
    let timer = Timer {
        habit: None,
        task: Some(gone.id),
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
    assert!(!test.read(|store| store.was_deleted(user, &gone.id.into())));
    let rev = test.write(user, |tx| {
        assert!(tx.store.delete_task(user, gone.id, tx.rev, later)?);
        assert!(!tx.store.delete_task(user, gone.id, tx.rev, later)?);
        Ok(tx.rev)
    });
    assert_eq!(test.read(|store| store.find_task(user, gone.id)), None);
    assert!(test.read(|store| store.was_deleted(user, &gone.id.into())));
    let left = test.read(|store| store.find_time_entry(user, on_gone.id)).unwrap();
    assert_eq!((left.task, left.rev, left.updated_at, left.minutes), (None, rev, later, 20));
    assert_eq!(test.read(|store| store.find_time_entry(user, on_kept.id)), Some(on_kept));
    let left = test.read(|store| store.find_timer(user)).unwrap();
    assert_eq!((left.task, left.rev), (None, rev));
}

pub(crate) fn tasks_of_others_are_out_of_reach(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let task = samples::task("Mine");
    insert(&test, user, std::slice::from_ref(&task));
    assert_eq!(test.read(|store| store.find_task(other, task.id)), None);
    assert_eq!(test.read(|store| store.task_total(other)), 0);
    assert_eq!(titles(&test, other, &TaskFilter::default()), "");
    test.write(other, |tx| tx.store.update_task(other, &Task { priority: Priority::Low, ..task.clone() }));
    assert!(!test.write(other, |tx| tx.store.delete_task(other, task.id, tx.rev, tx.now)));
    assert_eq!(test.read(|store| store.find_task(user, task.id)), Some(task.clone()));
    insert(&test, other, std::slice::from_ref(&task));
}

pub(crate) fn due_tasks_are_the_open_ones_up_to_a_day_with_their_number(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let due = |user: UserId, by: &str, limit: usize| {
        let due = test.read(|store| store.tasks_due(user, date(by), limit));
        assert_eq!(test.database_statements(), 1);
        (due.items.iter().map(|task| task.title.as_str()).collect::<Vec<_>>().join(" "), due.total)
    };
    assert_eq!(due(user, "2026-03-10", 5), (String::new(), 0));
    let done = Task { due_on: Some(date("2026-03-01")), status: TaskStatus::Done, ..samples::task("done") };
    let tasks = [
        open("c", TaskStatus::Todo, Some("2026-03-10")),
        open("d", TaskStatus::InProgress, Some("2026-03-10")),
        open("a", TaskStatus::InProgress, Some("1970-01-01")),
        open("b", TaskStatus::Todo, Some("2026-03-09")),
        open("later", TaskStatus::Todo, Some("2026-03-11")),
        open("some-day", TaskStatus::Todo, None),
        open("cancelled", TaskStatus::Cancelled, Some("2026-03-09")),
        done,
    ];
    insert(&test, user, &tasks);
    assert_eq!(due(user, "2026-03-10", 9), ("a b c d".to_owned(), 4));
    assert_eq!(due(user, "2026-03-10", 3), ("a b c".to_owned(), 4));
    assert_eq!(due(user, "1970-01-01", 3), ("a".to_owned(), 1));
    assert_eq!(due(other, "2026-03-10", 3), (String::new(), 0));
}
