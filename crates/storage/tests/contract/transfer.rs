//! Everything is moved between databases, exactly; held against the databases' own catalogues.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use circadia_domain::ephemera::EphemeronKind;
use circadia_domain::error::StoreError;
use circadia_domain::habits::Entry;
use circadia_domain::jobs::JobKind;
use circadia_domain::keys::{KeyPurpose, StoredKey};
use circadia_domain::logins;
use circadia_domain::quotes::{Quote, QuoteAuthor, QuoteText};
use circadia_domain::unit_of_work::write_unowned;
use circadia_storage::Backend;
use circadia_storage::transfer::{
    ColumnKind, Copied, FILLED_BY_MIGRATIONS, Fingerprint, Origin, Phase, Progress, ROWS_PER_BATCH, Row, TransferError,
    copy, differences, tables,
};

use super::erasure::fill;
use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

/// Entries of a user: more than one batch has.
const ENTRIES: i32 = 2_345;

/// Rows in every table.
fn filled() -> TestDatabase {
    let test = TestDatabase::migrated(Backend::Sqlite);
    let (user, other) = (test.user(), test.user());
    fill(&test, user);
    fill(&test, other);
    let habit = samples::habit("Many");
    test.write(user, |tx| tx.store.insert_habit(user, &habit));
    let first = samples::date("2020-01-01");
    let entries: Vec<Entry> =
        (0..ENTRIES).map(|day| samples::entry(habit.id, first.checked_add_days(day).unwrap())).collect();
    for entries in entries.chunks(1_000) {
        test.write(user, |tx| tx.store.put_entries(user, entries));
    }
    test.write(user, |tx| {
        tx.store.revoke_sessions(user, NOW)?;
        while logins::roll_up(tx.store, NOW.plus_seconds(400 * 86_400))? {}
        tx.store.insert_audit_event(&samples::audit_event(user))?;
        tx.store.put_ephemeron(EphemeronKind::new("cookie"), &[0xFE; 32], &[0, 0xFF, 7], NOW)?;
        tx.store.add_schedule(JobKind::Purge, NOW)?;
        tx.store.insert_key(&StoredKey {
            kid: "a".to_owned(),
            purpose: KeyPurpose::Login,
            sealed: (0..=255).cycle().take(16_384).collect(),
            created_at: NOW,
            retires_at: None,
        })?;
        let quote = Quote {
            text: QuoteText::parse("Zoë: \u{1F319} \"…\" \\ 'quoted'").unwrap(),
            author: QuoteAuthor::parse("Æ").unwrap(),
            locale: None,
        };
        tx.store.replace_quotes(first, &[quote])
    });
    for (table, fingerprint) in fingerprints(&test) {
        assert!(fingerprint.rows > 0, "there is no row in {table}");
    }
    test
}

fn fingerprints(test: &TestDatabase) -> Vec<(String, Fingerprint)> {
    test.database.snapshot().unwrap().fingerprints(&tables(), &mut |_| {}).unwrap()
}

fn copied(source: &TestDatabase, target: &TestDatabase) -> Copied {
    copy(&source.database, &target.database, false, &mut |_| {}).unwrap()
}

/// `table.column` → kind of type, as the database itself says.
fn catalogue(test: &TestDatabase, backend: Backend) -> BTreeMap<String, String> {
    let rows = test.raw().texts(match backend {
        Backend::Sqlite => {
            "SELECT t.name || '.' || c.name || ' ' || lower(c.type)
             FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'"
        }
        Backend::Postgres => {
            "SELECT concat(table_name, '.', column_name, ' ', data_type) FROM information_schema.columns
             WHERE table_schema = 'public'"
        }
        Backend::Mysql => {
            "SELECT concat(table_name, '.', column_name, ' ', data_type) FROM information_schema.columns
             WHERE table_schema = database()"
        }
    });
    let columns = rows.iter().filter(|row| !row.starts_with("__diesel")).map(|row| {
        let (name, kind) = row.split_once(' ').unwrap();
        (name.to_owned(), kind.to_owned())
    });
    columns.collect()
}

/// What a database calls the types of such columns.
fn types(kind: ColumnKind, backend: Backend) -> &'static [&'static str] {
    let [sqlite, postgres, mysql]: [&[&str]; 3] = match kind {
        ColumnKind::Uuid => [&["blob"], &["uuid"], &["binary"]],
        ColumnKind::Instant => [&["integer"], &["timestamp with time zone"], &["datetime"]],
        ColumnKind::Date => [&["integer"], &["date"], &["date"]],
        ColumnKind::Text => [&["text"], &["text"], &["varchar", "mediumtext", "text"]],
        ColumnKind::Integer => [&["integer"], &["integer"], &["int"]],
        ColumnKind::Bigint => [&["integer"], &["bigint"], &["bigint"]],
        ColumnKind::Boolean => [&["integer"], &["boolean"], &["tinyint"]],
        ColumnKind::Bytes => [&["blob"], &["bytea"], &["binary", "varbinary", "mediumblob"]],
    };
    match backend {
        Backend::Sqlite => sqlite,
        Backend::Postgres => postgres,
        Backend::Mysql => mysql,
    }
}

