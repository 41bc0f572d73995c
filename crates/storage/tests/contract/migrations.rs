//! Migrations.

use std::path::{Path, PathBuf};
use std::time::Duration;

use circadia_domain::error::StoreError;
use circadia_domain::logins::{LoginAttempt, LoginMethod};
use circadia_domain::unit_of_work::Database as _;
use circadia_storage::{Backend, StorageError};

use super::logins::attempt;
#[cfg(feature = "mysql")]
use super::schema::statements;
use crate::support::samples::{self, NOW};
use crate::support::{TestDatabase, at_once};

const TABLES_OF_MYSQL: &str = "SELECT table_name FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_name NOT LIKE '\\_\\_diesel%' ORDER BY table_name";

fn folder(backend: Backend) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(backend.feature())
}

/// How many there are.
fn known() -> usize {
    std::fs::read_dir(folder(Backend::Sqlite)).unwrap().count()
}

pub(crate) fn replicas_that_start_together_migrate_once(backend: Backend) {
    let test = TestDatabase::empty(backend);
    let replicas: Vec<_> = (0..6).map(|_| test.reopened(|_| ())).collect();
    let ran = at_once(6, |index| replicas[index].migrate(Duration::from_secs(20)).unwrap());
    let mut counts: Vec<usize> = ran.iter().map(Vec::len).collect();
    counts.sort_unstable();
    assert_eq!(counts, [0, 0, 0, 0, 0, known()]);
    assert_eq!(test.raw().number("SELECT taken FROM global_locks WHERE name = 'server_keys'"), 0);
}

pub(crate) fn connections_that_open_together_all_open(backend: Backend) {
    for _ in 0..10 {
        let test = TestDatabase::empty(backend);
        let replicas: Vec<_> = (0..8).map(|_| test.reopened(|_| ())).collect();
        // An empty database is reached, and told from one that has its tables.
        at_once(8, |index| match replicas[index].ping() {
            Err(StoreError::Unavailable(reason)) if reason.starts_with("the schema is missing") => {}
            other => panic!("{other:?}"),
        });
    }
}

pub(crate) fn what_is_pending_and_applied_is_told(backend: Backend) {
    let test = TestDatabase::empty(backend);
    let pending = test.database.pending().unwrap();
    assert_eq!(pending.len(), known());
    assert!(pending[0].ends_with("_users"), "{pending:?}");
    assert!(test.database.applied().unwrap().is_empty());
    assert_eq!(test.database.migrate(Duration::ZERO).unwrap(), pending);
    assert!(test.database.pending().unwrap().is_empty());
    assert_eq!(test.database.applied().unwrap(), pending);
    let away = test.reopened(|options| {
        options.url = match backend {
            Backend::Sqlite => "sqlite:///nowhere/at/all.db".to_owned(),
            Backend::Postgres => "postgres://nobody@127.0.0.1:1/none".to_owned(),
            Backend::Mysql => "mysql://nobody@127.0.0.1:1/none".to_owned(),
        };
    });
    assert!(matches!(away.migrate(Duration::from_millis(300)), Err(StorageError::Unreachable(_))));
}

pub(crate) fn everything_can_be_undone(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let mut names: Vec<_> = std::fs::read_dir(folder(backend)).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let mut raw = test.raw();
    for folder in names.iter().rev() {
        let undo = std::fs::read_to_string(folder.join("down.sql")).unwrap();
        raw.execute(&undo).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    }
    let tables = match backend {
        Backend::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_\\_diesel%' ESCAPE '\\'"
        }
        Backend::Postgres => {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_diesel%'"
        }
        Backend::Mysql => TABLES_OF_MYSQL,
    };
    assert_eq!(raw.texts(tables), [""; 0]);
}

