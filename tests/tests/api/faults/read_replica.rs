//! A read replica that is behind, frozen or gone: whoever reads sees at least what they wrote, and is answered.

use std::time::{Duration, Instant};

use circadia_tests::{Backend, Client, TestApp, TestDatabase};
use reqwest::Method;
use serde_json::{Value, json};

use super::{on_servers, timed};

on_servers!(
    it_answers_until_one_has_written_something_that_it_lacks,
    while_it_is_frozen_the_database_answers,
    while_it_is_gone_the_database_answers,
);

const URL: &str = "DATABASE_REPLICA_URL";
const DAY: &str = "/moods/views/day?date=2026-03-10";

/// The user of a program, and a copy of the database in which the mood of that day is 3 instead of 7.
async fn with_copy(app: &TestApp) -> (Client, TestDatabase) {
    let ada = app.user("ada").await;
    ada.put("/moods/2026-03-10", json!({"value": 7})).await.expect(201);
    let copy = app.database.copy();
    copy.execute("UPDATE moods SET value = 3");
    (ada, copy)
}

async fn mood(client: &Client) -> Value {
    client.get(DAY).await.expect(200).body["value"].clone()
}

async fn state(client: &Client) -> Value {
    client.get("/health/ready").await.expect(200).body["dependencies"]["database_replica"].clone()
}

async fn it_answers_until_one_has_written_something_that_it_lacks(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, copy) = with_copy(&app).await;
    let reader = app.replica().set(URL, copy.url()).start();
    let at_reader = ada.at(&reader.anonymous());
    at_reader.until_known().await;
    assert_eq!((mood(&at_reader).await, state(&at_reader).await), (json!(3.0), json!("up")));
    // Written through another process, which knows of no replica.
    ada.post("/themes", json!({"name": "Health"})).await.expect(201);
    assert_eq!(mood(&at_reader).await, 7.0);
    // Somebody else's writes don't matter.
    copy.execute("UPDATE user_revisions SET rev = rev + 1");
    app.user("eve").await.post("/themes", json!({"name": "Work"})).await.expect(201);
    assert_eq!(mood(&at_reader).await, 3.0);
    // What isn't statistics is read where it is written.
    assert_eq!(at_reader.get("/moods/2026-03-10").await.expect(200).body["value"], 7.0);
    // Whoever registered meanwhile isn't known to it at all.
    let bob = reader.user("bob").await;
    assert_eq!(mood(&bob).await, Value::Null);
}

async fn while_it_is_frozen_the_database_answers(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, copy) = with_copy(&app).await;
    let (builder, proxy) = app.replica().set(URL, copy.url()).by_proxy_to(URL).await;
    let reader = builder.start();
    let at_reader = ada.at(&reader.anonymous());
    at_reader.until_known().await;
    assert_eq!(mood(&at_reader).await, 3.0);
    let frozen = proxy.freeze();
    for _ in 0..3 {
        let (answer, took) = timed(&at_reader, Method::GET, DAY, &Value::Null).await;
        assert_eq!(answer.expect(200).body["value"], 7.0);
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
    let found_out = Instant::now();
    while state(&at_reader).await != "down"
        || timed(&at_reader, Method::GET, DAY, &Value::Null).await.1 > Duration::from_millis(500)
    {
        assert!(found_out.elapsed() < Duration::from_secs(10), "requests still wait for it");
    }
    drop(frozen);
    let thawed = Instant::now();
    while mood(&at_reader).await != 3.0 {
        assert!(thawed.elapsed() < Duration::from_secs(10), "it isn't used again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn while_it_is_gone_the_database_answers(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, copy) = with_copy(&app).await;
    let (builder, proxy) = app.replica().set(URL, copy.url()).by_proxy_to(URL).await;
    let reader = builder.start();
    let at_reader = ada.at(&reader.anonymous());
    at_reader.until_known().await;
    assert_eq!(mood(&at_reader).await, 3.0);
    proxy.cut().await;
    assert_eq!((mood(&at_reader).await, state(&at_reader).await), (json!(7.0), json!("down")));
    proxy.mend().await;
    let mended = Instant::now();
    while mood(&at_reader).await != 3.0 {
        assert!(mended.elapsed() < Duration::from_secs(10), "it isn't used again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