pub(crate) fn every_table_and_column_is_known(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let catalogue = catalogue(&test, backend);
    let mut known = BTreeSet::new();
    for table in tables() {
        for column in &table.columns {
            let name = format!("{}.{}", table.name, column.name);
            let kind = catalogue.get(&name).unwrap_or_else(|| panic!("{name} isn't there"));
            let types = types(column.kind, backend);
            assert!(types.contains(&kind.as_str()), "{name} is {kind}, and {:?} here", column.kind);
            known.insert(name);
        }
    }
    let forgotten: Vec<_> = catalogue.keys().filter(|name| !known.contains(*name)).collect();
    assert!(forgotten.is_empty(), "these belong into `tables!` of transfer/table.rs: {forgotten:?}");
}

pub(crate) fn referenced_tables_come_first(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let pairs = test.raw().texts(match backend {
        Backend::Sqlite => {
            "SELECT t.name || ' ' || k.\"table\" FROM sqlite_master t, pragma_foreign_key_list(t.name) k WHERE t.type = 'table'"
        }
        Backend::Postgres => {
            "SELECT concat(conrelid::regclass, ' ', confrelid::regclass) FROM pg_constraint WHERE contype = 'f'"
        }
        Backend::Mysql => {
            "SELECT concat(table_name, ' ', referenced_table_name) FROM information_schema.referential_constraints
             WHERE constraint_schema = database()"
        }
    });
    assert!(pairs.len() > 20, "{pairs:?}");
    let tables = tables();
    let place = |name: &str| tables.iter().position(|table| table.name == name).unwrap();
    for pair in pairs {
        let (referencing, referenced) = pair.split_once(' ').unwrap();
        assert!(place(referenced) < place(referencing), "{referenced} comes after {referencing}");
    }
}

pub(crate) fn tables_that_migrations_fill_are_known(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let filled: Vec<String> =
        fingerprints(&test).into_iter().filter(|(_, found)| found.rows > 0).map(|(table, _)| table).collect();
    let mut known: Vec<&str> = FILLED_BY_MIGRATIONS.to_vec();
    known.sort_by_key(|name| tables().iter().position(|table| table.name == *name));
    assert_eq!(filled, known);
}

pub(crate) fn everything_is_copied_there_and_back(backend: Backend) {
    let source = filled();
    let before = fingerprints(&source);
    let (there, back) = (TestDatabase::empty(backend), TestDatabase::empty(Backend::Sqlite));
    let sent = copied(&source, &there);
    assert_eq!((sent.tables.as_slice(), sent.changed.as_slice()), (before.as_slice(), [].as_slice()));
    assert_eq!(fingerprints(&there), before);
    assert_eq!(there.database.unfinished_load().unwrap(), None);
    copied(&there, &back);
    assert_eq!(fingerprints(&back), before);

    // It is one to go on with: rows that the database numbers come behind those that arrived.
    let revocations = |test: &TestDatabase| test.raw().number("SELECT max(id) FROM revocations");
    let last = revocations(&there);
    let user = there.user();
    there.write(user, |tx| tx.store.insert_session(&samples::session(user)));
    there.write(user, |tx| tx.store.revoke_sessions(user, NOW));
    assert!(revocations(&there) > last);
    let different = differences(&before, &fingerprints(&there));
    assert!(different.iter().any(|told| told.starts_with("users (")), "{different:?}");
}

/// Rows that were moved so far, and a panic once they are as many as that.
fn cut_off_at(source: &TestDatabase, target: &TestDatabase, rows: u64) -> bool {
    let mut moved = 0;
    let told = |progress: Progress<'_>| match progress {
        Progress::Rows(more) => {
            moved += more;
            assert!(moved < rows, "cut off");
        }
        Progress::Phase { .. } | Progress::Table { .. } => {}
    };
    let mut told = told;
    catch_unwind(AssertUnwindSafe(|| copy(&source.database, &target.database, false, &mut told))).is_err()
}

pub(crate) fn a_copy_that_was_cut_off_is_gone_on_with(backend: Backend) {
    let source = filled();
    let before = fingerprints(&source);
    let all: u64 = before.iter().map(|(_, found)| found.rows).sum();
    let target = TestDatabase::empty(backend);
    for rows in [1, 60, 60, 1_500, 1_500, all] {
        assert!(cut_off_at(&source, &target, rows), "{rows}");
        assert_eq!(target.database.unfinished_load().unwrap().as_deref(), Some("a copy"));
        assert!(fingerprints(&target) != before || rows == all);
    }
    assert_eq!(copied(&source, &target).tables, before);
    assert_eq!(fingerprints(&target), before);
    assert_eq!(target.database.unfinished_load().unwrap(), None);

    // Another source isn't gone on with.
    let (target, other) = (TestDatabase::empty(backend), filled());
    assert!(cut_off_at(&source, &target, 1_500));
    let mixed = copy(&other.database, &target.database, false, &mut |_| {}).unwrap_err();
    assert!(matches!(mixed, TransferError::SourceChanged(_)), "{mixed}");
    copy(&other.database, &target.database, true, &mut |_| {}).unwrap();
    assert_eq!(fingerprints(&target), fingerprints(&other));
}

