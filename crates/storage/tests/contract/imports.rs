//! Imports from other apps.

use circadia_domain::ids::UserId;
use circadia_domain::imports::{
    self, Event, Fate, Import, ImportReport, ImportState, Item, ItemId, ItemKind, LineOutcome, MadeItem, NamedThemes,
    Next, PART,
};
use circadia_domain::revision::Revision;
use circadia_domain::tasks::Task;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW, date};

fn insert(test: &TestDatabase, user: UserId, import: &Import) {
    test.write(user, |tx| tx.store.insert_import(user, import));
}

fn tasks(numbers: std::ops::Range<usize>) -> Vec<Event> {
    let task = |number: usize| {
        let mut id = [7; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        Task { id: uuid::Uuid::from_bytes(id).into(), ..samples::task(&format!("Task {number}")) }
    };
    numbers.map(|number| Event::Item { line: 1, item: Item::Task(Box::new(task(number))) }).collect()
}

pub(crate) fn an_import_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let mut report = ImportReport { unreadable: 7, ..ImportReport::default() };
    for line in 0..300 {
        let outcome = LineOutcome {
            line,
            kind: Some(ItemKind::SleepLog),
            fate: Fate::Skipped,
            label: Some("🧘 'x'".repeat(20)),
            code: Some("sleep_overlap".to_owned()),
            detail: Some("ü".repeat(400)),
        };
        report.add(vec![outcome]);
    }
    let import = Import { report, ..samples::import() };
    insert(&test, user, &import);
    insert(&test, other, &Import { bytes: 1, ..import.clone() });
    assert_eq!(test.read(|store| store.find_import(user, import.id)), Some(import.clone()));
    let changed = Import {
        state: ImportState::Failed,
        handled: 1 << 40,
        made: 3,
        failure: Some("x".repeat(500)),
        report: ImportReport::default(),
        updated_at: NOW.plus_seconds(1),
        ..import
    };
    let later = Import { created_at: NOW.plus_seconds(5), ..samples::import() };
    test.write(user, |tx| tx.store.update_import(user, &changed));
    insert(&test, user, &later);
    assert_eq!(test.read(|store| store.imports(user)), [later, changed.clone()]);
    test.write(user, |tx| tx.store.forget_imports(user, &[changed.id]));
    assert_eq!(test.read(|store| store.find_import(user, changed.id)), None);
    assert!(test.read(|store| store.find_import(other, changed.id)).is_some());
}

pub(crate) fn what_was_made_is_forgotten_from_its_end(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let import = samples::import();
    insert(&test, user, &import);
    let made = |position: i64| MadeItem {
        position,
        kind: ItemKind::ALL[usize::try_from(position).unwrap() % ItemKind::ALL.len()],
        item: ItemId::from_uuid(samples::id()),
        date: (position % 2 == 0).then(|| date("2026-01-01")),
        rev: Revision(position + 1),
    };
    let items: Vec<MadeItem> = (0..1_500).map(made).collect();
    test.write(user, |tx| tx.store.insert_made_items(user, import.id, &items));
    let last = test.read(|store| store.last_made_items(user, import.id, 3));
    assert_eq!(last, [items[1_499], items[1_498], items[1_497]]);
    test.write(user, |tx| tx.store.forget_made_items(user, import.id, 1_498));
    assert_eq!(test.read(|store| store.last_made_items(user, import.id, 1)), [items[1_497]]);
}

pub(crate) fn revisions_are_those_of_ones_own(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let task = Task { rev: Revision(41), ..samples::task("a") };
    let foreign = samples::task("b");
    test.write(user, |tx| tx.store.insert_task(user, &task));
    test.write(other, |tx| tx.store.insert_task(other, &foreign));
    let mut ids: Vec<uuid::Uuid> = (0..2_500).map(|_| samples::id()).collect();
    ids.extend([task.id.as_uuid(), foreign.id.as_uuid()]);
    let found = test.read(|store| store.item_revisions(user, ItemKind::Task, &ids));
    assert_eq!(found, [(task.id.as_uuid(), Revision(41))]);
    assert_eq!(test.read(|store| store.item_revisions(user, ItemKind::Habit, &ids)), []);
}

pub(crate) fn each_part_is_done_once_whoever_does_it(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let import = samples::import();
    insert(&test, user, &import);
    let run = |handled: u64, numbers: std::ops::Range<usize>, is_last: bool| {
        let events = tasks(numbers);
        test.write(user, |tx| {
            Ok(imports::run_part(tx, import.id, handled, events.clone(), &NamedThemes::new(), is_last).unwrap())
        })
    };
    let state = || test.read(|store| store.find_import(user, import.id)).unwrap();
    assert_eq!(run(0, 0..PART, false), Next::Part);
    // A server died before it noted that; another one does the part again.
    assert_eq!(run(0, 0..PART, false), Next::Nothing);
    assert_eq!((state().handled, state().made, state().state), (500, 500, ImportState::Running));
    assert_eq!(run(500, PART..PART + 7, true), Next::Nothing);
    assert_eq!(run(500, PART..PART + 7, true), Next::Nothing);
    assert_eq!((state().handled, state().made, state().state), (507, 507, ImportState::Done));
    assert_eq!(test.read(|store| store.task_total(user)), 507);
    // Undoing is done in parts, too.
    test.write(user, |tx| tx.store.update_import(user, &Import { state: ImportState::Undoing, ..state() }));
    let mut parts = 0;
    while test.write(user, |tx| Ok(imports::undo_part(tx, import.id).unwrap())) {
        parts += 1;
    }
    assert_eq!((parts, state().made, state().state), (2, 0, ImportState::Undone));
    assert_eq!(test.read(|store| store.task_total(user)), 0);
    // What is undone isn't imported on.
    assert_eq!(run(507, 600..601, true), Next::Nothing);
}
