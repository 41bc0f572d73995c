//! `/me`.

use circadia_tests::{Backend, TestApp, scenarios};
use serde_json::json;

use super::audit::audited;

scenarios!(
    the_signed_in_user_reads_and_changes_their_settings,
    logins_are_counted_by_week_and_month,
    a_new_user_name_signs_in_and_the_old_one_is_free,
    a_user_name_that_another_has_is_refused_in_any_case,
);

async fn the_signed_in_user_reads_and_changes_their_settings(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user_in("Ada", "Europe/Berlin").await;
    let me = ada.get("/me").await.expect(200);
    for (name, value) in [
        ("username", json!("Ada")),
        ("email", json!("ada@example.org")),
        ("email_verified", json!(false)),
        ("role", json!("regular")),
        ("timezone", json!("Europe/Berlin")),
        ("day_start", json!("00:00")),
        ("week_start", json!("mo")),
        ("locale", json!("en")),
        ("color_scheme", json!("system")),
        ("created_at", json!("2026-03-11T12:00:00Z")),
    ] {
        assert_eq!(me.body[name], value, "{name}");
    }
    let patch =
        json!({"timezone": "Asia/Kolkata", "day_start": "04:00", "free_days": ["fr", "sa"], "week_start": "su"});
    let changed = ada.patch("/me", patch.clone()).await.expect(200).body;
    for (name, value) in patch.as_object().unwrap() {
        assert_eq!(&changed[name], value, "{name}");
    }
    assert_eq!((&changed["locale"], &changed["username"]), (&json!("en"), &json!("Ada")));
    assert_eq!(ada.get("/me").await.expect(200).body, changed);
    for field in ["username", "role", "email_verified", "created_at", "login_count"] {
        ada.patch("/me", json!({field: me.body[field]})).await.names(&format!("/{field}"));
    }
}

async fn logins_are_counted_by_week_and_month(backend: Backend) {
    let app = TestApp::on(backend).at("2026-02-27T12:00:00Z").start();
    app.user("ada").await;
    app.log_in("ada").await;
    let counts = async || {
        let me = app.log_in("ada").await.get("/me").await.expect(200).body;
        ["login_count", "logins_this_week", "logins_this_month"].map(|name| me[name].as_i64().unwrap())
    };
    let [total, week, month] = counts().await;
    assert!(total == week && week == month && total >= 2, "{total} {week} {month}");
    // Sunday, in the same week, in another month.
    app.clock.set("2026-03-01T12:00:00Z");
    assert_eq!(counts().await, [total + 1, week + 1, 1]);
    app.clock.set("2026-03-02T12:00:00Z");
    assert_eq!(counts().await, [total + 2, 1, 2]);
}

async fn a_new_user_name_signs_in_and_the_old_one_is_free(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let old = ada.get("/me").await.expect(200);
    app.clock.advance(1);
    let renamed = ada.with_header("if-match", &old.etag()).post("/me/username", json!({"username": "Lovelace"})).await;
    let renamed = renamed.expect(200);
    assert_eq!(renamed.body["username"], "Lovelace");
    assert_ne!(renamed.body["updated_at"], old.body["updated_at"]);
    let now = ada.get("/me").await.expect(200);
    assert_eq!((&now.body, now.etag()), (&renamed.body, renamed.etag()));
    assert_eq!(audited(&app, "username_changed", "done"), 1);
    let log_in = async |name: &str| {
        app.anonymous().post("/auth/login", json!({"username": name, "password": "correct horse battery"})).await
    };
    log_in("lovelace").await.expect(200);
    log_in("ada").await.problem(401, "invalid_credentials");
    let other = json!({"username": "ada", "email": "other@example.org", "password": "correct horse battery"});
    app.anonymous().post("/auth/register", other).await.expect(201);
    // The same again changes nothing.
    let tag = ada.get("/me").await.expect(200).body["updated_at"].clone();
    app.clock.advance(1);
    let again = ada.post("/me/username", json!({"username": "Lovelace"})).await.expect(200);
    assert_eq!((&again.body["updated_at"], audited(&app, "username_changed", "done")), (&tag, 1));
}

async fn a_user_name_that_another_has_is_refused_in_any_case(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    app.user("Eve").await;
    let before = app.contents().await;
    for taken in ["Eve", "eve", "EVE"] {
        ada.post("/me/username", json!({"username": taken})).await.problem(409, "username_taken");
    }
    for wrong in ["", "ab", "ada lovelace", "ädä", "ada@example.org", &"a".repeat(33)] {
        ada.post("/me/username", json!({"username": wrong})).await.names("/username");
    }
    assert_eq!(app.contents().await, before);
    // One's own name in another case is nobody else's.
    assert_eq!(ada.post("/me/username", json!({"username": "ADA"})).await.expect(200).body["username"], "ADA");
}
