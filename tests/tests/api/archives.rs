//! `/habits/{habit_id}/archive` and `/restore`: what is put away counts as paused, and goes on where it stood.

use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    a_habit_that_is_put_away_stays_as_it_was,
    restored_it_goes_on,
    archived_and_restored_on_one_day_leaves_no_trace,
    several_archives_of_one_habit_are_all_kept,
    what_was_done_on_the_day_of_archiving_counts,
    a_habit_that_ended_and_is_brought_back_was_archived_in_between,
    a_week_that_was_put_away_is_not_missed,
);

/// What it says of a habit everywhere.
async fn figures(ada: &Client, habit: &str) -> Value {
    let get = async |part: &str| ada.get(&format!("/habits/{habit}/{part}")).await.expect(200).body;
    let (streak, mut stats) = (get("streak").await, get("stats").await);
    let score = get("score?from=2026-01-01&to=2026-12-31").await["items"]
        .as_array()
        .and_then(|all| all.last())
        .map(|last| last["score"].clone());
    let overview = ada.get("/stats/overview?range=all").await.expect(200).body["habits"].clone();
    stats["progress"] = Value::Null;
    json!({
        "streak": [streak["current"], streak["longest"], streak["unit"]],
        "score": score,
        "stats": stats,
        "overview": [overview["done"], overview["due"], overview["completion_rate"], overview["by_theme"]],
    })
}

/// A day of 2026 after 1 January.
fn date(day: i32) -> String {
    circadia_domain::civil::Date::parse("2026-01-01").unwrap().saturating_add_days(day).to_string()
}

/// Done from day to day.
async fn done(ada: &Client, habit: &str, days: std::ops::Range<i32>) {
    let dates: Vec<String> = days.map(date).collect();
    ada.done(habit, &dates.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

/// A habit that was done on each of the 29 days before 30 January, and on that day isn't yet.
async fn kept(app: &TestApp) -> (Client, String) {
    app.clock.set("2026-01-30T12:00:00Z");
    let ada = app.user("ada").await;
    let habit = ada.habit(json!({"starts_on": "2026-01-01"})).await;
    done(&ada, &habit, 0..29).await;
    (ada, habit)
}

async fn archive(ada: &Client, habit: &str) {
    ada.post(&format!("/habits/{habit}/archive"), Value::Null).await.expect(200);
}

async fn restore(ada: &Client, habit: &str) {
    ada.post(&format!("/habits/{habit}/restore"), Value::Null).await.expect(200);
}

async fn later(app: &TestApp, instant: &str) -> Client {
    app.clock.set(instant);
    app.log_in("ada").await
}

async fn a_habit_that_is_put_away_stays_as_it_was(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, habit) = kept(&app).await;
    let before = figures(&ada, &habit).await;
    assert_eq!((&before["streak"][0], &before["stats"]["totals"]["missed"]), (&json!(29), &json!(0)));
    archive(&ada, &habit).await;
    assert_eq!(figures(&ada, &habit).await, before);
    let ada = later(&app, "2026-04-10T12:00:00Z").await;
    assert_eq!(figures(&ada, &habit).await, before);
    let calendar = ada.get(&format!("/habits/{habit}/calendar?year=2026")).await.expect(200).body;
    assert!(!calendar.to_string().contains("missed"), "{calendar}");
}

async fn restored_it_goes_on(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, habit) = kept(&app).await;
    let before = figures(&ada, &habit).await;
    archive(&ada, &habit).await;
    let ada = later(&app, "2026-04-10T12:00:00Z").await;
    restore(&ada, &habit).await;
    assert_eq!(figures(&ada, &habit).await, before);
    ada.done(&habit, &["2026-04-10"]).await;
    let after = figures(&ada, &habit).await;
    assert_eq!((&after["streak"][0], &after["stats"]["completion_rate"]), (&json!(30), &json!(1.0)));
    let rest = ada.get("/habits/views/day?date=2026-03-01").await.expect(200).body;
    assert_eq!(rest["items"], json!([]));
    let ada = later(&app, "2026-04-12T12:00:00Z").await;
    assert_eq!(figures(&ada, &habit).await["stats"]["totals"]["missed"], 1);
}

