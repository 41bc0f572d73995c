//! What an installation that is sharded by user must know: tables whose key doesn't begin with the user, and statements
//! that aren't bound to one user. docs/SHARDING.md lists both, with the reasons.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use circadia_storage::STATEMENTS;
use circadia_tests::{Backend, TestApp, run};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::catalogue::{Catalogue, World};
use super::jobs::instant;

const DOCUMENT: &str = include_str!("../../../docs/SHARDING.md");

/// The first column of each row of the table below this heading, without its backquotes.
fn listed(heading: &str) -> BTreeSet<String> {
    let (_, section) = DOCUMENT.split_once(&format!("## {heading}\n")).expect("a heading");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split_once("` |").expect("a row with a reason").0.replace("\\|", "|")).collect()
}

/// Everything that was sent to the database.
#[derive(Debug, Clone, Default)]
struct Statements(Arc<Mutex<BTreeSet<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == STATEMENTS {
            event.record(&mut &*self);
        }
    }
}

impl Visit for &Statements {
    fn record_str(&mut self, field: &Field, text: &str) {
        if field.name() == "sql" {
            self.0.lock().unwrap().insert(text.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// The tables that a statement names.
fn tables_in<'a>(sql: &str, tables: &'a BTreeSet<String>) -> Vec<&'a str> {
    let words: BTreeSet<&str> = sql.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
    tables.iter().map(String::as_str).filter(|table| words.contains(table)).collect()
}

/// Whether a statement is bound to one user: a condition says whose rows it is about, or it inserts rows.
fn is_bound(sql: &str) -> bool {
    let sql = sql.replace('`', "");
    let conditions = ["user_id = ?", "users.id = ?", "users WHERE id = ?", "user_id=?"];
    sql.starts_with("INSERT INTO") && !sql.contains("SELECT") || conditions.iter().any(|part| sql.contains(part))
}

/// What a statement does to which tables: `SELECT users`, `DELETE jobs`.
fn name_of(sql: &str, tables: &[&str]) -> String {
    let verb = sql.split_whitespace().next().unwrap_or_default();
    let verb = if verb == "WITH" { "SELECT" } else { verb };
    format!("{verb} {}", tables.join(", "))
}

#[test]
fn each_statement_that_is_not_bound_to_one_user_is_known_with_its_reason() {
    let statements = Statements::default();
    let subscriber = tracing_subscriber::registry().with(statements.clone());
    tracing::subscriber::set_global_default(subscriber).expect("the first subscriber");
    let mut tables = BTreeSet::new();
    run(async {
        let app = TestApp::on(Backend::Sqlite).start();
        // Migrations are about all users by nature.
        statements.0.lock().unwrap().clear();
        tables.extend(app.database.tables_of_users());
        tables.insert("users".to_owned());
        for operation in &Catalogue::read().operations {
            let name = format!("of-{}", operation.id.to_lowercase());
            let name: String = name.chars().take(30).collect();
            let client = app.user(&name).await;
            if operation.role.is_some() {
                app.give_role(&name, "superuser");
            }
            let world = World::of(&client).await.ready_for(&client, operation).await;
            let body = world.body(operation);
            client.call(operation.method.clone(), &world.path_and_query(operation), &body).await;
        }
        app.clock.advance(86_400);
        let recurred = format!(
            "SELECT count(DISTINCT kind) FROM jobs WHERE kind IN ('purge', 'logins', 'login_retention') \
             AND state = 'done' AND created_at >= {}",
            instant(Backend::Sqlite, 86_400)
        );
        app.until("jobs that recur on the next day", || app.database.number(&recurred) == 3).await;
        app.no_job_waits().await;
    });
    let seen = statements.0.lock().unwrap();
    assert!(seen.len() > 200, "only {} statements were seen", seen.len());
    let mut unbound: BTreeMap<String, &str> = BTreeMap::new();
    for sql in seen.iter() {
        let named = tables_in(sql, &tables);
        if !named.is_empty() && !is_bound(sql) {
            unbound.insert(name_of(sql, &named), sql);
        }
    }
    let known = listed("Statements that aren't bound to one user");
    let unknown: Vec<_> = unbound.iter().filter(|(name, _)| !known.contains(*name)).collect();
    assert!(unknown.is_empty(), "docs/SHARDING.md doesn't know these statements: {unknown:#?}");
    let gone: Vec<_> = known.iter().filter(|name| !unbound.contains_key(*name)).collect();
    assert!(gone.is_empty(), "docs/SHARDING.md lists statements that there aren't: {gone:#?}");
}

#[test]
fn each_table_whose_key_does_not_begin_with_the_user_is_known_with_its_reason() {
    let app = TestApp::on(Backend::Sqlite).start();
    let mut others = BTreeSet::new();
    for table in app.database.tables_of_users() {
        let query = format!("SELECT count(*) FROM pragma_table_info('{table}') WHERE pk = 1 AND name = 'user_id'");
        if app.database.number(&query) == 0 {
            others.insert(table);
        }
    }
    assert_eq!(listed("Tables whose key doesn't begin with the user"), others);
}
