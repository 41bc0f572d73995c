//! Killed while it does what was asked for before: imports and deliveries of webhooks. Whoever starts next goes on with it,
//! and the outcome is the same once. `CIRCADIA_TEST_KILLS` says how often, for longer runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use circadia_tests::{Backend, Received, Receiver, fresh_id};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::api::Session;
use crate::killed::Killed;
use crate::process::{Server, until};
use crate::run::run;

const KILLS: usize = 3;
const TASKS: usize = 5_000;
/// Deliveries between two kills, at least.
const DELIVERED: usize = 8;

fn kills() -> usize {
    std::env::var("CIRCADIA_TEST_KILLS").map_or(KILLS, |text| text.parse().unwrap())
}

/// Starts a server after another was killed, at a time when the leases of that one are over.
async fn serve_later(killed: &Killed) -> Server {
    for table in ["jobs", "webhooks"] {
        killed
            .database
            .execute(&format!("UPDATE {table} SET leased_until = created_at WHERE leased_until IS NOT NULL"));
    }
    killed.serve().await
}

/// Kills the server, and starts another.
async fn kill(killed: &Killed, server: Server) -> Server {
    server.kill();
    drop(server);
    serve_later(killed).await
}

async fn import_of(server: &Server, session: &Session, id: &str) -> Value {
    server.get(session, &format!("/imports/{id}")).await
}

/// Waits until an import is in one of some states.
async fn in_state(server: &Server, session: &Session, id: &str, states: &[&str]) -> Value {
    until("an import that ended", async || {
        let found = import_of(server, session, id).await;
        states.contains(&found["state"].as_str().unwrap()).then_some(found)
    })
    .await
}

async fn imports_outlive_kills(backend: Backend) {
    let killed = Killed::new(backend, &[]);
    let mut server = killed.serve().await;
    let ada = server.register("ada").await;
    let mut file = "title,due_on,theme\n".to_owned();
    (0..TASKS).for_each(|number| writeln!(file, "Task {number},2026-04-01,Theme {}", number % 3).unwrap());
    let url = server.url("/api/v1/imports?format=csv");
    let answer = Client::new().post(url).bearer_auth(&ada.access_token).body(file).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let import: Value = answer.json().await.unwrap();
    let id = import["id"].as_str().unwrap();

    let mut killed_within = 0;
    for kill_number in 0..kills() {
        let before = import_of(&server, &ada, id).await["handled"].as_u64().unwrap();
        let more = async || {
            let found = import_of(&server, &ada, id).await;
            (found["state"] == "done" || found["handled"].as_u64().unwrap() > before).then_some(found)
        };
        let found = until("a part that was done", more).await;
        killed_within += usize::from(found["state"] == "running");
        server = kill(&killed, server).await;
        let handled = import_of(&server, &ada, id).await["handled"].as_u64().unwrap();
        assert!(found["handled"].as_u64().unwrap() <= handled, "kill {kill_number} lost a part that was told");
    }
    assert!(killed_within > 0, "it was over before it was killed");
    let done = in_state(&server, &ada, id, &["done", "failed"]).await;
    assert_eq!((&done["state"], &done["made"]), (&json!("done"), &json!(TASKS + 3)), "{done}");
    let number = |query: &str| killed.database.number(query);
    assert_eq!(number("SELECT count(*) FROM tasks"), i64::try_from(TASKS).unwrap());
    assert_eq!(number("SELECT count(DISTINCT title) FROM tasks"), i64::try_from(TASKS).unwrap());

    // Undoing it, too.
    let (status, answer) = server.try_ask(Method::DELETE, &format!("/imports/{id}"), Some(&ada), None).await.unwrap();
    assert_eq!(status, 202, "{answer}");
    let begun = async || (number("SELECT count(*) FROM tasks") < i64::try_from(TASKS).unwrap()).then_some(());
    until("a part that was undone", begun).await;
    server = kill(&killed, server).await;
    in_state(&server, &ada, id, &["undone"]).await;
    for table in ["tasks", "themes", "import_items"] {
        assert_eq!(number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    no_panic(&killed, server);
}

async fn deliveries_outlive_kills(backend: Backend) {
    let killed = Killed::new(backend, &[("CIRCADIA_WEBHOOK_PRIVATE_TARGETS", "true")]);
    let mut server = killed.serve().await;
    let (ada, receiver) = (server.register("ada").await, Receiver::start(&[]));
    let webhook = json!({"url": receiver.url(), "events": ["task.changed"]});
    let (status, webhook) = server.post("/webhooks", Some(&ada), &webhook).await;
    assert_eq!(status, 201, "{webhook}");
    let mut tasks = BTreeSet::new();
    for _ in 0..kills() {
        // All at once: the server has turned them into deliveries, or not yet, and is somewhere among them, when it dies.
        let commands: Vec<Value> = (0..2 * DELIVERED)
            .map(|_| {
                let task = fresh_id();
                tasks.insert(task.clone());
                json!({"id": fresh_id(), "type": "task", "operation": "create", "key": task, "data": {"title": "Call"}})
            })
            .collect();
        let before = receiver.received().len();
        let (status, answer) = server.post("/sync", Some(&ada), &json!({"commands": commands})).await;
        assert_eq!(status, 200, "{answer}");
        receiver.until(before + DELIVERED).await;
        server = kill(&killed, server).await;
    }
    let told = |received: &[Received]| -> BTreeMap<String, BTreeSet<String>> {
        let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for message in received {
            let task = message.json()["data"]["key"].as_str().unwrap().to_owned();
            told.entry(task).or_default().insert(message.id().to_owned());
        }
        told
    };
    let all_told = async || (told(&receiver.received()).len() == tasks.len()).then_some(());
    until("a message of every task", all_told).await;
    // One that was on its way, or had arrived without being noted, came again under the same id.
    let received = receiver.received();
    assert!(told(&received).iter().all(|(task, ids)| tasks.contains(task) && ids.len() == 1), "{received:?}");
    let again = received.len() - tasks.len();
    assert!(again <= kills(), "{again} messages came again after {} kills", kills());
    no_panic(&killed, server);
}

fn no_panic(killed: &Killed, server: Server) {
    drop(server);
    run(killed.sandbox.circadia(&["doctor"]).env("DATABASE_URL", killed.database.url())).succeeded();
    let log = std::fs::read_to_string(killed.log()).unwrap();
    assert!(!log.contains("panicked"), "{log}");
}

macro_rules! on_each {
    ($($(#[$cfg:meta])? $module:ident: $backend:ident),*) => {$(
        $(#[$cfg])?
        mod $module {
            #[tokio::test]
            async fn imports_outlive_kills() {
                super::imports_outlive_kills(circadia_tests::Backend::$backend).await;
            }

            #[tokio::test]
            async fn deliveries_outlive_kills() {
                super::deliveries_outlive_kills(circadia_tests::Backend::$backend).await;
            }
        }
    )*};
}

on_each!(
    sqlite: Sqlite,
    #[cfg(feature = "postgres")]
    postgres: Postgres,
    #[cfg(feature = "mysql")]
    mysql: Mysql
);
