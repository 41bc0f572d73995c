//! `/habits/today` after years: it reads only the recent part of the histories, and says what the whole of them says.

use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(today_says_what_the_whole_history_says, whatever_changes_long_ago_is_taken_up);

/// A habit of each kind that was kept for two years, with gaps; the test's clock says 11 March 2026.
async fn habits(ada: &Client) -> Vec<String> {
    let minutes = json!({"type": "minutes", "target": 30});
    let cups = json!({"type": "count", "target": 2, "unit": "cups", "direction": "at_most"});
    let mix = [
        (json!({"type": "daily"}), json!({"type": "check"})),
        (json!({"type": "daily"}), minutes.clone()),
        (json!({"type": "daily"}), cups),
        (json!({"type": "weekly", "weekdays": ["mo", "we", "fr"]}), json!({"type": "check"})),
        (json!({"type": "monthly", "days": [1, 31]}), json!({"type": "check"})),
        (json!({"type": "quota", "times": 4, "per": "week"}), json!({"type": "check"})),
        (json!({"type": "quota", "amount": 500, "per": "month"}), minutes.clone()),
        (json!({"type": "quota", "times": 5, "per": "rolling", "days": 6}), minutes),
    ];
    let mut habits = Vec::new();
    for (schedule, kind) in mix {
        let is_check = kind["type"] == "check";
        let habit = ada.habit(json!({"schedule": schedule, "kind": kind, "starts_on": "2024-03-01"})).await;
        let mut items = Vec::new();
        for day in 0..740 {
            let date = date(day);
            match day * 7919 % 23 {
                0 | 1 => {}
                2 => items.push(json!({"habit_id": habit, "date": date, "state": "skipped"})),
                _ if is_check => items.push(json!({"habit_id": habit, "date": date, "state": "done"})),
                chance => items.push(json!({"habit_id": habit, "date": date, "value": chance * 2})),
            }
        }
        let stored = ada.post("/entries/batch", json!({"items": items})).await.expect(200).body;
        assert_eq!(stored["refused"], 0);
        habits.push(habit);
    }
    habits
}

/// So many days after 1 March 2024.
fn date(day: i32) -> String {
    circadia_domain::civil::Date::parse("2024-03-01").unwrap().saturating_add_days(day).to_string()
}

/// What today says of each habit: streak and score; and what those ask for that read whole histories.
async fn compare(ada: &Client, habits: &[String], on: &str) {
    let today = ada.get(&format!("/habits/today?on={on}")).await.expect(200);
    assert!(today.statements() <= 3, "{on}: {} statements", today.statements());
    for (item, habit) in today.body["items"].as_array().unwrap().iter().zip(habits) {
        assert_eq!(item["habit"]["id"], json!(habit));
        let streak = ada.get(&format!("/habits/{habit}/streak?on={on}")).await.expect(200).body;
        for member in ["current", "longest", "unit"] {
            assert_eq!(item["streak"][member], streak[member], "{member} of {habit} on {on}");
        }
        let score = ada.get(&format!("/habits/{habit}/score?from={on}&to={on}&on={on}")).await.expect(200).body;
        let (found, expected) = (item["score"].as_f64(), score["items"][0]["score"].as_f64());
        let close = found.zip(expected).is_some_and(|(found, expected)| (found - expected).abs() < 2e-6);
        assert!(close, "{found:?} is not {expected:?}: {habit} on {on}");
    }
}

async fn today_says_what_the_whole_history_says(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habits = habits(&ada).await;
    for on in ["2026-03-11", "2026-03-10", "2026-02-11", "2026-02-10", "2025-12-31", "2025-03-01", "2024-04-01"] {
        compare(&ada, &habits, on).await;
    }
    let recently = async |on: &str| ada.get(&format!("/habits/today{on}")).await.expect(200).statements();
    assert_eq!((recently("").await, recently("?on=2026-02-11").await), (recently("?on=2026-03-12").await, 1));
}

async fn whatever_changes_long_ago_is_taken_up(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let habits = habits(&ada).await;
    let today = async || -> Vec<Value> {
        let items = ada.get("/habits/today").await.expect(200).body["items"].clone();
        items.as_array().unwrap().iter().map(|item| json!([item["streak"], item["score"]])).collect()
    };
    for (number, habit) in habits.iter().enumerate() {
        let before = today().await;
        // Before the recent part, and near enough to weigh.
        let missed = (600..700).map(|day| json!({"habit_id": habit, "date": date(day), "state": "missed"}));
        ada.post("/entries/batch", json!({"items": missed.collect::<Vec<_>>()})).await.expect(200);
        assert_ne!(today().await[number], before[number], "entries of {habit}");
        compare(&ada, &habits, "2026-03-11").await;
        ada.delete(&format!("/habits/{habit}/entries/{}", date(650))).await.expect(200);
        let pause = json!({"from": date(590), "to": date(660)});
        let pause = ada.post(&format!("/habits/{habit}/pauses"), pause).await.expect(201).body;
        compare(&ada, &habits, "2026-03-11").await;
        ada.patch(&format!("/habits/{habit}"), json!({"starts_on": date(100)})).await.expect(200);
        compare(&ada, &habits, "2026-03-11").await;
        let plan = json!({"effective_from": date(500), "schedule": {"type": "quota", "times": 5, "per": "week"}});
        ada.put(&format!("/habits/{habit}/plan"), plan).await.expect(200);
        compare(&ada, &habits, "2026-03-11").await;
        let pause = pause["id"].as_str().unwrap();
        ada.delete(&format!("/habits/{habit}/pauses/{pause}")).await.expect(204);
        compare(&ada, &habits, "2026-03-11").await;
    }
}
