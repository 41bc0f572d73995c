//! The database is frozen rather than gone: connections stay open, and nothing answers.

use std::time::{Duration, Instant};

use circadia_tests::{Backend, Client, DatabaseServer, TestApp, fresh_id};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{on_servers, refused_in_time, timed};

on_servers!(
    whoever_waits_is_refused_in_time_and_served_once_it_thaws,
    a_server_that_is_stopped_and_continued_is_used_again,
    what_was_begun_and_given_up_is_not_stored_when_it_thaws,
);

/// Twice the time within which readiness is answered.
const READY_WITHIN: Duration = Duration::from_secs(2);
/// Within what time all is well once it thaws.
const SOON: Duration = Duration::from_secs(5);

/// Asserts that many requests at once are refused in time.
async fn all_are_refused(clients: &[&Client], theme: &str) {
    let mut requests = JoinSet::new();
    for number in 0..24 {
        for client in clients {
            let client = (*client).clone();
            let (method, body) = match number % 3 {
                0 => (Method::POST, json!({"name": format!("{theme} {number}")})),
                _ => (Method::GET, Value::Null),
            };
            requests.spawn(async move { timed(&client, method, "/themes", &body).await });
        }
    }
    for answer in requests.join_all().await {
        refused_in_time(&answer);
    }
}

async fn readiness_is_refused(anonymous: &Client) {
    let (ready, took) = timed(anonymous, Method::GET, "/health/ready", &Value::Null).await;
    assert_eq!(ready.expect(503).body["dependencies"]["database"], "down");
    assert!(took < READY_WITHIN, "{took:?}");
    let (live, took) = timed(anonymous, Method::GET, "/health/live", &Value::Null).await;
    live.expect(200);
    assert!(took < READY_WITHIN, "{took:?}");
}

async fn whoever_waits_is_refused_in_time_and_served_once_it_thaws(backend: Backend) {
    let (builder, proxy) = TestApp::on(backend).by_proxy().await;
    let app = builder.start();
    let (ada, anonymous) = (app.user("ada").await, app.anonymous());
    let browser = app.browser("ada").await;
    for client in [&ada, &browser] {
        client.until_known().await;
    }
    for time in ["first", "second"] {
        let frozen = proxy.freeze();
        // Whoever asks first, finds out.
        readiness_is_refused(&anonymous).await;
        for round in 0..3 {
            all_are_refused(&[&ada, &browser], &format!("{time} {round}")).await;
            readiness_is_refused(&anonymous).await;
        }
        let credentials = json!({"username": "ada", "password": "correct horse battery"});
        refused_in_time(&timed(&anonymous, Method::POST, "/auth/login", &credentials).await);
        drop(frozen);
        for client in [&ada, &browser] {
            client.until_let_in_within(SOON).await;
        }
        anonymous.get("/health/ready").await.expect(200);
    }
    assert_eq!(ada.get("/themes").await.expect(200).body["items"], json!([]));
    ada.theme("Health").await;
    app.log_in("ada").await.get("/me").await.expect(200);
}

async fn a_server_that_is_stopped_and_continued_is_used_again(backend: Backend) {
    let server = DatabaseServer::start(backend);
    let app = TestApp::on_server(&server).start();
    let (ada, anonymous) = (app.user("ada").await, app.anonymous());
    ada.until_known().await;
    let frozen = server.freeze();
    all_are_refused(&[&ada], "Frozen").await;
    readiness_is_refused(&anonymous).await;
    all_are_refused(&[&ada], "Frozen still").await;
    drop(frozen);
    ada.until_let_in_within(SOON).await;
    anonymous.get("/health/ready").await.expect(200);
    ada.theme("Health").await;
}

/// A request that was refused as not stored must not be stored by the thread that was left behind.
async fn what_was_begun_and_given_up_is_not_stored_when_it_thaws(backend: Backend) {
    let (builder, proxy) = TestApp::on(backend).by_proxy().await;
    let app = builder.start();
    let ada = app.user("ada").await;
    ada.until_known().await;
    let mut answers = Vec::new();
    for _ in 0..2 {
        // Writes are under way, at whatever point, when it freezes.
        let mut writes = JoinSet::new();
        for _ in 0..12 {
            let (ada, id) = (ada.clone(), fresh_id());
            writes.spawn(async move {
                let answer = ada.post("/tasks", json!({"id": id, "title": "Call"})).await;
                (id, answer)
            });
        }
        tokio::time::sleep(Duration::from_millis(12)).await;
        let frozen = proxy.freeze();
        let begun = Instant::now();
        answers.extend(writes.join_all().await);
        assert!(begun.elapsed() < super::REFUSED_WITHIN, "{:?}", begun.elapsed());
        drop(frozen);
        ada.until_let_in_within(SOON).await;
    }
    // Until what was left behind has ended as well.
    tokio::time::sleep(Duration::from_millis(500)).await;
    for (id, answer) in answers {
        let there = ada.get(&format!("/tasks/{id}")).await.status == 200;
        match answer.body["code"].as_str() {
            Some("unavailable") => assert!(!there, "{id} was called not stored, and is"),
            Some(code) => assert_eq!((answer.status, code), (503, "outcome_unknown")),
            None => assert!(there, "{id} was answered {}, and isn't there", answer.status),
        }
    }
}
