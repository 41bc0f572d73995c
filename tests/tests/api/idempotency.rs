//! `Idempotency-Key`: a request that is sent again is carried out once.

use circadia_domain::idempotency_keys::KEY_SECONDS;
use circadia_tests::{Answer, Backend, Client, TestApp, fresh_id, scenarios};
use reqwest::Method;
use serde_json::{Value, json};

use super::races::at_once;

scenarios!(
    the_first_answer_is_given_again,
    an_increment_counts_once_however_often_it_is_sent,
    a_key_is_for_one_request_of_one_user,
    refusals_are_kept_unless_they_may_end_otherwise,
    while_a_request_runs_its_key_is_in_use,
    what_was_committed_before_a_crash_is_not_done_again,
    keys_are_forgotten_after_a_day_and_with_the_account,
    answers_with_secrets_are_sealed,
    keys_are_checked,
);

const REPLAYED: &str = "idempotency-replayed";

/// A client whose next requests have a key.
fn with_key(client: &Client, key: &str) -> Client {
    client.without_header("idempotency-key").with_header("idempotency-key", key)
}

fn assert_same(again: &Answer, first: &Answer) {
    assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
    for name in ["etag", "location", "content-type", "cache-control"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!((first.header(REPLAYED), again.header(REPLAYED)), (None, Some("true")));
}

fn keys(app: &TestApp) -> i64 {
    app.database.number("SELECT count(*) FROM idempotency_keys")
}

async fn the_first_answer_is_given_again(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_METRICS_BIND", "127.0.0.1:0").start();
    let ada = app.user("ada").await;
    let replica = app.replica().start();
    let browser = app.browser("ada").await;
    let again: [Client; 3] = [ada.clone(), ada.at(&replica.anonymous()), browser];
    let keyed = with_key(&ada, "\"k 1\"");
    let first = keyed.post("/tasks", json!({"title": "Call"})).await.expect(201);
    app.clock.advance(60);
    let path = format!("/tasks/{}", first.body["id"].as_str().unwrap());
    ada.patch(&path, json!({"title": "Write"})).await.expect(200);
    for client in again {
        assert_same(&with_key(&client, "\"k 1\"").post("/tasks", json!({"title": "Call"})).await, &first);
    }
    assert_eq!(ada.get("/tasks").await.expect(200).each("title"), ["Write"]);
    let page = app.metrics().await;
    let counted = |outcome| page.sum("circadia_idempotency_keys_total", &[("outcome", outcome)]);
    assert_eq!([counted("carried_out"), counted("replayed")].map(|count| count.to_string()), ["1", "2"]);
    // Nor does what has no body.
    let habit = ada.habit(json!({})).await;
    let keyed = with_key(&ada, &fresh_id());
    let archived = keyed.post(&format!("/habits/{habit}/archive"), Value::Null).await.expect(200);
    assert_same(&keyed.post(&format!("/habits/{habit}/archive"), Value::Null).await, &archived);
    // Methods that are idempotent have no use for it.
    let keyed = with_key(&ada, "\"k 1\"");
    assert_eq!(keyed.patch(&path, json!({"title": "Sing"})).await.expect(200).header(REPLAYED), None);
}

async fn an_increment_counts_once_however_often_it_is_sent(backend: Backend) {
    let app = TestApp::on(backend).start();
    let replica = app.replica().start();
    let ada = app.user("ada").await;
    let kind = json!({"type": "count", "target": 100, "unit": "pages"});
    let habit = ada.habit(json!({"kind": kind, "starts_on": "2026-03-01"})).await;
    let path = format!("/habits/{habit}/entries/2026-03-10/increment");
    let keyed = with_key(&ada, "increment");
    let elsewhere = keyed.at(&replica.anonymous());
    let request = |number| {
        let client = if number % 2 == 0 { &keyed } else { &elsewhere };
        (client.clone(), Method::POST, path.clone(), json!({"by": 3}))
    };
    let answers = at_once((0..20).map(request).collect()).await;
    let done: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(done.iter().filter(|answer| answer.header(REPLAYED).is_none()).count(), 1);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!((refused.status, &refused.body["code"]), (409, &json!("idempotency_key_in_use")));
        assert_eq!(refused.header("retry-after"), Some("1"));
    }
    assert!(done.iter().all(|answer| answer.bytes == done[0].bytes));
    let entry = ada.get(&format!("/habits/{habit}/entries/2026-03-10")).await.expect(200);
    assert_eq!(entry.body["value"], json!(3), "{}", entry.body);
}