async fn archived_and_restored_on_one_day_leaves_no_trace(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, habit) = kept(&app).await;
    archive(&ada, &habit).await;
    restore(&ada, &habit).await;
    archive(&ada, &habit).await;
    restore(&ada, &habit).await;
    assert_eq!(ada.get("/habits/today").await.expect(200).body["items"][0]["state"], "pending");
    let ada = later(&app, "2026-01-31T12:00:00Z").await;
    assert_eq!(figures(&ada, &habit).await["stats"]["totals"]["missed"], 1);
}

async fn several_archives_of_one_habit_are_all_kept(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, habit) = kept(&app).await;
    archive(&ada, &habit).await;
    let ada = later(&app, "2026-02-10T12:00:00Z").await;
    restore(&ada, &habit).await;
    done(&ada, &habit, 40..41).await;
    // Done, and archived again on the very day of restoring.
    archive(&ada, &habit).await;
    let ada = later(&app, "2026-03-01T12:00:00Z").await;
    restore(&ada, &habit).await;
    done(&ada, &habit, 59..60).await;
    let found = figures(&ada, &habit).await;
    assert_eq!(found["streak"][0], 31);
    assert_eq!((&found["stats"]["totals"]["due"], &found["stats"]["completion_rate"]), (&json!(31), &json!(1.0)));
}

async fn what_was_done_on_the_day_of_archiving_counts(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, habit) = kept(&app).await;
    done(&ada, &habit, 29..30).await;
    let before = figures(&ada, &habit).await;
    archive(&ada, &habit).await;
    assert_eq!(figures(&ada, &habit).await, before);
    let day = ada.get("/habits/views/day").await.expect(200).body;
    assert_eq!(day["items"][0]["cells"][0]["state"], "done");
    let today = ada.get("/habits/today").await.expect(200).body;
    assert_eq!((&today["items"][0]["state"], &today["summary"]["done"]), (&json!("done"), &json!(1)));
    let ada = later(&app, "2026-02-10T12:00:00Z").await;
    assert_eq!(figures(&ada, &habit).await, before);
    assert_eq!(ada.get("/habits/today").await.expect(200).body["items"], json!([]));
}

async fn a_habit_that_ended_and_is_brought_back_was_archived_in_between(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, habit) = kept(&app).await;
    let path = format!("/habits/{habit}");
    ada.patch(&path, json!({"ends_on": "2026-01-29"})).await.expect(200);
    let before = figures(&ada, &habit).await;
    let ada = later(&app, "2026-04-10T12:00:00Z").await;
    assert_eq!(figures(&ada, &habit).await, before);
    ada.patch(&path, json!({"ends_on": null})).await.expect(200);
    assert_eq!(figures(&ada, &habit).await, before);
    let ada = later(&app, "2026-04-11T12:00:00Z").await;
    assert_eq!(figures(&ada, &habit).await["stats"]["totals"]["missed"], 1);
}

async fn a_week_that_was_put_away_is_not_missed(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.clock.set("2026-01-28T12:00:00Z");
    let ada = app.user("ada").await;
    let habit =
        ada.habit(json!({"starts_on": "2025-12-29", "schedule": {"type": "quota", "times": 4, "per": "week"}})).await;
    // From Thursday to Sunday; it is Wednesday.
    for week in 0..4 {
        done(&ada, &habit, week * 7..week * 7 + 4).await;
    }
    let streak = async |ada: &Client| {
        let found = ada.get(&format!("/habits/{habit}/streak")).await.expect(200).body;
        (found["current"].clone(), found["unit"].clone())
    };
    let before = streak(&ada).await;
    assert_eq!(before, (json!(4), json!("weeks")));
    archive(&ada, &habit).await;
    let ada = later(&app, "2026-02-25T12:00:00Z").await;
    assert_eq!(streak(&ada).await, before);
    restore(&ada, &habit).await;
    assert_eq!(streak(&ada).await, before);
}
