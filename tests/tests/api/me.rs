//! `/me`.

use circadia_tests::{Backend, TestApp, scenarios};
use serde_json::json;

scenarios!(the_signed_in_user_reads_and_changes_their_settings, logins_are_counted_by_week_and_month);

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