async fn a_key_is_for_one_request_of_one_user(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (with_key(&app.user("ada").await, "k"), with_key(&app.user("eve").await, "k"));
    ada.post("/tasks", json!({"title": "Call"})).await.expect(201);
    ada.post("/tasks", json!({"title": "Write"})).await.problem(422, "idempotency_key_reused");
    ada.post("/themes", json!({"name": "Call"})).await.problem(422, "idempotency_key_reused");
    ada.post("/tasks?x=1", json!({"title": "Call"})).await.problem(422, "idempotency_key_reused");
    assert_eq!(eve.post("/tasks", json!({"title": "Write"})).await.expect(201).header(REPLAYED), None);
    assert_eq!(ada.get("/tasks").await.expect(200).each("title"), ["Call"]);
    // In quotes it is the same.
    assert_eq!(with_key(&ada, "\"k\"").post("/tasks", json!({"title": "Call"})).await.header(REPLAYED), Some("true"));
    // What a token may not do, it may not see the answer of either.
    let plain = ada.without_header("idempotency-key");
    let token = plain.post("/me/tokens", json!({"name": "Reader", "scopes": ["read"]})).await.expect(201);
    let reader = ada.with_token(token.body["token"].as_str().unwrap());
    reader.post("/tasks", json!({"title": "Call"})).await.problem(403, "insufficient_scope");
}

async fn refusals_are_kept_unless_they_may_end_otherwise(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let keyed = with_key(&ada, "taken");
    ada.post("/themes", json!({"name": "Health"})).await.expect(201);
    let first = keyed.post("/themes", json!({"name": "Health"})).await.problem(409, "theme_name_taken");
    assert_same(&keyed.post("/themes", json!({"name": "Health"})).await, &first);
    let keyed = with_key(&ada, "wrong");
    let first = keyed.post("/themes", json!({"name": ""})).await.names("/name");
    assert_same(&keyed.post("/themes", json!({"name": ""})).await, &first);
    let before = keys(&app);
    let stranger = with_key(&app.anonymous(), "stranger");
    stranger.post("/themes", json!({"name": "Health"})).await.problem(401, "authentication_required");
    assert_eq!(keys(&app), before);
}

/// Claims a key as a request does that has just begun, and hasn't ended: as if its answer had never been stored.
fn forget_the_answer(app: &TestApp, is_committed: bool) {
    let (yes, no) = if app.database.backend() == Backend::Sqlite { ("1", "0") } else { ("TRUE", "FALSE") };
    let until = match app.database.backend() {
        Backend::Sqlite => "claimed_until + 60000000",
        Backend::Postgres => "claimed_until + interval '60 seconds'",
        Backend::Mysql => "claimed_until + INTERVAL 60 SECOND",
    };
    let committed = if is_committed { yes } else { no };
    app.database.execute(&format!(
        "UPDATE idempotency_keys SET answer = NULL, is_committed = {committed}, claimed_until = {until}"
    ));
}

async fn while_a_request_runs_its_key_is_in_use(backend: Backend) {
    let app = TestApp::on(backend).start();
    let keyed = with_key(&app.user("ada").await, "k");
    keyed.post("/tasks", json!({"title": "Call"})).await.expect(201);
    forget_the_answer(&app, false);
    let refused = keyed.post("/tasks", json!({"title": "Call"})).await.problem(409, "idempotency_key_in_use");
    assert_eq!(refused.header("retry-after"), Some("1"));
    keyed.post("/tasks", json!({"title": "Write"})).await.problem(422, "idempotency_key_reused");
    // One that has ended without having committed anything is as if it had never been.
    app.clock.advance(61);
    assert_eq!(keyed.post("/tasks", json!({"title": "Call"})).await.expect(201).header(REPLAYED), None);
    assert_eq!(keyed.post("/tasks", json!({"title": "Call"})).await.expect(201).header(REPLAYED), Some("true"));
}

