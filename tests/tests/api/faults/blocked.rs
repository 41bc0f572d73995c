//! The database answers, but not to every statement: one waits for a lock, is slow, or is refused. Others are served.

use std::time::{Duration, Instant};

use circadia_tests::{Backend, Client, TestApp, scenarios};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{refused_in_time, timed};

scenarios!(
    a_write_that_waits_for_a_lock_is_refused_in_time_and_others_are_served,
    a_slow_statement_is_refused_in_time_and_others_are_served,
    once_a_lock_is_released_all_is_well,
);

/// How long a lock is held at least.
const HELD: Duration = Duration::from_secs(3);
/// Within what time others are answered: they wait for nothing.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Keeps everybody else from writing themes, until it is released.
fn lock_themes(app: &TestApp) -> circadia_tests::Connection {
    let mut connection = app.database.connection();
    match app.database.backend() {
        Backend::Sqlite => connection.execute("BEGIN IMMEDIATE"),
        Backend::Postgres => connection.execute("BEGIN; LOCK TABLE themes IN ACCESS EXCLUSIVE MODE"),
        Backend::Mysql => connection.execute("LOCK TABLES themes WRITE"),
    }
    connection
}

/// Asks until the time is over, and asserts that each answer is right and comes at once.
async fn is_served(client: Client, path: &'static str, time: Duration) -> usize {
    let begun = Instant::now();
    let mut answers = 0;
    while begun.elapsed() < time {
        let (answer, took) = timed(&client, Method::GET, path, &Value::Null).await;
        answer.expect(200);
        assert!(took < AT_ONCE, "{path} took {took:?}");
        answers += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    answers
}

/// One user's writes are blocked, in more requests than there are connections; meanwhile another user reads.
async fn others_are_served(ada: &Client, grace: &Client) {
    let mut others = JoinSet::new();
    for path in ["/tasks", "/me", "/health/ready"] {
        others.spawn(is_served(grace.clone(), path, HELD));
    }
    let begun = Instant::now();
    while begun.elapsed() < HELD {
        let mut blocked = JoinSet::new();
        for number in 0..4 {
            let ada = ada.clone();
            let body = json!({"name": format!("Theme {number}")});
            blocked.spawn(async move { timed(&ada, Method::POST, "/themes", &body).await });
        }
        for answer in blocked.join_all().await {
            refused_in_time(&answer);
        }
    }
    assert!(others.join_all().await.iter().all(|answers| *answers > 5));
}

async fn with_two_users(backend: Backend) -> (TestApp, Client, Client) {
    let app = TestApp::on(backend).start();
    let (ada, grace) = (app.user("ada").await, app.user("grace").await);
    for client in [&ada, &grace] {
        client.until_known().await;
    }
    (app, ada, grace)
}

async fn a_write_that_waits_for_a_lock_is_refused_in_time_and_others_are_served(backend: Backend) {
    let (app, ada, grace) = with_two_users(backend).await;
    let lock = lock_themes(&app);
    others_are_served(&ada, &grace).await;
    drop(lock);
}

async fn a_slow_statement_is_refused_in_time_and_others_are_served(backend: Backend) {
    let (app, ada, grace) = with_two_users(backend).await;
    app.database.execute(match backend {
        Backend::Sqlite => {
            "CREATE TRIGGER slow BEFORE INSERT ON themes BEGIN SELECT count(*) FROM (WITH RECURSIVE numbers(n) AS \
             (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 400000000) SELECT n FROM numbers); END"
        }
        Backend::Postgres => {
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$; \
             CREATE TRIGGER slow BEFORE INSERT ON themes FOR EACH ROW EXECUTE FUNCTION slow()"
        }
        Backend::Mysql => "CREATE TRIGGER slow BEFORE INSERT ON themes FOR EACH ROW SET @slept = SLEEP(60)",
    });
    others_are_served(&ada, &grace).await;
}

async fn once_a_lock_is_released_all_is_well(backend: Backend) {
    let (app, ada, _) = with_two_users(backend).await;
    let lock = lock_themes(&app);
    for name in ["One", "Two"] {
        refused_in_time(&timed(&ada, Method::POST, "/themes", &json!({"name": name})).await);
    }
    drop(lock);
    ada.theme("Health").await;
    let themes = ada.get("/themes").await.expect(200).items();
    assert_eq!(themes.len(), 1, "what was refused was stored: {themes:?}");
}