pub(crate) fn a_database_in_use_is_filled_only_if_it_is_to_be_replaced(backend: Backend) {
    let source = filled();
    let target = TestDatabase::migrated(backend);
    target.user();
    let in_use = fingerprints(&target);
    let refused = copy(&source.database, &target.database, false, &mut |_| {}).unwrap_err();
    assert!(matches!(&refused, TransferError::NotEmpty(tables) if *tables == ["users", "user_revisions"]), "{refused}");
    let refused = target.database.loader(&tables(), Origin::Backup, false).unwrap_err();
    assert!(matches!(refused, TransferError::NotEmpty(_)), "{refused}");
    assert_eq!(fingerprints(&target), in_use);
    copy(&source.database, &target.database, true, &mut |_| {}).unwrap();
    assert_eq!(fingerprints(&target), fingerprints(&source));
}

pub(crate) fn what_changes_meanwhile_is_told(backend: Backend) {
    let source = TestDatabase::migrated(backend);
    let user = source.user();
    fill(&source, user);
    let before = fingerprints(&source);
    let write = || {
        write_unowned::<(), StoreError>(&source.database, |store| store.insert_user(&samples::user())).unwrap();
    };
    let target = TestDatabase::empty(Backend::Sqlite);
    let mut told = |progress: Progress<'_>| {
        if matches!(progress, Progress::Table { name: "users", .. }) {
            write();
        }
    };
    let sent = copy(&source.database, &target.database, false, &mut told).unwrap();
    // Of the moment when it began: neither more nor less, in any table.
    assert_eq!(fingerprints(&target), before);
    assert_eq!(sent.changed, ["users (1 rows and 2)", "user_revisions (1 rows and 2)"]);
}

pub(crate) fn what_arrives_damaged_is_told(backend: Backend) {
    let source = filled();
    let target = TestDatabase::empty(backend);
    let mut told = |progress: Progress<'_>| {
        if matches!(progress, Progress::Phase { phase: Phase::Comparing, .. }) {
            target.raw().execute("UPDATE tasks SET title = 'Another'").unwrap();
            target.raw().execute("DELETE FROM moods").unwrap();
        }
    };
    let found = copy(&source.database, &target.database, false, &mut told).unwrap_err();
    let TransferError::Different(different) = &found else { panic!("{found}") };
    assert_eq!(different.len(), 2, "{found}");
    assert!(different.iter().any(|told| told.starts_with("tasks (other content")), "{found}");
    assert!(different.iter().any(|told| told.starts_with("moods (") && told.ends_with(" and 0)")), "{found}");
    // No server starts on it.
    assert!(target.database.unfinished_load().unwrap().is_some());
}

pub(crate) fn rows_go_through_lines_of_json(backend: Backend) {
    let source = filled();
    let database = TestDatabase::empty(backend);
    copied(&source, &database);
    let mut snapshot = database.database.snapshot().unwrap();
    let target = TestDatabase::migrated(backend);
    let tables = tables();
    let mut loader = target.database.loader(&tables, Origin::Backup, false).unwrap();
    for table in &tables {
        let mut batches = 0;
        snapshot
            .each_batch::<TransferError>(table, |rows| {
                assert!(rows.len() <= ROWS_PER_BATCH);
                batches += 1;
                let read: Result<Vec<Row>, _> = rows.iter().map(|row| Row::of_line(table, &row.to_line())).collect();
                loader.insert(table, &read?)
            })
            .unwrap();
        assert_eq!(batches, if table.name == "entries" { 3 } else { 1 }, "{}", table.name);
    }
    assert_eq!(target.database.unfinished_load().unwrap().as_deref(), Some("a restored backup"));
    loader.finish().unwrap();
    assert_eq!(fingerprints(&target), fingerprints(&source));
}

/// Needs all three, live.
#[cfg(all(feature = "postgres", feature = "mysql"))]
#[test]
fn everything_goes_round_through_all_databases() {
    let source = filled();
    let before = fingerprints(&source);
    let mut last = source;
    for backend in [Backend::Postgres, Backend::Mysql, Backend::Postgres, Backend::Sqlite, Backend::Mysql] {
        let next = TestDatabase::empty(backend);
        copied(&last, &next);
        assert_eq!(fingerprints(&next), before, "{backend:?}");
        last = next;
    }
}