async fn what_was_committed_before_a_crash_is_not_done_again(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let keyed = with_key(&ada, "k");
    keyed.post("/tasks", json!({"title": "Call"})).await.expect(201);
    let committed = if backend == Backend::Sqlite { "is_committed = 1" } else { "is_committed" };
    let noted = app.database.number(&format!("SELECT count(*) FROM idempotency_keys WHERE {committed}"));
    assert_eq!(noted, 1, "the commit is noted in its own transaction");
    forget_the_answer(&app, true);
    keyed.post("/tasks", json!({"title": "Call"})).await.problem(409, "idempotency_key_in_use");
    app.clock.advance(61);
    for _ in 0..2 {
        keyed.post("/tasks", json!({"title": "Call"})).await.problem(409, "idempotency_answer_lost");
    }
    assert_eq!(ada.get("/tasks").await.expect(200).each("title"), ["Call"]);
}

async fn keys_are_forgotten_after_a_day_and_with_the_account(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let keyed = with_key(&ada, "k");
    let day = i64::from(u16::try_from(KEY_SECONDS / 60).unwrap()) * 60;
    keyed.post("/tasks", json!({"title": "Call"})).await.expect(201);
    app.clock.advance(day - 1);
    let keyed = with_key(&app.log_in("ada").await, "k");
    assert_eq!(keyed.post("/tasks", json!({"title": "Call"})).await.expect(201).header(REPLAYED), Some("true"));
    app.clock.advance(1);
    assert_eq!(keyed.post("/tasks", json!({"title": "Write"})).await.expect(201).header(REPLAYED), None);
    assert_eq!(keys(&app), 1);
    app.clock.advance(2 * day);
    app.until("the clean-up", || keys(&app) == 0).await;
    let ada = app.log_in("ada").await;
    with_key(&ada, "k").post("/tasks", json!({"title": "Sing"})).await.expect(201);
    ada.post("/me/delete", json!({"password": "correct horse battery"})).await.expect(204);
    assert_eq!(keys(&app), 0);
}

async fn answers_with_secrets_are_sealed(backend: Backend) {
    let app = TestApp::on(backend).start();
    let keyed = with_key(&app.user("ada").await, "the key itself");
    let keyed = with_key(&keyed, "\"the key itself\"");
    keyed.post("/tasks", json!({"title": "Something to be found"})).await.expect(201);
    let answer = app.database.bytes("SELECT answer FROM idempotency_keys");
    assert!(answer.len() > 100);
    for text in ["Something", "title", "the key itself"] {
        assert!(!answer.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
}

async fn keys_are_checked(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    for wrong in ["\"", "a b", "a,b", "\"\"", &"k".repeat(256)] {
        with_key(&ada, wrong).post("/tasks", json!({"title": "Call"})).await.names("/idempotency-key");
    }
    ada.with_header("idempotency-key", "a")
        .with_header("idempotency-key", "b")
        .post("/tasks", json!({"title": "Call"}))
        .await
        .names("/idempotency-key");
    let keyed = with_key(&ada, "k");
    keyed.post("/auth/logout-all", Value::Null).await.names("/idempotency-key");
    keyed.post("/nowhere", json!({})).await.problem(404, "not_found");
    with_key(&ada, &"k".repeat(255)).post("/tasks", json!({"title": "Call"})).await.expect(201);
    let large = json!({"title": "x".repeat(300_000)});
    keyed.post("/tasks", large).await.problem(413, "payload_too_large");
    assert_eq!(ada.get("/tasks").await.expect(200).each("title"), ["Call"]);
}
