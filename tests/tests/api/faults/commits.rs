//! The connection is lost at COMMIT. Whether a write is stored can't be known then, and isn't claimed.

use std::time::Duration;

use circadia_tests::{Answer, Backend, Client, TestApp, fresh_id};
use serde_json::{Value, json};

use super::on_servers;

on_servers!(
    what_is_called_not_stored_is_not_stored_when_answers_to_commit_are_lost,
    a_commit_that_never_arrived_is_not_called_stored,
    an_increment_is_not_called_undone_when_it_may_count,
    a_connection_that_the_server_ends_is_never_a_defect,
);

/// Within what time all is well once nothing is lost any more.
const SOON: Duration = Duration::from_secs(5);

/// What an answer claims of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    Stored,
    NotStored,
    Unknown,
}

#[track_caller]
fn claim_of(answer: &Answer) -> Claim {
    let retry_after = answer.header("retry-after");
    match (answer.status, answer.body["code"].as_str()) {
        (200 | 201, _) => Claim::Stored,
        (503, Some("unavailable")) => {
            assert!(retry_after.is_some(), "{} doesn't say when to come back", answer.request);
            Claim::NotStored
        }
        (503, Some("outcome_unknown")) => {
            assert_eq!(retry_after, None, "{}: as if it could be repeated", answer.request);
            let detail = answer.body["detail"].as_str().unwrap();
            assert!(detail.contains("GET") && !detail.contains("othing was stored"), "{detail}");
            Claim::Unknown
        }
        _ => panic!("{} answered {} {}", answer.request, answer.status, answer.body),
    }
}

/// Sends creations one after the other; their ids, bodies and claims.
async fn create_tasks(client: &Client, count: usize) -> Vec<(String, Value, Claim)> {
    let mut claims = Vec::new();
    for number in 0..count {
        let id = fresh_id();
        let body = json!({"id": id, "title": format!("Task {number}")});
        let claim = claim_of(&client.post("/tasks", body.clone()).await);
        claims.push((id, body, claim));
    }
    claims
}

/// Asserts that every claim is true, and that a repeated creation is answered with the task. The number of stored ones.
async fn are_true(client: &Client, claims: &[(String, Value, Claim)]) -> usize {
    let mut stored = 0;
    for (id, body, claim) in claims {
        let there = client.get(&format!("/tasks/{id}")).await.status == 200;
        match claim {
            Claim::Stored => assert!(there, "{id} was called stored, and isn't"),
            Claim::NotStored => assert!(!there, "{id} was called not stored, and is"),
            Claim::Unknown => {}
        }
        stored += usize::from(there);
        let again = client.post("/tasks", body.clone()).await;
        assert!(matches!(again.status, 200 | 201), "{} answered {}", again.request, again.body);
    }
    let listed = client.get("/tasks?limit=100").await.expect(200).items().len();
    assert_eq!(listed, claims.len(), "something is there twice, or missing");
    stored
}

async fn what_is_called_not_stored_is_not_stored_when_answers_to_commit_are_lost(backend: Backend) {
    let (builder, proxy) = TestApp::on(backend).by_proxy().await;
    let app = builder.start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    let disturbed = proxy.lose_answers_to_commit();
    let claims = create_tasks(&ada, 12).await;
    drop(disturbed);
    ada.until_let_in_within(SOON).await;
    assert!(are_true(&ada, &claims).await > 0, "no COMMIT arrived: {claims:?}");
}

async fn a_commit_that_never_arrived_is_not_called_stored(backend: Backend) {
    let (builder, proxy) = TestApp::on(backend).by_proxy().await;
    let app = builder.start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    let disturbed = proxy.lose_commits();
    let claims = create_tasks(&ada, 6).await;
    drop(disturbed);
    ada.until_let_in_within(SOON).await;
    assert!(claims.iter().all(|(.., claim)| *claim != Claim::Stored), "{claims:?}");
    assert_eq!(are_true(&ada, &claims).await, 0);
}

async fn an_increment_is_not_called_undone_when_it_may_count(backend: Backend) {
    let (builder, proxy) = TestApp::on(backend).by_proxy().await;
    let app = builder.start();
    let ada = app.user("ada").await;
    let habit = json!({"kind": {"type": "count", "target": 100, "unit": "pages"}});
    let habit = ada.habit(habit).await;
    let path = format!("/habits/{habit}/entries/2026-03-11");
    ada.until_known().await;
    let disturbed = proxy.lose_answers_to_commit();
    let (mut stored, mut unknown) = (0, 0);
    for _ in 0..8 {
        match claim_of(&ada.post(&format!("{path}/increment"), json!({"by": 1})).await) {
            Claim::Stored => stored += 1,
            Claim::Unknown => unknown += 1,
            Claim::NotStored => {}
        }
    }
    drop(disturbed);
    ada.until_let_in_within(SOON).await;
    let entry = ada.get(&path).await.expect(200).body;
    let value = entry["value"].as_f64().unwrap();
    assert!((f64::from(stored)..=f64::from(stored + unknown)).contains(&value), "{value}: {stored} + {unknown}");
}

async fn a_connection_that_the_server_ends_is_never_a_defect(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    let writing = {
        let ada = ada.clone();
        tokio::spawn(async move {
            let mut claims = Vec::new();
            for _ in 0..15 {
                claims.extend(create_tasks(&ada, 4).await);
            }
            claims
        })
    };
    let mut server = app.database.connection();
    while !writing.is_finished() {
        if backend == Backend::Postgres {
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                 AND pid <> pg_backend_pid()",
            );
        } else {
            let others = "FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()";
            for _ in 0..server.number(&format!("SELECT COUNT(*) {others}")) {
                let id = server.number(&format!("SELECT CAST(COALESCE(MIN(id), 0) AS SIGNED) {others}"));
                // Where there is none any more, this does nothing.
                server.execute(&format!("BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR 1094 DO 0; KILL {id}; END"));
            }
        }
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
    let claims = writing.await.unwrap();
    ada.until_let_in_within(SOON).await;
    are_true(&ada, &claims).await;
}
