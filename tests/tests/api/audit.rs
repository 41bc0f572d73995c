//! Security-relevant events are recorded in the transaction that causes them.

use circadia_tests::{Backend, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(ended_sessions_are_audited, a_replayed_refresh_token_is_audited, refused_requests_are_not_audited);

/// How many events of an action there are.
pub(crate) fn audited(app: &TestApp, action: &str, outcome: &str) -> i64 {
    app.database
        .number(&format!("SELECT count(*) FROM audit_events WHERE action = '{action}' AND outcome = '{outcome}'"))
}

async fn ended_sessions_are_audited(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let elsewhere = app.log_in("ada").await;
    let body = json!({"refresh_token": elsewhere.refresh_token()});
    for _ in 0..2 {
        app.anonymous().post("/auth/logout", body.clone()).await.expect(204);
    }
    assert_eq!(audited(&app, "session_revoked", "done"), 1, "what has ended doesn't end again");
    ada.post("/auth/logout-all", Value::Null).await.expect(204);
    assert_eq!(audited(&app, "sessions_revoked", "done"), 1);
    let mine = "SELECT count(*) FROM audit_events e JOIN users u ON u.id = e.actor_id AND u.id = e.subject_id
                WHERE e.session_id IS NOT NULL";
    assert_eq!(app.database.number(mine), 2);
}

async fn a_replayed_refresh_token_is_audited(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let body = json!({"refresh_token": ada.refresh_token()});
    app.anonymous().post("/auth/refresh", body.clone()).await.expect(200);
    app.clock.advance(11);
    for _ in 0..2 {
        app.anonymous().post("/auth/refresh", body.clone()).await.problem(401, "token_revoked");
    }
    assert_eq!(audited(&app, "refresh_replayed", "refused"), 1);
    let about =
        "SELECT count(*) FROM audit_events e JOIN sessions s ON s.id = e.session_id AND s.user_id = e.subject_id
                 WHERE e.actor_id IS NULL";
    assert_eq!(app.database.number(about), 1);
}

async fn refused_requests_are_not_audited(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    app.anonymous().post("/auth/refresh", json!({"refresh_token": "nonsense"})).await.problem(401, "token_invalid");
    app.anonymous().post("/auth/logout", Value::Null).await.problem(401, "authentication_required");
    assert_eq!(app.database.number("SELECT count(*) FROM audit_events"), 0);
}