pub(crate) fn what_was_linked_with_google_is_known_by_its_issuer(backend: Backend) {
    // With the first migration that knows of issuers, and those that follow from it.
    const FIRST: &str = "2026-11-29-150000";
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let (identity, session) = (samples::identity(user), samples::session(user));
    test.write(user, |tx| {
        tx.store.insert_identity(&identity)?;
        tx.store.insert_session(&session)?;
        tx.store.insert_login(&LoginAttempt { method: LoginMethod::Provider, ..attempt(Some(user), NOW, None) })
    });
    let mut undone: Vec<_> = std::fs::read_dir(folder(backend)).unwrap().map(|entry| entry.unwrap().path()).collect();
    undone.retain(|path| path.file_name().unwrap().to_str().unwrap() >= FIRST);
    undone.sort();
    let mut raw = test.raw();
    for path in undone.iter().rev() {
        raw.execute(&std::fs::read_to_string(path.join("down.sql")).unwrap()).unwrap();
    }
    let recorded = FIRST.replace('-', "");
    raw.execute(&format!("DELETE FROM __diesel_schema_migrations WHERE version >= '{recorded}'")).unwrap();
    for before in ["sessions WHERE first_factor", "login_attempts WHERE method", "identities WHERE provider"] {
        assert_eq!(raw.number(&format!("SELECT count(*) FROM {before} = 'google'")), 1, "{before}");
    }
    assert_eq!(test.database.migrate(Duration::ZERO).unwrap().len(), undone.len());
    assert_eq!(test.read(|store| store.identities_of(user)), [identity]);
    assert_eq!(test.read(|store| store.find_session(user, session.id)).unwrap().session, session);
    assert_eq!(raw.number("SELECT count(*) FROM login_attempts WHERE method = 'provider'"), 1);
}

/// The lock belongs to a session, and behind a pooler a session isn't a start's alone.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn a_start_with_nothing_to_migrate_waits_for_no_lock(backend: Backend, lock: &str) {
    let test = TestDatabase::migrated(backend);
    let mut raw = test.raw();
    raw.execute(lock).unwrap();
    // Its migrations wait for ten minutes.
    let (sender, ended) = std::sync::mpsc::channel();
    let other = test.reopened(|_| ());
    std::thread::spawn(move || sender.send(other.migrate(Duration::ZERO).map_err(|error| error.to_string())));
    let ended = ended.recv_timeout(Duration::from_secs(20));
    drop(raw);
    assert_eq!(ended, Ok(Ok(Vec::new())));
}

#[cfg(feature = "postgres")]
mod postgres {
    use super::*;

    #[test]
    fn a_start_with_nothing_to_migrate_waits_for_no_lock() {
        let key = i64::from_be_bytes(*b"circadia");
        super::a_start_with_nothing_to_migrate_waits_for_no_lock(
            Backend::Postgres,
            &format!("SELECT pg_advisory_lock({key})"),
        );
    }
}

#[cfg(feature = "mysql")]
mod mysql {
    use super::*;

    #[test]
    fn a_start_with_nothing_to_migrate_waits_for_no_lock() {
        super::a_start_with_nothing_to_migrate_waits_for_no_lock(
            Backend::Mysql,
            "DO GET_LOCK(LEFT(CONCAT('circadia ', DATABASE()), 64), 1)",
        );
    }

    /// DDL commits statement by statement: a migration that fails half-way leaves tables behind, and isn't recorded.
    #[test]
    fn a_migration_that_failed_half_way_is_run_again() {
        let whole = TestDatabase::migrated(Backend::Mysql);
        let first = folder(Backend::Mysql).join(&whole.database.applied().unwrap()[0]);
        let statements = statements(&std::fs::read_to_string(first.join("up.sql")).unwrap());
        assert!(statements.len() > 3, "{statements:?}");
        for done in 1..=statements.len() {
            let test = TestDatabase::empty(Backend::Mysql);
            let mut raw = test.raw();
            for statement in &statements[..done] {
                raw.execute(statement).unwrap();
            }
            assert_eq!(test.database.migrate(Duration::ZERO).unwrap().len(), known(), "after {done} statements");
            assert_eq!(raw.number("SELECT count(*) FROM global_locks"), 2);
            assert_eq!(raw.texts(TABLES_OF_MYSQL), whole.raw().texts(TABLES_OF_MYSQL));
        }
    }
}
