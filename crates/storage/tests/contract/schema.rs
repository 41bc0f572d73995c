//! The three databases have one schema: the same migrations, the same tables, the same columns.

use std::collections::BTreeSet;
use std::path::Path;

const BACKENDS: [&str; 3] = ["sqlite", "postgres", "mysql"];

/// The names of a backend's migrations.
fn migrations(backend: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(backend);
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn file(backend: &str, migration: &str, name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(backend).join(migration);
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{backend}/{migration}/{name}: {error}"))
}

#[test]
fn every_migration_is_there_for_every_database() {
    let names = migrations("sqlite");
    assert!(!names.is_empty());
    for backend in BACKENDS {
        assert_eq!(migrations(backend), names, "{backend}");
        for name in &names {
            assert!(!file(backend, name, "up.sql").trim().is_empty());
            assert!(!file(backend, name, "down.sql").trim().is_empty());
        }
    }
}

/// The statements of a file, without comments.
pub(crate) fn statements(sql: &str) -> Vec<String> {
    let lines: Vec<&str> = sql.lines().filter(|line| !line.starts_with("--")).collect();
    lines.join("\n").split(';').map(|statement| statement.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

#[test]
fn migrations_for_mysql_can_be_run_again() {
    const RERUNNABLE: [&str; 5] =
        ["CREATE TABLE IF NOT EXISTS ", "INSERT IGNORE INTO ", "DROP TABLE IF EXISTS ", "UPDATE ", "DELETE FROM "];
    for name in migrations("mysql") {
        for direction in ["up.sql", "down.sql"] {
            let statements = statements(&file("mysql", &name, direction));
            let is_rerunnable = |text: &String| RERUNNABLE.iter().any(|start| text.starts_with(start));
            assert!(
                statements.iter().rev().skip(1).all(is_rerunnable),
                "{name}/{direction}: MySQL commits DDL statement by statement, so all but the last have to skip what is \
                 already there"
            );
        }
    }
}

#[test]
fn constraints_have_the_same_names_everywhere() {
    let constraints = |backend: &str, migration: &str| -> BTreeSet<String> {
        let sql = file(backend, migration, "up.sql");
        let mut words = sql.split_whitespace();
        let mut names = BTreeSet::new();
        while let Some(word) = words.next() {
            if word == "CONSTRAINT" {
                names.extend(words.next().map(|name| name.trim_end_matches(',').to_owned()));
            }
        }
        names
    };
    for migration in migrations("sqlite") {
        // Where a type says it all, no constraint has to: lengths of ids and digests, booleans.
        let needed: BTreeSet<String> =
            constraints("postgres", &migration).intersection(&constraints("mysql", &migration)).cloned().collect();
        assert!(constraints("sqlite", &migration).is_superset(&needed), "{migration}");
        for backend in ["postgres", "mysql"] {
            let own: BTreeSet<String> = constraints(backend, &migration).difference(&needed).cloned().collect();
            assert!(
                own.iter().all(|name| constraints("sqlite", &migration).contains(name)),
                "{backend}/{migration}: {own:?}"
            );
        }
    }
}

/// Needs all three, live.
#[cfg(all(feature = "postgres", feature = "mysql"))]
mod live {
    use std::collections::BTreeMap;

    use circadia_storage::Backend;

    use crate::support::TestDatabase;

    /// `table.column` → kind of type, nullability and place in the primary key.
    type Columns = BTreeMap<String, String>;

    fn columns(backend: Backend) -> Columns {
        let test = TestDatabase::migrated(backend);
        let rows = test.raw().texts(match backend {
            Backend::Sqlite => {
                "SELECT t.name || '.' || c.name || ' ' || lower(c.type) || ' '
                     || CASE WHEN c.\"notnull\" = 0 AND c.pk = 0 THEN 'null' ELSE 'not null' END || ' ' || c.pk
                 FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'"
            }
            Backend::Postgres => {
                "SELECT concat(c.table_name, '.', c.column_name, ' ', replace(c.data_type, ' ', '_'), ' ',
                     CASE c.is_nullable WHEN 'YES' THEN 'null' ELSE 'not null' END, ' ', coalesce(k.ordinal_position, 0))
                 FROM information_schema.columns c
                 LEFT JOIN information_schema.key_column_usage k
                     ON k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name
                     AND k.constraint_name = concat(c.table_name, '_pkey')
                 WHERE c.table_schema = 'public'"
            }
            Backend::Mysql => {
                "SELECT concat(c.table_name, '.', c.column_name, ' ', c.data_type, ' ',
                     CASE c.is_nullable WHEN 'YES' THEN 'null' ELSE 'not null' END, ' ', coalesce(k.ordinal_position, 0))
                 FROM information_schema.columns c
                 LEFT JOIN information_schema.key_column_usage k
                     ON k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name
                     AND k.constraint_name = 'PRIMARY'
                 WHERE c.table_schema = database()"
            }
        });
        rows.iter()
            .filter(|row| !row.starts_with("__diesel") && !row.starts_with("sqlite_"))
            .map(|row| {
                let (name, kind) = row.split_once(' ').unwrap();
                (name.to_owned(), kind.to_owned())
            })
            .collect()
    }

    /// The same in the words of `kinds`; what isn't among them stays and is found to differ.
    fn in_words_of(columns: &Columns, kinds: &[(&str, &str)]) -> Columns {
        let word = |kind: &str| {
            let (own, rest) = kind.split_once(' ').unwrap();
            let common = kinds.iter().find(|(name, _)| *name == own).map_or(own, |(_, common)| *common);
            format!("{common} {rest}")
        };
        columns.iter().map(|(name, kind)| (name.clone(), word(kind))).collect()
    }

    #[test]
    fn every_column_is_the_same_everywhere() {
        let postgres = columns(Backend::Postgres);
        assert!(postgres.len() > 80, "{postgres:#?}");
        let common = [
            ("uuid", "bytes"),
            ("bytea", "bytes"),
            ("binary", "bytes"),
            ("varbinary", "bytes"),
            ("mediumblob", "bytes"),
            ("timestamp_with_time_zone", "instant"),
            ("datetime", "instant"),
            ("integer", "int"),
            ("tinyint", "boolean"),
            ("varchar", "text"),
            ("mediumtext", "text"),
        ];
        let mysql = in_words_of(&columns(Backend::Mysql), &common);
        assert_eq!(mysql, in_words_of(&postgres, &common));
        // SQLite has three kinds.
        let stored_as = [
            ("uuid", "blob"),
            ("bytea", "blob"),
            ("timestamp_with_time_zone", "integer"),
            ("date", "integer"),
            ("bigint", "integer"),
            ("boolean", "integer"),
        ];
        assert_eq!(columns(Backend::Sqlite), in_words_of(&postgres, &stored_as));
    }
}
