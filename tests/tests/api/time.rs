//! Whose today it is: zones, when days start, days on which clocks change.

use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    each_user_has_their_own_today,
    the_small_hours_belong_to_the_day_before,
    entries_reach_up_to_today_in_utc_plus_14,
    moving_changes_no_date_and_no_streak,
    days_on_which_clocks_change_are_days_like_any,
    weeks_start_when_the_plan_was_made,
);

async fn today(client: &Client) -> Value {
    client.get("/habits/today").await.expect(200).body["date"].clone()
}

async fn each_user_has_their_own_today(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-11T09:59:59Z").start();
    let east = app.user_in("east", "Pacific/Kiritimati").await;
    let west = app.user_in("west", "Pacific/Honolulu").await;
    assert_eq!((today(&east).await, today(&west).await), (json!("2026-03-11"), json!("2026-03-10")));
    app.clock.advance(1);
    assert_eq!((today(&east).await, today(&west).await), (json!("2026-03-12"), json!("2026-03-11")));
    // A habit without a first day begins on its user's today.
    for (client, date) in [(&east, "2026-03-12"), (&west, "2026-03-11")] {
        let habit = client.habit(json!({})).await;
        let habit = client.get(&format!("/habits/{habit}")).await.expect(200).body;
        assert_eq!(habit["starts_on"], date);
    }
}

async fn the_small_hours_belong_to_the_day_before(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-11T02:30:00Z").start();
    let ada = app.user("ada").await;
    assert_eq!(today(&ada).await, "2026-03-11");
    ada.patch("/me", json!({"day_start": "04:00"})).await.expect(200);
    assert_eq!(today(&ada).await, "2026-03-10");
    app.clock.set("2026-03-11T03:59:59Z");
    let ada = app.log_in("ada").await;
    assert_eq!(today(&ada).await, "2026-03-10");
    app.clock.set("2026-03-11T04:00:00Z");
    assert_eq!(today(&ada).await, "2026-03-11");
}

async fn entries_reach_up_to_today_in_utc_plus_14(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-11T09:59:59Z").start();
    let west = app.user_in("west", "Pacific/Honolulu").await;
    let habit = west.habit(json!({"starts_on": "2026-03-01"})).await;
    let put = async |date: &str| west.put(&format!("/habits/{habit}/entries/{date}"), json!({"state": "done"})).await;
    put("2026-03-11").await.expect(201);
    put("2026-03-12").await.names("/date");
    app.clock.advance(1);
    put("2026-03-12").await.expect(201);
    put("2026-03-13").await.names("/date");
}

async fn moving_changes_no_date_and_no_streak(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user_in("ada", "Europe/Berlin").await;
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    ada.done(&habit, &["2026-03-08", "2026-03-09", "2026-03-10", "2026-03-11"]).await;
    let told = async || {
        let mut told = Vec::new();
        for path in [
            "/entries",
            "/streak?on=2026-03-11&explain=true",
            "/stats?on=2026-03-11",
            "/score?from=2026-03-01&to=2026-03-10",
            "/occurrences?from=2026-03-01&to=2026-03-31",
        ] {
            let mut body = ada.get(&format!("/habits/{habit}{path}")).await.expect(200).body;
            // They begin with the user's week.
            if let Some(weekdays) = body["by_weekday"].as_array_mut() {
                weekdays.sort_by_key(|day| day["weekday"].to_string());
            }
            told.push(body);
        }
        told.push(ada.get(&format!("/habits/{habit}")).await.expect(200).body);
        told
    };
    let before = told().await;
    assert_eq!(before[1]["current"], 4);
    for settings in [
        json!({"timezone": "Pacific/Kiritimati"}),
        json!({"timezone": "America/New_York"}),
        json!({"day_start": "05:30"}),
        json!({"timezone": "Pacific/Honolulu", "day_start": "00:00", "week_start": "su"}),
    ] {
        ada.patch("/me", settings.clone()).await.expect(200);
        assert_eq!(told().await, before, "{settings}");
    }
}

async fn days_on_which_clocks_change_are_days_like_any(backend: Backend) {
    let app = TestApp::on(backend).at("2026-03-29T00:59:59Z").start();
    app.user_in("ada", "Europe/Berlin").await;
    let ada = app.log_in("ada").await;
    ada.patch("/me", json!({"day_start": "02:30"})).await.expect(200);
    let habit = ada.habit(json!({"starts_on": "2026-03-01"})).await;
    // 02:30 doesn't exist on that day: as RFC 5545 has it, it is what it would be but for the change, 03:30.
    assert_eq!(today(&ada).await, "2026-03-28");
    app.clock.set("2026-03-29T01:29:59Z");
    let ada = app.log_in("ada").await;
    assert_eq!(today(&ada).await, "2026-03-28");
    app.clock.advance(1);
    assert_eq!(today(&ada).await, "2026-03-29");
    ada.done(&habit, &["2026-03-27", "2026-03-28", "2026-03-29"]).await;
    let streak = ada.get(&format!("/habits/{habit}/streak")).await.expect(200).body;
    assert_eq!((&streak["current"], &streak["current_to"]), (&json!(3), &json!("2026-03-29")));
    // In autumn it comes twice: the day begins once, and never goes back.
    for (instant, date) in [
        ("2026-10-25T00:29:59Z", "2026-10-24"),
        ("2026-10-25T00:30:00Z", "2026-10-25"),
        ("2026-10-25T01:00:00Z", "2026-10-25"),
        ("2026-10-25T01:29:00Z", "2026-10-25"),
        ("2026-10-25T01:30:00Z", "2026-10-25"),
    ] {
        app.clock.set(instant);
        assert_eq!(today(&app.log_in("ada").await).await, date, "{instant}");
    }
}

async fn weeks_start_when_the_plan_was_made(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let schedule = json!({"type": "quota", "times": 2, "per": "week"});
    let habit = ada.habit(json!({"schedule": schedule, "starts_on": "2026-03-02"})).await;
    ada.patch("/me", json!({"week_start": "su"})).await.expect(200);
    let period = ada.get("/habits/today").await.expect(200).body["items"][0]["period"].clone();
    assert_eq!((&period["from"], &period["to"]), (&json!("2026-03-09"), &json!("2026-03-15")));
    let plan = ada.get(&format!("/habits/{habit}/plans")).await.expect(200).body["items"][0].clone();
    assert_eq!(plan["week_start"], "mo");
    ada.habit(json!({"name": "Later", "schedule": schedule, "starts_on": "2026-03-02"})).await;
    let period = ada.get("/habits/today").await.expect(200).body["items"][1]["period"].clone();
    assert_eq!((&period["from"], &period["to"]), (&json!("2026-03-08"), &json!("2026-03-14")));
}
