//! Security-relevant events are recorded in the transaction that causes them, and read by superusers (`/admin/audit`).

use circadia_tests::{Backend, TestApp, scenarios};
use serde_json::{Value, json};

use super::administration::{id, superuser};

scenarios!(
    ended_sessions_are_audited,
    a_replayed_refresh_token_is_audited,
    refused_requests_are_not_audited,
    the_log_is_asked_by_account_actor_action_and_days,
    what_was_recorded_stays_as_it_was,
);

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

async fn the_log_is_asked_by_account_actor_action_and_days(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = superuser(&app, "ada").await;
    let (eve, bob) = (app.user("eve").await, app.user("bob").await);
    ada.patch("/me", json!({"timezone": "Asia/Tokyo"})).await.expect(200);
    // 21:00 of the 11th in Tokyo, 00:30 of the 12th, 00:30 of the 13th.
    let staff = json!({"role": "staff"});
    ada.patch(&format!("/admin/users/{}", id(&eve)), staff.clone()).await.expect(200);
    app.clock.set("2026-03-11T15:30:00Z");
    let ada = app.log_in("ada").await;
    ada.patch(&format!("/admin/users/{}", id(&bob)), staff).await.expect(200);
    app.clock.advance(1);
    ada.post("/admin/users/verify-email", json!({"user_ids": [id(&eve)]})).await.expect(200);
    app.clock.set("2026-03-12T15:30:00Z");
    let ada = app.log_in("ada").await;
    ada.delete(&format!("/admin/users/{}", id(&bob))).await.expect(204);
    let found = async |query: &str| {
        let answer = ada.get(&format!("/admin/audit{query}")).await.expect(200);
        assert_eq!(answer.body["total"], answer.each("action").len(), "{query}");
        answer.each("action")
    };
    let all = ["account_deleted", "email_verified", "account_changed", "account_changed"];
    assert_eq!(found("").await, all, "newest first");
    let (of_bob, of_eve) = (format!("?user_id={}", id(&bob)), format!("?user_id={}", id(&eve)));
    assert_eq!(found(&of_bob).await, ["account_deleted", "account_changed"], "of an account that is gone");
    assert_eq!(found(&of_eve).await, ["email_verified", "account_changed"]);
    assert_eq!(found(&format!("?actor_id={}", id(&ada))).await, all);
    assert_eq!(found(&format!("?actor_id={}", id(&eve))).await, [""; 0]);
    assert_eq!(found("?action=account_changed").await, ["account_changed"; 2]);
    assert_eq!(found("?action=nothing_like_it").await, [""; 0]);
    assert_eq!(found(&format!("{of_eve}&action=account_changed&to=2026-03-11")).await, ["account_changed"]);
    // Days of Tokyo, where Ada is, or of where it is said.
    assert_eq!(found("?from=2026-03-12&to=2026-03-12").await, ["email_verified", "account_changed"]);
    assert_eq!(found("?from=2026-03-13").await, ["account_deleted"]);
    assert_eq!(found("?to=2026-03-11").await, ["account_changed"]);
    assert_eq!(found("?from=2026-03-11&to=2026-03-11&tz=UTC").await, all[1..]);
    assert_eq!(found("?from=2026-03-12&tz=UTC").await, ["account_deleted"]);
    for (query, name) in [
        ("from=2026-03-12&to=2026-03-11", "to"),
        ("from=tomorrow", "from"),
        ("tz=Mars/Olympus", "tz"),
        ("action=Nonsense!", "action"),
        ("user_id=", "user_id"),
        ("user_ids[]=", "user_ids[]"),
    ] {
        ada.get(&format!("/admin/audit?{query}")).await.names(&format!("/{name}"));
    }
    // Page by page, forth and back.
    let (mut walked, mut pages, mut next) = (Vec::new(), Vec::new(), Some("/admin/audit?limit=2".to_owned()));
    while let Some(path) = next {
        let page = ada.get(&path).await.expect(200);
        assert_eq!(page.body["total"], 4);
        walked.extend(page.each("action"));
        next = page.link("next");
        pages.push(page);
    }
    assert_eq!((walked, pages.len()), (all.map(str::to_owned).to_vec(), 2));
    let back = ada.get(&pages[1].link("prev").unwrap()).await.expect(200);
    assert_eq!(back.body["items"], pages[0].body["items"]);
    let second = ada.get("/admin/audit?page=2&size=2").await.expect(200);
    assert_eq!(second.body["items"], pages[1].body["items"]);
    let event = &second.body["items"][1];
    assert_eq!(event["outcome"], "done");
    assert!(event["session_id"].is_string() && event["at"] == "2026-03-11T12:00:00Z", "{event}");
}

async fn what_was_recorded_stays_as_it_was(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = superuser(&app, "ada").await;
    let eve = app.user("eve").await;
    eve.post("/auth/logout-all", Value::Null).await.expect(204);
    let eve = app.log_in("eve").await;
    let path = format!("/admin/users/{}", id(&eve));
    ada.patch(&path, json!({"role": "staff"})).await.expect(200);
    let before = ada.get("/admin/audit").await.expect(200).body["items"].clone();
    ada.patch(&path, json!({"username": "evelyn", "email": "evelyn@example.org"})).await.expect(200);
    ada.patch(&path, json!({"active": false})).await.expect(200);
    ada.delete(&path).await.expect(204);
    let after = ada.get("/admin/audit").await.expect(200).body["items"].clone();
    let (before, after) = (before.as_array().unwrap(), after.as_array().unwrap());
    assert_eq!(after[after.len() - before.len()..], before[..], "what was recorded before");
    assert_eq!(after.len(), before.len() + 3);
}

/// The log only grows because nothing is written that changes or removes its rows.
#[test]
fn no_statement_changes_or_removes_events() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/storage/src");
    let mut files = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let mut inserts = 0;
    for file in files {
        let text: String = std::fs::read_to_string(&file).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        inserts += text.matches("insert_into(audit_events::table)").count();
        for statement in
            ["update(audit_events", "delete(audit_events", "UPDATE audit_events", "DELETE FROM audit_events"]
        {
            assert!(!text.contains(statement), "{} has `{statement}`", file.display());
        }
        let is_own = file.ends_with("audit.rs") || file.components().any(|part| part.as_os_str() == "schema");
        assert!(is_own || !text.contains("audit_events::"), "{} uses the log's table", file.display());
    }
    assert_eq!(inserts, 1);
}
