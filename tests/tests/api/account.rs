//! `POST /me/delete`: deleting one's account.

use circadia_tests::{Answer, Backend, Client, TestApp, scenarios};
use reqwest::Method;
use serde_json::{Value, json};

use super::catalogue::World;

scenarios!(
    deleting_an_account_asks_for_the_password,
    of_a_deleted_account_nothing_is_left,
    a_deleted_account_s_sessions_are_dead_at_once_and_on_other_replicas_within_a_second,
    an_account_is_deleted_while_its_other_writers_run,
    the_last_superuser_stays,
);

const PASSWORD: &str = "correct horse battery";

async fn delete(client: &Client, password: Value) -> Answer {
    client.call(Method::POST, "/me/delete", &json!({"password": password})).await
}

async fn deleting_an_account_asks_for_the_password(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    app.mail().await;
    let before = app.contents().await;
    delete(&ada, json!("wrong horse battery")).await.problem(403, "wrong_password");
    delete(&ada, Value::Null).await.problem(403, "reauthentication_required");
    ada.post("/me/delete", json!(null)).await.problem(403, "reauthentication_required");
    delete(&ada.with_header("if-match", "\"0.0\""), json!(PASSWORD)).await.problem(412, "precondition_failed");
    assert_eq!(app.contents().await, before);
    delete(&ada, json!(PASSWORD)).await.expect(204);
}

async fn of_a_deleted_account_nothing_is_left(backend: Backend) {
    let app = TestApp::on(backend).start();
    let eve = app.user("eve").await;
    World::of(&eve).await;
    let ada = app.user("ada").await;
    World::of(&ada).await;
    app.log_in("ada").await;
    app.anonymous().post("/auth/login", json!({"username": "ada", "password": "wrong horse"})).await.expect(401);
    app.anonymous().post("/auth/password/forgot", json!({"email": "ada@example.org"})).await.expect(202);
    let mail = app.mail().await;
    let reset = mail.iter().find(|mail| mail.subject == "Choose a new password").unwrap();
    delete(&ada, json!(PASSWORD)).await.expect(204);
    assert_eq!(app.database.number("SELECT count(*) FROM users"), 1);
    let mut kept = Vec::new();
    for table in app.database.tables_of_users() {
        let users = app.database.number(&format!("SELECT count(DISTINCT user_id) FROM {table}"));
        // It tells every replica that the account's sessions have ended.
        assert!(users <= 1 || table == "revocations", "{table} has rows of a deleted account");
        kept.extend((users == 1).then_some(table));
    }
    for table in ["sessions", "habits", "entries", "sleep_logs", "moods", "tasks", "time_entries"] {
        assert!(kept.iter().any(|kept| kept == table), "{table} has lost the other account's rows: {kept:?}");
    }
    // The audit log of it names no user.
    assert_eq!(app.database.number("SELECT count(*) FROM audit_events WHERE action = 'account_deleted'"), 1);
    let body = json!({"token": reset.token(), "password": "a staple and a ladder"});
    app.anonymous().post("/auth/password/reset", body).await.names("/token");
    app.anonymous()
        .post("/auth/login", json!({"username": "ada", "password": PASSWORD}))
        .await
        .problem(401, "invalid_credentials");
    app.anonymous().post("/auth/password/forgot", json!({"email": "ada@example.org"})).await.expect(202);
    assert!(app.mail().await.is_empty());
    // Name and address are free again, and a new account with them gets none of the old data.
    let again = app.user("ada").await;
    assert_eq!(again.get("/habits").await.expect(200).body["items"], json!([]));
    eve.get("/me").await.expect(200);
}

async fn a_deleted_account_s_sessions_are_dead_at_once_and_on_other_replicas_within_a_second(backend: Backend) {
    let app = TestApp::on(backend).start();
    let replica = app.replica().start();
    let ada = app.user("ada").await;
    let elsewhere = app.log_in("ada").await.at(&replica.anonymous());
    elsewhere.get("/me").await.expect(200);
    delete(&ada, json!(PASSWORD)).await.expect(204);
    ada.get("/me").await.problem(401, "token_revoked");
    ada.get("/habits").await.problem(401, "token_revoked");
    let refresh = json!({"refresh_token": ada.refresh_token()});
    let refused = app.anonymous().post("/auth/refresh", refresh).await;
    assert_eq!(refused.status, 401, "{}", refused.body);
    elsewhere.until_refused(401, "token_revoked").await;
}

async fn an_account_is_deleted_while_its_other_writers_run(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-01-01"})).await;
    let writers = (0..6).map(|number| {
        let (ada, habit) = (ada.clone(), habit.clone());
        tokio::spawn(async move {
            let mut statuses = Vec::new();
            for day in 1..=15 {
                let answer = match number {
                    0..=3 => {
                        let path = format!("/habits/{habit}/entries/2026-02-{day:02}");
                        ada.put(&path, json!({"state": "done"})).await
                    }
                    4 => ada.post("/auth/login", json!({"username": "ada", "password": "wrong horse"})).await,
                    _ => ada.post("/auth/password/forgot", json!({"email": "ada@example.org"})).await,
                };
                statuses.push(answer.status);
            }
            statuses
        })
    });
    let writers: Vec<_> = writers.collect();
    delete(&ada, json!(PASSWORD)).await.expect(204);
    for writer in writers {
        for status in writer.await.unwrap() {
            assert!(matches!(status, 200 | 201 | 202 | 401 | 503), "{status}");
        }
    }
    app.no_job_waits().await;
    for table in ["users", "entries", "habits", "login_attempts", "one_time_tokens", "sessions", "user_revisions"] {
        let query = format!("SELECT count(*) FROM {table}");
        let of_ada = if table == "login_attempts" { format!("{query} WHERE user_id IS NOT NULL") } else { query };
        assert_eq!(app.database.number(&of_ada), 0, "{table}");
    }
}

async fn the_last_superuser_stays(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    app.give_role("ada", "superuser");
    let stays = async || {
        let before = app.contents().await;
        delete(&ada, json!(PASSWORD)).await.problem(409, "last_superuser");
        assert_eq!(app.contents().await, before);
        ada.get("/me").await.expect(200);
    };
    stays().await;
    app.give_role("eve", "staff");
    stays().await;
    app.give_role("eve", "superuser");
    app.deactivate_unsaid("eve");
    stays().await;
    app.database.execute("UPDATE users SET active = (1 = 1)");
    delete(&ada, json!(PASSWORD)).await.expect(204);
    delete(&eve, json!(PASSWORD)).await.problem(409, "last_superuser");
}
