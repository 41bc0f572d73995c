//! The database is gone, and comes back; or another one without the schema takes its place.

use std::time::Duration;

use circadia_tests::{Answer, Backend, Client, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{on_servers, timed};

/// Within what time every request is answered.
const AT_ONCE: Duration = Duration::from_secs(1);
/// Within what time all is well once the database is back.
const SOON: Duration = Duration::from_secs(5);

/// Asserts that the answer arrives in time, with any status.
async fn in_time(client: &Client, method: Method, path: &str, body: &Value) -> Answer {
    let (answer, took) = timed(client, method, path, body).await;
    assert!(took < AT_ONCE, "{} took {took:?}", answer.request);
    answer
}

async fn without_its_database_it_lives_refuses_in_time_and_is_soon_back(backend: Backend) {
    let (builder, proxy) = TestApp::on(backend).by_proxy().await;
    let app = builder.start();
    let (ada, anonymous) = (app.user("ada").await, app.anonymous());
    let browser = app.browser("ada").await;
    for client in [&ada, &browser] {
        client.until_known().await;
    }
    anonymous.get("/health/ready").await.expect(200);
    for time in ["the first", "the second"] {
        proxy.cut().await;
        // Many at once, before anything has noticed.
        let mut first = JoinSet::new();
        for _ in 0..24 {
            let ada = ada.clone();
            first.spawn(async move { in_time(&ada, Method::GET, "/themes", &Value::Null).await });
        }
        for refused in first.join_all().await {
            assert_eq!(refused.expect(503).body["code"], "unavailable");
        }
        let credentials = json!({"username": "ada", "password": "correct horse battery"});
        let refresh = json!({"refresh_token": ada.refresh_token()});
        for _ in 0..2 {
            in_time(&anonymous, Method::GET, "/health/live", &Value::Null).await.expect(200);
            in_time(&anonymous, Method::GET, "/health/ready", &Value::Null).await.expect(503);
            // All at once, so that they wait for one another, if anything does.
            let mut requests = JoinSet::new();
            for (client, method, path, body) in [
                (&ada, Method::GET, "/themes", Value::Null),
                (&browser, Method::GET, "/themes", Value::Null),
                (&ada, Method::POST, "/themes", json!({"name": time})),
                (&anonymous, Method::POST, "/auth/login", credentials.clone()),
                (&anonymous, Method::POST, "/auth/session", credentials.clone()),
                (&anonymous, Method::POST, "/auth/refresh", refresh.clone()),
            ] {
                let client = client.clone();
                requests.spawn(async move { in_time(&client, method, path, &body).await });
            }
            for refused in requests.join_all().await {
                let refused = refused.expect(503);
                assert_eq!(refused.body["code"], "unavailable", "{}", refused.request);
                assert!(refused.header("retry-after").is_some(), "{} doesn't say when to come back", refused.request);
                assert_eq!(refused.header("set-cookie"), None);
            }
            app.clock.advance(1);
        }
        proxy.mend().await;
        for client in [&ada, &browser] {
            client.until_let_in_within(SOON).await;
        }
        in_time(&anonymous, Method::GET, "/health/ready", &Value::Null).await.expect(200);
        assert_eq!(ada.get("/themes").await.expect(200).body["items"], json!([]), "what was refused was stored");
    }
    ada.post("/themes", json!({"name": "Health"})).await.expect(201);
    app.log_in("ada").await.get("/me").await.expect(200);
}

async fn a_database_without_its_schema_is_not_ready_until_it_is_migrated(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, anonymous) = (app.user("ada").await, app.anonymous());
    ada.until_known().await;
    let name = app.database.url().rsplit('/').next().unwrap().to_owned();
    app.database.execute(&match backend {
        Backend::Postgres => "DROP SCHEMA public CASCADE; CREATE SCHEMA public".to_owned(),
        _ => format!("DROP DATABASE {name}; CREATE DATABASE {name}"),
    });
    let credentials = json!({"username": "ada", "password": "correct horse battery"});
    for _ in 0..3 {
        let ready = in_time(&anonymous, Method::GET, "/health/ready", &Value::Null).await.expect(503);
        assert_eq!(ready.body["dependencies"]["database"], "down");
        for (client, method, path, body) in [
            (&ada, Method::GET, "/themes", Value::Null),
            (&ada, Method::GET, "/tasks", Value::Null),
            (&ada, Method::POST, "/themes", json!({"name": "Health"})),
            (&anonymous, Method::POST, "/auth/login", credentials.clone()),
        ] {
            let refused = in_time(client, method, path, &body).await.expect(503);
            assert_eq!(refused.body["code"], "unavailable", "{}", refused.request);
        }
    }
    // Another replica migrates it.
    let replica = app.replica().start();
    replica.user("grace").await;
    anonymous.get("/health/ready").await.expect(200);
    let credentials = json!({"username": "grace", "password": "correct horse battery"});
    anonymous.post("/auth/login", credentials).await.expect(200);
}

on_servers!(
    without_its_database_it_lives_refuses_in_time_and_is_soon_back,
    a_database_without_its_schema_is_not_ready_until_it_is_migrated,
);
